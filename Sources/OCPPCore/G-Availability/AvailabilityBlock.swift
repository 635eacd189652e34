import ChargerBase
import OCPPPorts
import OCPPTypes
import OrderedCollections

/// G01 StatusNotification, G03 and G04 ChangeAvailability, and B04's reports after an offline time.
final class AvailabilityBlock: TimedBlock {
  /// Different faults that a connector, an EVSE or the station can have at once.
  static let maximumFaults = 32
  /// A report without an answer is tried this often, at this interval.
  private static let reportAttempts: Int32 = 3
  private static let reportRetryInterval = Duration.seconds(30)

  unowned let engine: ChargePoint
  private(set) var connectors: [ConnectorAvailability] { didSet { reportsDueAt = nil } }
  /// When the first report is due; nil once any connector may have changed.
  private var reportsDueAt: MonotonicInstant?
  private var evseFaults: OrderedDictionary<EVSEID, [String]> = [:]
  private var stationFaults: [String] = []
  var isStationOperative = true
  var evseOperative: OrderedDictionary<EVSEID, Bool> = [:]
  /// Changes to Inoperative that wait for transactions to end (G03.FR.05); at most one for each scope.
  var scheduled: [AvailabilityScope] = []
  var beingStored = OrdersBeingStored<AvailabilityScope>()
  /// Being reset: nothing begins there, whatever the CSMS has set. At most one for each scope.
  private var resetting: [ResetScope] = []
  private var needsUpdate = true
  private var toldEVSEOperative: OrderedDictionary<EVSEID, Bool> = [:]
  private var toldStationOperative: Bool?

  init(_ engine: ChargePoint) {
    self.engine = engine
    connectors = engine.configuration.connectors.map { ConnectorAvailability(id: $0) }
    for evse in engine.configuration.evses { evseOperative[EVSEID(evse.id)] = true }
  }

  var incomingActions: [OCPPAction] { [.changeAvailability] }

  func start(documents: [StoreSnapshot.Document]) {
    for document in documents where document.kind == .availability { restore(document) }
    needsUpdate = true
  }

  // MARK: Facts

  func handle(_ fact: StationFact) {
    switch fact {
    case .connected(let id, let isPlugged, _): withConnector(id) { $0.isPlugged = isPlugged }
    case .usable(let id, let isUsable, _): withConnector(id) { $0.isUsable = isUsable }
    case .lock(let id, let isLocked, _): withConnector(id) { $0.isLocked = isLocked }
    case .fault(let place, let fault, let isActive, _):
      if fault.hindersCharging { setFault(fault.code, isActive, at: place) }
    default: break
    }
  }

  /// Members 24 and 25.
  func setReserved(_ isReserved: Bool, _ id: ConnectorID) { withConnector(id) { $0.isReserved = isReserved } }

  /// What keeps a place from being idle although nobody charges: a plug that is held, or a reservation (errata 2.14).
  func isHeld(_ scope: ResetScope) -> Bool {
    connectors.contains { scope.covers($0.id.evse) && ($0.isReserved || $0.isPlugged && $0.isLocked) }
  }

  func setResetting(_ isResetting: Bool, _ scope: ResetScope) {
    resetting.removeAll { $0 == scope }
    if isResetting { resetting.append(scope) }
    needsUpdate = true
  }

  private func withConnector(_ id: ConnectorID, _ body: (inout ConnectorAvailability) -> Void) {
    guard let index = connectors.firstIndex(where: { $0.id == id }) else {
      return engine.note(EngineEvent(.status, "a fact about \(id), which this station does not have"))
    }
    body(&connectors[index])
    needsUpdate = true
  }

  private func setFault(_ code: String, _ isActive: Bool, at place: ConnectorID?) {
    guard let place else { return Self.set(code, isActive, in: &stationFaults, &needsUpdate) }
    if place.number == 0 {
      guard evseOperative[place.evse] != nil else { return }
      Self.set(code, isActive, in: &evseFaults[place.evse, default: []], &needsUpdate)
    } else {
      withConnector(place) { connector in
        var ignored = false
        Self.set(code, isActive, in: &connector.faults, &ignored)
      }
    }
  }

