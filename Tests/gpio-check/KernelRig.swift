import CLinux
import ChargerBase
import Glibc
import HAL
import HALConformance
import HALLinux

/// Drivers on lines of the kernel's simulator, and the hardware behind the lines: in real time.
final class KernelRig: ConformanceRig, ContactorRig, ConnectorLockRig, ResidualCurrentMonitorRig, SafetyInputRig,
  PhaseSwitchRig, ControlLaneRig
{
  static let lines = [
    "coil", "aux", "lock-a", "lock-b", "position", "trip", "test", "reset", "stop", "relay", "relay-aux", "button",
    "bay", "bay-fault", "red", "green",
  ]

  let chip: SimulatedChip
  private var contactor = Contacts()
  private var relay = Contacts()
  private var bolt: Int64 = 0
  private var isJammed = false
  private var current = false
  private var tripTime: Int64 = 0
  private var isTripped = false
  private var movedAt = MonotonicInstant(nanoseconds: linux_boottime_ns())

  /// Contacts that follow their drive in 20 ms, unless they are held.
  private struct Contacts {
    var isClosed = false
    var held: Bool?
    private var moving: Int64 = 0

    mutating func move(_ drivenClosed: Bool, _ milliseconds: Int64) {
      if let held {
        isClosed = held
        moving = 0
        return
      }
      moving = drivenClosed == isClosed ? 0 : moving + milliseconds
      if moving >= 20 { isClosed = drivenClosed }
    }
  }

  init(_ chip: SimulatedChip) throws {
    self.chip = chip
    for line in Self.lines { try chip.pull(line, line == "stop") }
  }

  var now: MonotonicInstant { MonotonicInstant(nanoseconds: linux_boottime_ns()) }
  /// An emulated machine gets room.
  var slack: Duration { .milliseconds(400) }

  func wait(_ duration: Duration) {
    let end = now + duration
    repeat {
      usleep(1_000)
      try? move()
    } while now < end
  }

  private func move() throws {
    let passed = (now - movedAt).wholeMilliseconds
    guard passed > 0 else { return }
    movedAt = movedAt + .milliseconds(passed)
    contactor.move(try chip.level("coil"), passed)
    relay.move(try chip.level("relay"), passed)
    if !isJammed {
      if try chip.level("lock-a") { bolt = min(300, bolt + passed) }
      if try chip.level("lock-b") { bolt = max(0, bolt - passed) }
    }
    let sees = try current || chip.level("test")
    tripTime = sees ? tripTime + passed : 0
    if tripTime >= 10 { isTripped = true }
    if try chip.level("reset"), !sees { isTripped = false }
    try show()
  }

  private func show() throws {
    try chip.pull("aux", contactor.isClosed)
    try chip.pull("relay-aux", relay.isClosed)
    try chip.pull("position", bolt >= 150)
    try chip.pull("trip", isTripped)
  }

  func address(_ line: String) -> GPIOLineAddress { GPIOLineAddress(chip: chip.label, line: .name(line)) }

  // MARK: Contactor

  func makeContactor() throws -> any Contactor { try makeGPIOContactor() }

  func makeGPIOContactor() throws -> GPIOContactor {
    var configuration = GPIOContactor.Configuration(coil: address("coil"), feedback: GPIOContact(address("aux")))
    configuration.consumer = "gpio-check contactor"
    return try GPIOContactor(configuration)
  }

  func isClosed() throws -> Bool { contactor.isClosed }

  func holdContacts(_ position: ContactorPosition?) throws {
    contactor.held = position.map { $0 == .closed }
    contactor.move(try chip.level("coil"), 0)
    try show()
  }

  var contactorTravel: Duration { .milliseconds(25) }

  // MARK: Lock

  func makeLock() throws -> any ConnectorLock { try makeGPIOLock() }

  func makeGPIOLock() throws -> GPIOConnectorLock {
    var configuration = GPIOConnectorLock.Configuration(
      .hBridge(lock: address("lock-a"), unlock: address("lock-b")), position: address("position"))
    configuration.run = .milliseconds(600)
    configuration.overrun = .milliseconds(160)
    return try GPIOConnectorLock(configuration)
  }

  func isEngaged() throws -> Bool { bolt >= 150 }
  func isDriven() throws -> Bool { try chip.level("lock-a") || chip.level("lock-b") }
  func jamBolt(_ isJammed: Bool) throws { self.isJammed = isJammed }

  func openByHand() throws {
    bolt = 0
    try show()
  }

  var lockTravel: Duration { .milliseconds(160) }
  var longestDrive: Duration { .milliseconds(700) }

  // MARK: Residual current

  func makeMonitor() throws -> any ResidualCurrentMonitor { try makeGPIOMonitor() }

  func makeGPIOMonitor() throws -> GPIOResidualCurrentMonitor {
    var configuration = GPIOResidualCurrentMonitor.Configuration(trip: address("trip"))
    configuration.test = address("test")
    configuration.reset = address("reset")
    // Long enough for the simulated monitor of a slow machine.
    configuration.resetPulse = .milliseconds(200)
    return try GPIOResidualCurrentMonitor(configuration)
  }

  func setResidualCurrent(_ flows: Bool) throws { current = flows }
  func isTestCurrentFlowing() throws -> Bool { try chip.level("test") }
  var tripDelay: Duration { .milliseconds(10) }

  // MARK: Safety input

  func makeInput() throws -> any SafetyInput { try makeGPIOSafetyInput() }

  func makeGPIOSafetyInput() throws -> GPIOSafetyInput {
    try GPIOSafetyInput(
      GPIOSafetyInput.Configuration(GPIOContact(address("stop"), isNormallyClosed: true)))
  }

  func setActive(_ isActive: Bool) throws { try chip.pull("stop", !isActive) }

  // MARK: Phase switch

  func makePhaseSwitch() throws -> any PhaseSwitch { try makeGPIOPhaseSwitch() }

  func makeGPIOPhaseSwitch() throws -> GPIOPhaseSwitch {
    try GPIOPhaseSwitch(
      GPIOPhaseSwitch.Configuration(relay: address("relay"), feedback: GPIOContact(address("relay-aux"))))
  }

  func connected() throws -> ConnectedPhases { relay.isClosed ? .three : .one }
  func holdRelays(_ isHeld: Bool) throws { relay.held = isHeld ? relay.isClosed : nil }
  var phaseSwitchTravel: Duration { .milliseconds(25) }

  // MARK: The control lane's obligations

  static let kinds = ["Contactor", "ConnectorLock", "ResidualCurrentMonitor", "SafetyInput", "PhaseSwitch"]

  /// The kernel's simulator has no way to fall silent.
  func makeSubject(_ kind: String) throws -> ControlLaneSubject {
    var isOdd = false
    func toggle() -> Bool {
      isOdd.toggle()
      return isOdd
    }
    func subject(
      _ driver: any ControlLaneDriver, _ newestAt: @escaping () -> MonotonicInstant?,
      _ change: @escaping () throws -> Void
    ) -> ControlLaneSubject {
      ControlLaneSubject(
        driver, newestAt: newestAt, change: change, setSilent: nil, silence: .milliseconds(500))
    }
    switch kind {
    case "Contactor":
      let driver = try makeGPIOContactor()
      return subject(driver, { driver.feedback?.takenAt }, { try self.holdContacts(toggle() ? .closed : .open) })
    case "ConnectorLock":
      let driver = try makeGPIOLock()
      return subject(
        driver, { driver.feedback?.takenAt },
        {
          self.bolt = toggle() ? 300 : 0
          try self.show()
        })
    case "ResidualCurrentMonitor":
      let driver = try makeGPIOMonitor()
      return subject(
        driver, { driver.reading?.takenAt },
        {
          self.isTripped = toggle()
          try self.show()
        })
    case "SafetyInput":
      let driver = try makeGPIOSafetyInput()
      return subject(driver, { driver.state?.takenAt }, { try self.setActive(toggle()) })
    default:
      let driver = try makeGPIOPhaseSwitch()
      return subject(
        driver, { driver.feedback?.takenAt },
        {
          self.relay.held = toggle()
          self.relay.move(false, 0)
          try self.show()
        })
    }
  }
}
