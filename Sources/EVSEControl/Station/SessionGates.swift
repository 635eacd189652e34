import ChargerBase

/// The gates that a session's energy waits behind: a random delay from the vehicle's first permit on, and an instant
/// that the upper side has set. They hold back the offer and the closing, never what already flows.
package struct SessionGates: Hashable, Sendable {
  /// The present vehicle has had a permit; its random delay is drawn.
  package private(set) var hasBegun = false
  private var delayedUntil: MonotonicInstant?
  private var notBefore: MonotonicInstant?
  /// The upper side has lifted the random delay of this session.
  private var isLifted = false

  package init() {}

  /// The vehicle has its first permit; later ones of the same vehicle draw no new delay.
  package mutating func begin(delay: Duration, at now: MonotonicInstant) {
    guard !hasBegun else { return }
    hasBegun = true
    if delay > .zero && !isLifted { delayedUntil = now + delay }
  }

  /// No energy before `instant`; nil lifts every gate, the random delay included.
  package mutating func start(notBefore instant: MonotonicInstant?) {
    notBefore = instant
    guard instant == nil else { return }
    delayedUntil = nil
    isLifted = true
  }

  /// Forgets gates that have opened.
  package mutating func evaluate(at now: MonotonicInstant) {
    if let delayedUntil, now >= delayedUntil { self.delayedUntil = nil }
    if let notBefore, now >= notBefore { self.notBefore = nil }
  }

  /// When the last of the gates opens; nil when none is closed.
  package var opensAt: MonotonicInstant? {
    guard let delayedUntil else { return notBefore }
    guard let notBefore else { return delayedUntil }
    return max(delayedUntil, notBefore)
  }

  package var isClosed: Bool { opensAt != nil }

  /// The next vehicle draws anew. What the upper side has set stays: it is the connector's.
  package mutating func vehicleLeft() {
    hasBegun = false
    delayedUntil = nil
    isLifted = false
  }

  package func deadlines(_ soonest: inout Deadline) {
    if let delayedUntil { soonest.add(delayedUntil) }
    if let notBefore { soonest.add(notBefore) }
  }

  package mutating func visitInstants(_ visit: (inout MonotonicInstant) -> Void) {
    delayedUntil.visitInstant(visit)
    notBefore.visitInstant(visit)
  }
}

/// Random delays without a state of their own: drawn from the program's seed, the place and the instant. A run repeats
/// from its seed, and stations and EVSEs that start together spread.
package enum RandomDelay {
  /// A delay from zero to `span`.
  package static func draw(upTo span: Duration, seed: UInt64, place: Int, at now: MonotonicInstant) -> Duration {
    let nanoseconds = span.wholeNanoseconds
    guard nanoseconds > 0 else { return .zero }
    var seeds = SeededRandom(seed: seed)
    let base = seeds.next() ^ UInt64(bitPattern: now.nanoseconds)
    var random = SeededRandom(seed: base &+ UInt64(truncatingIfNeeded: place) &* 0x9E6C_63D0_876A_9A35)
    return .nanoseconds(Int64.random(in: 0...nanoseconds, using: &random))
  }
}
