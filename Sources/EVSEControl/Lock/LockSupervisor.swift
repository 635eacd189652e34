import ChargerBase
import HAL

/// Drives the lock of one socket and believes only its position contact: an attempt that does not arrive within
/// `lockTravel` is repeated after `lockRetryPause`, `lockAttempts` times in all; then the lock has failed.
///
/// A lock that shows unlocked after it was locked, while it ought to be, was opened by hand: that is a failure at once,
/// and it is not driven against the hand. Wanted locked again while an unlocking is still on its way, it is driven back,
/// and neither counts as locked nor as opened by hand before that drive has had its time. While its driver is silent the
/// lock is never driven: where it goes could not be seen, an attempt could not be counted, and a plug that is held must
/// not be let go, nor one that is free be caught, unseen. When the driver is back the attempts begin anew.
package struct LockSupervisor: Hashable, Sendable {
  /// What the position contact shows; nil until it was first read, and while its driver is silent.
  package private(set) var position: LockPosition?

  private var presence: DriverPresence
  /// Nil until somebody wants a position: after a start the lock stays as it is.
  private var wanted: LockPosition?
  private var command: LockPosition?
  /// The present attempt's beginning.
  private var drivenAt: MonotonicInstant?
  /// When the last attempt ended, arrived or not.
  private var endedAt: MonotonicInstant?
  private var attempts: UInt8 = 0
  /// Locked by the position contact since locked was wanted.
  private var wasLocked = false
  /// An unlocking was sent that was not seen to arrive, and no locking since has had its time: a position contact that
  /// shows locked may show unlocked yet. A silence of the driver changes nothing about that.
  private var mayUnlockYet = false
  /// The plug could not be locked, or was unlocked by hand: no further attempt before the vehicle has left.
  private var lockingHasFailed = false
  private var unlockingHasFailed = false

  package init(at now: MonotonicInstant) { presence = DriverPresence(at: now) }

  package var isWanted: LockPosition { wanted ?? position ?? .unlocked }

  package var isAlive: Bool { presence.isAlive }

  /// Locked on purpose, by the position contact, and not touched by hand since.
  package var isConfirmedLocked: Bool {
    wanted == .locked && position == .locked && !lockingHasFailed && !mayUnlockYet
  }

  package var isConfirmedUnlocked: Bool { position == .unlocked }

  /// The wanted position is not there, and nothing more is tried: all attempts were in vain, the lock was opened by
  /// hand, or its driver is silent.
  package var hasFailed: Bool {
    switch wanted {
    case nil: false
    case .locked: lockingHasFailed || !presence.isAlive
    case .unlocked: unlockingHasFailed || !presence.isAlive
    }
  }

  /// A failure is a cause for as long as the position in which the lock failed is wanted.
  package var faults: FaultSet {
    var found = FaultSet()
    if !presence.isAlive { found.insert(FaultSet(.lockDriverSilent)) }
    if (wanted == .locked && lockingHasFailed) || (wanted == .unlocked && unlockingHasFailed) {
      found.insert(FaultSet(.lockFailure))
    }
    return found
  }

  /// Wants a position; wanting the same one again changes nothing.
  package mutating func want(_ position: LockPosition, at now: MonotonicInstant) {
    guard position != wanted else { return }
    wanted = position
    wasLocked = false
    unlockingHasFailed = false
    startOver()
  }

  /// Tries a failed unlocking again, for a new request.
  package mutating func tryAgain(at now: MonotonicInstant) {
    guard unlockingHasFailed else { return }
    unlockingHasFailed = false
    startOver()
  }

  /// What is to be sent to the drive now; each command is answered once.
  package mutating func takeCommand() -> LockPosition? {
    defer { command = nil }
    return command
  }

  package mutating func vehicleLeft() { clearFaults() }

  package mutating func clearFaults() {
    guard lockingHasFailed || unlockingHasFailed else { return }
    lockingHasFailed = false
    unlockingHasFailed = false
    wasLocked = false
    startOver()
  }

  package mutating func take(_ feedback: LockFeedback) {
    guard presence.hear() else { return }
    position = feedback.position
    guard position == .unlocked else {
      wasLocked = wanted == .locked && !mayUnlockYet
      return
    }
    unlockingHasFailed = false
    // Where the unlocking was on its way it has arrived: from here it is a lock that is being locked.
    if wanted == .locked && wasLocked && !mayUnlockYet {
      lockingHasFailed = true
      startOver()
    }
    mayUnlockYet = false
  }

  package mutating func setAlive(_ alive: Bool, at now: MonotonicInstant) {
    guard presence.setAlive(alive, at: now) else { return }
    position = nil
    wasLocked = false
    startOver()
  }

  private mutating func startOver() {
    command = nil
    drivenAt = nil
    endedAt = nil
    attempts = 0
  }

  /// Judges the present attempt and begins the next; call it after every input and at `deadlines`.
  package mutating func evaluate(at now: MonotonicInstant, timing: TimingTable) {
    presence.evaluate(at: now, silence: timing.lockSilence)
    guard let wanted, let position, !hasFailed else { return }
    guard position != wanted || (wanted == .locked && mayUnlockYet) else {
      // Also a lock that leaves its position again at once is driven only after the pause.
      if drivenAt != nil { endedAt = now }
      if wanted == .locked { wasLocked = true }
      command = nil
      drivenAt = nil
      attempts = 0
      return
    }
    if let drivenAt {
      guard now >= drivenAt + timing.lockTravel else { return }
      self.drivenAt = nil
      endedAt = now
      if wanted == .locked && mayUnlockYet {
        mayUnlockYet = false
        wasLocked = true
        attempts = 0
        return
      }
      if attempts >= timing.lockAttempts {
        fail(wanted)
        return
      }
    }
    if let endedAt, now < endedAt + timing.lockRetryPause { return }
    command = wanted
    if wanted == .unlocked { mayUnlockYet = true }
    drivenAt = now
    attempts = attempts.addingSaturating(1)
  }

  private mutating func fail(_ position: LockPosition) {
    switch position {
    case .locked: lockingHasFailed = true
    case .unlocked: unlockingHasFailed = true
    }
    startOver()
  }

  package func deadlines(_ soonest: inout Deadline, timing: TimingTable) {
    presence.deadlines(&soonest, silence: timing.lockSilence)
    if let drivenAt { soonest.add(drivenAt + timing.lockTravel) }
    if let endedAt { soonest.add(endedAt + timing.lockRetryPause) }
  }

  /// Forgets what no later decision reads, so that what behaves alike is equal; for exhaustive exploration.
  package mutating func forgetPast(at now: MonotonicInstant, timing: TimingTable) {
    presence.forgetPast()
    if let ended = endedAt, now >= ended + timing.lockRetryPause { endedAt = nil }
  }

  package mutating func visitInstants(_ visit: (inout MonotonicInstant) -> Void) {
    presence.visitInstants(visit)
    drivenAt.visitInstant(visit)
    endedAt.visitInstant(visit)
  }
}
