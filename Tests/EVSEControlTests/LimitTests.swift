import ChargerBase
import EVSEControl
import HAL
import Testing

@Suite("Current limits")
struct LimitTests {
  @Test(
    "The duty cycle of a current is rounded down and read back as the current or less",
    arguments: [
      (6_000, 1_000, 6_000), (10_000, 1_666, 9_996), (13_000, 2_166, 12_996), (16_000, 2_666, 15_996),
      (20_000, 3_333, 19_998), (32_000, 5_333, 31_998), (51_000, 8_500, 51_000), (51_700, 8_500, 51_000),
      (52_499, 8_500, 51_000), (63_000, 8_920, 63_000), (80_000, 9_600, 80_000), (125_000, 9_600, 80_000),
    ])
  func dutyCycle(milliamperes: Int64, hundredths: UInt16, offered: Int64) {
    let duty = DutyCycle(offering: Current(milliamperes: milliamperes))
    #expect(duty?.hundredthsOfPercent == hundredths)
    #expect(duty?.offeredCurrent == Current(milliamperes: offered))
  }

  @Test("No duty cycle offers more than its current, for every milliampere up to 90 A")
  func neverMore() {
    var previous: UInt16 = 0
    for milliamperes in Int64(6_000)...90_000 {
      guard let duty = DutyCycle(offering: Current(milliamperes: milliamperes)), let offered = duty.offeredCurrent
      else {
        Issue.record("no offer at \(milliamperes) mA")
        return
      }
      if offered.milliamperes > milliamperes || duty.hundredthsOfPercent < previous {
        Issue.record("\(milliamperes) mA offers \(offered)")
        return
      }
      previous = duty.hundredthsOfPercent
    }
    #expect(DutyCycle(offering: Current(milliamperes: 5_999)) == nil)
    #expect(DutyCycle(offering: Current(milliamperes: -1)) == nil)
  }

  @Test("The smallest limit wins and its source is told")
  func smallestWins() {
    let bench = Bench()
    bench.charge()
    #expect(bench.snapshot().limitSource == .hardware)
    bench.limit(16, source: .chargingProfile)
    bench.limit(10, source: .external)
    #expect(bench.snapshot().limit == Current(amperes: 10))
    #expect(bench.snapshot().limitSource == .external)
    bench.limit(nil, source: .external)
    #expect(bench.snapshot().limitSource == .chargingProfile)
    bench.limit(99, source: .hardware)
    bench.limit(nil, source: .chargingProfile)
    #expect(bench.snapshot().limit == Current(amperes: 32))
  }

  @Test("A lower limit is on the pilot in the same call, a higher one not sooner than a second after the last change")
  func raising() {
    let bench = Bench()
    bench.charge()
    bench.run(for: .seconds(5))
    let start = bench.now
    bench.limit(16)
    #expect(bench.snapshot().offeredCurrent == Current(milliamperes: 15_996))
    bench.limit(32)
    #expect(bench.snapshot().offeredCurrent == Current(milliamperes: 15_996))
    bench.run(until: start + .seconds(1))
    #expect(bench.snapshot().offeredCurrent == Current(milliamperes: 31_998))
  }

  @Test("Under 6 A the offer is withdrawn; it returns with the limit")
  func belowMinimum() {
    let bench = Bench()
    bench.charge()
    bench.limit(5)
    #expect(bench.snapshot().pilotOutput == .steadyPositive)
    #expect(bench.snapshot().blockers.contains(.limitBelowMinimum))
    #expect(bench.phases().last == .suspendedByStation)
    bench.run(for: .seconds(7))
    #expect(!bench.isClosed())
    bench.limit(6)
    bench.run(for: .seconds(2))
    #expect(bench.isClosed())
    #expect(bench.phases().last == .charging)
  }

  @Test("A limit that returns within the 6 s keeps the contactor closed")
  func shortWithdrawal() {
    let bench = Bench()
    bench.charge()
    bench.limit(0)
    bench.run(for: .seconds(4))
    bench.limit(16)
    bench.run(for: .seconds(20))
    #expect(bench.isClosed())
    #expect(bench.contactors.count == 1)
    #expect(bench.snapshot().offeredCurrent == Current(milliamperes: 15_996))
  }

  @Test(
    "40 A for two EVSEs: one alone has its 32 A, two have 20 A each, the first is lowered before the second is offered")
  func sharedSupply() {
    let bench = Bench(Bench.station(evses: 2, supply: 40))
    bench.charge(at: 0)
    #expect(bench.snapshot(0).limit == Current(amperes: 32))
    #expect(bench.snapshot(1).limit == Current(amperes: 32))
    bench.vehicle(9, at: 1)
    bench.grant(Bench.two, number: 2, for: .seconds(3_600))
    let lowered = bench.now
    #expect(bench.snapshot(0).limit == Current(amperes: 20))
    #expect(bench.snapshot(0).limitSource == .supply)
    // The first vehicle may still draw 32 A: 8 A are free at once, the rest after it has had its time.
    #expect(bench.snapshot(1).limit == Current(amperes: 8))
    bench.run(until: lowered + .milliseconds(4_999))
    #expect(bench.snapshot(1).limit == Current(amperes: 8))
    bench.run(until: lowered + .seconds(5))
    #expect(bench.snapshot(1).limit == Current(amperes: 20))
    bench.vehicle(6, at: 1)
    #expect(bench.isClosed(0) && bench.isClosed(1))
    // One leaves: its share returns to the other as soon as its contactor is open.
    bench.vehicle(12, at: 0)
    bench.run(for: .seconds(2))
    #expect(bench.snapshot(1).limit == Current(amperes: 32))
  }

  @Test("What one EVSE cannot use goes to the others")
  func unevenSupply() {
    let bench = Bench(Bench.station(evses: 2, supply: 40))
    bench.limit(10, evse: 1)
    bench.charge(at: 0)
    bench.charge(at: 1)
    bench.run(for: .seconds(10))
    #expect(bench.snapshot(0).limit == Current(amperes: 10))
    #expect(bench.snapshot(1).limit == Current(amperes: 30))
  }

  @Test("A share that was cut to another limit is not told as the reason for it")
  func shareIsCut() {
    let bench = Bench(Bench.station(evses: 2, supply: 40))
    bench.charge(at: 0)
    bench.limit(10, evse: 1)
    bench.run(for: .seconds(20))
    #expect(bench.snapshot(0).limit == Current(amperes: 10))
    #expect(bench.snapshot(0).limitSource == .chargingProfile)
  }

  @Test("Where the supply has no 6 A for all, those who came first charge and the others wait")
  func scarceSupply() {
    let bench = Bench(Bench.station(evses: 3, supply: 16))
    for place in [2, 0, 1] { bench.charge(at: place) }
    bench.run(for: .seconds(20))
    #expect(bench.isClosed(2) && bench.isClosed(0) && !bench.isClosed(1))
    #expect(bench.snapshot(1).blockers.contains(.limitBelowMinimum))
    #expect(bench.snapshot(1).limitSource == .supply)
    bench.vehicle(12, at: 2)
    bench.run(for: .seconds(10))
    #expect(bench.isClosed(1))
  }
}
