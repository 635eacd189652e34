import ChargerBase

/// The lock of a socket: a drive that runs for its travel and is then switched off, and a position contact.
struct SimulatedLock: Sendable, Equatable {
  let configuration: WorldLock
  private(set) var isCommandedLocked = false
  /// The bolt is in the plug's way; what the position contact shows.
  private(set) var isEngaged = false
  private(set) var arrivesAt: MonotonicInstant?
  /// Runs of the drive since the bolt last moved.
  private var attempts = 0
  /// The drive runs and the bolt stays where it is.
  var isJammed = false
  /// Only each third run of the drive moves the bolt.
  var isSticky = false
  /// The drive takes ten times as long.
  var isSlow = false

  init(_ configuration: WorldLock) { self.configuration = configuration }

  /// Commanding the position that the drive is on its way to changes nothing; commanding one that it has not reached
  /// runs the drive again.
  mutating func command(locked: Bool, at now: MonotonicInstant) {
    if locked != isCommandedLocked { arrivesAt = nil }
    isCommandedLocked = locked
    guard isEngaged != locked, arrivesAt == nil else { return }
    attempts = attempts.addingSaturating(1)
    arrivesAt = now + (isSlow ? configuration.travel * 10 : configuration.travel)
  }

  mutating func advance(to now: MonotonicInstant) {
    guard let arrival = arrivesAt, arrival <= now else { return }
    arrivesAt = nil
    guard !isJammed, !isSticky || attempts % 3 == 0 else { return }
    isEngaged = isCommandedLocked
    attempts = 0
  }

  /// The emergency release, or a spring when the supply is gone: what was commanded stays commanded.
  mutating func release() {
    isEngaged = false
    arrivesAt = nil
  }

  /// Puts the bolt where a former run left it.
  mutating func restore(engaged: Bool) {
    isEngaged = engaged
    isCommandedLocked = engaged
  }
}
