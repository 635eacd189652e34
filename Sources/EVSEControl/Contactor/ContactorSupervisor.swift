import ChargerBase
import HAL

/// Commands one contactor and compares its auxiliary contact with the command: it never closes onto an unexpected
/// position, and keeps a weld or a failure to close until service clears it.
package struct ContactorSupervisor: Hashable, Sendable {
  package private(set) var command = ContactorPosition.open
  /// What the auxiliary contact shows; nil until it was first read, and while its driver is silent.
  package private(set) var feedback: ContactorPosition?
  package private(set) var latched = FaultSet()
  /// Closed by command and confirmed, until the auxiliary contact shows it open again.
  package private(set) var isConfirmedClosed = false

  private var driverIsSilent = false
  private var isOverdue = false
  private var listeningSince: MonotonicInstant
  private var commandedAt: MonotonicInstant
  /// When the contactor was last commanded open from closed.
  private var openedAt: MonotonicInstant?
  private var unexpectedlyClosedSince: MonotonicInstant?

  package private(set) var operations: ContactorOperations

  package init(operations: ContactorOperations = ContactorOperations(), at now: MonotonicInstant) {
    self.operations = operations
    listeningSince = now
    commandedAt = now
  }

  package var isAlive: Bool { !driverIsSilent && !isOverdue }

  /// Commanded, and not yet there.
  package var isMoving: Bool { isAlive && latched.isEmpty && feedback != nil && feedback != command }

  /// Certain that no energy can flow through it.
  package var isConfirmedOpen: Bool { command == .open && feedback == .open }

  package mutating func take(_ new: ContactorFeedback) {
    guard !driverIsSilent else { return }
    feedback = new.position
    isOverdue = false
  }

  package mutating func setAlive(_ alive: Bool, at now: MonotonicInstant) {
    guard alive == driverIsSilent else { return }
    driverIsSilent = !alive
    isOverdue = false
    listeningSince = now
    feedback = nil
    isConfirmedClosed = false
    unexpectedlyClosedSince = nil
  }

  package mutating func clearLatchedFaults() {
    latched = []
    unexpectedlyClosedSince = nil
  }

  /// Compares feedback and command; call it after every input and at `deadlines`.
  package mutating func evaluate(at now: MonotonicInstant, timing: TimingTable) {
    guard !driverIsSilent else { return }
    guard let feedback else {
      if now >= listeningSince + timing.contactorSilence { isOverdue = true }
      return
    }
    switch (command, feedback) {
    case (.open, .open):
      isConfirmedClosed = false
      unexpectedlyClosedSince = nil
    case (.closed, .closed):
      isConfirmedClosed = true
    case (.open, .closed):
      let since = unexpectedlyClosedSince ?? now
      unexpectedlyClosedSince = since
      if now >= since + timing.contactorTravel { latched.insert(FaultSet(.contactorWelded)) }
    case (.closed, .open):
      // Within its travel a contact may bounce; after it, one that is open did not close, or fell out.
      if now >= commandedAt + timing.contactorTravel {
        latched.insert(FaultSet(.contactorStuck))
        isConfirmedClosed = false
      }
    }
  }

  package func isResting(at now: MonotonicInstant, timing: TimingTable) -> Bool {
    guard command == .open, let openedAt else { return false }
    return now < openedAt + timing.contactorRest
  }

  /// Whether a closing command would be answered.
  package func mayClose(at now: MonotonicInstant, timing: TimingTable) -> Bool {
    guard command == .open, feedback == .open, latched.isEmpty, isAlive else { return false }
    guard let openedAt else { return true }
    return now >= openedAt + timing.contactorRest
  }

  /// Commands it closed where that is allowed; answers whether it did.
  package mutating func close(at now: MonotonicInstant, timing: TimingTable) -> Bool {
    guard mayClose(at: now, timing: timing) else { return false }
    command = .closed
    commandedAt = now
    return true
  }

  /// Commands it open; answers whether it was commanded closed before.
  package mutating func open(at now: MonotonicInstant, isUnderLoad: Bool) -> Bool {
    guard command == .closed else { return false }
    if isUnderLoad {
      operations.underLoad = operations.underLoad.addingSaturating(1)
    } else {
      operations.withoutLoad = operations.withoutLoad.addingSaturating(1)
    }
    command = .open
    commandedAt = now
    openedAt = now
    unexpectedlyClosedSince = feedback == .closed ? now : nil
    return true
  }

  /// What no longer matters is forgotten first, so that what behaves alike is equal.
  package mutating func visitInstants(_ visit: (inout MonotonicInstant) -> Void) {
    if feedback != nil || driverIsSilent { listeningSince = .zero }
    if command == .open { commandedAt = .zero } else { openedAt = nil }
    visit(&listeningSince)
    visit(&commandedAt)
    openedAt.visitInstant(visit)
    unexpectedlyClosedSince.visitInstant(visit)
  }

  package func deadlines(_ soonest: inout Deadline, timing: TimingTable) {
    guard !driverIsSilent else { return }
    if feedback == nil { soonest.add(listeningSince + timing.contactorSilence) }
    if let unexpectedlyClosedSince { soonest.add(unexpectedlyClosedSince + timing.contactorTravel) }
    if command == .closed { soonest.add(commandedAt + timing.contactorTravel) }
    if let openedAt { soonest.add(openedAt + timing.contactorRest) }
  }
}
