import ChargerBase
import Testing

@testable import SimulatedWorld

@Suite("Cars that are not as they should be")
struct CarQuirkTests {
  private func bench(_ change: (inout CarQuirks) -> Void, car: CarSpecification = CarSpecification()) throws
    -> WorldBench
  {
    var car = car
    change(&car.quirks)
    var bench = WorldBench()
    try bench.plugIn(car)
    return bench
  }

  private func charging(
    _ car: CarSpecification = CarSpecification(), _ change: (inout CarQuirks) -> Void
  ) throws -> WorldBench {
    var bench = try bench(change, car: car)
    bench.startCharging()
    bench.wait(.seconds(20))
    #expect((bench.milliamperes ?? 0) > 0)
    return bench
  }

  @Test("Seq. 10: a slow car opens S2 late after the offer has ended")
  func slowS2() throws {
    var bench = try charging { $0.opensS2After = .seconds(8) }
    bench.world.applyPilot(.steadyPositive, to: connector11)
    bench.wait(.seconds(8))
    #expect(bench.milliamperes == 0)
    #expect(bench.positivePeak == 6_000)
    bench.wait(.seconds(2))
    #expect(bench.positivePeak == 9_000)
  }

  @Test("A slow car that is offered current again in time keeps S2 closed")
  func slowS2Again() throws {
    var bench = try charging { $0.opensS2After = .seconds(8) }
    bench.world.applyPilot(.steadyPositive, to: connector11)
    bench.wait(.seconds(5))
    bench.offer(amperes: 16)
    bench.wait(.seconds(30))
    #expect(bench.positivePeak == 6_000)
    #expect(bench.milliamperes == 15_996)
  }

  @Test("A car may open S2 under load, or never before it is unplugged")
  func openingS2() throws {
    var hasty = try charging { $0.opensS2UnderLoad = true }
    hasty.world.applyPilot(.steadyPositive, to: connector11)
    hasty.wait(.milliseconds(310))
    #expect(hasty.positivePeak == 9_000)
    #expect((hasty.milliamperes ?? 0) > 10_000, "current flows at the moment of opening")
    var stubborn = try charging { $0.neverOpensS2 = true }
    stubborn.world.applyPilot(.steadyPositive, to: connector11)
    stubborn.wait(.seconds(600))
    #expect(stubborn.positivePeak == 6_000)
    try stubborn.world.perform(.plugOut(connector11))
    #expect(stubborn.positivePeak == 12_000)
  }

  @Test("A lowered offer is ignored for a time, counted from the first lowering, or for ever; a raised one is not")
  func ignoresLower() throws {
    var bench = try charging(CarSpecification(current: Current(amperes: 32))) { $0.ignoresLowerOfferFor = .seconds(6) }
    bench.offer(amperes: 10)
    bench.wait(.seconds(3))
    bench.offer(amperes: 8)
    bench.wait(.seconds(3))
    #expect(bench.milliamperes == 15_996)
    bench.wait(.seconds(2))
    #expect(bench.milliamperes == 7_998)
    bench.offer(amperes: 20)
    bench.wait(.seconds(10))
    #expect(bench.milliamperes == 19_998)
    var deaf = try charging { $0.ignoresLowerOfferFor = .seconds(31_622_400) }
    deaf.offer(amperes: 6)
    deaf.wait(.seconds(86_400))
    #expect(deaf.milliamperes == 15_996)
  }

  @Test("A car without a diode loads the negative half too")
  func noDiode() throws {
    var bench = try bench { $0.hasDiode = false }
    bench.offer(amperes: 16)
    #expect(bench.negativePeak == -9_000)
  }

  @Test("A sleeping car is not woken by an offer, but by a second one after a steady pilot")
  func sleeper() throws {
    var bench = try bench {
      $0.sleepsAfter = .seconds(600)
      $0.wakesAfterPause = .seconds(3)
    }
    var early = bench
    early.wait(.seconds(599))
    early.offer(amperes: 16)
    early.wait(.seconds(2))
    #expect(early.positivePeak == 6_000)
    bench.wait(.seconds(601))
    bench.offer(amperes: 16)
    bench.wait(.seconds(60))
    #expect(bench.positivePeak == 9_000)
    bench.world.applyPilot(.steadyPositive, to: connector11)
    bench.wait(.seconds(2))
    bench.offer(amperes: 16)
    bench.wait(.seconds(60))
    #expect(bench.positivePeak == 9_000, "two seconds are too short")
    bench.world.applyPilot(.steadyPositive, to: connector11)
    bench.wait(.seconds(3))
    bench.offer(amperes: 16)
    bench.wait(.seconds(2))
    #expect(bench.positivePeak == 6_000)
  }

  @Test("A car may draw more or less than it may", arguments: [(130, 13_000), (50, 5_000)])
  func drawsOther(percent: Int64, milliamperes: Int64) throws {
    let bench = try charging(CarSpecification(current: Current(amperes: 10))) { $0.drawsPercent = percent }
    #expect(bench.milliamperes == milliamperes)
  }

