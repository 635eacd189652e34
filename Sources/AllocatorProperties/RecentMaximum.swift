import ChargerBase

/// A value over time, and the greatest that it had within a span before now: what somebody may still go by who has that
/// long to follow.
struct RecentMaximum {
  /// Each value holds from its instant until that of the next.
  private var entries: [(since: MonotonicInstant, value: Int64)]

  init(_ value: Int64, at now: MonotonicInstant) { entries = [(now, value)] }

  var latest: Int64 { entries.last?.value ?? 0 }
  var changedAt: MonotonicInstant { entries.last?.since ?? .zero }

  mutating func set(_ value: Int64, at now: MonotonicInstant, keeping span: Duration) {
    guard value != latest else { return }
    if entries.last?.since == now { entries.removeLast() }
    entries.append((now, value))
    // The span's first value may have begun before it.
    while entries.count > 1, entries[1].since <= now - span { entries.removeFirst() }
  }

  func greatest(within span: Duration, at now: MonotonicInstant) -> Int64 {
    guard entries.count > 1 else { return latest }
    let start = now - span
    var found = latest
    for index in entries.indices.dropLast() where entries[index + 1].since > start {
      found = max(found, entries[index].value)
    }
    return found
  }
}

extension MonotonicInstant {
  static func - (instant: MonotonicInstant, span: Duration) -> MonotonicInstant {
    MonotonicInstant(nanoseconds: instant.nanoseconds.subtractingSaturating(span.wholeNanoseconds))
  }

  /// For people: hours, minutes, seconds and milliseconds since the start.
  var clock: String {
    func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
    let milliseconds = nanoseconds / 1_000_000
    let seconds = milliseconds / 1_000
    let thousandths = "\(1_000 + milliseconds % 1_000)".dropFirst()
    return "\(seconds / 3_600):\(two(seconds / 60 % 60)):\(two(seconds % 60)).\(thousandths)"
  }
}

extension Int64 {
  /// Milliamperes, for people.
  var amperes: String { "\(Current(milliamperes: self))" }
}
