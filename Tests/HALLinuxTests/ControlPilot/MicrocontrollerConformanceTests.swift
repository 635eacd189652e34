import HAL
import HALConformance
import Testing

@testable import HALLinux

/// The obligations of the HAL on the drivers of a companion MCU: with line and time in memory, and over a pseudo
/// terminal in real time.
@Suite("HAL conformance of the companion MCU's drivers", .serialized)
struct MicrocontrollerConformanceTests {
  enum Kind: String, CaseIterable, Sendable, CustomTestStringConvertible {
    case memory, terminal
    var testDescription: String { rawValue }
    func make() throws -> MicrocontrollerRig {
      switch self {
      case .memory: MemoryRig()
      case .terminal: try TerminalRig()
      }
    }
  }

  @Test("ControlPilot", arguments: ControlPilotSuite.checks, Kind.allCases)
  func pilot(check: ConformanceCheck<any ControlPilotRig>, kind: Kind) throws { try check.run(kind.make()) }

  @Test("Contactor", arguments: ContactorSuite.checks, Kind.allCases)
  func contactor(check: ConformanceCheck<any ContactorRig>, kind: Kind) throws { try check.run(kind.make()) }

  @Test("ConnectorLock", arguments: ConnectorLockSuite.checks, Kind.allCases)
  func lock(check: ConformanceCheck<any ConnectorLockRig>, kind: Kind) throws { try check.run(kind.make()) }

  @Test("ProximityPilot", arguments: ProximityPilotSuite.checks, Kind.allCases)
  func proximity(check: ConformanceCheck<any ProximityPilotRig>, kind: Kind) throws { try check.run(kind.make()) }

  @Test("ResidualCurrentMonitor", arguments: ResidualCurrentMonitorSuite.checks, Kind.allCases)
  func residualCurrent(check: ConformanceCheck<any ResidualCurrentMonitorRig>, kind: Kind) throws {
    try check.run(kind.make())
  }

  @Test("TemperatureSensor, in memory", arguments: TemperatureSensorSuite.checks)
  func temperature(check: ConformanceCheck<any TemperatureSensorRig>) throws { try check.run(MemoryRig()) }

  @Test("SafetyInput", arguments: SafetyInputSuite.checks, Kind.allCases)
  func safetyInput(check: ConformanceCheck<any SafetyInputRig>, kind: Kind) throws { try check.run(kind.make()) }

  @Test("ControlLaneDriver, in memory", arguments: ControlLaneSuite.checks, MicrocontrollerRig.kinds)
  func controlLane(check: ConformanceCheck<ControlLaneSuite.Subject>, driver: String) throws {
    try check.run((rig: MemoryRig(), kind: driver))
  }

  /// Silence in real time takes long where a loaded machine must not be taken for a silent one: it is tested in memory.
  @Test(
    "ControlLaneDriver, over a terminal",
    arguments: ControlLaneSuite.checks.filter { $0.obligation != "ControlLaneDriver 4" }, MicrocontrollerRig.kinds)
  func controlLaneOverTerminal(check: ConformanceCheck<ControlLaneSuite.Subject>, driver: String) throws {
    try check.run((rig: try TerminalRig(), kind: driver))
  }
}
