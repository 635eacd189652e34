import ChargerBase
import Testing

@testable import SimulatedWorld

@Suite("Residual current, heat, safety contacts, phases and watchdog")
struct StationPartsTests {
  private func fault(_ fault: SimulatedFault, _ active: Bool = true, in bench: inout WorldBench) throws {
    try bench.world.perform(.fault(FaultPlace(evse: evse1), fault, active: active))
  }

  @Test("A ground fault trips the monitor, which stays tripped until it is reset and trips again while it leaks")
  func groundFault() throws {
    var bench = WorldBench(configuration: .equipped)
    #expect(bench.world.isResidualCurrentTripped(of: evse1) == false)
    try fault(.groundFault, in: &bench)
    bench.wait(.milliseconds(10))
    #expect(bench.world.isResidualCurrentTripped(of: evse1) == true)
    bench.world.resetResidualCurrent(of: evse1)
    #expect(bench.world.isResidualCurrentTripped(of: evse1) == false)
    bench.wait(.milliseconds(10))
    #expect(bench.world.isResidualCurrentTripped(of: evse1) == true)
    try fault(.groundFault, false, in: &bench)
    bench.wait(.seconds(10))
    #expect(bench.world.isResidualCurrentTripped(of: evse1) == true)
    bench.world.resetResidualCurrent(of: evse1)
    bench.wait(.seconds(10))
    #expect(bench.world.isResidualCurrentTripped(of: evse1) == false)
  }

  @Test("The test current trips a healthy monitor, and not one whose test winding is broken")
  func selfTest() throws {
    var bench = WorldBench(configuration: .equipped)
    bench.world.setTestCurrent(true, of: evse1)
    bench.wait(.milliseconds(10))
    #expect(bench.world.isResidualCurrentTripped(of: evse1) == true)
    bench.world.setTestCurrent(false, of: evse1)
    bench.world.resetResidualCurrent(of: evse1)
    bench.wait(.seconds(1))
    #expect(bench.world.isResidualCurrentTripped(of: evse1) == false)
    try fault(.residualCurrentTestFailure, in: &bench)
    bench.world.setTestCurrent(true, of: evse1)
    bench.wait(.seconds(5))
    #expect(bench.world.isResidualCurrentTripped(of: evse1) == false)
    try fault(.groundFault, in: &bench)
    bench.wait(.milliseconds(10))
    #expect(bench.world.isResidualCurrentTripped(of: evse1) == true)
  }

  @Test("A monitor that sticks is not reset; a silent one says nothing")
  func stickyMonitor() throws {
    var bench = WorldBench(configuration: .equipped)
    try fault(.residualCurrentSticks, in: &bench)
    bench.world.setTestCurrent(true, of: evse1)
    bench.wait(.seconds(1))
    bench.world.setTestCurrent(false, of: evse1)
    bench.world.resetResidualCurrent(of: evse1)
    #expect(bench.world.isResidualCurrentTripped(of: evse1) == true)
    try fault(.residualCurrentSilent, in: &bench)
    #expect(bench.world.isResidualCurrentTripped(of: evse1) == nil)
  }

  @Test("Heat follows the square of the current with its time constant, whichever way time is cut")
  func heat() throws {
    var bench = WorldBench(configuration: .equipped)
    #expect(bench.world.temperature(of: evse1, sensor: 0) == Temperature(celsius: 20))
    try bench.plugIn(CarSpecification(current: Current(amperes: 32)))
    bench.startCharging(amperes: 32)
    bench.wait(.seconds(600))
    var cut = bench
    let afterOne = try #require(bench.world.temperature(of: evse1, sensor: 0))
    #expect((35_500...36_000).contains(afterOne.thousandths), "63 % of 25 K: \(afterOne)")
    bench.wait(.seconds(6_000))
    let settled = try #require(bench.world.temperature(of: evse1, sensor: 0))
    #expect((44_980...45_000).contains(settled.thousandths), "\(settled)")
    for _ in 0..<6_000 { cut.wait(.seconds(1)) }
    #expect(cut.world == bench.world)
    bench.world.commandContactor(closed: false, of: connector11)
    bench.wait(.seconds(6_000))
    let cold = try #require(bench.world.temperature(of: evse1, sensor: 0))
    #expect(cold < Temperature(celsius: 21))
  }

  @Test("Ambient can be set; a bad contact heats within seconds and cools again; a broken sensor says nothing")
  func heatFaults() throws {
    var bench = WorldBench(configuration: .equipped)
    try bench.world.perform(.ambient(Temperature(celsius: 40), nil))
    bench.wait(.seconds(6_000))
    let warm = try #require(bench.world.temperature(of: evse1, sensor: 0))
    #expect((39_990...40_000).contains(warm.thousandths))
    try fault(.overTemperature, in: &bench)
    bench.wait(.seconds(10))
    let hot = try #require(bench.world.temperature(of: evse1, sensor: 0))
    #expect((100_000...104_000).contains(hot.thousandths), "\(hot)")
    try fault(.overTemperature, false, in: &bench)
    bench.wait(.seconds(60))
    #expect(try #require(bench.world.temperature(of: evse1, sensor: 0)) < Temperature(celsius: 41))
    try fault(.temperatureSilent, in: &bench)
    #expect(bench.world.temperature(of: evse1, sensor: 0) == nil)
    #expect(bench.world.temperature(of: evse1, sensor: 1) == nil)
    #expect(bench.world.temperature(of: evse1, sensor: -1) == nil)
  }

