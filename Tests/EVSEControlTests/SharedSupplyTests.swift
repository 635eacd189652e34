import ChargerBase
import EVSEControl
import HAL
import Testing

/// A supply whose vehicles are the test's: each draws what the test says, and a meter tells it every second.
private final class SupplyBench {
  var supply: SharedSupply
  var now = MonotonicInstant.zero
  var timing = TimingTable()
  var wants: [Bool]
  var caps: [Int64]
  var isClosed: [Bool]
  /// What each vehicle draws at most; it draws no more than its grant, unless it ignores it.
  var appetite: [Int64]
  var ignores: [Bool]
  var metersTellCurrent = true
  /// How often a grant has changed.
  var changes = 0

  init(total: Int64, caps: [Int64]) {
    supply = SharedSupply(total: Current(amperes: total), evses: caps.count)
    self.caps = caps
    wants = Array(repeating: false, count: caps.count)
    isClosed = wants
    ignores = wants
    appetite = Array(repeating: 80, count: caps.count)
  }

  var granted: [Int64] { supply.shares.map(\.granted) }
  var amperes: [Int64] { granted.map { $0 / 1_000 } }

  func drawn(_ index: Int) -> Int64 {
    guard isClosed[index] else { return 0 }
    return ignores[index] ? appetite[index] * 1_000 : min(appetite[index] * 1_000, granted[index])
  }

  func come(_ index: Int, draws: Bool = true) {
    wants[index] = true
    isClosed[index] = draws
    tell()
  }

  func leave(_ index: Int) {
    wants[index] = false
    isClosed[index] = false
    tell()
  }

  func tell() {
    let before = granted
    for index in wants.indices {
      supply.update(
        index, wants: wants[index], isConnected: wants[index], cap: Current(amperes: caps[index]),
        mayDraw: isClosed[index], at: now)
    }
    supply.divide(at: now, timing: timing)
    for index in before.indices where before[index] != granted[index] { changes += 1 }
  }

  func run(seconds: Int) {
    for _ in 0..<seconds {
      now = now + .seconds(1)
      if metersTellCurrent {
        for index in wants.indices {
          let current = Current(milliamperes: drawn(index))
          supply.take(MeterReading(takenAt: now, current: PhaseValues(l1: current)), evse: index, at: now)
        }
      }
      tell()
    }
  }
}

@Suite("Shared supply")
struct SharedSupplyTests {
  @Test("A vehicle that ignores its lowered offer keeps what it draws booked until it follows")
  func ignoring() {
    let bench = SupplyBench(total: 40, caps: [32, 32])
    bench.come(0)
    bench.run(seconds: 10)
    bench.ignores[0] = true
    bench.appetite[0] = 32
    bench.come(1)
    #expect(bench.amperes == [20, 8])
    bench.run(seconds: 9)
    #expect(bench.amperes == [20, 8], "32 A are still drawn")
    bench.run(seconds: 60)
    #expect(bench.amperes[1] <= 8, "32 A are still drawn")
    bench.ignores[0] = false
    bench.run(seconds: 10)
    #expect(bench.amperes == [20, 20])
  }

  @Test("Its share is free as soon as its contactor is open")
  func ignoringIsOpened() {
    let bench = SupplyBench(total: 40, caps: [32, 32])
    bench.come(0)
    bench.ignores[0] = true
    bench.appetite[0] = 32
    bench.run(seconds: 5)
    bench.come(1)
    bench.run(seconds: 8)
    #expect(bench.amperes == [20, 8])
    bench.leave(0)
    #expect(bench.amperes == [0, 32])
  }

  @Test("Less measured soon after a reduction does not free the rest before the vehicle's time to follow is over")
  func notBeforeItsTime() {
    let bench = SupplyBench(total: 40, caps: [32, 32])
    bench.come(0)
    bench.appetite[0] = 3
    bench.run(seconds: 2)
    bench.come(1)
    bench.run(seconds: 4)
    #expect(bench.amperes == [20, 8], "it may still go up to 32 A")
    bench.run(seconds: 1)
    #expect(bench.amperes == [20, 20])
  }

  @Test("A meter without currents: the time to follow alone counts")
  func noCurrents() {
    let bench = SupplyBench(total: 40, caps: [32, 32])
    bench.metersTellCurrent = false
    bench.come(0)
    bench.run(seconds: 5)
    bench.come(1)
    bench.run(seconds: 4)
    #expect(bench.amperes == [20, 8])
    bench.run(seconds: 1)
    #expect(bench.amperes == [20, 20])
  }

  @Test("A meter that falls silent holds nobody up: after its time of silence the time to follow alone counts")
  func silentMeter() {
    let bench = SupplyBench(total: 40, caps: [32, 32])
    bench.come(0)
    bench.run(seconds: 5)
    bench.metersTellCurrent = false
    bench.come(1)
    bench.run(seconds: 9)
    #expect(bench.amperes == [20, 8], "less has not been measured yet")
    bench.run(seconds: 1)
    #expect(bench.amperes == [20, 20])
  }

