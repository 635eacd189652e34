import ChargerBase
import HAL

/// Watches the residual current detection of one EVSE and tests it before a session: under the test current it must
/// trip within `residualCurrentTestTrip`, and after its end and a reset be free within `residualCurrentTestRecovery`.
///
/// A trip outside a test is latched as it is read. Within a test a real trip looks like the test's own; no energy can
/// flow then (the contactor is open), and a monitor that does not become free again fails its test.
package struct ResidualCurrentSupervisor: Hashable, Sendable {
  private enum Step: UInt8 {
    case none
    /// The test current flows; a trip must come.
    case tripping
    /// The test current is off; the trip must go.
    case recovering
    /// The driver fell silent within a test: what it left behind must go before another test.
    case recoveringAfterSilence
  }

  /// Passed its test since the last session ended.
  package private(set) var isTested = false

  private var presence: DriverPresence
  /// The newest reading; nil until it was first read, and while the driver is silent.
  private var isTripped: Bool?
  private var step = Step.none
  private var stepBegan: MonotonicInstant
  private var tripIsLatched = false
  private var testHasFailed = false
  /// When service has cleared the trip, until the monitor reads free or has had the time to.
  private var clearedAt: MonotonicInstant?
  private var testCurrent: Bool?
  private var resets = false

  /// A test that an earlier run of the program had begun is ended by the first outputs.
  package init(at now: MonotonicInstant) {
    presence = DriverPresence(at: now)
    stepBegan = now
    testCurrent = false
  }

  /// Alive, read, not tripped outside a test, and no test failed.
  package var isHealthy: Bool { presence.isReadable && !tripIsLatched && !testHasFailed }

  package var isAlive: Bool { presence.isAlive }

  /// Energy must not flow: a trip would not be seen as one.
  package var isTesting: Bool { step != .none }

  package var state: ResidualCurrentState {
    if tripIsLatched { return .tripped }
    if testHasFailed { return .testFailed }
    guard presence.isReadable else { return .unknown }
    if isTesting { return .testing }
    return isTested ? .healthy : .untested
  }

  package var faults: FaultSet {
    var found = FaultSet()
    if tripIsLatched { found.insert(FaultSet(.residualCurrent)) }
    if testHasFailed { found.insert(FaultSet(.residualCurrentTest)) }
    if !presence.isAlive { found.insert(FaultSet(.residualCurrentDriverSilent)) }
    return found
  }

  /// Begins a test where the monitor is healthy and free, unless one runs or has passed; else nothing. The caller asks
  /// only while the contactor is confirmed open, keeps it open while `isTesting`, and asks again until `isTested`: a
  /// request is not kept, for the contactor may be closed by the time it could be met.
  package mutating func requestTest(at now: MonotonicInstant) {
    guard !isTested, step == .none, isHealthy, isTripped == false else { return }
    testCurrent = true
    step = .tripping
    stepBegan = now
  }

  /// The next session needs a test of its own.
  package mutating func sessionEnded() {
    isTested = false
  }

  /// What is to be sent to the monitor now; each output is answered once.
  package mutating func takeOutputs() -> (testCurrent: Bool?, resets: Bool) {
    defer {
      testCurrent = nil
      resets = false
    }
    return (testCurrent, resets)
  }

  /// Resets the monitor after service and asks for a new test. A trip stays until the monitor reads free, which it must
  /// within the recovery time of a test; otherwise it needs clearing again.
  package mutating func clearFaults(at now: MonotonicInstant) {
    guard tripIsLatched || testHasFailed else { return }
    testHasFailed = false
    isTested = false
    resets = true
    // The late trip of a failed test must go too.
    tripIsLatched = isTripped != false && (tripIsLatched || isTripped == true)
    clearedAt = tripIsLatched ? now : nil
  }

  package mutating func take(_ reading: ResidualCurrentReading) {
    guard presence.hear() else { return }
    isTripped = reading.isTripped
    if reading.isTripped {
      // Within a test only what was read before it began is certainly no part of it.
      if step == .none || (step == .tripping && reading.takenAt < stepBegan) { latchTrip() }
    } else if clearedAt != nil {
      clearedAt = nil
      tripIsLatched = false
    }
  }

  private mutating func latchTrip() {
    // While a failed test stands, its late trip is no residual current.
    guard !testHasFailed else { return }
    tripIsLatched = true
    isTested = false
    if step != .none { endTest() }
  }

  package mutating func setAlive(_ alive: Bool, at now: MonotonicInstant) {
    guard presence.setAlive(alive, at: now) else { return }
    isTripped = nil
    clearedAt = nil
    guard step != .none else { return }
    // The end of the test may not reach a silent driver, so it is sent when it is back too.
    testCurrent = false
    resets = true
    step = .recoveringAfterSilence
    stepBegan = now
  }

  /// Takes the test further; call it after every input and at `deadlines`.
  package mutating func evaluate(at now: MonotonicInstant, timing: TimingTable) {
    presence.evaluate(at: now, silence: timing.residualCurrentSilence)
    if let clearedAt, now >= clearedAt + timing.residualCurrentTestRecovery { self.clearedAt = nil }
    guard presence.isReadable, let isTripped else {
      if step == .recoveringAfterSilence { stepBegan = now }
      return
    }
    switch step {
    case .none:
      break
    case .tripping:
      if isTripped {
        endTest()
        step = .recovering
        stepBegan = now
      } else if now >= stepBegan + timing.residualCurrentTestTrip {
        failTest()
      }
    case .recovering, .recoveringAfterSilence:
      if !isTripped {
        isTested = step == .recovering
        step = .none
      } else if now >= stepBegan + timing.residualCurrentTestRecovery {
        failTest()
      }
    }
  }

  private mutating func endTest() {
    testCurrent = false
    resets = true
    step = .none
  }

  private mutating func failTest() {
    endTest()
    testHasFailed = true
  }

  package func deadlines(_ soonest: inout Deadline, timing: TimingTable) {
    presence.deadlines(&soonest, silence: timing.residualCurrentSilence)
    if let clearedAt { soonest.add(clearedAt + timing.residualCurrentTestRecovery) }
    switch step {
    case .none: break
    case .tripping: soonest.add(stepBegan + timing.residualCurrentTestTrip)
    case .recovering, .recoveringAfterSilence: soonest.add(stepBegan + timing.residualCurrentTestRecovery)
    }
  }

  /// Forgets what no later decision reads, so that what behaves alike is equal; for exhaustive exploration.
  package mutating func forgetPast() {
    presence.forgetPast()
    if step == .none { stepBegan = .longAgo }
  }

  package mutating func visitInstants(_ visit: (inout MonotonicInstant) -> Void) {
    presence.visitInstants(visit)
    if step == .none { stepBegan = .zero }
    visit(&stepBegan)
    clearedAt.visitInstant(visit)
  }
}
