import ChargerBase

/// A fault that begins when its cause has lasted, and ends when the cause has been gone for long enough.
struct TimedFault: Hashable, Sendable {
  private(set) var isActive = false
  private var causeSince: MonotonicInstant?
  private var goneSince: MonotonicInstant?

  mutating func judge(
    hasCause: Bool, isGone: Bool, at now: MonotonicInstant, after delay: Duration, recovery: Duration
  ) {
    if isActive {
      causeSince = nil
      let since = goneSince ?? now
      goneSince = isGone ? since : nil
      if isGone && now >= since + recovery {
        isActive = false
        goneSince = nil
      }
    } else {
      let since = causeSince ?? now
      causeSince = hasCause ? since : nil
      if hasCause && now >= since + delay {
        isActive = true
        causeSince = nil
      }
    }
  }

  /// Nothing is known: a fault stays, and what had begun to count counts anew.
  mutating func suspend() {
    causeSince = nil
    goneSince = nil
  }

  func deadlines(_ soonest: inout Deadline, after delay: Duration, recovery: Duration) {
    if let causeSince { soonest.add(causeSince + delay) }
    if let goneSince { soonest.add(goneSince + recovery) }
  }

  mutating func visitInstants(_ visit: (inout MonotonicInstant) -> Void) {
    causeSince.visitInstant(visit)
    goneSince.visitInstant(visit)
  }
}
