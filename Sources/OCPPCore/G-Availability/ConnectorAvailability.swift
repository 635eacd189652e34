import ChargerBase
import OCPPTypes

/// What is known of one connector, and the status that follows from it.
struct ConnectorAvailability {
  let id: ConnectorID
  var isPlugged = false
  /// The hardware says that it can be used.
  var isUsable = true
  /// Codes of the faults of this connector; bounded by `AvailabilityBlock.maximumFaults`.
  var faults: [String] = []
  /// As the CSMS set it (G03).
  var isOperative = true

  private(set) var status = ConnectorStatus.available
  private(set) var changedAt: EventTime?
  /// The CSMS has not been told of the last change.
  var needsReport = false
  /// A report is queued or on its way.
  var isReporting = false
  var failedReports: Int32 = 0
  var retryAt = MonotonicInstant.distantFuture
  /// As the delegate was told last.
  var toldOperative: Bool?

  init(id: ConnectorID) { self.id = id }

  /// Faulted, then Unavailable, then Occupied, then Available (G01; contract, member 14).
  func derivedStatus(isFaultedAbove: Bool, isOperativeAbove: Bool) -> ConnectorStatus {
    if isFaultedAbove || !faults.isEmpty { return .faulted }
    if !isOperativeAbove || !isOperative || !isUsable { return .unavailable }
    return isPlugged ? .occupied : .available
  }

  /// True when the status changed.
  mutating func update(_ status: ConnectorStatus, at time: EventTime) -> Bool {
    guard status != self.status else { return false }
    self.status = status
    changedAt = time
    needsReport = true
    failedReports = 0
    retryAt = .distantFuture
    return true
  }
}

/// Whom a ChangeAvailability is about.
enum AvailabilityScope: Equatable {
  case station
  case evse(EVSEID)
  case connector(ConnectorID)

  var documentKey: String {
    switch self {
    case .station: "station"
    case .evse(let evse): "evse \(evse.number)"
    case .connector(let connector): "connector \(connector.evse.number).\(connector.number)"
    }
  }
}
