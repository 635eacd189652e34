import ChargerBase
import EVSEControl
import HAL
import Testing

@Suite("Named limits")
struct CurrentLimitsTests {
  private let start = MonotonicInstant.zero

  private func limits(amperes: Int64 = 32, phases: UInt8 = 3) -> CurrentLimits {
    CurrentLimits(.hardware, Current(amperes: amperes), phases: phases)
  }

  private func limit(
    _ source: LimitSource = .external, _ owner: String = "", amperes: Int64, phases: UInt8? = nil,
    expiry: MonotonicInstant? = nil
  ) -> CurrentLimit {
    CurrentLimit(source, owner: owner, .perPhase(Current(amperes: amperes)), phases: phases, expiry: expiry)
  }

  @Test("Limits of one source by two owners stand beside each other; the smaller wins and its owner is told")
  func owners() {
    var limits = limits()
    limits.set(limit(.external, "grid", amperes: 16), at: start)
    limits.set(limit(.external, "battery", amperes: 10), at: start)
    #expect(limits.smallest.limit == Current(amperes: 10))
    #expect(limits.smallest.owner == "battery")
    limits.set(limit(.external, "battery", amperes: 20), at: start)
    #expect(limits.smallest.owner == "grid")
    limits.lift(.external, owner: "grid")
    #expect(limits.smallest.limit == Current(amperes: 20))
    #expect(limits.all.count == 2)
    #expect(limits.smallest.original == limit(.external, "battery", amperes: 20))
  }

  @Test("Among equal limits the first source in the enum's order is told")
  func equals() {
    var limits = limits(amperes: 16)
    limits.set(limit(.chargingProfile, amperes: 16), at: start)
    #expect(limits.smallest.source == .hardware)
    limits[.temperature] = Current(amperes: 10)
    limits.set(limit(.cable, amperes: 10), at: start)
    #expect(limits.smallest.source == .cable)
  }

  @Test("A limit lapses by itself at its instant, and its deadline is told")
  func expiry() {
    var limits = limits()
    let end = start + .seconds(10)
    limits.set(limit(amperes: 8, expiry: end), at: start)
    var deadline = Deadline(after: start)
    limits.deadlines(&deadline)
    #expect(deadline.soonest == end)
    limits.evaluate(at: end)
    #expect(limits.smallest.limit == Current(amperes: 32))
    limits.set(limit(amperes: 8), at: start)
    limits.set(limit(amperes: 8, expiry: end), at: end)
    #expect(limits.all.count == 1, "a limit that has lapsed already only lifts the earlier one")
  }

  @Test("A command for the hardware's, board's or cable's limit can only lower it")
  func onlyLower() {
    var limits = limits()
    limits[.board] = Current(amperes: 20)
    for source in [LimitSource.hardware, .board, .supply] {
      limits.set(limit(source, amperes: 63), at: start)
      #expect(limits.smallest.limit == Current(amperes: 20))
    }
    limits.set(limit(.hardware, amperes: 10), at: start)
    #expect(limits.smallest.limit == Current(amperes: 10))
    limits.lift(.hardware, owner: "")
    limits.lift(.board, owner: "")
    #expect(limits.smallest.limit == Current(amperes: 20))
  }

  @Test("Hostile values are harmless: under zero counts as zero, the rest changes nothing")
  func hostile() {
    var limits = limits()
    limits.set(CurrentLimit(.external, .perPhase(Current(milliamperes: .max))), at: start)
    limits.set(CurrentLimit(.evse, .total(Power(milliwatts: .max)), phases: 200), at: start)
    limits.set(CurrentLimit(.vehicle, .total(Power(milliwatts: .max)), phases: 0), at: start)
    #expect(limits.smallest.limit == Current(amperes: 32))
    #expect(limits.phases == 1)
    limits.set(CurrentLimit(.external, .total(Power(milliwatts: .min))), at: start)
    #expect(limits.smallest.limit == .zero)
    limits.set(CurrentLimit(.external, .perPhase(Current(milliamperes: .min))), at: start)
    #expect(limits.smallest.limit == .zero)
    limits[.temperature] = Current(milliamperes: .min)
    #expect(limits[.temperature] == .zero)
  }

  @Test(
    "A power is turned into a current by the measured voltage or 230 V and the phases in use, rounded down",
    arguments: [
      (11_000, nil, 3, 15_942), (11_000, 240, 3, 15_277), (3_680, nil, 1, 16_000), (3_680, 230, 3, 5_333),
      (11_000, 0, 3, 19_927), (11_000, 1_000, 3, 13_285),
    ] as [(Int64, Int64?, UInt8, Int64)])
  func power(watts: Int64, volts: Int64?, phases: UInt8, milliamperes: Int64) {
    var limits = limits(phases: phases)
    if let volts { limits.take(voltage: PhaseValues(l1: Voltage(volts: volts))) }
    limits.set(CurrentLimit(.chargingProfile, .total(Power(watts: watts))), at: start)
    #expect(limits.smallest.limit == Current(milliamperes: milliamperes))
  }

