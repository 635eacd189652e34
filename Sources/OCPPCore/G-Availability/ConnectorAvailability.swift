import ChargerBase
import OCPPTypes

/// What is known of one connector, the status that follows from it, and what the CSMS knows of that.
struct ConnectorAvailability {
  let id: ConnectorID
  var isPlugged = false
  /// A lock holds a plug.
  var isLocked = false
  /// The hardware says that it can be used.
  var isUsable = true
  /// Kept for somebody who has not come yet.
  var isReserved = false
  /// Codes of the faults of this connector; bounded by `AvailabilityBlock.maximumFaults`.
  var faults: [String] = []
  /// As the CSMS set it (G03).
  var isOperative = true

  private(set) var status = ConnectorStatus.available
  private(set) var changedAt: EventTime?
  /// The status that the CSMS was told last.
  private(set) var toldStatus: ConnectorStatus?
  /// From when on the present status counts as stable (MinimumStatusDuration).
  private(set) var stableAt = MonotonicInstant.zero
  /// To be told although it is what the CSMS was told last: after an offline time, or when that may not have arrived.
  var owesReport = false
  /// A report is queued or on its way.
  var isReporting = false
  var failedReports: Int32 = 0
  var retryAt = MonotonicInstant.distantFuture
  /// As the delegate was told last.
  var toldOperative: Bool?

  init(id: ConnectorID) { self.id = id }

  /// Faulted, Unavailable, Occupied, Reserved, Available in this order (contract, member 14); but a reserved connector
  /// stays Reserved for as long as nobody charges there, whatever is plugged in (G01.FR.09, G03.FR.09).
  func derivedStatus(isFaultedAbove: Bool, isOperativeAbove: Bool, hasTransaction: Bool) -> ConnectorStatus {
    if isFaultedAbove || !faults.isEmpty { return .faulted }
    if !isOperativeAbove || !isOperative || !isUsable { return .unavailable }
    if isReserved, !isPlugged || !hasTransaction { return .reserved }
    return isPlugged ? .occupied : .available
  }

  /// True when the status changed.
  mutating func update(_ status: ConnectorStatus, at time: EventTime, minimumDuration: Duration) -> Bool {
    guard status != self.status else { return false }
    // What was stable, and has not been told, is owed although it may be as it was before.
    if self.status != toldStatus, stableAt <= time.instant { owesReport = true }
    self.status = status
    changedAt = time
    stableAt = time.instant + minimumDuration
    failedReports = 0
    retryAt = .distantFuture
    return true
  }

  /// When the CSMS is to be told; `.distantFuture` when it knows.
  var reportDueAt: MonotonicInstant {
    guard !isReporting, owesReport || status != toldStatus else { return .distantFuture }
    return retryAt == .distantFuture ? stableAt : max(stableAt, retryAt)
  }

  mutating func told() {
    toldStatus = status
    owesReport = false
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

  func covers(_ connector: ConnectorID) -> Bool {
    switch self {
    case .station: true
    case .evse(let evse): connector.evse == evse
    case .connector(let one): one == connector
    }
  }
}
