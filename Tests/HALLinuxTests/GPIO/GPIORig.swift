import ChargerBase
import HAL
import HALConformance

@testable import HALLinux

/// What hangs on the lines of one EVSE, on a simulated clock of one millisecond: the far side of every GPIO driver.
class GPIORig: ConformanceRig {
  let outputs = FakeOutputs()
  let inputs = [FakeInput(), FakeInput()]
  let host = FakeHost()
  private var clock = MonotonicInstant.ms(0)
  /// Time that somebody spent looking: it is not the drivers'.
  var watched = Duration.zero

  var now: MonotonicInstant { MonotonicInstant(nanoseconds: clock.nanoseconds - watched.wholeNanoseconds) }
  var slack: Duration { .zero }

  func wait(_ duration: Duration) {
    for _ in 0..<max(0, duration.wholeMilliseconds) {
      clock = clock + .milliseconds(1)
      move()
      host.step(at: clock)
    }
  }

  /// One millisecond of the hardware.
  func move() {}

  var input: FakeInput { inputs[0] }
  func show(_ isActive: Bool, on number: Int = 0) { inputs[number].set(isActive, at: clock) }
  func setDead(_ isDead: Bool) { for input in inputs { input.isDead = isDead } }
}

/// Contacts that follow their drive after a while, unless they are held.
struct RigContacts {
  var isClosed = false
  var held: Bool?
  var travel: Int64 = 20
  private var moving: Int64 = 0

  mutating func move(drivenClosed: Bool) {
    guard held == nil else {
      isClosed = held ?? isClosed
      moving = 0
      return
    }
    moving = drivenClosed == isClosed ? 0 : moving + 1
    if moving >= travel {
      isClosed = drivenClosed
      moving = 0
    }
  }
}

enum ContactorWiring: String, CaseIterable, Sendable {
  case plain, mirrorContact, twoPoles, preCharge, economiser, polled
}

final class GPIOContactorRig: GPIORig, ContactorRig {
  let wiring: ContactorWiring
  var poles = [RigContacts(), RigContacts()]
  /// The coils came on without the pre-charge relay.
  private(set) var hadInrush = false

  init(_ wiring: ContactorWiring) {
    self.wiring = wiring
    super.init()
    for input in inputs { input.tellsEdges = wiring != .polled }
    if wiring == .mirrorContact { show(true) }
  }

  func makeContactor() throws -> any Contactor { makeDriver() }

  func makeDriver() -> GPIOContactor {
    var configuration = GPIOContactor.Configuration(coil: .unused, feedback: GPIOContact(.unused))
    if wiring == .twoPoles { configuration.secondCoil = .unused }
    if wiring == .preCharge {
      configuration.preCharge = GPIOContactor.PreCharge(
        .unused, lead: .milliseconds(100), overlap: .milliseconds(40))
    }
    if wiring == .economiser {
      configuration.economiser = GPIOContactor.Economiser(.unused, pullIn: .milliseconds(80))
    }
    return GPIOContactor(
      configuration, outputs: outputs, contact: ReadContact(inputs[0], isNormallyClosed: wiring == .mirrorContact),
      second: wiring == .twoPoles ? ReadContact(inputs[1]) : nil)
  }

  override func move() {
    let first = outputs.active & 1 != 0
    let second = outputs.active & 2 != 0
    if wiring == .preCharge, first, !poles[0].isClosed, !second { hadInrush = true }
    // A holding line keeps what has pulled in, and does not pull in by itself.
    let isHeld = wiring == .economiser && second && poles[0].isClosed
    poles[0].move(drivenClosed: first || isHeld)
    show(poles[0].isClosed != (wiring == .mirrorContact))
    guard wiring == .twoPoles else { return }
    poles[1].move(drivenClosed: second)
    show(poles[1].isClosed, on: 1)
  }

  func isClosed() throws -> Bool { poles[0].isClosed || (wiring == .twoPoles && poles[1].isClosed) }
  func holdContacts(_ position: ContactorPosition?) throws { poles[0].held = position.map { $0 == .closed } }
  var contactorTravel: Duration { .milliseconds(wiring == .preCharge ? 125 : 25) }
}

enum LockWiring: String, CaseIterable, Sendable {
  case hBridge, driveAndDirection, toggleSolenoid, heldSolenoid, unlockedContact
}

final class GPIOLockRig: GPIORig, ConnectorLockRig {
  let wiring: LockWiring
  /// 0 out of the way, 300 in the plug's way; the contact changes half-way.
  private var bolt: Int64 = 0
  private var isJammed = false
  /// Where the solenoid's next pulse goes.
  private var pulse = true

  init(_ wiring: LockWiring) {
    self.wiring = wiring
    super.init()
    show(wiring == .unlockedContact)
  }

  func makeLock() throws -> any ConnectorLock { makeDriver() }

  func makeDriver(run: Duration = .milliseconds(600), reversalPause: Duration = .milliseconds(50)) -> GPIOConnectorLock
  {
    let actuator: GPIOConnectorLock.Actuator =
      switch wiring {
      case .hBridge, .unlockedContact: .hBridge(lock: .unused, unlock: .unused)
      case .driveAndDirection: .driveAndDirection(motor: .unused, direction: .unused)
      case .toggleSolenoid: .toggleSolenoid(.unused)
      case .heldSolenoid: .heldSolenoid(.unused)
      }
    var configuration = GPIOConnectorLock.Configuration(actuator, position: .unused)
    configuration.run = run
    configuration.overrun = .milliseconds(160)
    configuration.reversalPause = reversalPause
    configuration.isClosedWhenLocked = wiring != .unlockedContact
    return GPIOConnectorLock(configuration, outputs: outputs, contact: input)
  }

