import ChargerBase
import HAL

/// A safety contact on a GPIO line: emergency stop, door, tilt, presence of the mains.
///
/// The line is active while the contact is closed. A normally closed contact, as emergency stops have it, is active as a
/// safety input when it is open, and so is a broken wire, provided the line's resistor pulls it to inactive.
public final class GPIOSafetyInput: SafetyInput {
  public struct Configuration: Sendable, Equatable {
    public var contact: GPIOContact
    /// How long the active state must last to count: a disturbance is shorter. A contact that chatters counts as active.
    public var filter = Duration.milliseconds(2)
    /// How long the inactive state must last without a break to count. Both at most 15 ms, see obligation 2.
    public var debounce = Duration.milliseconds(10)
    public var silentAfter = Duration.milliseconds(500)
    public var consumer = "charger safety input"

    public init(_ contact: GPIOContact) { self.contact = contact }
  }

  public var wakeDescriptor: Int32? { wake?.descriptor }
  public private(set) var state: SafetyInputState?
  public var health: DriverHealth { line.health }

  private var contact: FilteredInput
  private let isNormallyClosed: Bool
  private var line: LineHealth
  private let wake: LineWake?

  /// - Throws: `GPIOError` that names the line and the reason.
  public convenience init(_ configuration: Configuration) throws(GPIOError) {
    let input = try GPIOInput(configuration.contact.line, consumer: configuration.consumer)
    self.init(configuration, input: input, wake: try LineWake.over([input], of: configuration.contact.line))
  }

  init(_ configuration: Configuration, input: any DigitalInput, wake: LineWake? = nil) {
    isNormallyClosed = configuration.contact.isNormallyClosed
    contact = FilteredInput(
      input,
      EdgeFilter(eager: !isNormallyClosed, settle: configuration.filter, release: configuration.debounce))
    line = LineHealth(silentAfter: configuration.silentAfter)
    self.wake = wake
  }

  public func service(at now: MonotonicInstant) {
    let isHeard = contact.read(at: now)
    if isHeard, let isClosed = contact.state {
      let isActive = contact.isStorming || isClosed != isNormallyClosed
      state = SafetyInputState(isActive: isActive, takenAt: contact.takenAt)
    }
    line.note(isHeard, at: now)
    wake?.wake(at: earlier(contact.filter.deadline, line.deadline(at: now)))
  }
}
