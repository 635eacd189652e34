import ChargerBase
import HAL

/// Feeds the hardware watchdog as proof that the control lane lives and works (DESIGN §5): only after a cycle in which
/// every driver was served and everything read was handled, four times per timeout. A lane that is late says nothing, and
/// the watchdog ends the energy.
struct WatchdogFeeder {
  /// A cycle that took longer, or that ends with a deadline passed by more than this, is no proof (product value).
  static let longestLateness = Duration.milliseconds(50)

  let watchdog: any SystemWatchdog
  /// When the next feed is due.
  private(set) var nextFeed = MonotonicInstant.zero
  private(set) var feeds: UInt64 = 0
  var isHeard = true

  init(_ watchdog: any SystemWatchdog) { self.watchdog = watchdog }

  var period: Duration { max(watchdog.timeout / 4, .milliseconds(1)) }

  /// After a cycle that served every driver.
  mutating func cycleEnded(begunAt: MonotonicInstant, at now: MonotonicInstant, nextDeadline: MonotonicInstant) {
    guard begunAt >= nextFeed, now - begunAt <= Self.longestLateness, now - nextDeadline <= Self.longestLateness else {
      return
    }
    watchdog.feed()
    feeds += 1
    nextFeed = begunAt + period
  }
}
