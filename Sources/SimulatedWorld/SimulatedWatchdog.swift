import ChargerBase

/// The dead-man relay that the station's control lane feeds: while it does not hold, no coil has voltage.
struct SimulatedWatchdog: Sendable, Equatable {
  /// The station has one: before the first feed it holds nothing.
  let isInstalled: Bool
  private(set) var holdsUntil: MonotonicInstant?
  private(set) var hasExpired = false
  /// How often it has run out since the world began.
  private(set) var expiries = 0

  var letsEnergyFlow: Bool { holdsUntil != nil || (!isInstalled && !hasExpired) }

  mutating func feed(timeout: Duration, at now: MonotonicInstant) {
    holdsUntil = now + max(.zero, timeout)
    hasExpired = false
  }

  mutating func disarm() {
    holdsUntil = nil
    hasExpired = false
  }

  /// Answers whether it has just run out.
  mutating func advance(to now: MonotonicInstant) -> Bool {
    guard let end = holdsUntil, end <= now else { return false }
    holdsUntil = nil
    hasExpired = true
    expiries = expiries.addingSaturating(1)
    return true
  }
}