  @Test("What a vehicle drew over its grant stays booked when its meter falls silent, until its contactor is open")
  func silentWhileExceeding() {
    let bench = SupplyBench(total: 40, caps: [32, 32])
    bench.come(0)
    bench.ignores[0] = true
    bench.appetite[0] = 32
    bench.run(seconds: 5)
    bench.come(1)
    bench.run(seconds: 7)
    bench.metersTellCurrent = false
    bench.run(seconds: 60)
    #expect(bench.amperes[1] <= 8)
    bench.leave(0)
    #expect(bench.amperes[1] == 32)
  }

  @Test("A withdrawn share stays booked until the contactor is open, where no current is measured")
  func withdrawn() {
    let bench = SupplyBench(total: 32, caps: [32, 32])
    bench.metersTellCurrent = false
    bench.come(0)
    bench.wants[1] = true
    bench.caps[0] = 0
    bench.tell()
    #expect(bench.amperes == [0, 0])
    bench.run(seconds: 60)
    #expect(bench.amperes == [0, 0])
    bench.isClosed[0] = false
    bench.tell()
    #expect(bench.amperes == [0, 32])
  }

  @Test("When the supply falls the grants fit at once, and the last admitted loses its place")
  func supplyFalls() {
    let bench = SupplyBench(total: 48, caps: [32, 32, 32])
    for index in 0..<3 {
      bench.come(index)
      bench.run(seconds: 10)
    }
    #expect(bench.amperes == [16, 16, 16])
    bench.supply.setTotal(Current(amperes: 15))
    bench.tell()
    #expect(bench.granted == [7_500, 7_500, 0])
    bench.supply.setTotal(Current(amperes: -5))
    bench.tell()
    #expect(bench.granted == [0, 0, 0])
  }

  @Test("What a vehicle leaves of its share for a minute is lent; it comes back in steps when it is wanted")
  func lending() {
    let bench = SupplyBench(total: 32, caps: [32, 32])
    bench.come(0)
    bench.come(1)
    bench.appetite[0] = 7
    bench.run(seconds: 55)
    #expect(bench.amperes == [16, 16])
    bench.run(seconds: 20)
    #expect(bench.amperes == [10, 22])
    let changes = bench.changes
    bench.run(seconds: 3_600)
    #expect(bench.changes == changes, "it settles")
    bench.appetite[0] = 32
    bench.run(seconds: 10)
    #expect(bench.amperes[0] >= 14 && bench.amperes[0] <= 16)
    bench.run(seconds: 30)
    #expect(bench.amperes == [16, 16])
  }

  @Test("A vehicle that draws an eighth less than it is offered keeps its full share")
  func underDrawing() {
    let bench = SupplyBench(total: 48, caps: [32, 32])
    bench.come(0)
    bench.come(1)
    bench.run(seconds: 10)
    bench.appetite[0] = 22
    bench.run(seconds: 1_000)
    #expect(bench.amperes == [24, 24])
  }

  @Test("A vehicle that does not charge is left 6 A, and has its share back within a minute of beginning")
  func idle() {
    let bench = SupplyBench(total: 32, caps: [32, 32])
    bench.come(0, draws: false)
    bench.come(1)
    bench.run(seconds: 70)
    #expect(bench.amperes == [6, 26])
    bench.isClosed[0] = true
    bench.run(seconds: 60)
    #expect(bench.amperes == [16, 16])
  }

  @Test("A need that goes up and down is followed more and more rarely")
  func restless() {
    let bench = SupplyBench(total: 32, caps: [32, 32])
    bench.come(0)
    bench.come(1)
    func changes(inHours hours: Int) -> Int {
      let before = bench.changes
      for second in 0..<hours * 3_600 {
        bench.appetite[0] = second / 200 % 2 == 0 ? 8 : 32
        bench.run(seconds: 1)
      }
      return bench.changes - before
    }
    #expect(changes(inHours: 1) < 60)
    #expect(changes(inHours: 2) == 0)
    #expect(bench.amperes == [16, 16])
  }

