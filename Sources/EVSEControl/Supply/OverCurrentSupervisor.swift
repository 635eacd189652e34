import ChargerBase

/// Finds a vehicle that draws more than it is offered: more than the tolerance above the offer for `overCurrentTime`.
///
/// After the offer was lowered the vehicle has `vehicleFollowsOffer` to follow: until then what was offered before is
/// measured against. A withdrawn offer is one of nothing. The cause stays until the vehicle has left, because it draws
/// nothing any more once it is cut off.
package struct OverCurrentSupervisor: Hashable, Sendable {
  /// Drew too much since it was connected.
  package private(set) var hasDrawnTooMuch = false

  /// The largest of the phases; nil while the meter does not tell.
  private var measured: Current?
  private var offered = Current.zero
  /// When the offer was last lowered, and the largest that was in force before, while the vehicle may still follow.
  private var loweredAt: MonotonicInstant?
  private var earlier = Current.zero
  private var overSince: MonotonicInstant?

  package init(at now: MonotonicInstant) {}

  package var faults: FaultSet { hasDrawnTooMuch ? FaultSet(.overCurrent) : [] }

  /// What flows, on the phase with the most, and what is offered: by the duty cycle, or agreed on by a higher-level
  /// stack; nil for nothing.
  package mutating func take(measured: Current?, offered new: Current?, at now: MonotonicInstant) {
    self.measured = measured
    let new = new ?? .zero
    if new < offered {
      earlier = max(earlier, offered)
      loweredAt = now
    }
    offered = new
  }

  package mutating func vehicleLeft() {
    hasDrawnTooMuch = false
    overSince = nil
  }

  /// Call it after every input and at `deadlines`.
  package mutating func evaluate(at now: MonotonicInstant, timing: TimingTable) {
    if let loweredAt, now >= loweredAt + timing.vehicleFollowsOffer {
      self.loweredAt = nil
      earlier = .zero
    }
    guard let measured, measured > Self.allowed(under: max(offered, earlier), timing: timing) else {
      overSince = nil
      return
    }
    let since = overSince ?? now
    overSince = since
    if now >= since + timing.overCurrentTime { hasDrawnTooMuch = true }
  }

  private static func allowed(under offer: Current, timing: TimingTable) -> Current {
    let share = offer.milliamperes.multipliedSaturating(by: timing.overCurrentTolerancePercent) / 100
    return offer + max(timing.overCurrentTolerance, Current(milliamperes: share))
  }

  package func deadlines(_ soonest: inout Deadline, timing: TimingTable) {
    if let loweredAt { soonest.add(loweredAt + timing.vehicleFollowsOffer) }
    if let overSince { soonest.add(overSince + timing.overCurrentTime) }
  }

  /// Forgets what no later decision reads, so that what behaves alike is equal; for exhaustive exploration.
  package mutating func forgetPast(at now: MonotonicInstant, timing: TimingTable) {
    if hasDrawnTooMuch { overSince.forget(after: timing.overCurrentTime, at: now) }
  }

  package mutating func visitInstants(_ visit: (inout MonotonicInstant) -> Void) {
    loweredAt.visitInstant(visit)
    overSince.visitInstant(visit)
  }
}
