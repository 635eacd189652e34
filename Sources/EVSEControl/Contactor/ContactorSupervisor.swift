import ChargerBase
import HAL

/// Commands one contactor and compares its auxiliary contact with the command: it never closes onto an unexpected
/// position, and keeps a weld or a failure to close until service clears it.
///
/// Within `contactorTravel` after a command a slow contactor is waited for, and contacts may bounce. After it, one that
/// is open although commanded closed has not closed, or has fallen out: stuck at once. One that shows closed although
/// commanded open has the travel time to go, from when it was first seen; showing open in between ends that only when it
/// lasts as long, so that a contact that chatters for ever is found too.
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
  /// Since when it shows open again after it was unexpectedly closed.
  private var openAgainSince: MonotonicInstant?
  private var openings: ServiceCount

  /// With the openings of earlier runs.
  package init(operations: ContactorOperations = ContactorOperations(), at now: MonotonicInstant) {
    listeningSince = now
    commandedAt = now
    openings = ServiceCount(operations)
  }

  /// How often it was opened, under load or not.
  package var operations: ContactorOperations { openings.operations }

  package var isAlive: Bool { !driverIsSilent && !isOverdue }

  /// Commanded, and not yet there.
  package var isMoving: Bool { isAlive && latched.isEmpty && feedback != nil && feedback != command }

  /// Commanded closed, and not known to have arrived.
  package var isClosing: Bool { command == .closed && latched.isEmpty && !isConfirmedClosed }

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
    forgetUnexpected()
  }

  package mutating func clearLatchedFaults() {
    latched = []
    forgetUnexpected()
  }

  private mutating func forgetUnexpected() {
    unexpectedlyClosedSince = nil
    openAgainSince = nil
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
      guard unexpectedlyClosedSince != nil else { break }
      let since = openAgainSince ?? now
      openAgainSince = since
      if now >= since + timing.contactorTravel { forgetUnexpected() }
    case (.closed, .closed):
      isConfirmedClosed = true
    case (.open, .closed):
      let since = unexpectedlyClosedSince ?? now
      unexpectedlyClosedSince = since
      openAgainSince = nil
      if now >= since + timing.contactorTravel { latched.insert(FaultSet(.contactorWelded)) }
    case (.closed, .open):
      // Within its travel a contact may bounce; after it, one that is open did not close, or fell out.
      if now >= commandedAt + timing.contactorTravel {
        latched.insert(FaultSet(.contactorStuck))
        isConfirmedClosed = false
      }
    }
  }

  /// Whether a closing command would be answered.
  package func mayClose(at now: MonotonicInstant, timing: TimingTable) -> Bool {
    guard command == .open, feedback == .open, latched.isEmpty, isAlive else { return false }
    return !isResting(at: now, timing: timing)
  }

  /// Opened a moment ago, or its contact has not come to rest: it may not close yet.
  package func isResting(at now: MonotonicInstant, timing: TimingTable) -> Bool {
    guard command == .open else { return false }
    if unexpectedlyClosedSince != nil { return true }
    return openedAt.map { now < $0 + timing.contactorRest } ?? false
  }

  /// Commands it closed where that is allowed; answers whether it did.
  package mutating func close(at now: MonotonicInstant, timing: TimingTable) -> Bool {
    guard mayClose(at: now, timing: timing) else { return false }
    command = .closed
    commandedAt = now
    return true
  }

  /// Commands it open; answers whether it was commanded closed before. Under load it breaks a current.
  package mutating func open(at now: MonotonicInstant, isUnderLoad: Bool = false) -> Bool {
    guard command == .closed else { return false }
    openings.add(isUnderLoad: isUnderLoad)
    command = .open
    commandedAt = now
    openedAt = now
    unexpectedlyClosedSince = feedback == .closed ? now : nil
    openAgainSince = nil
    // A contact that bounced at this moment is open now.
    if feedback == .open { isConfirmedClosed = false }
    return true
  }

  /// Forgets what no later decision reads, so that what behaves alike is equal; for exhaustive exploration.
  package mutating func forgetPast(at now: MonotonicInstant, timing: TimingTable) {
    if feedback != nil || !isAlive { listeningSince = .longAgo }
    if command == .open { commandedAt = .longAgo } else { openedAt = nil }
    commandedAt.forget(after: timing.contactorTravel, at: now)
    if let opened = openedAt, now >= opened + timing.contactorRest { openedAt = nil }
    unexpectedlyClosedSince.forget(after: timing.contactorTravel, at: now)
  }

  package mutating func visitInstants(_ visit: (inout MonotonicInstant) -> Void) {
    visit(&listeningSince)
    visit(&commandedAt)
    openedAt.visitInstant(visit)
    unexpectedlyClosedSince.visitInstant(visit)
    openAgainSince.visitInstant(visit)
  }

  package func deadlines(_ soonest: inout Deadline, timing: TimingTable) {
    guard !driverIsSilent else { return }
    if feedback == nil { soonest.add(listeningSince + timing.contactorSilence) }
    if let openAgainSince { soonest.add(openAgainSince + timing.contactorTravel) }
    if let unexpectedlyClosedSince { soonest.add(unexpectedlyClosedSince + timing.contactorTravel) }
    if command == .closed { soonest.add(commandedAt + timing.contactorTravel) }
    if let openedAt { soonest.add(openedAt + timing.contactorRest) }
  }
}

/// The service counters of a contactor. No decision depends on them: two contactors that differ only in their past are
/// the same, which keeps the states that can be reached finite for exploration.
private struct ServiceCount: Hashable, Sendable {
  private(set) var operations: ContactorOperations

  init(_ operations: ContactorOperations) { self.operations = operations }

  mutating func add(isUnderLoad: Bool) {
    if isUnderLoad {
      operations.underLoad = operations.underLoad.addingSaturating(1)
    } else {
      operations.withoutLoad = operations.withoutLoad.addingSaturating(1)
    }
  }

  static func == (left: ServiceCount, right: ServiceCount) -> Bool { true }
  func hash(into hasher: inout Hasher) {}
}
