import HAL
import HALConformance
import Testing

extension ConformanceCheck: CustomTestStringConvertible {
  public var testDescription: String { description }
}

/// The suites of the HAL on the simulated drivers; every test carries the protocol and the number of its obligation.
@Suite("HAL conformance of the simulated drivers", .serialized)
struct SimulatedDriverConformance {
  @Test("ControlPilot", arguments: ControlPilotSuite.checks, RigKind.allCases)
  func pilot(check: ConformanceCheck<any ControlPilotRig>, kind: RigKind) throws { try check.run(kind.make()) }

  @Test("Contactor", arguments: ContactorSuite.checks, RigKind.allCases)
  func contactor(check: ConformanceCheck<any ContactorRig>, kind: RigKind) throws { try check.run(kind.make()) }

  @Test("ConnectorLock", arguments: ConnectorLockSuite.checks, RigKind.allCases)
  func lock(check: ConformanceCheck<any ConnectorLockRig>, kind: RigKind) throws { try check.run(kind.make()) }

  @Test("ProximityPilot", arguments: ProximityPilotSuite.checks, RigKind.allCases)
  func proximity(check: ConformanceCheck<any ProximityPilotRig>, kind: RigKind) throws { try check.run(kind.make()) }

  @Test("EnergyMeter", arguments: EnergyMeterSuite.checks, RigKind.allCases)
  func meter(check: ConformanceCheck<any EnergyMeterRig>, kind: RigKind) throws { try check.run(kind.make()) }

  @Test("ResidualCurrentMonitor", arguments: ResidualCurrentMonitorSuite.checks, RigKind.allCases)
  func residualCurrent(check: ConformanceCheck<any ResidualCurrentMonitorRig>, kind: RigKind) throws {
    try check.run(kind.make())
  }

  @Test("TemperatureSensor", arguments: TemperatureSensorSuite.checks, RigKind.allCases)
  func temperature(check: ConformanceCheck<any TemperatureSensorRig>, kind: RigKind) throws {
    try check.run(kind.make())
  }

  @Test("SafetyInput", arguments: SafetyInputSuite.checks, RigKind.allCases)
  func safetyInput(check: ConformanceCheck<any SafetyInputRig>, kind: RigKind) throws { try check.run(kind.make()) }

  @Test("PhaseSwitch", arguments: PhaseSwitchSuite.checks, RigKind.allCases)
  func phaseSwitch(check: ConformanceCheck<any PhaseSwitchRig>, kind: RigKind) throws { try check.run(kind.make()) }

  @Test("SystemWatchdog", arguments: SystemWatchdogSuite.checks, RigKind.allCases)
  func watchdog(check: ConformanceCheck<any SystemWatchdogRig>, kind: RigKind) throws {
    try check.run(kind.make(hasWatchdog: true))
  }

  @Test(
    "StationLaneDriver, TokenReader, IndicatorLight, DriverDisplay", arguments: StationLaneSuite.checks,
    RigKind.allCases)
  func stationLane(check: ConformanceCheck<any StationLaneRig>, kind: RigKind) throws { try check.run(kind.make()) }

  @Test("Keypad, StartButton, ParkingBaySensor, ChoiceDisplay", arguments: PostSuite.checks, RigKind.allCases)
  func post(check: ConformanceCheck<any PostRig>, kind: RigKind) throws { try check.run(kind.make()) }

  @Test("ControlLaneDriver, in process", arguments: ControlLaneSuite.checks, ControlLaneSuite.kinds)
  func controlLane(check: ConformanceCheck<ControlLaneSuite.Subject>, driver: String) throws {
    try check.run((rig: RigKind.inProcess.make(), kind: driver))
  }

  @Test("ControlLaneDriver, over the socket", arguments: ControlLaneSuite.checks, ControlLaneSuite.kinds)
  func controlLaneOverSocket(check: ConformanceCheck<ControlLaneSuite.Subject>, driver: String) throws {
    try check.run((rig: RigKind.socket.make(), kind: driver))
  }
}
