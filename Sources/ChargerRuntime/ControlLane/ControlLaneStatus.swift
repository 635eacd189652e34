import ChargerBase

/// How the control lane lives: for status, watchdog and benchmark.
package struct ControlLaneStatus: Sendable, Equatable {
  /// Grows with every cycle; one that stands still for longer than `ControlLane.longestCycle` belongs to a dead lane.
  package var cycles: UInt64 = 0
  package var lastCycleAt = MonotonicInstant.zero
  /// The thread runs under SCHED_FIFO; false when the system did not allow it.
  package var isRealtime = false
  /// Memory is locked; false when it was not wanted or not allowed.
  package var isMemoryLocked = false
  package var refusedCommands: UInt64 = 0
  /// Facts that were merged into newer ones because nobody took them.
  package var mergedFacts: UInt64 = 0
  package var latency = LatencyProbe()
  /// How often the hardware watchdog was fed; 0 where the station has none.
  package var watchdogFeeds: UInt64 = 0
  /// The watchdog's driver does not speak any more: it can be fed no longer.
  package var isWatchdogSilent = false
}

/// How long it takes from the edge (or the deadline that came) to the contactor command that it causes.
package struct LatencyProbe: Sendable, Equatable {
  package private(set) var count: UInt64 = 0
  package private(set) var worstNanoseconds: Int64 = 0
  package private(set) var newestNanoseconds: Int64 = 0
  private var sumNanoseconds: Int64 = 0

  package init() {}

  package var meanNanoseconds: Int64 { count == 0 ? 0 : sumNanoseconds / Int64(clamping: count) }

  mutating func add(nanoseconds: Int64) {
    count += 1
    newestNanoseconds = max(0, nanoseconds)
    worstNanoseconds = max(worstNanoseconds, newestNanoseconds)
    sumNanoseconds = sumNanoseconds.addingSaturating(newestNanoseconds)
  }
}
