import ChargerBase
import HAL

/// A switch between one and three phases: relays that add the other phases, and auxiliary contacts that show them.
///
/// Between two moves the relays rest for the dead time; of commands that come meanwhile the last one counts. When the
/// driver is given up the relays are let go: one phase.
public final class GPIOPhaseSwitch: PhaseSwitch {
  public struct Configuration: Sendable, Equatable {
    /// Active: three phases are connected.
    public var relay: GPIOLineAddress
    /// A second relay, for another phase, always set together with the first.
    public var secondRelay: GPIOLineAddress?
    /// Shows three phases.
    public var feedback: GPIOContact
    /// Must agree with the first.
    public var secondFeedback: GPIOContact?
    public var deadTime = Duration.milliseconds(100)
    public var silentAfter = Duration.milliseconds(500)
    public var consumer = "charger phase switch"

    public init(relay: GPIOLineAddress, feedback: GPIOContact) {
      self.relay = relay
      self.feedback = feedback
    }

    var outputs: [GPIOLineAddress] { [relay] + [secondRelay].compactMap { $0 } }
  }

  public var wakeDescriptor: Int32? { wake?.descriptor }
  public private(set) var feedback: PhaseSwitchFeedback?
  public var health: DriverHealth { line.health }

  private let outputs: any DigitalOutputs
  private let relays: UInt8
  private let deadTime: Duration
  private var contacts: ContactPair
  private var line: LineHealth
  private let wake: LineWake?
  private var commanded = ConnectedPhases.one
  /// Where the relays were sent.
  private var sent = ConnectedPhases.one
  /// The relays have moved, and rest; until when is known from the next service on.
  private var isResting = false
  private var restsUntil: MonotonicInstant?
  private var isOwed = false

  /// - Throws: `GPIOError` that names the line and the reason.
  public convenience init(_ configuration: Configuration) throws(GPIOError) {
    let outputs = try GPIOOutputs(configuration.outputs, consumer: configuration.consumer)
    let contact = try ReadContact(configuration.feedback, consumer: configuration.consumer)
    var second: ReadContact?
    if let other = configuration.secondFeedback { second = try ReadContact(other, consumer: configuration.consumer) }
    let inputs = [contact.input] + [second?.input].compactMap { $0 }
    self.init(
      configuration, outputs: outputs, contact: contact, second: second,
      wake: try LineWake.over(inputs, of: configuration.feedback.line))
  }

  init(
    _ configuration: Configuration, outputs: any DigitalOutputs, contact: ReadContact, second: ReadContact? = nil,
    wake: LineWake? = nil
  ) {
    self.outputs = outputs
    relays = configuration.secondRelay == nil ? 1 : 3
    deadTime = configuration.deadTime
    contacts = ContactPair(contact, second)
    line = LineHealth(silentAfter: configuration.silentAfter)
    self.wake = wake
    drive()
  }

  deinit { _ = outputs.set(0) }

  public func command(_ phases: ConnectedPhases) {
    commanded = phases
    move()
  }

  public func service(at now: MonotonicInstant) {
    if isResting {
      let end = restsUntil ?? now + deadTime
      restsUntil = end
      if now >= end {
        isResting = false
        restsUntil = nil
      }
    }
    move()
    if isOwed { drive() }
    let isHeard = contacts.read(at: now)
    if isHeard, let isThree = contacts.isActive(commanded: sent == .three) {
      feedback = PhaseSwitchFeedback(phases: isThree ? .three : .one, takenAt: contacts.takenAt)
    }
    line.note(isHeard && !isOwed, at: now)
    wake?.wake(at: earlier(restsUntil, line.deadline(at: now)))
  }

  private func move() {
    guard commanded != sent, !isResting else { return }
    sent = commanded
    isResting = deadTime > .zero
    restsUntil = nil
    drive()
    wake?.wakeSoon()
  }

  private func drive() { isOwed = !outputs.set(sent == .three ? relays : 0) }
}
