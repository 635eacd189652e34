import ChargerBase

/// An auxiliary contact: its line is active while the contact is closed.
public struct GPIOContact: Sendable, Equatable {
  public var line: GPIOLineAddress
  /// The contact is closed while what it shows is not active: a mirror contact.
  public var isNormallyClosed: Bool

  public init(_ line: GPIOLineAddress, isNormallyClosed: Bool = false) {
    self.line = line
    self.isNormallyClosed = isNormallyClosed
  }
}

/// A contact that was taken.
struct ReadContact {
  var input: any DigitalInput
  var isNormallyClosed = false

  init(_ contact: GPIOContact, consumer: String) throws(GPIOError) {
    input = try GPIOInput(contact.line, consumer: consumer)
    isNormallyClosed = contact.isNormallyClosed
  }

  init(_ input: any DigitalInput, isNormallyClosed: Bool = false) {
    self.input = input
    self.isNormallyClosed = isNormallyClosed
  }
}

/// One or two contacts that must show the same, as a driver reads them.
struct ContactPair {
  private var first: FilteredInput
  private var second: FilteredInput?
  private let firstIsInverted: Bool
  private let secondIsInverted: Bool

  init(_ first: ReadContact, _ second: ReadContact?) {
    self.first = FilteredInput(first.input)
    firstIsInverted = first.isNormallyClosed
    self.second = second.map { FilteredInput($0.input) }
    secondIsInverted = second?.isNormallyClosed ?? false
  }

  /// False when one of them did not answer.
  mutating func read(at now: MonotonicInstant) -> Bool {
    let isFirstHeard = first.read(at: now)
    let isSecondHeard = second?.read(at: now) ?? true
    return isFirstHeard && isSecondHeard
  }

  /// Whether what the contacts watch is active. Where they disagree, what was not commanded is told: while parts travel
  /// that is waited for, and when it stays it is the fault that it looks like. The same is told of a contact that
  /// chatters without end.
  func isActive(commanded: Bool) -> Bool? {
    if first.isStorming || second?.isStorming == true { return !commanded }
    guard let one = first.state.map({ $0 != firstIsInverted }) else { return nil }
    guard let second else { return one }
    guard let other = second.state.map({ $0 != secondIsInverted }) else { return nil }
    return one == other ? one : !commanded
  }

  var takenAt: MonotonicInstant { max(first.takenAt, second?.takenAt ?? first.takenAt) }
}