  /// Towards locked, towards unlocked, or no power.
  private var driven: Bool? {
    switch (wiring, outputs.active) {
    case (.heldSolenoid, let active): active & 1 != 0
    case (_, 0), (.driveAndDirection, 2): nil
    case (.hBridge, let active), (.unlockedContact, let active): active == 1 ? true : active == 2 ? false : nil
    case (.driveAndDirection, let active): active & 2 != 0
    case (.toggleSolenoid, _): pulse
    }
  }

  override func move() {
    if wiring == .toggleSolenoid, outputs.active == 0 { pulse = bolt < 150 }
    if let driven, !isJammed { bolt = min(300, max(0, bolt + (driven ? 1 : -1))) }
    showBolt()
  }

  private func showBolt() { show((bolt >= 150) != (wiring == .unlockedContact)) }

  func isEngaged() throws -> Bool { bolt >= 150 }
  func isDriven() throws -> Bool { outputs.active & (wiring == .driveAndDirection ? 1 : 3) != 0 }
  func jamBolt(_ isJammed: Bool) throws { self.isJammed = isJammed }

  func openByHand() throws {
    bolt = 0
    showBolt()
  }

  var lockTravel: Duration { .milliseconds(160) }
  var longestDrive: Duration { .milliseconds(700) }
}

enum MonitorWiring: String, CaseIterable, Sendable {
  /// The monitor keeps its trip until its reset line is pulsed, or shows the current as it is.
  case latching, following
}

final class GPIOMonitorRig: GPIORig, ResidualCurrentMonitorRig {
  let wiring: MonitorWiring
  private var flows = false
  private var isTripped = false
  private var over: Int64 = 0
  /// A test winding that is broken.
  var testFails = false

  init(_ wiring: MonitorWiring) {
    self.wiring = wiring
    super.init()
  }

  func makeMonitor() throws -> any ResidualCurrentMonitor { makeDriver() }

  func makeDriver(hasFault: Bool = false, filter: Duration = .zero) -> GPIOResidualCurrentMonitor {
    var configuration = GPIOResidualCurrentMonitor.Configuration(trip: .unused)
    configuration.test = .unused
    configuration.filter = filter
    if wiring == .latching { configuration.reset = .unused }
    return GPIOResidualCurrentMonitor(
      configuration, outputs: outputs, trip: inputs[0], fault: hasFault ? inputs[1] : nil)
  }

  override func move() {
    let sees = flows || (outputs.active & 1 != 0 && !testFails)
    over = sees ? over + 1 : 0
    if over >= 10 { isTripped = true }
    if wiring == .following, over == 0 { isTripped = false }
    if wiring == .latching, outputs.active & 2 != 0, !sees { isTripped = false }
    show(isTripped)
  }

  func setResidualCurrent(_ flows: Bool) throws { self.flows = flows }
  func isTestCurrentFlowing() throws -> Bool { outputs.active & 1 != 0 }
  var tripDelay: Duration { .milliseconds(10) }
}

enum SafetyWiring: String, CaseIterable, Sendable {
  case normallyClosed, normallyOpen, polled
}

final class GPIOSafetyRig: GPIORig, SafetyInputRig {
  let wiring: SafetyWiring

  init(_ wiring: SafetyWiring) {
    self.wiring = wiring
    super.init()
    input.tellsEdges = wiring != .polled
    show(wiring != .normallyOpen)
  }

  func makeInput() throws -> any SafetyInput { makeDriver() }

  func makeDriver() -> GPIOSafetyInput {
    GPIOSafetyInput(
      GPIOSafetyInput.Configuration(GPIOContact(.unused, isNormallyClosed: wiring != .normallyOpen)), input: input)
  }

  func setActive(_ isActive: Bool) throws { show(isActive == (wiring == .normallyOpen)) }
}

enum PhaseWiring: String, CaseIterable, Sendable {
  case oneRelay, twoRelays
}

final class GPIOPhaseRig: GPIORig, PhaseSwitchRig {
  let wiring: PhaseWiring
  private var relays = [RigContacts(), RigContacts()]

  init(_ wiring: PhaseWiring) {
    self.wiring = wiring
    super.init()
  }

  func makePhaseSwitch() throws -> any PhaseSwitch { makeDriver() }

  func makeDriver(deadTime: Duration = .milliseconds(100)) -> GPIOPhaseSwitch {
    var configuration = GPIOPhaseSwitch.Configuration(relay: .unused, feedback: GPIOContact(.unused))
    if wiring == .twoRelays { configuration.secondRelay = .unused }
    configuration.deadTime = deadTime
    return GPIOPhaseSwitch(
      configuration, outputs: outputs, contact: ReadContact(inputs[0]),
      second: wiring == .twoRelays ? ReadContact(inputs[1]) : nil)
  }

  override func move() {
    for number in relays.indices {
      relays[number].move(drivenClosed: outputs.active & (1 << UInt8(number)) != 0)
      show(relays[number].isClosed, on: number)
    }
  }

  func connected() throws -> ConnectedPhases { relays[0].isClosed ? .three : .one }
  func holdRelays(_ isHeld: Bool) throws { relays[0].held = isHeld ? relays[0].isClosed : nil }
  var phaseSwitchTravel: Duration { .milliseconds(25) }
}