  @Test("A meter's noise moves no limit; the highest phase counts, at once when it rises")
  func voltageNoise() {
    var limits = limits()
    limits.set(CurrentLimit(.chargingProfile, .total(Power(watts: 11_000))), at: start)
    limits.take(
      voltage: PhaseValues(l1: Voltage(volts: 228), l2: Voltage(millivolts: 234_200), l3: Voltage(volts: 229)))
    let first = limits.smallest.limit
    #expect(first == Current(milliamperes: 11_000_000 / (235 * 3)))
    for millivolts in Int64(232_001)...235_000 where millivolts % 100 == 1 {
      limits.take(voltage: PhaseValues(l1: Voltage(millivolts: millivolts)))
      #expect(limits.smallest.limit == first)
    }
    limits.take(voltage: PhaseValues(l1: Voltage(volts: 236)))
    #expect(limits.smallest.limit < first)
    limits.take(voltage: PhaseValues(l1: Voltage(volts: 230)))
    #expect(limits.smallest.limit > first)
  }

  @Test("The fewest phases that any limit allows are wanted")
  func phases() {
    var limits = limits()
    #expect(limits.phases == 3)
    limits.set(limit(amperes: 16, phases: 1), at: start)
    limits.set(limit(.chargingProfile, amperes: 16, phases: 3), at: start)
    #expect(limits.phases == 1)
    limits.lift(.external, owner: "")
    #expect(limits.phases == 3)
  }

  @Test("A full table refuses no limit's effect: the smallest counts, whoever set it, and is kept until its time")
  func full() {
    var limits = limits()
    for number in 0..<CurrentLimit.capacity {
      limits.set(limit(.external, "owner \(number)", amperes: Int64(10 + number)), at: start)
    }
    #expect(limits.refused == 0)
    let late = start + .seconds(100)
    limits.set(limit(.evse, "strict", amperes: 7, expiry: start + .seconds(50)), at: start)
    limits.set(limit(.external, "loose", amperes: 28, expiry: late), at: start)
    #expect(limits.refused == 2)
    #expect(limits.all.count == CurrentLimit.capacity + 2)
    #expect(limits.smallest.limit == Current(amperes: 7))
    #expect(limits.smallest.source == .evse)
    #expect(limits.smallest.owner == CurrentLimits.joined)
    // One of the named ones can still be changed, and gives its place away.
    limits.set(limit(.external, "owner 0", amperes: 6), at: start)
    #expect(limits.smallest.limit == Current(amperes: 6))
    limits.lift(.external, owner: "owner 0")
    #expect(limits.smallest.limit == Current(amperes: 7))
    limits.evaluate(at: start + .seconds(60))
    #expect(limits.smallest.limit == Current(amperes: 7), "too strict rather than too generous")
    limits.evaluate(at: late)
    #expect(limits.smallest.limit == Current(amperes: 11))
  }

  @Test("The joined limit ends when the upper side has lifted all that it has set")
  func joinedEnds() {
    var limits = limits()
    for number in 0...CurrentLimit.capacity {
      limits.set(limit(.external, "owner \(number)", amperes: Int64(20 - number)), at: start)
    }
    #expect(limits.smallest.limit == Current(amperes: 4))
    for number in 0..<CurrentLimit.capacity { limits.lift(.external, owner: "owner \(number)") }
    #expect(limits.smallest.limit == Current(amperes: 32))
    #expect(limits.all.count == 1)
  }

  @Test("At the station: two owners' limits, the lapse of one, and the whole list in the snapshot")
  func station() {
    let bench = Bench()
    bench.charge()
    let grid = CurrentLimit(
      .external, owner: "grid", .perPhase(Current(amperes: 8)), expiry: bench.now + .seconds(30))
    bench.feed(.command(.setLimit(EVSEID(1), grid)))
    bench.feed(.command(.setLimit(EVSEID(1), CurrentLimit(.chargingProfile, .total(Power(watts: 11_040))))))
    #expect(bench.snapshot().details.limitOwner == "grid")
    #expect(bench.snapshot().details.limits.count == 3)
    #expect(bench.snapshot().offeredCurrent == Current(milliamperes: 7_998))
    bench.run(for: .seconds(32))
    #expect(bench.snapshot().limitSource == .chargingProfile)
    #expect(bench.snapshot().offeredCurrent == Current(milliamperes: 15_996))
  }
}
