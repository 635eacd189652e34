import ChargerBase
import Testing

@testable import SimulatedWorld

@Suite("Contactors that wear")
struct ContactorTests {
  private func charging(_ fault: SimulatedFault) throws -> WorldBench {
    var bench = WorldBench()
    try bench.plugIn()
    try bench.world.perform(.fault(FaultPlace(connector11), fault, active: true))
    bench.startCharging()
    bench.wait(.seconds(2))
    return bench
  }

  @Test("A slow contactor takes twelve times its travel")
  func slow() throws {
    var bench = WorldBench()
    try bench.world.perform(.fault(FaultPlace(connector11), .contactorSlow, active: true))
    bench.world.commandContactor(closed: true, of: connector11)
    bench.wait(.milliseconds(479))
    #expect(bench.world.isContactorClosed(of: connector11) == false)
    bench.wait(.milliseconds(1))
    #expect(bench.world.isContactorClosed(of: connector11) == true)
    bench.world.commandContactor(closed: false, of: connector11)
    bench.wait(.milliseconds(299))
    #expect(bench.world.isContactorClosed(of: connector11) == true)
    bench.wait(.milliseconds(1))
    #expect(bench.world.isContactorClosed(of: connector11) == false)
  }

  @Test("Holding power keeps what is closed and pulls nothing in; what the coil and the pre-charge relay do is told")
  func saving() {
    var bench = WorldBench()
    bench.world.supplyCoil(.holding, of: connector11)
    bench.wait(.seconds(1))
    #expect(bench.world.isContactorClosed(of: connector11) == false)
    bench.world.setPreCharge(closed: true, of: connector11)
    bench.world.supplyCoil(.full, of: connector11)
    bench.wait(.milliseconds(39))
    #expect(bench.world.isContactorClosed(of: connector11) == false)
    bench.wait(.milliseconds(1))
    #expect(bench.world.isContactorClosed(of: connector11) == true)
    bench.world.setPreCharge(closed: false, of: connector11)
    bench.world.supplyCoil(.holding, of: connector11)
    bench.wait(.seconds(1))
    #expect(bench.world.isContactorClosed(of: connector11) == true)
    bench.world.supplyCoil(.off, of: connector11)
    bench.wait(.seconds(1))
    #expect(bench.world.isContactorClosed(of: connector11) == false)
    let kinds = bench.world.takeEvents().map(\.kind).filter {
      ["preCharge", "coilHolds", "contactor"].contains($0.name)
    }
    #expect(
      kinds == [
        .coilHolds(connector11), .preCharge(connector11, closed: true), .contactor(connector11, closed: true),
        .preCharge(connector11, closed: false), .coilHolds(connector11), .contactor(connector11, closed: false),
      ])
  }

  @Test("A bouncing auxiliary contact rests after its time and shows the truth, while current flows all along")
  func bounces() throws {
    var bench = WorldBench()
    try bench.plugIn()
    try bench.world.perform(.fault(FaultPlace(connector11), .contactorBounces, active: true))
    bench.offer(amperes: 16)
    bench.wait(.seconds(2))
    bench.world.commandContactor(closed: true, of: connector11)
    bench.wait(.milliseconds(40))
    var seen: [Bool] = []
    for _ in 0..<30 {
      seen.append(bench.world.isContactorClosed(of: connector11) ?? false)
      bench.wait(.milliseconds(5))
    }
    #expect(seen.contains(true) && seen.contains(false))
    bench.wait(.milliseconds(30))
    for _ in 0..<50 {
      #expect(bench.world.isContactorClosed(of: connector11) == true)
      bench.wait(.milliseconds(5))
    }
    #expect((bench.milliamperes ?? 0) > 0)
  }

  @Test("A contactor that falls out opens by itself and stays open until it is commanded anew")
  func fallsOut() throws {
    var bench = try charging(.contactorFallsOut)
    #expect(bench.world.isContactorClosed(of: connector11) == true)
    bench.wait(.seconds(1))
    #expect(bench.world.isContactorClosed(of: connector11) == false)
    #expect(bench.milliamperes == 0)
    bench.wait(.seconds(60))
    #expect(bench.world.isContactorClosed(of: connector11) == false)
    bench.world.commandContactor(closed: false, of: connector11)
    bench.world.commandContactor(closed: true, of: connector11)
    bench.wait(.milliseconds(40))
    #expect(bench.world.isContactorClosed(of: connector11) == true)
  }

  @Test("A worn-out contactor opens without load and welds at the next opening under load")
  func wornOut() throws {
    var bench = try charging(.contactorWornOut)
    bench.world.applyPilot(.steadyPositive, to: connector11)
    bench.wait(.seconds(5))
    bench.world.commandContactor(closed: false, of: connector11)
    bench.wait(.seconds(1))
    #expect(bench.world.isContactorClosed(of: connector11) == false)
    bench.startCharging()
    bench.wait(.seconds(10))
    _ = bench.world.takeEvents()
    bench.world.commandContactor(closed: false, of: connector11)
    bench.wait(.seconds(1))
    #expect(bench.world.isContactorClosed(of: connector11) == true)
    #expect((bench.milliamperes ?? 0) > 0)
    let fault = WorldEvent.Kind.fault(FaultPlace(connector11), .contactorWelded, active: true)
    #expect(bench.world.takeEvents().contains { $0.kind == fault })
    #expect(bench.world.view.first?.connectors.first?.faults == [.contactorWornOut, .contactorWelded])
  }

  @Test("A stuck auxiliary contact shows what it showed, whatever the contacts do")
  func stuckFeedback() throws {
    var bench = try charging(.contactorFeedbackStuck)
    #expect(bench.world.isContactorClosed(of: connector11) == false)
    #expect((bench.milliamperes ?? 0) > 0)
    try bench.world.perform(.fault(FaultPlace(connector11), .contactorFeedbackStuck, active: false))
    #expect(bench.world.isContactorClosed(of: connector11) == true)
  }

  @Test("Openings are counted, those under load apart")
  func counters() throws {
    var bench = WorldBench()
    try bench.plugIn()
    bench.startCharging()
    bench.wait(.seconds(10))
    bench.world.commandContactor(closed: false, of: connector11)
    bench.wait(.seconds(1))
    bench.world.applyPilot(.steadyPositive, to: connector11)
    bench.world.commandContactor(closed: true, of: connector11)
    bench.wait(.seconds(1))
    bench.world.commandContactor(closed: false, of: connector11)
    bench.wait(.seconds(1))
    let connector = try #require(bench.world.view.first?.connectors.first)
    #expect(connector.contactorOpenings == 2)
    #expect(connector.contactorOpeningsUnderLoad == 1)
  }

  @Test("A loose pilot wire opens and closes for as long as the fault lasts")
  func loosePilot() throws {
    var bench = WorldBench()
    try bench.plugIn()
    try bench.world.perform(.fault(FaultPlace(connector11), .pilotBounces, active: true))
    bench.wait(.milliseconds(15))
    #expect(bench.positivePeak == 12_000)
    bench.wait(.milliseconds(15))
    #expect(bench.positivePeak == 9_000)
    bench.wait(.milliseconds(15))
    try bench.world.perform(.fault(FaultPlace(connector11), .pilotBounces, active: false))
    #expect(bench.positivePeak == 9_000)
    bench.wait(.seconds(1))
    #expect(bench.positivePeak == 9_000)
  }
}
