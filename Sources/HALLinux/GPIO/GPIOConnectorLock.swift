import ChargerBase
import HAL

/// The lock of a socket: a motor or a solenoid on GPIO outputs, and a position contact.
///
/// One command gives the drive power once, until the position contact shows the end position or the run's time is over;
/// it is the control lane that tries again. When the driver is given up the drive has no power: a motor and a latching
/// solenoid stay where they are.
public final class GPIOConnectorLock: ConnectorLock {
  public enum Actuator: Sendable, Equatable {
    /// One line for each direction of the motor.
    case hBridge(lock: GPIOLineAddress, unlock: GPIOLineAddress)
    /// One line gives the motor power, the other its direction: active towards locked.
    case driveAndDirection(motor: GPIOLineAddress, direction: GPIOLineAddress)
    /// Each pulse moves the bolt to its other position, where it stays.
    case toggleSolenoid(GPIOLineAddress)
    /// The bolt is in while there is power, and a spring takes it out: for solenoids that may be powered for hours.
    /// Obligations 2 and 5 cannot be kept with it.
    case heldSolenoid(GPIOLineAddress)

    var lines: [GPIOLineAddress] {
      switch self {
      case .hBridge(let one, let other), .driveAndDirection(let one, let other): [one, other]
      case .toggleSolenoid(let line), .heldSolenoid(let line): [line]
      }
    }
  }

  public struct Configuration: Sendable, Equatable {
    public var actuator: Actuator
    public var position: GPIOLineAddress
    /// The position contact is closed, its line active, while the lock is locked; else while it is unlocked.
    public var isClosedWhenLocked = true
    public var run = Duration.seconds(1)
    /// How long the drive goes on once the contact has changed, so that the bolt gets to its end.
    public var overrun = Duration.milliseconds(100)
    public var reversalPause = Duration.milliseconds(50)
    /// Bouncing of the position contact; at most 15 ms, see obligation 4.
    public var debounce = Duration.milliseconds(5)
    public var silentAfter = Duration.milliseconds(500)
    public var consumer = "charger lock"

    public init(_ actuator: Actuator, position: GPIOLineAddress) {
      self.actuator = actuator
      self.position = position
    }
  }

  public var wakeDescriptor: Int32? { wake?.descriptor }
  public private(set) var feedback: LockFeedback?
  public var health: DriverHealth { line.health }

  private let outputs: any DigitalOutputs
  private let actuator: Actuator
  private let isClosedWhenLocked: Bool
  private var contact: FilteredInput
  private var drive: LockDrive
  private var line: LineHealth
  private let wake: LineWake?
  private var active: UInt8 = 0
  private var isOwed = false

  /// - Throws: `GPIOError` that names the line and the reason.
  public convenience init(_ configuration: Configuration) throws(GPIOError) {
    let outputs = try GPIOOutputs(configuration.actuator.lines, consumer: configuration.consumer)
    let contact = try GPIOInput(
      configuration.position, debounce: configuration.debounce, consumer: configuration.consumer)
    self.init(
      configuration, outputs: outputs, contact: contact,
      wake: try LineWake.over([contact], of: configuration.position))
  }

  init(
    _ configuration: Configuration, outputs: any DigitalOutputs, contact: any DigitalInput, wake: LineWake? = nil
  ) {
    self.outputs = outputs
    actuator = configuration.actuator
    isClosedWhenLocked = configuration.isClosedWhenLocked
    // A contact that chatters shows a lock that is not locked.
    self.contact = FilteredInput(
      contact,
      EdgeFilter(
        eager: !configuration.isClosedWhenLocked, settle: configuration.debounce, release: configuration.debounce))
    var holds = false
    if case .heldSolenoid = configuration.actuator { holds = true }
    drive = LockDrive(
      times: LockDrive.Times(
        run: configuration.run, overrun: configuration.overrun, reversalPause: configuration.reversalPause),
      holdsLocked: holds)
    line = LineHealth(silentAfter: configuration.silentAfter)
    self.wake = wake
    isOwed = !outputs.set(0)
  }

  deinit { _ = outputs.set(0) }

  public func command(_ position: LockPosition) {
    drive.command(position, shown: shown)
    apply()
    wake?.wakeSoon()
  }

  public func service(at now: MonotonicInstant) {
    let isHeard = contact.read(at: now)
    if isHeard, let isClosed = contact.state {
      feedback = LockFeedback(
        position: isClosed == isClosedWhenLocked && !contact.isStorming ? .locked : .unlocked,
        takenAt: contact.takenAt)
    }
    // A contact that does not answer ends no run; the run's time does.
    drive.step(shown: isHeard ? shown : nil, at: now)
    apply()
    line.note(isHeard && !isOwed, at: now)
    wake?.wake(at: earlier(earlier(drive.deadline, contact.filter.deadline), line.deadline(at: now)))
  }

  /// Where the bolt is, for the drive. A contact that storms does not know: it neither ends a run nor makes one needless.
  private var shown: LockPosition? { contact.isStorming ? nil : feedback?.position }

  private func apply() {
    let wanted = bits
    guard wanted != active || isOwed else { return }
    active = wanted
    if case .driveAndDirection = actuator, wanted & 1 != 0 {
      // The direction stands before the motor has power.
      isOwed = !outputs.set(wanted & 2)
      if isOwed {
        active = wanted & 2
        return
      }
    }
    isOwed = !outputs.set(wanted)
  }

  private var bits: UInt8 {
    switch (actuator, drive.power) {
    case (_, .off): 0
    case (.hBridge, .towards(.locked)): 1
    case (.hBridge, .towards(.unlocked)): 2
    case (.driveAndDirection, .towards(.locked)): 3
    case (.driveAndDirection, .towards(.unlocked)): 1
    case (.toggleSolenoid, .towards), (.heldSolenoid, .towards): 1
    }
  }
}
