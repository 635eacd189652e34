import ChargerBase
import Testing

@testable import SimulatedWorld

@Suite("What outlives the world's process")
struct WorldStateTests {
  @Test("Bolts, trips, signed sets, worn contactors, air, cables and pushed buttons are where they were")
  func parts() throws {
    var bench = WorldBench(configuration: .equipped)
    var car = CarSpecification(batteryRoom: Energy(wattHours: 10_000))
    car.quirks.drawsPercent = 120
    car.quirks.isSimplified = true
    try bench.world.perform(.plugIn(connector11, car, cable: CableSpecification(rating: Current(amperes: 20))))
    bench.world.commandLock(locked: true, of: connector11)
    bench.startCharging()
    bench.wait(.seconds(20))
    bench.world.commandContactor(closed: false, of: connector11)
    bench.wait(.seconds(1))
    try bench.world.perform(.ambient(Temperature(celsius: 33), nil))
    for fault in [SimulatedFault.groundFault, .emergencyStop, .meterDrifts, .contactorWornOut, .lockSticks] {
      try bench.world.perform(.fault(FaultPlace(), fault, active: true))
    }
    let isTaken = bench.world.requestSignedReading(
      number: 1, context: .transactionBegin, identification: "", unixSeconds: nil, of: evse1)
    #expect(isTaken)
    bench.wait(.seconds(1))
    let saved = bench.world.state
    var fresh = SimulatedWorld(configuration: .equipped, startingAt: bench.world.now)
    fresh.restore(saved)
    #expect(fresh.state == saved)
    #expect(fresh.isLockEngaged(of: connector11) == true)
    #expect(fresh.proximity(of: connector11) == .resistance(Resistance(ohms: 680)))
    #expect(fresh.isResidualCurrentTripped(of: evse1) == true)
    #expect(fresh.safetyContact(.emergencyStop, of: nil) == true)
    let evse = try #require(fresh.view.first)
    #expect(evse.signedSets == 1 && evse.ambient == Temperature(celsius: 33))
    #expect(evse.connectors.first?.contactorOpeningsUnderLoad == 1)
    #expect(evse.connectors.first?.car?.quirks == car.quirks)
    #expect(throws: WorldError.self, "the plug is still locked") { try fresh.perform(.plugOut(connector11)) }
  }

  @Test("A world that lacks a part passes over what was saved of it")
  func otherWorld() throws {
    var bench = WorldBench(configuration: .equipped)
    for fault in SimulatedFault.allCases { try bench.world.perform(.fault(FaultPlace(), fault, active: true)) }
    bench.world.commandLock(locked: true, of: connector11)
    bench.wait(.seconds(60))
    var plain = SimulatedWorld(configuration: .simple())
    plain.restore(bench.world.state)
    #expect(plain.view.first?.faults.allSatisfy { $0.part == nil } == true)
    try plain.perform(.plugIn(connector11, CarSpecification()))
  }

  @Test("No number that can be set makes the world trap, however far time goes")
  func extremes() throws {
    var bench = WorldBench(configuration: .equipped)
    let huge = Int64.max
    try bench.world.perform(
      .setMeter(
        evse1,
        [
          .voltage(Voltage(thousandths: huge), phase: nil), .importRegister(Energy(thousandths: huge)),
          .current(Current(thousandths: huge), phase: 1), .power(Power(thousandths: .min), phase: 2),
        ]))
    try bench.world.perform(.ambient(Temperature(thousandths: huge), nil))
    for fault in [SimulatedFault.meterDrifts, .meterJumpsAhead, .overVoltage, .overCurrent, .overTemperature] {
      try bench.world.perform(.fault(FaultPlace(), fault, active: true))
    }
    try bench.plugIn(CarSpecification(current: Current(amperes: 80)))
    bench.offer(amperes: 80)
    bench.wait(.seconds(2))
    bench.world.commandContactor(closed: true, of: connector11)
    bench.wait(.seconds(100))
    _ = bench.world.view
    bench.world.feedWatchdog(timeout: .seconds(Int64.max))
    bench.world.advance(to: MonotonicInstant(nanoseconds: huge - 1))
    _ = bench.world.view
    _ = bench.world.temperature(of: evse1, sensor: 0)
    #expect(bench.world.meterValues(of: evse1)?.importRegister == Energy(thousandths: huge))
  }
}
