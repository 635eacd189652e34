import ChargerBase
import HAL

/// The plug is locked before energy flows, and let go only when the contactor is confirmed open.
extension ConnectorStateMachine {
  /// There is a lock, energy may be wanted or flows, and the position contact does not confirm the plug.
  var lockIsMissing: Bool {
    guard let lock, isInSession || contactor.command == .closed else { return false }
    return !lock.isConfirmedLocked
  }

  /// Takes a command to unlock; a connector without a lock answers at once.
  package mutating func unlock(number: UInt32, at now: MonotonicInstant, into effects: inout ControlEffects) {
    guard lock != nil else {
      effects.tell(.unlocked(id, number: number, .noLock, at: now))
      return
    }
    // Each command has its one answer: an earlier one that still waits is overtaken.
    if let unlockNumber { effects.tell(.unlocked(id, number: unlockNumber, .failed, at: now)) }
    unlockNumber = number
    isKeptLocked = false
    permit.revoke()
    lock?.tryAgain(at: now)
  }

  mutating func moveLock(
    in surroundings: Surroundings, place: Int, at now: MonotonicInstant, timing: TimingTable,
    into effects: inout ControlEffects
  ) {
    guard lock != nil else { return }
    // What is free, or was freed by hand, is not caught again for an owner who may have taken it.
    if !isInSession && lock?.position == .unlocked { isKeptLocked = false }
    if let wanted = wantedLock(in: surroundings, at: now, timing: timing) { lock?.want(wanted, at: now) }
    lock?.evaluate(at: now, timing: timing)
    if let command = lock?.takeCommand() { effects.command(command, at: place) }
    answerUnlock(at: now, into: &effects)
    if let position = lock?.position, position != toldLock {
      toldLock = position
      effects.tell(.lock(id, position, at: now))
    }
  }

  /// What is wanted of the lock; nil to leave it as it is.
  private func wantedLock(
    in surroundings: Surroundings, at now: MonotonicInstant, timing: TimingTable
  ) -> LockPosition? {
    // While the contactor is not certainly open a plug may be caught, but is never let go: an unlocking that was
    // begun and has not arrived is given up.
    guard contactor.isConfirmedOpen else {
      return (isInSession && unlockNumber == nil) || lock?.position == .locked ? .locked : nil
    }
    if unlockNumber != nil || lockIsReleased(in: surroundings, at: now, timing: timing) { return .unlocked }
    if isInSession || isKeptLocked { return .locked }
    // A session that goes on after a restart of the program has its permit a moment later: its plug stays locked.
    return startedAt == nil ? .unlocked : nil
  }

  /// The plug is let go whatever the permit says: without mains it could not be had otherwise, in state E (a pilot short
  /// to earth) and after some time in state F nothing more will come of the session.
  private func lockIsReleased(in surroundings: Surroundings, at now: MonotonicInstant, timing: TimingTable) -> Bool {
    if surroundings.faults.contains(.mainsLost) || pilot.state == .e { return true }
    return unreadableSince.map { now >= $0 + timing.unlockAfterStateF } ?? false
  }

  private mutating func answerUnlock(at now: MonotonicInstant, into effects: inout ControlEffects) {
    guard let number = unlockNumber, let lock else { return }
    let result: UnlockResult
    if contactor.isConfirmedOpen && lock.isConfirmedUnlocked {
      result = .unlocked
    } else if (contactor.isConfirmedOpen && lock.hasFailed) || !lock.isAlive || !contactor.isAlive
      || contactor.latched.contains(.contactorWelded)
    {
      // A contactor that does not show itself open keeps the plug.
      result = .failed
    } else {
      return
    }
    unlockNumber = nil
    effects.tell(.unlocked(id, number: number, result, at: now))
  }
}
