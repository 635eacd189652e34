import ChargerBase
import HAL
import HALConformance
import Testing

@testable import HALLinux

/// There is no keypad and no display on GPIO lines.
private let postChecks = PostSuite.checks.filter {
  $0.obligation.hasPrefix("StartButton") || $0.obligation.hasPrefix("ParkingBay")
    || $0.title.hasPrefix("a start button") || $0.title.hasPrefix("a bay sensor")
}

/// There is no reader there either.
private let lightChecks = StationLaneSuite.checks.filter { $0.obligation.hasPrefix("IndicatorLight") }

/// The suites of the HAL on the GPIO drivers, whose lines end in simulated hardware.
@Suite("HAL conformance of the GPIO drivers")
struct GPIOConformanceTests {
  @Test("Contactor", arguments: ContactorSuite.checks, ContactorWiring.allCases)
  func contactor(check: ConformanceCheck<any ContactorRig>, wiring: ContactorWiring) throws {
    try check.run(GPIOContactorRig(wiring))
  }

  /// A solenoid that must be held in power keeps neither 2 nor 5, as its documentation says.
  @Test("ConnectorLock", arguments: ConnectorLockSuite.checks, LockWiring.allCases)
  func lock(check: ConformanceCheck<any ConnectorLockRig>, wiring: LockWiring) throws {
    let isHeld = wiring == .heldSolenoid
    guard !isHeld || !["ConnectorLock 2", "ConnectorLock 5"].contains(check.obligation) else { return }
    try check.run(GPIOLockRig(wiring))
  }

  @Test("ResidualCurrentMonitor", arguments: ResidualCurrentMonitorSuite.checks, MonitorWiring.allCases)
  func monitor(check: ConformanceCheck<any ResidualCurrentMonitorRig>, wiring: MonitorWiring) throws {
    try check.run(GPIOMonitorRig(wiring))
  }

  @Test("SafetyInput", arguments: SafetyInputSuite.checks, SafetyWiring.allCases)
  func safetyInput(check: ConformanceCheck<any SafetyInputRig>, wiring: SafetyWiring) throws {
    try check.run(GPIOSafetyRig(wiring))
  }

  @Test("PhaseSwitch", arguments: PhaseSwitchSuite.checks, PhaseWiring.allCases)
  func phaseSwitch(check: ConformanceCheck<any PhaseSwitchRig>, wiring: PhaseWiring) throws {
    try check.run(GPIOPhaseRig(wiring))
  }

  @Test("StartButton, ParkingBaySensor", arguments: postChecks)
  func post(check: ConformanceCheck<any PostRig>) throws { try check.run(GPIOPostRig()) }

  @Test("IndicatorLight", arguments: lightChecks)
  func light(check: ConformanceCheck<any StationLaneRig>) throws { try check.run(GPIOPostRig()) }

  @Test(
    "ControlLaneDriver", arguments: ControlLaneSuite.checks,
    ["Contactor", "ConnectorLock", "ResidualCurrentMonitor", "SafetyInput", "PhaseSwitch"])
  func controlLane(check: ConformanceCheck<ControlLaneSuite.Subject>, kind: String) throws {
    try check.run((rig: GPIOLaneRig(kind), kind: kind))
  }

  @Test("There are suites for every kind that GPIO lines have")
  func nothingIsLeftOut() {
    #expect(postChecks.count >= 7)
  }
}

/// Gives the rig of one kind to the suite that all drivers of the control lane have in common.
private final class GPIOLaneRig: ControlLaneRig {
  private let rig: GPIORig
  private let subject: ControlLaneSubject

  init(_ kind: String) throws {
    var isOdd = false
    func toggle() -> Bool {
      isOdd.toggle()
      return isOdd
    }
    func make(
      _ rig: GPIORig, _ driver: any ControlLaneDriver, newestAt: @escaping () -> MonotonicInstant?,
      change: @escaping () throws -> Void
    ) -> (GPIORig, ControlLaneSubject) {
      (
        rig,
        ControlLaneSubject(
          driver, newestAt: newestAt, change: change, setSilent: { rig.setDead($0) }, silence: .milliseconds(500))
      )
    }
    switch kind {
    case "Contactor":
      let rig = GPIOContactorRig(.plain)
      let driver = rig.makeDriver()
      (self.rig, subject) = make(
        rig, driver, newestAt: { driver.feedback?.takenAt },
        change: { try rig.holdContacts(toggle() ? .closed : nil) })
    case "ConnectorLock":
      let rig = GPIOLockRig(.hBridge)
      let driver = rig.makeDriver()
      (self.rig, subject) = make(
        rig, driver, newestAt: { driver.feedback?.takenAt },
        change: { driver.command(toggle() ? .locked : .unlocked) })
    case "ResidualCurrentMonitor":
      let rig = GPIOMonitorRig(.latching)
      let driver = rig.makeDriver()
      (self.rig, subject) = make(
        rig, driver, newestAt: { driver.reading?.takenAt }, change: { try rig.setResidualCurrent(toggle()) })
    case "SafetyInput":
      let rig = GPIOSafetyRig(.normallyClosed)
      let driver = rig.makeDriver()
      (self.rig, subject) = make(
        rig, driver, newestAt: { driver.state?.takenAt }, change: { try rig.setActive(toggle()) })
    case "PhaseSwitch":
      let rig = GPIOPhaseRig(.oneRelay)
      let driver = rig.makeDriver()
      (self.rig, subject) = make(
        rig, driver, newestAt: { driver.feedback?.takenAt },
        change: { driver.command(toggle() ? .three : .one) })
    default: throw ConformanceViolation("no driver of the kind \(kind)")
    }
  }

  var now: MonotonicInstant { rig.now }
  func wait(_ duration: Duration) { rig.wait(duration) }
  var slack: Duration { .zero }
  func makeSubject(_ kind: String) throws -> ControlLaneSubject { subject }
}
