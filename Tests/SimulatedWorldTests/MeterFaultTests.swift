import ChargerBase
import Testing

@testable import SimulatedWorld

@Suite("Meters and supplies that are not as they should be")
struct MeterFaultTests {
  private func charging() throws -> WorldBench {
    var bench = WorldBench()
    try bench.plugIn()
    try bench.world.perform(.setMeter(evse1, [.importRegister(Energy(wattHours: 20_000))]))
    bench.startCharging()
    bench.wait(.seconds(60))
    return bench
  }

  private func fault(_ fault: SimulatedFault, _ active: Bool = true, in bench: inout WorldBench) throws {
    try bench.world.perform(.fault(FaultPlace(evse: evse1), fault, active: active))
  }

  @Test("A register jumps back or ahead, and is itself again when the fault ends")
  func jumps() throws {
    var bench = try charging()
    let before = try #require(bench.register)
    try fault(.meterJumpsBack, in: &bench)
    #expect(bench.register == before - 5_000_000)
    try fault(.meterJumpsBack, false, in: &bench)
    try fault(.meterJumpsAhead, in: &bench)
    #expect(bench.register == before + 50_000_000)
    try fault(.meterJumpsAhead, false, in: &bench)
    #expect(bench.register == before)
  }

  @Test("A register that is stuck shows what it showed, and then what has flowed meanwhile")
  func stuck() throws {
    var bench = try charging()
    let before = bench.register
    try fault(.meterStuck, in: &bench)
    bench.wait(.seconds(3_600))
    #expect(bench.register == before)
    try fault(.meterStuck, false, in: &bench)
    #expect((bench.register ?? 0) > (before ?? 0) + 10_000_000)
  }

  @Test("A meter that drifts counts 2 % too much; what has flowed is known apart")
  func drift() throws {
    var bench = try charging()
    try fault(.meterDrifts, in: &bench)
    let before = try #require(bench.register)
    let delivered = try #require(bench.world.view.first?.delivered.milliwattHours)
    bench.wait(.seconds(3_600))
    let counted = try #require(bench.register) - before
    let flowed = try #require(bench.world.view.first?.delivered.milliwattHours) - delivered
    #expect(flowed == 15_996 * 230 * 3)
    #expect(abs(counted - flowed * 102 / 100) <= 1)
    try fault(.meterDrifts, false, in: &bench)
    #expect(bench.register == before + counted, "no register runs back when the meter is repaired")
  }

  @Test("Noise stays within 1 %, moves, and is the same in an equal world")
  func noise() throws {
    var bench = try charging()
    try fault(.meterNoisy, in: &bench)
    var seen: [Int64] = []
    for _ in 0..<50 {
      bench.wait(.milliseconds(500))
      let volts = try #require(bench.world.meterValues(of: evse1)?.voltages.first)
      #expect((227_700...232_300).contains(volts.millivolts))
      seen.append(volts.millivolts)
      let copy = bench
      #expect(copy.world.meterValues(of: evse1) == bench.world.meterValues(of: evse1))
    }
    #expect(seen.contains { $0 != seen[0] })
    #expect(bench.register != nil)
  }

  @Test("Swapped phases, values that are not available, registers that are not available")
  func wrongValues() throws {
    var bench = WorldBench()
    try bench.plugIn(CarSpecification(phases: 1))
    bench.startCharging()
    bench.wait(.seconds(20))
    try fault(.meterPhasesSwapped, in: &bench)
    #expect(bench.world.meterValues(of: evse1)?.currents.map(\.milliamperes) == [0, 0, 15_996])
    try fault(.meterValuesMissing, in: &bench)
    let values = try #require(bench.world.meterValues(of: evse1))
    #expect(values.currents.isEmpty && values.voltages.isEmpty && values.powers.isEmpty && values.totalPower == nil)
    #expect(values.hasRegisters)
    try fault(.meterRegistersMissing, in: &bench)
    #expect(bench.world.meterValues(of: evse1)?.hasRegisters == false)
  }

  @Test("A slow meter answers for a second in eight")
  func slow() throws {
    var bench = try charging()
    try fault(.meterSlow, in: &bench)
    var answers = 0
    for _ in 0..<80 {
      bench.wait(.seconds(1))
      if bench.world.meterValues(of: evse1) != nil { answers += 1 }
    }
    #expect((10...20).contains(answers), "\(answers)")
  }

  @Test("A lost phase carries nothing and has no voltage; a car on it alone gets no energy")
  func phaseLoss() throws {
    var bench = try charging()
    try fault(.phaseLoss, in: &bench)
    let values = try #require(bench.world.meterValues(of: evse1))
    #expect(values.voltages.map(\.millivolts) == [230_000, 230_000, 0])
    #expect(values.currents.map(\.milliamperes) == [15_996, 15_996, 0])
    var single = WorldBench(phases: 1)
    try single.plugIn()
    try fault(.phaseLoss, in: &single)
    single.startCharging()
    single.wait(.seconds(20))
    #expect(single.milliamperes == 0)
    try fault(.phaseLoss, false, in: &single)
    single.wait(.seconds(20))
    #expect(single.milliamperes == 15_996)
  }

  @Test("The time over the supply's fuse is counted, and nothing else")
  func fuse() throws {
    var configuration = WorldConfiguration.simple(evses: 2, phases: 1)
    configuration.supplyFuse = Current(amperes: 20)
    var bench = WorldBench(configuration: configuration)
    let other = ConnectorID(evse: EVSEID(2), number: 1)
    try bench.plugIn()
    try bench.world.perform(.plugIn(other, CarSpecification()))
    bench.startCharging()
    bench.wait(.seconds(60))
    #expect(bench.world.supplyOverload == .zero)
    #expect(bench.world.highestSupplyCurrent == Current(milliamperes: 15_996))
    bench.world.applyPilot(.pulseWidth(hundredthsOfPercent: 1_000), to: other)
    bench.wait(.seconds(2))
    bench.world.commandContactor(closed: true, of: other)
    bench.wait(.seconds(60))
    #expect(bench.world.highestSupplyCurrent == Current(milliamperes: 21_996))
    #expect(bench.world.supplyOverload > .seconds(55) && bench.world.supplyOverload < .seconds(60))
  }
}
