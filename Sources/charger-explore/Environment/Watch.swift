import ChargerBase
import EVSEControl
import HAL

/// What the explorer itself knows: what it has told the control and what the control has commanded, with clocks of its
/// own. The rules are judged by this alone; nothing here is read from the control's state.
struct Watch: Hashable, Sendable {
  var connectors = Pair(ConnectorWatch())
  var evses = Pair(EVSEWatch())
  /// Safety inputs that are active, and those that are silent, one bit each.
  var activeInputs: UInt8 = 0
  var silentInputs: UInt8 = 0
  /// Those that were read since they last began to speak.
  var readInputs: UInt8 = 0
  /// Posts that were tilted, until service has come.
  var tilted = false
  var isShuttingDown = false
}

struct ConnectorWatch: Hashable, Sendable {
  // What was told.
  var reading = PilotReading.none
  var pilotIsSilent = false
  /// The state that has been read for the filter's time, and the one that would follow it, with its ticks.
  var state = PilotState.unknown
  var pending = PilotState.unknown
  var pendingFor: UInt8 = 0
  /// The newest measurement was taken under the present offer, so that it shows the low part.
  var lowIsSeen = false
  /// Ticks for which the state that counts has not been seen, however the reading bounced.
  var unseenFor: UInt8?
  /// It went from A to C or D at once.
  var isSimplified = false
  /// The low part was wrong under an offer for so many ticks; nil when it is right.
  var lowIsWrongFor: UInt8?
  /// A vehicle was seen, and not seen to leave.
  var isConnected = false
  var feedback: ContactorPosition?
  var contactorIsSilent = false
  var lock: LockPosition?
  var lockIsSilent = false
  var cable = CableReading.none
  /// The cable that has been read for the filter's time, and how long another one was.
  var cableInForce = CableReading.none
  var cableFor: UInt8 = 0
  var cableIsSilent = false

  // What was commanded.
  var output = PilotOutput.steadyPositive
  /// Ticks since the output was last switched between steady, duty cycle and −12 V.
  var outputFor: UInt8 = 0
  var commanded = ContactorPosition.open
  var commandedFor: UInt8 = 0
  /// Ticks since it was commanded open from closed; at its end when that is long ago.
  var openFor: UInt8 = 15
  /// The offer has been off for so many ticks while the contactor was closed.
  var withdrawnFor: UInt8?
  /// The auxiliary contact has shown closed for so many ticks against the command.
  var closedAgainstCommandFor: UInt8?
  var lockCommanded: LockPosition?
  /// Commands to unlock that have no answer yet.
  var unlocksWaiting: UInt8 = 0
  /// A plug that was locked was told to stay so, and nobody has asked for it since.
  var isKeptLocked = false

  // What is in force.
  var permit = PermitWatch.none
  /// Ticks until the lease is over; the end of the range for one that lasts.
  var leaseLeft = UInt8.max
  var hasRevoked = false
  var hasBudget = false
  /// What a budget would allow has flowed under the present number.
  var hasUsedBudget = false
  var isOperative = true
  var isPaused = false
  /// Ticks until a commanded start gate opens.
  var gateLeft: UInt8?
  /// Something that only service may clear.
  var needsService = false
  /// Something that the same vehicle may not go on after.
  var needsUnplugging = false

  enum PermitWatch: UInt8, Hashable, Sendable {
    case none, valid
    /// Expired under a closed contactor, and the policy lets it go on.
    case finishing
    case expired, used
    /// The vehicle that used it has gone.
    case left
  }

  var isPermitted: Bool { permit == .valid || permit == .finishing }
}

struct EVSEWatch: Hashable, Sendable {
  var meter = MeterKind.none
  /// Ticks since the newest reading.
  var meterAge: UInt8 = 0
  var meterIsSilent = false
  /// The register has grown since it was first read; nil before that.
  var registerIsHigh: Bool?
  /// More current than is offered has been read for so many ticks while the contactor was closed.
  var overFor: UInt8?
  /// A voltage out of its band has been read for so many ticks.
  var voltageIsWrongFor: UInt8?
  /// The external limit in amperes, and the ticks until it lapses.
  var limit: Int64?
  var limitLeft: UInt8?
  var residualCurrent = ResidualCurrentWatch()
  var phases: ConnectedPhases?
  var phasesAreSilent = false
  var phasesCommanded: ConnectedPhases?
  /// Ticks since the phase switch was told to move.
  var phasesMovedFor: UInt8 = 15
  var wantsOnePhase = false
  var heat = Heat.none
  var heatAge: UInt8 = 0
  var heatIsSilent = false
}

struct ResidualCurrentWatch: Hashable, Sendable {
  var isTripped: Bool?
  var isSilent = false
  /// The test current flows.
  var isTesting = false
  var hasTrippedInTest = false
  /// The test is over, and what it has left may still be read.
  var isRecovering = false
  /// Tripped under the last test current and free after it, for the vehicle that is there.
  var isTested = false
  /// A trip without a test, until service.
  var isLatched = false
}
