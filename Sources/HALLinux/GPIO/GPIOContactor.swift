import ChargerBase
import HAL

/// A contactor whose coils are switched by GPIO lines and whose auxiliary contacts are read by others.
///
/// All coil lines are taken as inactive, and made inactive again when the driver is given up. What the lines do after the
/// death of the process is up to the GPIO controller: a board profile must name what opens the contactor then.
///
/// Edges of the auxiliary contacts wake the lane and carry the kernel's time. Contacts are not filtered: a contact that
/// bounces is the control lane's to judge.
public final class GPIOContactor: Contactor {
  public struct Configuration: Sendable, Equatable {
    /// Active: the coil is energized.
    public var coil: GPIOLineAddress
    /// Switches other poles, and is always set together with the first.
    public var secondCoil: GPIOLineAddress?
    public var feedback: GPIOContact
    /// Must agree with the first.
    public var secondFeedback: GPIOContact?
    public var preCharge: PreCharge?
    public var economiser: Economiser?
    /// How long the lines may fail before `health` says so.
    public var silentAfter = Duration.milliseconds(500)
    /// What the kernel shows as the holder of the lines; at most 31 bytes.
    public var consumer = "charger contactor"

    public init(coil: GPIOLineAddress, feedback: GPIOContact) {
      self.coil = coil
      self.feedback = feedback
    }
  }

  /// A relay with a resistor that closes before the main contacts.
  public struct PreCharge: Sendable, Equatable {
    public var line: GPIOLineAddress
    public var lead: Duration
    /// How long it stays closed beside the main contacts.
    public var overlap: Duration

    public init(_ line: GPIOLineAddress, lead: Duration, overlap: Duration) {
      self.line = line
      self.lead = lead
      self.overlap = overlap
    }
  }

  /// A line that holds the contactor with less power, once the coil has pulled in.
  public struct Economiser: Sendable, Equatable {
    public var line: GPIOLineAddress
    public var pullIn: Duration

    public init(_ line: GPIOLineAddress, pullIn: Duration) {
      self.line = line
      self.pullIn = pullIn
    }
  }

  public var wakeDescriptor: Int32? { wake?.descriptor }
  public private(set) var feedback: ContactorFeedback?
  public var health: DriverHealth { line.health }

  private let outputs: any DigitalOutputs
  private let sequence: CoilSequence
  private var contacts: ContactPair
  private var line: LineHealth
  private let wake: LineWake?
  private var commanded = ContactorPosition.open
  /// When the closing began, by the first service after its command.
  private var closingSince: MonotonicInstant?
  private var active: UInt8 = 0
  /// The lines have not taken `active` yet; it is given again and again.
  private var isOwed = false

  /// Takes all lines.
  ///
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
    contacts = ContactPair(contact, second)
    self.outputs = outputs
    self.wake = wake
    sequence = configuration.sequence
    line = LineHealth(silentAfter: configuration.silentAfter)
    isOwed = !outputs.set(0)
  }

  deinit { _ = outputs.set(0) }

  public func command(_ position: ContactorPosition) {
    if position != commanded {
      commanded = position
      closingSince = nil
      drive(after: .zero)
      if position == .closed { wake?.wakeSoon() }
    } else if position == .open || isOwed {
      // Opening is said again each time it is asked for.
      active = position == .open ? 0 : active
      isOwed = !outputs.set(active)
    }
    // What was not taken is given again at once, not in the next round.
    if isOwed { wake?.wakeSoon() }
  }

  public func service(at now: MonotonicInstant) {
    let isHeard = contacts.read(at: now)
    if isHeard, let isClosed = contacts.isActive(commanded: commanded == .closed) {
      feedback = ContactorFeedback(position: isClosed ? .closed : .open, takenAt: contacts.takenAt)
    }
    var nextChange: MonotonicInstant?
    if commanded == .closed {
      let since = closingSince ?? now
      closingSince = since
      drive(after: now - since)
      nextChange = sequence.nextChange(after: now - since).map { since + $0 }
    } else if isOwed {
      drive(after: .zero)
    }
    line.note(isHeard && !isOwed, at: now)
    wake?.wake(at: earlier(nextChange, line.deadline(at: now)))
  }

  /// Sets what the sequence has now, or nothing for an open contactor.
  private func drive(after elapsed: Duration) {
    let wanted =
      commanded == .closed
      ? sequence.outputs(after: elapsed, showsClosed: feedback?.position == .closed) : 0
    guard wanted != active || isOwed else { return }
    active = wanted
    isOwed = !outputs.set(wanted)
  }
}

extension GPIOContactor.Configuration {
  /// In the order of their bits.
  var outputs: [GPIOLineAddress] {
    [coil] + [secondCoil, preCharge?.line, economiser?.line].compactMap { $0 }
  }

  var sequence: CoilSequence {
    var next: UInt8 = 1
    func take() -> UInt8 {
      defer { next <<= 1 }
      return next
    }
    var sequence = CoilSequence(coils: secondCoil == nil ? take() : take() | take())
    if let preCharge {
      sequence.preCharge = take()
      sequence.lead = preCharge.lead
      sequence.overlap = preCharge.overlap
    }
    if let economiser {
      sequence.hold = take()
      sequence.pullIn = economiser.pullIn
    }
    return sequence
  }
}
