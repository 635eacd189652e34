import ChargerBase
import HAL

/// Whether the lines of a driver answer, and since when they do not.
struct LineHealth {
  /// A line that has not answered, or not taken its level, is asked again after this.
  static let retryAfter = Duration.milliseconds(10)

  let silentAfter: Duration
  private(set) var health = DriverHealth.alive
  /// When the lines last did what they were asked, or were first asked.
  private var lastGood: MonotonicInstant?
  private(set) var isFailing = false

  init(silentAfter: Duration) { self.silentAfter = silentAfter }

  mutating func note(_ isGood: Bool, at now: MonotonicInstant) {
    isFailing = !isGood
    if isGood {
      lastGood = now
      health = .alive
      return
    }
    let since = lastGood ?? now
    lastGood = since
    if now - since >= silentAfter { health = .silent(since: since) }
  }

  /// The hardware itself says that it cannot be believed.
  mutating func noteFault(at now: MonotonicInstant) {
    if health == .alive { health = .silent(since: now) }
    isFailing = false
  }

  /// When a failing line is to be asked again.
  func deadline(at now: MonotonicInstant) -> MonotonicInstant? { isFailing ? now + Self.retryAfter : nil }
}

/// The earlier of two instants that may be missing.
func earlier(_ one: MonotonicInstant?, _ other: MonotonicInstant?) -> MonotonicInstant? {
  guard let one else { return other }
  return other.map { min(one, $0) } ?? one
}
