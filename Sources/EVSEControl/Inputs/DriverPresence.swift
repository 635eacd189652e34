import ChargerBase

/// Whether a driver is there: it says so itself, and after it was started, or was given up and has come back, its first
/// reading must come within its silence time.
package struct DriverPresence: Hashable, Sendable {
  private var driverIsSilent = false
  private var isOverdue = false
  private var hasSpoken = false
  private var listeningSince: MonotonicInstant

  package init(at now: MonotonicInstant) { listeningSince = now }

  /// Neither given up nor overdue; it need not have been read yet.
  package var isAlive: Bool { !driverIsSilent && !isOverdue }

  /// Alive, and read since it last came back.
  package var isReadable: Bool { isAlive && hasSpoken }

  /// A reading has come; answers whether it counts. One of a driver that is given up does not.
  package mutating func hear() -> Bool {
    guard !driverIsSilent else { return false }
    hasSpoken = true
    isOverdue = false
    return true
  }

  /// Answers whether anything has changed: what was read before no longer counts then.
  package mutating func setAlive(_ alive: Bool, at now: MonotonicInstant) -> Bool {
    guard alive == driverIsSilent else { return false }
    driverIsSilent = !alive
    isOverdue = false
    hasSpoken = false
    listeningSince = now
    return true
  }

  package mutating func evaluate(at now: MonotonicInstant, silence: Duration) {
    if !driverIsSilent && !hasSpoken && now >= listeningSince + silence { isOverdue = true }
  }

  package func deadlines(_ soonest: inout Deadline, silence: Duration) {
    if !driverIsSilent && !hasSpoken { soonest.add(listeningSince + silence) }
  }

  /// Forgets what no later decision reads, so that what behaves alike is equal; for exhaustive exploration.
  package mutating func forgetPast() {
    if hasSpoken || !isAlive { listeningSince = .longAgo }
  }

  package mutating func visitInstants(_ visit: (inout MonotonicInstant) -> Void) { visit(&listeningSince) }
}
