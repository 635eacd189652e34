import ChargerBase

/// What a contact says once its bouncing and single disturbances are taken away.
///
/// One side is the eager one: it counts as soon as it was seen for `settle`, also when the contact left it for moments
/// shorter than `release` meanwhile, so that a contact that chatters for ever counts as eager. The other side counts
/// when it was there for `release` without a break. Both times zero: nothing is taken away.
struct EdgeFilter {
  let eager: Bool
  let settle: Duration
  let release: Duration
  /// Nil until something was seen; the first that is seen counts at once.
  private(set) var state: Bool?
  /// When the contact first showed `state`.
  private(set) var since = MonotonicInstant.zero

  /// How often the eager side has begun to count.
  private(set) var eagerCount: UInt32 = 0
  /// When it was first shown the last time it began to count.
  private(set) var eagerAt = MonotonicInstant.zero

  /// The level that was seen last.
  private(set) var raw = false
  private var rawSince = MonotonicInstant.zero
  /// The eager side was first seen then, and is to count.
  private var candidateSince: MonotonicInstant?

  init(eager: Bool = true, settle: Duration = .zero, release: Duration = .zero) {
    self.eager = eager
    self.settle = settle
    self.release = release
  }

  /// The level was seen so at an instant; instants do not go back.
  mutating func take(_ level: Bool, at instant: MonotonicInstant) {
    guard state != nil else {
      state = level
      since = instant
      raw = level
      rawSince = instant
      return
    }
    evaluate(at: instant)
    if level != raw {
      raw = level
      rawSince = instant
      if level == eager, candidateSince == nil { candidateSince = instant }
    }
    evaluate(at: instant)
  }

  mutating func evaluate(at now: MonotonicInstant) {
    guard let state else { return }
    if state != eager {
      guard let candidate = candidateSince else { return }
      if raw == eager {
        guard now >= candidate + settle else { return }
        self.state = eager
        eagerCount &+= 1
        since = candidate
        eagerAt = candidate
        candidateSince = nil
      } else if now >= rawSince + release {
        candidateSince = nil
      }
    } else if raw != eager, now >= rawSince + release {
      self.state = !eager
      since = rawSince
      candidateSince = nil
    } else if raw == eager {
      candidateSince = nil
    }
  }

  /// When `evaluate` may find something new; nil while nothing is under way.
  var deadline: MonotonicInstant? {
    guard let state else { return nil }
    if state != eager {
      guard let candidateSince else { return nil }
      return raw == eager ? candidateSince + settle : rawSince + release
    }
    return raw == eager ? nil : rawSince + release
  }
}