  private static func set(_ code: String, _ isActive: Bool, in faults: inout [String], _ changed: inout Bool) {
    faults.removeAll { $0 == code }
    if isActive, faults.count < maximumFaults { faults.append(code) }
    changed = true
  }

  // MARK: Status

  func operativeChanged() { needsUpdate = true }

  func isOperative(_ evse: EVSEID) -> Bool { isStationOperative && evseOperative[evse] ?? true }

  func status(of connector: ConnectorID) -> ConnectorStatus? { connectors.first { $0.id == connector }?.status }

  /// Called at the end of every turn: runs what was scheduled, derives the statuses and reports what changed.
  func settle() {
    if !scheduled.isEmpty {
      runScheduledChanges()
      needsUpdate = true
    }
    guard needsUpdate || connectors.contains(where: \.isReserved) else { return }
    needsUpdate = false
    let minimumDuration = engine.deviceModel.seconds(.minimumStatusDuration)
    for index in connectors.indices {
      let id = connectors[index].id
      let isFaultedAbove = !stationFaults.isEmpty || !(evseFaults[id.evse] ?? []).isEmpty
      var status = connectors[index].derivedStatus(
        isFaultedAbove: isFaultedAbove, isOperativeAbove: isOperative(id.evse) && !isDueOnceIdle(id),
        hasTransaction: hasTransaction(in: .connector(id)))
      // G01.FR.05: what is scheduled to become Unavailable does not become Available on the way.
      if status == .available, connectors[index].status != .available, isScheduled(id) { status = .unavailable }
      if connectors[index].update(status, at: engine.eventTime, minimumDuration: minimumDuration) {
        engine.deviceModel.setAvailability(status, of: id)
        engine.note(EngineEvent(.status, "\(id): \(status.rawName)"))
      }
      tellOperative(index)
    }
    tellOperativeAbove()
    updateModel()
    reportChanges()
  }

  private func isScheduled(_ connector: ConnectorID) -> Bool { scheduled.contains { $0.covers(connector) } }

  /// A change that waits for a transaction elsewhere holds at once where there is none (TC_G_14_CS).
  private func isDueOnceIdle(_ connector: ConnectorID) -> Bool {
    isScheduled(connector) && !hasTransaction(in: .connector(connector))
  }

  private func tellOperative(_ index: Int) {
    let connector = connectors[index]
    let isOperative =
      connector.isOperative && self.isOperative(connector.id.evse) && !isDueOnceIdle(connector.id)
      && !resetting.contains { $0.covers(connector.id.evse) }
    guard connector.toldOperative != isOperative else { return }
    connectors[index].toldOperative = isOperative
    engine.delegate?.chargePoint(engine, setOperative: isOperative, connector.id)
    engine.sessions?.operativeChanged(connector.id, isOperative: isOperative)
  }

  private func tellOperativeAbove() {
    for evse in engine.configuration.evses {
      let id = EVSEID(evse.id)
      let isOperative = isOperative(id)
      guard toldEVSEOperative[id] != isOperative else { continue }
      toldEVSEOperative[id] = isOperative
      engine.delegate?.chargePoint(engine, operativeChanged: isOperative, evse: id)
    }
    guard toldStationOperative != isStationOperative else { return }
    toldStationOperative = isStationOperative
    engine.delegate?.chargePoint(engine, operativeChanged: isStationOperative)
  }

  private func updateModel() {
    var states: [ConnectorStatus] = []
    for evse in engine.configuration.evses {
      let parts = connectors.filter { $0.id.evse.number == evse.id }.map { $0.status }
      let state = Self.summary(parts)
      engine.deviceModel.set(.availabilityState, of: EVSEID(evse.id), state.rawName)
      engine.deviceModel.set(.problem, of: EVSEID(evse.id), parts.contains(.faulted) ? "true" : "false")
      states.append(state)
    }
    engine.deviceModel.set(.stationProblem, connectors.contains { $0.status == .faulted } ? "true" : "false")
    engine.deviceModel.set(.stationAvailabilityState, Self.summary(states, anyFree: true).rawName)
  }

