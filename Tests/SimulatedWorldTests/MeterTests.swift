import ChargerBase
import Testing

@testable import SimulatedWorld

@Suite("The meter")
struct MeterTests {
  @Test("The register equals the integral of current and voltage, however time is cut")
  func exactIntegral() throws {
    var whole = WorldBench()
    try whole.plugIn(CarSpecification(current: Current(amperes: 16)))
    whole.offer(amperes: 20)
    whole.wait(.seconds(2))
    whole.world.commandContactor(closed: true, of: connector11)
    whole.wait(.milliseconds(40))
    var cut = whole
    whole.wait(.seconds(1_000))
    var random = SeededRandom(seed: 7)
    let end = cut.world.now + .seconds(1_000)
    while cut.world.now < end {
      let piece = Duration.nanoseconds(Int64.random(in: 1...900_000_007, using: &random))
      cut.world.advance(to: min(end, cut.world.now + piece))
    }
    #expect(cut.world == whole.world)
    // Ramp: nothing in the first tenth of a second, then 0.2 A more in each, 16 A from 8 s on.
    let rampAmpereTenths = (0..<80).reduce(0) { $0 + $1 * 200 }
    let milliampereMilliseconds = rampAmpereTenths * 100 + 16_000 * (1_000_000 - 8_000)
    let microjoulesPerPhase = milliampereMilliseconds * 230
    let milliwattHours = Int64(microjoulesPerPhase * 3 / 3_600_000)
    #expect(whole.register == milliwattHours)
  }

  @Test("The register never runs back")
  func monotonic() throws {
    var bench = WorldBench()
    try bench.plugIn()
    var last: Int64 = 0
    var random = SeededRandom(seed: 11)
    for _ in 0..<400 {
      switch Int.random(in: 0..<6, using: &random) {
      case 0: bench.offer(amperes: Int64.random(in: 0...40, using: &random))
      case 1: bench.world.commandContactor(closed: Bool.random(using: &random), of: connector11)
      case 2: try bench.world.perform(.mains(up: Bool.random(using: &random)))
      case 3:
        try bench.world.perform(.fault(FaultPlace(connector11), .contactorWelded, active: Bool.random(using: &random)))
      case 4: try? bench.world.perform(.plugOut(connector11))
      default: try? bench.plugIn()
      }
      bench.wait(.milliseconds(Int64.random(in: 0...5_000, using: &random)))
      let register = try #require(bench.register)
      #expect(register >= last)
      last = register
    }
    #expect(last > 0)
  }

  @Test("A single-phase car on three phases loads L1 alone")
  func singlePhaseCar() throws {
    var bench = WorldBench()
    try bench.plugIn(CarSpecification(phases: 1))
    bench.startCharging()
    bench.wait(.seconds(20))
    let values = try #require(bench.world.meterValues(of: evse1))
    #expect(values.currents.map(\.milliamperes) == [15_996, 0, 0])
    #expect(values.voltages == Array(repeating: Voltage(volts: 230), count: 3))
    #expect(values.totalPower == Power(milliwatts: 15_996 * 230))
    #expect(values.frequency == Frequency(thousandths: 50_000))
  }

  @Test("A register set by hand is absolute and the model counts on from it")
  func setRegister() throws {
    var bench = WorldBench(phases: 1)
    try bench.plugIn()
    bench.startCharging(amperes: 10)
    bench.wait(.seconds(60))
    try bench.world.perform(.setMeter(evse1, [.importRegister(Energy(wattHours: 5_000_000))]))
    #expect(bench.register == 5_000_000_000)
    bench.wait(.seconds(3_600))
    let expected: Int64 = 5_000_000_000 + 9_996 * 230
    #expect(bench.register == expected)
  }

  @Test("Voltage set by hand changes what is counted; a phase that is not wired is refused")
  func setVoltage() throws {
    var bench = WorldBench(phases: 1)
    try bench.world.perform(.setMeter(evse1, [.voltage(Voltage(volts: 200), phase: 1)]))
    #expect(bench.world.meterValues(of: evse1)?.voltages == [Voltage(volts: 200)])
    #expect(throws: WorldError.self) {
      try bench.world.perform(.setMeter(evse1, [.voltage(Voltage(volts: 200), phase: 2)]))
    }
  }

  @Test("No energy flows without mains; it resumes when mains is back")
  func mains() throws {
    var bench = WorldBench(phases: 1)
    try bench.plugIn()
    bench.startCharging()
    bench.wait(.seconds(60))
    let before = bench.register
    try bench.world.perform(.mains(up: false))
    #expect(bench.world.meterValues(of: evse1)?.voltages == [.zero])
    bench.wait(.seconds(60))
    #expect(bench.register == before)
    try bench.world.perform(.mains(up: true))
    bench.wait(.seconds(60))
    #expect((bench.register ?? 0) > (before ?? 0))
  }

  @Test("No energy flows while the car does not ask or the contactor is open")
  func noFlow() throws {
    var bench = WorldBench()
    try bench.plugIn()
    bench.world.commandContactor(closed: true, of: connector11)
    bench.wait(.seconds(60))
    #expect(bench.register == 0)
    bench.world.commandContactor(closed: false, of: connector11)
    bench.offer(amperes: 16)
    bench.wait(.seconds(60))
    #expect(bench.register == 0)
  }
}
