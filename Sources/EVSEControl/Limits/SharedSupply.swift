import ChargerBase
import HAL

/// Divides one supply fairly between EVSEs: a share is lowered at once, and raised only from current that no other
/// vehicle may still be drawing.
package struct SharedSupply: Hashable, Sendable {
  package struct Share: Hashable, Sendable {
    /// A vehicle is connected under a permit and could be offered current.
    package fileprivate(set) var wants = false
    fileprivate var wantedSince = MonotonicInstant.zero
    /// The smallest of the EVSE's other limits.
    fileprivate var cap: Int64 = 0
    /// The contactor is not certainly open.
    fileprivate var isDrawing = false
    /// What the EVSE may offer now, in milliamperes.
    package fileprivate(set) var granted: Int64 = 0
    fileprivate var target: Int64 = 0
    fileprivate var isSettled = false
    /// What its vehicle may still be drawing after a reduction.
    fileprivate var formerly: Int64 = 0
    fileprivate var formerlyUntil = MonotonicInstant.zero

    /// Milliamperes that others must not be given.
    fileprivate func held(at now: MonotonicInstant) -> Int64 {
      guard isDrawing else { return granted }
      // Without an offer the vehicle has no current to follow to: its former share is free when its contactor opens.
      let mayStillDraw = now < formerlyUntil || granted < SharedSupply.least
      return mayStillDraw ? max(granted, formerly) : granted
    }
  }

  fileprivate static let least = DutyCycle.leastOffer.milliamperes

  /// In milliamperes per phase.
  package let total: Int64
  package private(set) var shares: [Share]

  package init(total: Current, evses: Int) {
    self.total = max(0, total.milliamperes)
    shares = Array(repeating: Share(), count: evses)
  }

  /// Tells what one EVSE needs; `divide` then decides.
  package mutating func update(
    _ index: Int, wants: Bool, cap: Current, isDrawing: Bool, at now: MonotonicInstant
  ) {
    guard shares.indices.contains(index) else { return }
    if wants && !shares[index].wants { shares[index].wantedSince = now }
    shares[index].wants = wants
    shares[index].cap = cap.milliamperes
    shares[index].isDrawing = isDrawing
    if !isDrawing { shares[index].formerly = 0 }
  }

  package mutating func divide(at now: MonotonicInstant, followTime: Duration) {
    findTargets()
    for index in shares.indices where shares[index].target < shares[index].granted {
      if shares[index].isDrawing {
        shares[index].formerly = shares[index].held(at: now)
        shares[index].formerlyUntil = now + followTime
      }
      shares[index].granted = shares[index].target
    }
    for index in shares.indices where shares[index].target > shares[index].granted {
      var free = total
      for other in shares.indices where other != index { free -= shares[other].held(at: now) }
      let raised = min(shares[index].target, free)
      if raised >= Self.least && raised > shares[index].granted { shares[index].granted = raised }
    }
  }

  /// Who came first is admitted first, as long as the supply has 6 A for each; the rest is divided equally, and what
  /// one cannot use goes to the others.
  private mutating func findTargets() {
    var remaining = total
    var unsettled: Int64 = 0
    for index in shares.indices {
      shares[index].target = 0
      shares[index].isSettled = !isAdmitted(index)
      if !shares[index].isSettled { unsettled += 1 }
    }
    while unsettled > 0 {
      let level = remaining / unsettled
      var hasChanged = false
      for index in shares.indices where !shares[index].isSettled && shares[index].cap <= level {
        shares[index].target = shares[index].cap
        shares[index].isSettled = true
        remaining -= shares[index].cap
        unsettled -= 1
        hasChanged = true
      }
      if hasChanged { continue }
      for index in shares.indices where !shares[index].isSettled {
        shares[index].target = level
        shares[index].isSettled = true
      }
      return
    }
  }

  private func isAdmitted(_ index: Int) -> Bool {
    let share = shares[index]
    guard share.wants, share.cap >= Self.least else { return false }
    var places: Int64 = 1
    for other in shares.indices where other != index && shares[other].wants && shares[other].cap >= Self.least {
      if (shares[other].wantedSince, other) < (share.wantedSince, index) { places += 1 }
    }
    return places.multipliedSaturating(by: Self.least) <= total
  }

  package mutating func visitInstants(_ visit: (inout MonotonicInstant) -> Void) {
    for index in shares.indices {
      visit(&shares[index].wantedSince)
      visit(&shares[index].formerlyUntil)
    }
  }

  package func deadlines(_ soonest: inout Deadline) {
    for share in shares { soonest.add(share.formerlyUntil) }
  }
}