  @Test(
    "Emergency stop, door and tilt show what a hand does",
    arguments: [(SafetyContact.emergencyStop, SimulatedFault.emergencyStop), (.door, .door), (.tilt, .tilt)])
  func safetyContacts(contact: SafetyContact, kind: SimulatedFault) throws {
    var bench = WorldBench(configuration: .equipped)
    #expect(bench.world.safetyContact(contact, of: nil) == false)
    #expect(bench.world.safetyContact(contact, of: evse1) == nil)
    try bench.world.perform(.fault(FaultPlace(), kind, active: true))
    #expect(bench.world.safetyContact(contact, of: nil) == true)
    for other in SafetyContact.allCases where other != contact {
      #expect(bench.world.safetyContact(other, of: nil) == false)
    }
    try bench.world.perform(.fault(FaultPlace(), .safetyContactSilent, active: true))
    #expect(bench.world.safetyContact(contact, of: nil) == nil)
  }

  @Test("The mains contact tells a missing supply, and a contact of one EVSE that of its own")
  func mainsContact() throws {
    var configuration = WorldConfiguration.simple(evses: 2)
    configuration.safetyContacts = [WorldSafetyContact(.mainsLoss), WorldSafetyContact(.mainsLoss, evse: EVSEID(2))]
    var bench = WorldBench(configuration: configuration)
    try bench.world.perform(.mains(up: false))
    #expect(bench.world.safetyContact(.mainsLoss, of: nil) == true)
    #expect(bench.world.safetyContact(.mainsLoss, of: EVSEID(2)) == true)
    try bench.world.perform(.mains(up: true))
    try bench.world.perform(.setMeter(evse1, [.voltage(Voltage(volts: 50), phase: 2)]))
    #expect(bench.world.safetyContact(.mainsLoss, of: nil) == true)
    #expect(bench.world.safetyContact(.mainsLoss, of: EVSEID(2)) == false)
  }

  @Test("A phase switch begins with one phase and moves after its travel; one that is stuck stays")
  func phaseSwitch() throws {
    var bench = WorldBench(configuration: .equipped)
    try bench.plugIn()
    bench.startCharging()
    bench.wait(.seconds(20))
    #expect(bench.world.connectedPhases(of: evse1) == 1)
    #expect(bench.world.meterValues(of: evse1)?.currents.map(\.milliamperes) == [15_996, 0, 0])
    bench.world.commandPhases(3, of: evse1)
    bench.wait(.milliseconds(100))
    #expect(bench.world.connectedPhases(of: evse1) == 3)
    #expect(bench.world.meterValues(of: evse1)?.currents.map(\.milliamperes) == [15_996, 15_996, 15_996])
    try fault(.phaseSwitchStuck, in: &bench)
    bench.world.commandPhases(1, of: evse1)
    bench.wait(.seconds(5))
    #expect(bench.world.connectedPhases(of: evse1) == 3)
    try fault(.phaseSwitchSilent, in: &bench)
    #expect(bench.world.connectedPhases(of: evse1) == nil)
  }

  @Test("A watchdog that is not fed in time opens everything; one that was disarmed does not count as expired")
  func watchdog() throws {
    var bench = WorldBench()
    try bench.plugIn()
    bench.startCharging()
    bench.world.feedWatchdog(timeout: .seconds(1))
    bench.wait(.milliseconds(900))
    bench.world.feedWatchdog(timeout: .seconds(1))
    bench.wait(.milliseconds(999))
    #expect(bench.world.isContactorClosed(of: connector11) == true)
    var fed = bench
    bench.wait(.milliseconds(26))
    #expect(bench.world.isContactorClosed(of: connector11) == false)
    #expect(bench.positivePeak == -12_000)
    bench.world.commandContactor(closed: true, of: connector11)
    bench.wait(.seconds(1))
    #expect(bench.world.isContactorClosed(of: connector11) == false, "no coil has voltage before it is fed again")
    bench.world.feedWatchdog(timeout: .seconds(1))
    bench.world.commandContactor(closed: true, of: connector11)
    bench.wait(.milliseconds(40))
    #expect(bench.world.isContactorClosed(of: connector11) == true)
    fed.world.disarmWatchdog()
    fed.wait(.seconds(60))
    #expect(!fed.world.takeEvents().contains { $0.kind == .watchdog })
  }

  @Test("A station with a watchdog closes nothing before the first feed")
  func installedWatchdog() throws {
    var configuration = WorldConfiguration.simple()
    configuration.hasWatchdog = true
    var bench = WorldBench(configuration: configuration)
    bench.world.commandContactor(closed: true, of: connector11)
    bench.wait(.seconds(1))
    #expect(bench.world.isContactorClosed(of: connector11) == false)
    bench.world.feedWatchdog(timeout: .seconds(2))
    bench.world.commandContactor(closed: true, of: connector11)
    bench.wait(.seconds(1))
    #expect(bench.world.isContactorClosed(of: connector11) == true)
  }
}
