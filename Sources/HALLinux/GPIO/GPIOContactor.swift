import ChargerBase
import HAL

/// A contactor whose coil is switched by one GPIO line and whose auxiliary contact is read by another.
///
/// The coil line is taken as inactive, and made inactive again when the driver is given up. What the line does after the
/// death of the process is up to the GPIO controller: a board profile must name what opens the contactor then.
///
/// The auxiliary contact is read in every cycle of the control lane, so no edge can be missed and each reading has a
/// fresh time; a read takes one system call.
public final class GPIOContactor: Contactor {
  public struct Configuration: Sendable, Equatable {
    /// Active: the coil is energized.
    public var coil: GPIOLineAddress
    /// Active: the auxiliary contact shows "closed".
    public var feedback: GPIOLineAddress
    /// How long the lines may fail before `health` says so.
    public var silentAfter: Duration

    public init(coil: GPIOLineAddress, feedback: GPIOLineAddress, silentAfter: Duration = .milliseconds(100)) {
      self.coil = coil
      self.feedback = feedback
      self.silentAfter = silentAfter
    }
  }

  public let wakeDescriptor: Int32? = nil
  public private(set) var feedback: ContactorFeedback?
  public private(set) var health = DriverHealth.alive

  private let coil: any DigitalOutput
  private let contact: any DigitalInput
  private let silentAfter: Duration
  private var commanded = ContactorPosition.open
  /// The coil line has not taken the last command yet; it is given again in every cycle.
  private var isCommandOwed = false
  /// When the lines last did what they were asked, or were first asked.
  private var lastGood: MonotonicInstant?

  /// Takes both lines.
  ///
  /// - Throws: `GPIOError` that names the line and the reason.
  public convenience init(_ configuration: Configuration) throws(GPIOError) {
    self.init(
      coil: try GPIOLine(configuration.coil, direction: .output(initially: false), consumer: "charger contactor"),
      contact: try GPIOLine(configuration.feedback, direction: .input, consumer: "charger contactor feedback"),
      silentAfter: configuration.silentAfter)
  }

  init(coil: any DigitalOutput, contact: any DigitalInput, silentAfter: Duration) {
    self.coil = coil
    self.contact = contact
    self.silentAfter = silentAfter
    isCommandOwed = !coil.set(false)
  }

  deinit { _ = coil.set(false) }

  public func command(_ position: ContactorPosition) {
    commanded = position
    isCommandOwed = !coil.set(position == .closed)
  }

  public func service(at now: MonotonicInstant) {
    if isCommandOwed { isCommandOwed = !coil.set(commanded == .closed) }
    let shown = contact.get()
    if let shown { feedback = ContactorFeedback(position: shown ? .closed : .open, takenAt: now) }

    if shown != nil, !isCommandOwed {
      lastGood = now
      health = .alive
      return
    }
    let since = lastGood ?? now
    lastGood = since
    if now - since >= silentAfter { health = .silent(since: since) }
  }
}
