import ChargerBase

/// The instants of civil time at which clock-aligned values are taken: every `interval`, counted from midnight (J01,
/// J02; AlignedDataCtrlr). The last interval of a day is shorter when the day is no multiple of it.
///
/// Midnight is that of UTC, the only civil time of this station. While civil time is unknown no instant comes. A clock
/// that is set forward passes over the instants between, for nothing was measured at them; one that is set back by less
/// than a minute, or than the interval, repeats none, and by more counts anew from where it is.
package struct ClockAlignment: Sendable, Equatable {
  /// An instant that was noticed later than this has been missed.
  package static let tolerance = Duration.seconds(15)
  /// A correction of the clock up to this is no new time of day.
  private static let longestCorrection = Duration.seconds(60)
  private static let day: Int64 = 86_400_000

  /// Whole milliseconds; zero for none.
  private let interval: Int64
  private var next: WallTime?

  package init(interval: Duration) {
    self.interval = min(max(0, interval.wholeMilliseconds), Self.day)
  }

  /// The aligned instant that has come since the last call; nil when there was none.
  package mutating func take(at wall: WallTime?) -> WallTime? {
    guard interval > 0, let wall else {
      next = nil
      return nil
    }
    guard let due = next, !isSetBack(wall, before: due) else {
      next = following(wall)
      return nil
    }
    guard wall >= due else { return nil }
    next = following(wall)
    let latest = latest(wall)
    return wall - latest <= Self.tolerance ? latest : nil
  }

  /// When `take` must be called next, by the clock as it goes now.
  package func deadline(_ present: EventTime) -> MonotonicInstant {
    guard interval > 0, let wall = present.wall else { return .distantFuture }
    guard let next, !isSetBack(wall, before: next) else { return present.instant }
    return present.instant + max(.zero, next - wall)
  }

  private func isSetBack(_ wall: WallTime, before due: WallTime) -> Bool {
    let slack = min(.milliseconds(interval), Self.longestCorrection)
    return due - wall > .milliseconds(interval) + slack
  }

  private func midnight(_ wall: WallTime) -> Int64 {
    let milliseconds = wall.millisecondsSinceEpoch
    let rest = milliseconds % Self.day
    return milliseconds - (rest < 0 ? rest + Self.day : rest)
  }

  private func latest(_ wall: WallTime) -> WallTime {
    let midnight = midnight(wall)
    let passed = (wall.millisecondsSinceEpoch - midnight) / max(1, interval)
    return WallTime(millisecondsSinceEpoch: midnight + passed * interval)
  }

  private func following(_ wall: WallTime) -> WallTime {
    let next = latest(wall).millisecondsSinceEpoch + interval
    return WallTime(millisecondsSinceEpoch: min(next, midnight(wall) + Self.day))
  }
}
