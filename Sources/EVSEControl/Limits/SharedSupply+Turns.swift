import ChargerBase
import HAL

/// Who has a place at a supply that has no 6 A for everyone.
extension SharedSupply {
  /// Gives and takes places. Answers whether any changed hands.
  ///
  /// Places go to those who have been in line longest. When there are fewer than before, the last admitted lose theirs.
  /// One that loses or gives away its place, for whatever reason, is at the end of the line, so everybody gets a turn:
  /// of n EVSEs at k places, each waits at most n − k turns.
  mutating func takeTurns(at now: MonotonicInstant, timing: TimingTable) -> Bool {
    var hasChanged = false
    var admitted: Int64 = 0
    for index in shares.indices {
      if shares[index].isCandidate {
        if shares[index].queuedAt == nil { shares[index].queuedAt = now }
        if shares[index].admittedAt != nil { admitted += 1 }
      } else if shares[index].admittedAt != nil {
        dismiss(index, at: now)
        hasChanged = true
      }
    }
    let places = budget / SupplyShare.least
    while admitted > places, let index = lastAdmitted {
      dismiss(index, at: now)
      admitted -= 1
      hasChanged = true
    }
    while admitted < places, let index = firstWaiting {
      admit(index, at: now)
      admitted += 1
      hasChanged = true
    }
    if firstWaiting == nil { turnBeganAt = nil } else if turnBeganAt == nil { turnBeganAt = now }
    while let waiting = firstWaiting, let leaving = nextToGiveWay(at: now, timing: timing) {
      // Neither is exchanged again at this instant, so this ends.
      if shares[leaving].idleSince != nil { shares[leaving].noteIdleTurn() }
      dismiss(leaving, at: now)
      admit(waiting, at: now)
      turnBeganAt = now
      hasChanged = true
    }
    return hasChanged
  }

  private mutating func admit(_ index: Int, at now: MonotonicInstant) {
    shares[index].admittedAt = now
    shares[index].queuedAt = now
  }

  private mutating func dismiss(_ index: Int, at now: MonotonicInstant) {
    shares[index].admittedAt = nil
    shares[index].idleSince = nil
    shares[index].queuedAt = now
  }

  private var firstWaiting: Int? {
    var found: (since: MonotonicInstant, index: Int)?
    for index in shares.indices where shares[index].isCandidate && shares[index].admittedAt == nil {
      guard let since = shares[index].queuedAt else { continue }
      if found.map({ since < $0.since }) ?? true { found = (since, index) }
    }
    return found?.index
  }

  private var lastAdmitted: Int? {
    var found: (since: MonotonicInstant, index: Int)?
    for index in shares.indices {
      guard let since = shares[index].admittedAt else { continue }
      if found.map({ since >= $0.since }) ?? true { found = (since, index) }
    }
    return found?.index
  }

  /// The one that gives its place to another now: one whose vehicle has not asked for energy for a while, or, once a
  /// turn, the one that was admitted first.
  private func nextToGiveWay(at now: MonotonicInstant, timing: TimingTable) -> Int? {
    var first: (since: MonotonicInstant, index: Int)?
    for index in shares.indices {
      let share = shares[index]
      guard let since = share.admittedAt else { continue }
      if share.granted >= SupplyShare.least, let idle = share.idleSince, now >= idle + share.lendTime(timing) {
        return index
      }
      if first.map({ since < $0.since }) ?? true { first = (since, index) }
    }
    guard let first, now >= turnIsDue(first.since, timing: timing) else { return nil }
    return first.index
  }

  private func turnIsDue(_ admittedAt: MonotonicInstant, timing: TimingTable) -> MonotonicInstant {
    max(admittedAt, turnBeganAt ?? admittedAt) + timing.supplyTurn
  }

  /// Remembers since when a vehicle has left an offer unanswered while another waits.
  mutating func noteIdleness(at now: MonotonicInstant) {
    let somebodyWaits = firstWaiting != nil
    for index in shares.indices {
      let isIdle =
        somebodyWaits && shares[index].admittedAt != nil && shares[index].granted >= SupplyShare.least
        && !shares[index].mayDraw
      if !isIdle {
        shares[index].idleSince = nil
      } else if shares[index].idleSince == nil {
        shares[index].idleSince = now
      }
    }
  }

  func turnDeadlines(_ soonest: inout Deadline, timing: TimingTable) {
    guard firstWaiting != nil else { return }
    for share in shares {
      guard let admittedAt = share.admittedAt else { continue }
      soonest.add(turnIsDue(admittedAt, timing: timing))
      if let idleSince = share.idleSince { soonest.add(idleSince + share.lendTime(timing)) }
    }
  }
}