  /// An EVSE is occupied when one of its connectors is; a station is available while one of its EVSEs is.
  private static func summary(_ parts: [ConnectorStatus], anyFree: Bool = false) -> ConnectorStatus {
    let order: [ConnectorStatus] =
      anyFree ? [.available, .occupied, .reserved, .unavailable] : [.occupied, .available, .reserved, .unavailable]
    return order.first { parts.contains($0) } ?? parts.first ?? .available
  }

  // MARK: Reports

  /// B01.FR.05 at the first time, B04.FR.01 and .02 after an offline time.
  func wentOnline(offlineFor: Duration?) {
    let reportsAll = offlineFor.map { $0 > engine.deviceModel.seconds(.offlineThreshold) } ?? true
    for index in connectors.indices {
      if reportsAll { connectors[index].owesReport = true }
      connectors[index].isReporting = false
      connectors[index].failedReports = 0
      connectors[index].retryAt = .distantFuture
    }
    reportChanges()
  }

  /// TriggerMessage(StatusNotification): one connector, whether it changed or not, and while Pending too. One that waits
  /// in the queue anyway will say the same (F06.FR.10).
  func triggerReport(_ connector: ConnectorID) {
    guard let index = connectors.firstIndex(where: { $0.id == connector }) else { return }
    sendReport(index, isTriggered: true)
  }

  private func reportChanges() {
    guard engine.isOnline else { return }
    for index in connectors.indices where connectors[index].reportDueAt <= engine.now { sendReport(index) }
  }

  private func sendReport(_ index: Int, isTriggered: Bool = false) {
    if !isTriggered {
      connectors[index].isReporting = true
      connectors[index].retryAt = .distantFuture
    }
    let id = connectors[index].id
    engine.enqueue(
      DirectCall(
        action: .statusNotification, deadline: .distantFuture, isAllowedWhilePending: isTriggered,
        payload: { [weak self] writer, version in
          // What is true when it is sent, not when it was queued.
          guard let self else { return }
          connectors[index].told()
          let connector = connectors[index]
          let time = connector.changedAt.flatMap { self.engine.wallTime(of: $0) }
          StatusNotificationRequest(
            timestamp: time ?? engine.wall(at: engine.now) ?? WallTime(millisecondsSinceEpoch: 0),
            connectorStatus: connector.status, evseId: id.evse.number, connectorId: id.number
          ).encode(into: &writer, version: version)
        },
        answer: { [weak self] answer in self?.reported(index, answer, isTriggered: isTriggered) }))
  }

  private func reported(_ index: Int, _ answer: CallAnswer, isTriggered: Bool) {
    if !isTriggered { connectors[index].isReporting = false }
    switch answer {
    case .result, .error: break
    case .offline:
      connectors[index].owesReport = true
      // Online nevertheless: too many calls wait. Not at once, which would go round for ever.
      if engine.isOnline { connectors[index].retryAt = engine.now + Self.reportRetryInterval }
    case .timeout:
      let failures = connectors[index].failedReports.addingSaturating(1)
      connectors[index].failedReports = failures
      guard failures < Self.reportAttempts else { return }
      connectors[index].owesReport = true
      connectors[index].retryAt = engine.now + Self.reportRetryInterval
    }
    reportChanges()
  }

  /// Without a link nothing is due: coming online reports what is still owed.
  var nextDeadline: MonotonicInstant {
    guard engine.isOnline else { return .distantFuture }
    // Asked at every turn.
    if let reportsDueAt { return reportsDueAt }
    var deadline = MonotonicInstant.distantFuture
    for connector in connectors { deadline = min(deadline, connector.reportDueAt) }
    reportsDueAt = deadline
    return deadline
  }

  func advance(to now: MonotonicInstant) { reportChanges() }

  // MARK: Settings

  func setOperative(_ isOperative: Bool, _ scope: AvailabilityScope) {
    switch scope {
    case .station: isStationOperative = isOperative
    case .evse(let evse): evseOperative[evse] = isOperative
    case .connector(let id): withConnector(id) { $0.isOperative = isOperative }
    }
    needsUpdate = true
  }

  /// As the CSMS has set it.
  func isOperative(_ scope: AvailabilityScope) -> Bool {
    switch scope {
    case .station: isStationOperative
    case .evse(let evse): evseOperative[evse] ?? true
    case .connector(let id): connectors.first { $0.id == id }?.isOperative ?? true
    }
  }
}
