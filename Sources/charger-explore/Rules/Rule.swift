/// The rules of safety (DESIGN §5) in the explorer's own words.
enum Rule: String, CaseIterable, Sendable {
  case closedWithoutRequest =
    "The contactor is closed only while the vehicle asks for energy: state C, or D with ventilation"
  case closedWithoutPermit = "Energy flows only under a permit that holds"
  case closedWithoutOffer =
    "A contactor closes only under an offer, and opens within the time of sequence 10.2 after it is gone"
  case closedOntoUnexpected = "A contactor closes only from a confirmed open position, and never onto an unexpected one"
  case closedInRest = "A contactor rests before it closes again"
  case closedInFault = "No energy flows while a fault stands, and a latched one stands until service"
  case closedWithSilentDriver = "No energy flows while a driver on its path is silent"
  case closedWithoutDiode = "No energy flows to a vehicle without a diode in its pilot"
  case closedWithoutLock = "No energy flows unless the plug is confirmed locked"
  case closedUntested = "No energy flows unless the residual current detection is healthy and tested for this session"
  case closedWithOther = "One connector of an EVSE at a time"
  case closedBeforeGate = "No energy before a start gate opens"
  case closedWithoutCable = "No energy through a cable whose rating is unknown"
  case closedInHeat = "No energy flows in too much heat, or while a temperature is not known"
  case closedOverCurrent = "A vehicle that draws too much, and a voltage out of its band, are cut off in time"
  case testedUnderLoad = "The residual current detection is tested only while the contactor is confirmed open"
  case unlockAnswered = "A command to unlock has one answer, and it is true"
  case closedInPhaseSwitch = "No energy while the phases are switched"
  case offeredWithoutPermit = "Nothing is offered without a permit"
  case offeredOutOfService = "Nothing is offered out of service, while paused or in a fault"
  case offeredOverLimit = "The offer is never over the smallest limit"
  case offeredUnderMinimum = "The offer is never under 6 A"
  case unlockedUnderVoltage = "A plug is unlocked only while the contactor is confirmed open"
  case keptPlugReleased = "A plug that is to stay locked is let go only when it is asked for, or in state F"
  case phasesMovedUnderOffer =
    "The phase switch moves only while the contactor is confirmed open and nothing is offered"
  case supplyExceeded = "The offers of all EVSEs fit into their supply"
  case deadlineMissed = "The control asks to be called whenever it has something to do"
  case unexplained = "Every state without energy has a reason, and energy has none"
  case snapshotWrong = "The snapshot is what was told and commanded"
  case stuck = "Where the world does everything right, energy flows"

  /// The name by which the command line knows it.
  var name: String { "\(self)" }
}

/// A rule that does not hold, and how.
struct Violation: Sendable {
  var rule: Rule
  var detail: String

  init(_ rule: Rule, _ detail: String) {
    self.rule = rule
    self.detail = detail
  }
}