  @Test("A simplified car goes from A to C at once and draws without reading the duty cycle")
  func simplified() throws {
    var bench = try bench({ $0.isSimplified = true }, car: CarSpecification(current: Current(amperes: 10)))
    #expect(bench.positivePeak == 6_000)
    bench.world.commandContactor(closed: true, of: connector11)
    bench.wait(.seconds(10))
    #expect(bench.milliamperes == 10_000)
    var late = WorldBench()
    var car = CarSpecification(connectDelay: .seconds(1))
    car.quirks.isSimplified = true
    try late.plugIn(car)
    late.wait(.milliseconds(999))
    #expect(late.positivePeak == 12_000)
    late.wait(.milliseconds(1))
    #expect(late.positivePeak == 6_000)
  }

  @Test("A car that needs ventilation asks with state D")
  func ventilation() throws {
    var bench = try bench { $0.needsVentilation = true }
    bench.offer(amperes: 16)
    bench.wait(.seconds(2))
    #expect(bench.positivePeak == 3_000)
  }

  @Test("A car stops by itself and asks again, over and over")
  func stopsAndResumes() throws {
    var bench = try bench {
      $0.stopsAfter = .seconds(30)
      $0.resumesAfter = .seconds(60)
    }
    bench.startCharging()
    bench.wait(.seconds(20))
    #expect(bench.milliamperes == 15_996)
    bench.wait(.seconds(15))
    #expect(bench.positivePeak == 9_000)
    bench.wait(.seconds(70))
    #expect(bench.positivePeak == 6_000)
    bench.wait(.seconds(30))
    #expect(bench.positivePeak == 9_000)
  }

  @Test("A bouncing plug opens and closes the pilot for its time")
  func bouncing() throws {
    var bench = try bench { $0.bouncesFor = .milliseconds(100) }
    var seen: [Int64] = []
    for _ in 0..<25 {
      seen.append(bench.positivePeak ?? 0)
      bench.wait(.milliseconds(4))
    }
    #expect(seen.contains(12_000) && seen.contains(9_000))
    for _ in 0..<20 {
      bench.wait(.milliseconds(7))
      #expect(bench.positivePeak == 9_000)
    }
  }

  @Test(
    "Resistors off their value move the voltage as the divider says",
    arguments: [(Int64(90), Int64(8_500), Int64(8_990)), (110, 9_010, 9_500)])
  func resistors(percent: Int64, least: Int64, most: Int64) throws {
    let bench = try bench { $0.resistorPercent = percent }
    #expect((least...most).contains(bench.positivePeak ?? 0), "\(bench.positivePeak ?? 0) mV")
  }

  @Test("Current rises and falls as fast as the car's charger lets it")
  func ramps() throws {
    var bench = try bench {
      $0.rise = Current(milliamperes: 500)
      $0.fall = Current(amperes: 1)
    }
    bench.startCharging()
    bench.wait(.seconds(10))
    #expect(bench.milliamperes == 5_000)
    bench.wait(.seconds(60))
    bench.offer(amperes: 6)
    bench.wait(.milliseconds(5_310))
    #expect(bench.milliamperes == 10_996)
  }

  @Test("A car's leakage trips the residual current monitor once it has voltage")
  func leakage() throws {
    var bench = WorldBench(configuration: .equipped)
    var car = CarSpecification()
    car.quirks.leakage = Current(milliamperes: 7)
    try bench.plugIn(car)
    bench.wait(.seconds(5))
    #expect(bench.world.isResidualCurrentTripped(of: evse1) == false)
    bench.startCharging()
    bench.wait(.milliseconds(10))
    #expect(bench.world.isResidualCurrentTripped(of: evse1) == true)
  }

  @Test("Odd cars behave the same however time is cut, and quirks out of range are taken as the nearest")
  func repeatable() throws {
    var random = SeededRandom(seed: 5)
    for _ in 0..<30 {
      var car = CarSpecification.random(using: &random)
      car.connectDelay = .milliseconds(50)
      var whole = WorldBench()
      try whole.plugIn(car)
      whole.startCharging()
      var cut = whole
      whole.wait(.seconds(300))
      let end = cut.world.now + .seconds(300)
      while cut.world.now < end {
        let piece = Duration.nanoseconds(Int64.random(in: 1...3_000_000_007, using: &random))
        cut.world.advance(to: min(end, cut.world.now + piece))
      }
      #expect(cut.world == whole.world)
    }
    var wild = CarQuirks()
    wild.drawsPercent = .max
    wild.resistorPercent = .min
    wild.rise = Current(thousandths: .max)
    wild.fall = Current(thousandths: .min)
    wild.bouncesFor = .seconds(Int64.max)
    wild.leakage = Current(thousandths: .max)
    var bench = WorldBench()
    try bench.plugIn(CarSpecification(quirks: wild))
    bench.startCharging()
    bench.wait(.seconds(100))
    #expect((bench.milliamperes ?? 0) == 47_988)
  }
}