  @Test("Everybody gets a turn when there is no 6 A for each: three at a supply for one, in a quarter of an hour each")
  func turns() {
    let bench = SupplyBench(total: 10, caps: [32, 32, 32])
    var seconds = [0, 0, 0]
    for index in 0..<3 { bench.come(index) }
    #expect(bench.amperes == [10, 0, 0])
    for _ in 0..<3 * 3_600 {
      for index in 0..<3 {
        bench.isClosed[index] = bench.granted[index] > 0
        if bench.granted[index] > 0 { seconds[index] += 1 }
      }
      bench.run(seconds: 1)
      #expect(bench.granted.count { $0 > 0 } <= 1)
    }
    for index in 0..<3 { #expect((3_500...3_700).contains(seconds[index]), "\(seconds)") }
    #expect(bench.changes <= 26)
  }

  @Test("One that leaves its offer unanswered gives its place to one that waits after a minute")
  func idleTurn() {
    let bench = SupplyBench(total: 10, caps: [32, 32])
    bench.come(0, draws: false)
    bench.come(1, draws: false)
    bench.run(seconds: 59)
    #expect(bench.amperes == [10, 0])
    bench.run(seconds: 2)
    #expect(bench.amperes == [0, 10])
    // Both are full: they are not exchanged every minute for ever.
    let before = bench.changes
    bench.run(seconds: 8 * 3_600)
    #expect(bench.changes - before <= 2 * 8 * 5)
  }

  @Test("A supply that comes and goes starves nobody")
  func flapping() {
    let bench = SupplyBench(total: 12, caps: [16, 16, 16])
    var energy = [Int64](repeating: 0, count: 3)
    for index in 0..<3 { bench.come(index) }
    for minute in 0..<240 {
      bench.supply.setTotal(Current(amperes: minute % 2 == 0 ? 6 : 12))
      for _ in 0..<60 {
        for index in 0..<3 { bench.isClosed[index] = bench.granted[index] > 0 }
        bench.run(seconds: 1)
        for index in 0..<3 { energy[index] += bench.granted[index] }
      }
    }
    let most = energy.max() ?? 0
    let least = energy.min() ?? 0
    #expect(least * 2 > most, "\(energy)")
  }

  @Test("One that takes more than its share for good, and is not opened, leaves the others the rest")
  func lastingExcess() {
    let bench = SupplyBench(total: 32, caps: [32, 32])
    bench.come(0)
    bench.come(1)
    bench.run(seconds: 5)
    bench.appetite[0] = 20
    bench.ignores[0] = true
    bench.run(seconds: 120)
    #expect(bench.drawn(0) + bench.granted[1] <= 32_000, "\(bench.granted)")
    let changes = bench.changes
    bench.run(seconds: 600)
    #expect(bench.changes - changes <= 2)
    bench.ignores[0] = false
    bench.appetite[0] = 32
    bench.run(seconds: 30)
    #expect(bench.amperes == [16, 16])
  }

  @Test("Hostile readings and totals do no harm")
  func hostile() {
    let bench = SupplyBench(total: 32, caps: [32, 32])
    bench.come(0)
    bench.come(1)
    for milliamperes in [Int64.min, .max, -1] {
      let reading = MeterReading(
        takenAt: .distantFuture, current: PhaseValues(l1: Current(milliamperes: milliamperes)))
      bench.supply.take(reading, evse: 0, at: bench.now)
      bench.supply.take(reading, evse: 77, at: bench.now)
      bench.tell()
      #expect(bench.granted.reduce(0, +) <= 32_000)
    }
    bench.caps = [.min, .max]
    bench.tell()
    #expect(bench.granted[0] == 0)
    bench.supply.setTotal(Current(milliamperes: .max))
    bench.tell()
    bench.run(seconds: 30)
    #expect(bench.granted[1] > 0)
  }
}

@Suite("Limits of the whole station")
struct StationLimitTests {
  private func limitStation(_ bench: Bench, _ amperes: Int64) {
    let limit = CurrentLimit(.external, owner: "grid", .perPhase(Current(amperes: amperes)))
    bench.feed(.command(.setLimit(.station, limit)))
  }

  @Test("A limit of the whole station lowers the offers of a station without a shared supply in the same call")
  func station() {
    let bench = Bench(Bench.station(evses: 2))
    bench.charge(at: 0)
    bench.charge(at: 1)
    bench.run(for: .seconds(3))
    #expect(bench.snapshot(0).offeredCurrent == Current(milliamperes: 31_998))
    limitStation(bench, 20)
    #expect(bench.snapshot(0).offeredCurrent == Current(milliamperes: 9_996))
    #expect(bench.snapshot(1).offeredCurrent == Current(milliamperes: 9_996))
    #expect(bench.snapshot(1).limitSource == .supply)
    #expect(bench.snapshot(1).details.limitOwner == "grid")
    limitStation(bench, 10)
    bench.run(for: .seconds(20))
    #expect(bench.isClosed(0) && !bench.isClosed(1))
    bench.feed(.command(.liftLimit(.station, .external, owner: "grid")))
    bench.run(for: .seconds(5))
    #expect(bench.snapshot(0).limit == Current(amperes: 32))
    #expect(bench.snapshot(1).limit == Current(amperes: 32))
    #expect(bench.isClosed(1))
  }

  @Test("It can lower a shared supply and never raise it; a power counts for three phases")
  func lowersOnly() {
    let bench = Bench(Bench.station(evses: 2, supply: 20))
    bench.charge(at: 0)
    bench.charge(at: 1)
    bench.run(for: .seconds(10))
    limitStation(bench, 63)
    bench.run(for: .seconds(10))
    #expect(bench.snapshot(0).limit == Current(amperes: 10))
    let power = CurrentLimit(.external, owner: "grid", .total(Power(watts: 230 * 3 * 14)))
    bench.feed(.command(.setLimit(.station, power)))
    #expect(bench.snapshot(0).limit == Current(amperes: 7))
    #expect(bench.snapshot(1).limit == Current(amperes: 7))
  }
}
