import ChargerBase
import HAL

/// Moves an EVSE's phase switch: the offer goes, the contactor opens, the vehicle's charger rests, the switch moves and
/// shows that it has, the charger rests again, and the offer comes back. Nothing is ever moved under an offer or with a
/// contactor that is not confirmed open.
package struct PhaseSwitching: Hashable, Sendable {
  /// What the auxiliary contacts show; nil until they were first read, and while the driver is silent.
  package private(set) var feedback: ConnectedPhases?
  /// What the switch was last told; nil before the first command, after service and after a silence.
  package private(set) var commanded: ConnectedPhases?
  package private(set) var wanted = ConnectedPhases.three
  /// It did not arrive, or moved by itself; service ends it.
  package private(set) var hasFailed = false

  private var untakenCommand: ConnectedPhases?
  /// Since when every contactor of the EVSE is confirmed open and no pilot of it offers anything.
  private var quietSince: MonotonicInstant?
  private var movingSince: MonotonicInstant?
  private var restingSince: MonotonicInstant?
  private var driverIsSilent = false
  private var isOverdue = false
  private var listeningSince: MonotonicInstant

  package init(at now: MonotonicInstant) { listeningSince = now }

  package var isAlive: Bool { !driverIsSilent && !isOverdue }

  /// Something is still to be done before current may be offered.
  package var isSwitching: Bool { commanded != wanted || movingSince != nil || restingSince != nil }

  package var faults: FaultSet {
    var found = FaultSet()
    if hasFailed { found.insert(FaultSet(.phaseSwitchFailure)) }
    if !isAlive { found.insert(FaultSet(.phaseSwitchDriverSilent)) }
    return found
  }

  package mutating func take(_ new: PhaseSwitchFeedback) {
    guard !driverIsSilent else { return }
    feedback = new.phases
    isOverdue = false
  }

  package mutating func setAlive(_ alive: Bool, at now: MonotonicInstant) {
    guard alive == driverIsSilent else { return }
    driverIsSilent = !alive
    isOverdue = false
    listeningSince = now
    feedback = nil
    // Nobody knows where it is now, nor what has moved it, as a dead-man does: it is told anew, with all that goes before.
    if !alive {
      commanded = nil
      untakenCommand = nil
      movingSince = nil
    }
  }

  /// One phase for a limit of one or two, three for none or three: no switch connects two.
  package mutating func want(phases: UInt8) { wanted = phases >= 3 ? .three : .one }

  package mutating func clearFaults() {
    hasFailed = false
    // What it is told next goes through the whole sequence again.
    commanded = nil
    movingSince = nil
  }

  /// - Parameter isQuiet: every contactor of the EVSE is confirmed open, and no pilot of it offers anything.
  package mutating func evaluate(isQuiet: Bool, at now: MonotonicInstant, timing: TimingTable) {
    if !isQuiet { quietSince = nil } else if quietSince == nil { quietSince = now }
    guard !driverIsSilent else { return }
    guard let feedback else {
      if now >= listeningSince + timing.phaseSwitchSilence { isOverdue = true }
      return
    }
    compare(feedback, at: now, timing: timing)
    if let restingSince, now >= restingSince + timing.phaseSwitchRest { self.restingSince = nil }
    move(feedback, at: now, timing: timing)
  }

  private mutating func compare(_ feedback: ConnectedPhases, at now: MonotonicInstant, timing: TimingTable) {
    guard let commanded else { return }
    if let movingSince {
      // Within its travel the contacts may bounce.
      guard now >= movingSince + timing.phaseSwitchTravel else { return }
      self.movingSince = nil
      if feedback == commanded { restingSince = now }
    }
    if feedback != commanded { hasFailed = true }
  }

  private mutating func move(_ feedback: ConnectedPhases, at now: MonotonicInstant, timing: TimingTable) {
    guard !hasFailed, movingSince == nil, restingSince == nil, commanded != wanted, let quietSince else { return }
    // Where it is there already, as after a start, nothing has to come to rest before it is told so.
    guard feedback == wanted || now >= quietSince + timing.phaseSwitchRest else { return }
    commanded = wanted
    untakenCommand = wanted
    movingSince = now
  }

  /// What the switch is to be told now, once.
  package mutating func takeCommand() -> ConnectedPhases? {
    defer { untakenCommand = nil }
    return untakenCommand
  }

  package func deadlines(_ soonest: inout Deadline, timing: TimingTable) {
    guard !driverIsSilent else { return }
    if feedback == nil { soonest.add(listeningSince + timing.phaseSwitchSilence) }
    if let movingSince { soonest.add(movingSince + timing.phaseSwitchTravel) }
    if let restingSince { soonest.add(restingSince + timing.phaseSwitchRest) }
    if let quietSince, commanded != wanted { soonest.add(quietSince + timing.phaseSwitchRest) }
  }

  /// Forgets what no later decision reads, so that what behaves alike is equal; for exhaustive exploration.
  package mutating func forgetPast(at now: MonotonicInstant, timing: TimingTable) {
    if feedback != nil || !isAlive { listeningSince = .longAgo }
    quietSince.forget(after: timing.phaseSwitchRest, at: now)
  }

  package mutating func visitInstants(_ visit: (inout MonotonicInstant) -> Void) {
    visit(&listeningSince)
    quietSince.visitInstant(visit)
    movingSince.visitInstant(visit)
    restingSince.visitInstant(visit)
  }
}
