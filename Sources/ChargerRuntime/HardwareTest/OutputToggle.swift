import ChargerBase

/// One output that is moved and put back: a contactor, a lock, a phase switch, a monitor's test current. The machine says
/// in every cycle where the output shall be, from what its contact shows and from what the rule allows.
package struct OutputToggle: Sendable, Equatable {
  package enum Outcome: Sendable, Equatable {
    case worked
    /// The rule did not allow it; nothing was moved.
    case refused(HardwareTestRefusal)
    /// The rule stopped allowing it; the output went back at once.
    case interrupted(HardwareTestRefusal)
    /// The contact shows the moved position although nothing has moved it: welded, or wired wrongly.
    case notAtRest
    case didNotMove
    /// Welded, or stuck in the moved position.
    case didNotReturn
    /// The contact is not read.
    case silent
  }

  private enum Phase: Sendable, Equatable {
    case waiting(since: MonotonicInstant, allowedSince: MonotonicInstant?)
    case moved(since: MonotonicInstant)
    case returning(since: MonotonicInstant, interruption: HardwareTestRefusal?)
    case ended(Outcome)
  }

  /// The rule must have allowed it for so long without a gap before anything moves, and gets so long to do so; what is
  /// not read gets the longer time.
  static let settling = Duration.milliseconds(100)
  static let patience = Duration.seconds(1)
  static let hearing = Duration.seconds(5)

  /// How long it stays moved at most.
  private let hold: Duration
  /// It goes back as soon as the contact has followed.
  private let endsWhenShown: Bool
  /// How long the contact may take to follow.
  private let travel: Duration
  private var phase: Phase
  /// From the command to what the contact shows.
  package private(set) var movedAfter: Duration?
  package private(set) var returnedAfter: Duration?

  package init(hold: Duration, travel: Duration, endsWhenShown: Bool = false, at now: MonotonicInstant) {
    self.hold = hold
    self.endsWhenShown = endsWhenShown
    self.travel = travel
    phase = .waiting(since: now, allowedSince: nil)
  }

  package var outcome: Outcome? {
    if case .ended(let outcome) = phase { outcome } else { nil }
  }

  /// - Parameters:
  ///   - refusal: what the rule says now.
  ///   - isShown: whether the contact shows the moved position; nil while it is not read.
  /// - Returns: whether the output shall be in its moved position.
  package mutating func advance(refusal: HardwareTestRefusal?, isShown: Bool?, at now: MonotonicInstant) -> Bool {
    switch phase {
    case .waiting(let since, let allowedSince):
      guard refusal == nil, isShown == false else {
        phase = .waiting(since: since, allowedSince: nil)
        if now - since >= refusal?.patience ?? (isShown == nil ? Self.hearing : Self.patience) {
          phase = .ended(refusal.map { .refused($0) } ?? (isShown == nil ? .silent : .notAtRest))
        }
        return false
      }
      let allowed = allowedSince ?? now
      phase = .waiting(since: since, allowedSince: allowed)
      guard now - allowed >= Self.settling else { return false }
      phase = .moved(since: now)
      return true
    case .moved(let since):
      if isShown == true, movedAfter == nil { movedAfter = now - since }
      let isOver = now - since >= hold || (endsWhenShown && movedAfter != nil)
      guard refusal == nil, !isOver else {
        phase = .returning(since: now, interruption: refusal)
        return false
      }
      return true
    case .returning(let since, let interruption):
      if isShown == false, returnedAfter == nil { returnedAfter = now - since }
      // A contact that never moved shows its rest position at once: it gets its time all the same.
      guard returnedAfter != nil || now - since >= travel else { return false }
      if let interruption {
        phase = .ended(returnedAfter == nil ? .didNotReturn : .interrupted(interruption))
      } else if movedAfter == nil {
        phase = .ended(isShown == nil ? .silent : .didNotMove)
      } else {
        phase = .ended(returnedAfter == nil ? (isShown == nil ? .silent : .didNotReturn) : .worked)
      }
      return false
    case .ended: return false
    }
  }
}
