import ChargerBase

/// A contactor with its travel; the auxiliary contact is coupled to the main contacts.
struct SimulatedContactor: Sendable, Equatable {
  let closing: Duration
  let opening: Duration
  private(set) var isCommandedClosed = false
  private(set) var isClosed = false
  /// When the contacts arrive where the coil wants them.
  private(set) var arrivesAt: MonotonicInstant?
  private(set) var isWelded = false
  private(set) var isStuck = false

  init(closing: Duration, opening: Duration) {
    self.closing = max(.zero, closing)
    self.opening = max(.zero, opening)
  }

  mutating func command(closed: Bool, at now: MonotonicInstant) {
    guard closed != isCommandedClosed else { return }
    isCommandedClosed = closed
    move(at: now)
  }

  /// Welded contacts are closed whatever the coil does.
  mutating func setWelded(_ welded: Bool, at now: MonotonicInstant) {
    isWelded = welded
    move(at: now)
  }

  /// A stuck contactor's coil moves nothing: its contacts are open.
  mutating func setStuck(_ stuck: Bool, at now: MonotonicInstant) {
    isStuck = stuck
    move(at: now)
  }

  mutating func advance(to now: MonotonicInstant) {
    guard let arrival = arrivesAt, arrival <= now else { return }
    arrivesAt = nil
    isClosed = isCommandedClosed
  }

  private mutating func move(at now: MonotonicInstant) {
    arrivesAt = nil
    if isWelded {
      isClosed = true
    } else if isStuck {
      isClosed = false
    } else if isClosed != isCommandedClosed {
      arrivesAt = now + (isCommandedClosed ? closing : opening)
    }
  }
}
