import ChargerBase
import OCPPTypes

/// One EVSE's session: from facts and decisions to transaction events and the wish for energy. A value without clock,
/// store or link; the session controller carries out what it returns.
///
/// A transaction begins when a listed start point comes to hold, and ends when a listed stop point ceases to (E01, E06).
/// Energy may flow while a vehicle is connected and a driver authorized, within a transaction or, where EnergyTransfer
/// starts it, just before.
package struct EVSESessionStateMachine: Sendable {
  /// Faults that are remembered at one EVSE; beyond them the newest is not listed, which lifts no block.
  package static let maximumFaults = 16
  /// A reading older than this is not published as a new one.
  package static let staleAfter: Duration = .seconds(15)
  /// How long the contactor may take to open before the transaction is ended regardless.
  package static let openingGrace: Duration = .seconds(10)
  /// How long the last reading may take after the contactor has opened.
  package static let readingGrace: Duration = .seconds(2)

  package enum Effect: Sendable, Equatable {
    /// Append the event in one commit with the document; nil removes the document.
    case report(TransactionEventRecord, document: [UInt8]?)
    /// Store the document alone.
    case store([UInt8])
    /// Store it, as something that a power cut may take.
    case remember([UInt8])
    /// Store a reading for the Ended event in a document of its own, if there is one, and remove those that made room.
    case keepReading(number: Int32, document: [UInt8]?, dropped: [Int32])
    /// Ask the meter for a signed reading.
    case sign(number: UInt32, SignedReadingMoment, identification: String, signedBegin: String?)
    /// Tell the operator that the meter's register cannot follow what it was; nil: it does again.
    case meterProblem(String?)
    case note(String)

    /// Something waits for its being durable.
    var isStoredEvent: Bool {
      switch self {
      case .report, .store: true
      case .remember, .keepReading, .sign, .meterProblem, .note: false
      }
    }
  }

  /// The instant of the event, what is configured, and whether something new may begin.
  package struct Context {
    package var time: EventTime
    package var settings: SessionSettings
    package var mayBegin: Bool
    package var makeTransactionID: () -> String

    package init(
      time: EventTime, settings: SessionSettings, mayBegin: Bool, makeTransactionID: @escaping () -> String
    ) {
      self.time = time
      self.settings = settings
      self.mayBegin = mayBegin
      self.makeTransactionID = makeTransactionID
    }

    var now: MonotonicInstant { time.instant }
  }

  /// The wish for energy: granted once everything that led to it is durable.
  package struct Permission: Sendable, Equatable {
    package var connector: ConnectorID
    package var reason: EnergyGrant.Reason
    package var energyBudget: Decimal?
    /// Another epoch is another grant.
    package var epoch: UInt32
  }

  package let evse: EVSEID
  package let connectors: [ConnectorID]
  private let fixedCables: [ConnectorID]
  private let locks: [ConnectorID]
  /// The most that the EVSE delivers.
  let maximumPowerW: Int32
  let meterSigns: Bool

  /// The connector that a vehicle is at, and since when.
  package var connector: ConnectorID?
  package var connectedSince: MonotonicInstant?
  /// Vehicles at the EVSE's other connectors, in the order of their arrival; at most one a connector.
  package var waitingConnectors: [ConnectorID] = []
  package var isBayOccupied = false
  /// By the facts, and only while a vehicle is connected.
  package var physicalState: ChargingState = .idle
  package var isPathClosed = false
  /// The contactor is on its way to close.
  package var isPathClosing = false
  package var pathOpenedAt: MonotonicInstant?
  package var authorization: SessionAuthorization?
  package var authorizedSince: MonotonicInstant?
  /// A driver who came while the former transaction still awaits its last reading.
  package var nextAuthorization: SessionAuthorization?
  /// Until when an authorized driver must have plugged in.
  package private(set) var connectionDeadline: MonotonicInstant?
  /// The same in the form that is stored; of no meaning without it.
  private(set) var connectionExpiry: EventTime?
  /// Until when an authorization that has no transaction yet survives a restart (C01.FR.26).
  var authorizationExpiry: EventTime?
  package var transaction: OpenTransaction?
  package var endDeadline: MonotonicInstant?
  package var latestSample: MeterSample?
  package var lastPublishedSampleAt: MonotonicInstant?
  package var strangeReadings = StrangeReadings()
  /// What is asked of a meter that signs.
  package var signing = Signing()
  var lastSigningNumber: UInt32 = 0
  var phases = Phases()
  /// The Started event, while it waits for its signed reading.
  var heldStart: SessionCause?
  /// Listed start points that came to hold while nothing could begin here, and what the first of them came by: they
  /// start the transaction as soon as it can begin (E01.FR.01–.03).
  var missedStart: TransactionPoints = []
  var missedCause: SessionCause?
  /// EnergyTransfer starts transactions, and one can begin: energy may flow just before it.
  var mayFlowBeforeStart = false
  /// A stop that was asked for before the stored transaction has gone on.
  var deferredStop: SessionCause?
  /// Effects that go before those of the transition that has caused them; the controller takes them from here.
  package var prelude: [Effect] = []
  /// Transactions whose Ended event was made; the controller takes them from here for the history.
  package var finished: [SessionHistoryEntry] = []
  package var nextUpdate: MonotonicInstant?
  package var nextEndedSample: MonotonicInstant?
  package var resumption: Resumption?
  package var proof: Proof?
  /// The meter is another than the transaction's: its readings are not used until the transaction has ended.
  var isMeterForeign = false
  /// That has ended a transaction since the program started, and none has begun since.
  var hasMeterEndedIt = false
  /// When a transaction without events is stored again.
  var nextAliveMark: MonotonicInstant?
  /// The program is about to end: energy ends by that, and not by a stop point.
  package var isParked = false
  /// At most one a connector.
  var cableRatings: [CableRating] = []
  package var isResumed = false
  /// Energy has not flowed yet since the transaction was resumed.
  package var isAwaitingResumedEnergy = false
  /// A transaction has ended here and its vehicle is still connected.
  package var hasFinished = false
  /// Where that was before the program started.
  var restoredFinish: ConnectorID?
  package var faults: [StationFault] = []
  /// At most as many as the EVSE has connectors.
  package var inoperative: [ConnectorID] = []
  package var unusable: [ConnectorID] = []
  /// A cable that its owner may take now; the controller takes it from here.
  package var cableToUnlock: ConnectorID?
  /// A cable of a session that is over, and whose owner has yet to come.
  package var heldCable: HeldCable?
  /// Whoever the transaction belongs to, or the CSMS for him, has stopped it.
  var isStoppedByOwner = false
  /// Locks that show themselves open.
  var openLocks: [ConnectorID] = []
  package var permissionEpoch: UInt32 = 0
  package var budgetOfEpoch: Decimal?

  package init(
    evse: EVSEID, connectors: [ConnectorID], fixedCables: [ConnectorID] = [], locks: [ConnectorID] = [],
    maximumPowerW: Int32 = 22_080, meterSigns: Bool = false
  ) {
    self.evse = evse
    self.connectors = connectors
    self.fixedCables = fixedCables
    self.locks = locks
    self.maximumPowerW = maximumPowerW
    self.meterSigns = meterSigns
  }

  /// What holds now.
  package var conditions: TransactionPoints {
    var points: TransactionPoints = []
    if isBayOccupied { points.insert(.parkingBayOccupancy) }
    if connector != nil { points.insert(.evConnected) }
    if authorization != nil { points.insert(.authorized) }
    if connector != nil, authorization != nil { points.insert(.powerPathClosed) }
    if physicalState == .charging { points.insert(.energyTransfer) }
    return points
  }

  package var isIdle: Bool { transaction == nil && authorization == nil && connector == nil }

  /// Something new may begin here: no fault, and the connector (without a vehicle: one of them) is operative.
  package var isUsable: Bool {
    guard faults.isEmpty else { return false }
    let barred = inoperative + unusable
    guard let connector else { return connectors.contains { !barred.contains($0) } }
    return !barred.contains(connector)
  }

  package var permission: Permission? {
    guard let connector, let authorization, resumption == nil, heldStart == nil else { return nil }
    if let transaction {
      guard transaction.pendingEnd == nil, !transaction.isEnergyBarred else { return nil }
    } else if !mayFlowBeforeStart {
      return nil
    }
    let reason = isResumed ? EnergyGrant.Reason.resumedTransaction : authorization.reason
    return Permission(
      connector: connector, reason: reason, energyBudget: budgetOfEpoch, epoch: permissionEpoch)
  }

  /// The charging state in OCPP's terms: a station that withholds energy from a connected vehicle says so.
  package var chargingState: ChargingState {
    guard connector != nil else { return .idle }
    guard physicalState == .evConnected || physicalState == .idle else { return physicalState }
    if let transaction, transaction.isEnergyBarred || isAwaitingResumedEnergy { return .suspendedEVSE }
    return .evConnected
  }

  func hasFixedCable(_ connector: ConnectorID) -> Bool { fixedCables.contains(connector) }
  func hasLock(_ connector: ConnectorID) -> Bool { locks.contains(connector) }

  /// When `advance` must run next.
  package var nextDeadline: MonotonicInstant {
    var deadline = MonotonicInstant.distantFuture
    func consider(_ candidate: MonotonicInstant?) {
      if let candidate, candidate < deadline { deadline = candidate }
    }
    consider(connectionDeadline)
    consider(endDeadline)
    consider(nextUpdate)
    consider(nextEndedSample)
    consider(signingDeadline)
    consider(resumption?.vehicleDeadline)
    consider(resumption?.meterDeadline)
    consider(resumption?.clockDeadline)
    consider(nextAliveMark)
    consider(phases.deadline)
    return deadline
  }
}

// MARK: - Transitions of the whole

extension EVSESessionStateMachine {
  /// After a change: starts, ends or updates the transaction as the configured points have it.
  mutating func evaluate(
    _ old: TransactionPoints, _ cause: SessionCause, _ context: Context
  ) -> [Effect] {
    guard resumption == nil else { return [] }
    let new = conditions
    guard let transaction else { return begin(old, new, cause, context) }
    guard transaction.pendingEnd == nil else { return finishEndIfReady(context) }
    let stopPoints = context.settings.stopPoints.asStopPoints
    let hasLostPoint = !old.subtracting(new).intersection(stopPoints).isEmpty
    if hasLostPoint || isOrphaned(context.settings) { return beginEnd(cause, context) }
    if heldStart != nil, cause.isToldByStarted { return [] }
    return [report(.updated, cause, context)]
  }

  /// With neither vehicle nor driver nor bay no listed point could ever end the transaction: it ends now.
  func isOrphaned(_ settings: SessionSettings) -> Bool {
    connector == nil && authorization == nil
      && !(isBayOccupied && settings.stopPoints.contains(.parkingBayOccupancy))
  }

  /// No energy without a transaction: a driver who may charge starts one, whatever is listed, unless EnergyTransfer or
  /// DataSigned is about to.
  private func isOwed(_ settings: SessionSettings) -> Bool {
    conditions.contains(.powerPathClosed) && !settings.startPoints.contains(.energyTransfer)
      && !startsBySignedData(settings)
  }

  private mutating func begin(
    _ old: TransactionPoints, _ new: TransactionPoints, _ cause: SessionCause, _ context: Context
  ) -> [Effect] {
    let gained = new.subtracting(old).intersection(context.settings.startPoints)
    missedStart.formIntersection(new)
    guard context.mayBegin, isUsable else {
      missedStart.formUnion(gained)
      if missedCause == nil || missedStart == gained { missedCause = cause }
      return []
    }
    guard !gained.isEmpty || isOwed(context.settings) else { return [] }
    open(context)
    return start(cause, context)
  }

  /// A transaction begins; its Started event is yet to be made.
  mutating func open(_ context: Context) {
    var transaction = OpenTransaction(id: context.makeTransactionID(), at: context.time)
    transaction.startRegister = latestSample?.energyImport
    isMeterForeign = false
    hasMeterEndedIt = false
    transaction.lastRegister = transaction.startRegister
    self.transaction = transaction
    pathOpenedAt = nil
    hasFinished = false
    isStoppedByOwner = false
    heldCable = nil
    missedStart = []
    missedCause = nil
    scheduleSampling(context)
  }

  /// What could not begin in its moment, and can now: there was a fault, or nothing could be stored.
  mutating func beginMissed(_ context: Context) -> [Effect] {
    guard transaction == nil, resumption == nil, context.mayBegin, isUsable else { return [] }
    missedStart.formIntersection(conditions)
    guard !missedStart.isEmpty || isOwed(context.settings) else { return [] }
    let cause = missedStart.isEmpty ? nil : missedCause
    return evaluate(conditions.subtracting(missedStart), cause ?? SessionCause(.authorized), context)
  }

  /// The transaction is over: energy ends now, and the Ended event follows once the last reading is true.
  mutating func beginEnd(_ cause: SessionCause, _ context: Context) -> [Effect] {
    let started = startNow(context)
    prelude += started
    guard var ending = transaction else { return [] }
    ending.pendingEnd = cause
    if ending.stopReason == nil { ending.stopReason = cause.stopReason }
    transaction = ending
    endConnectionWait()
    endDeadline = context.now + (mayFlow ? Self.openingGrace : Self.readingGrace)
    let effects = finishEndIfReady(context)
    // Unless it has ended already: what has stopped it is known after a restart too.
    guard let document = storedDocument() else { return effects }
    return effects + [.store(document)]
  }

  /// Ended, when the contactor is open and a reading shows all the energy, or when it has been waited for long enough.
  mutating func finishEndIfReady(_ context: Context) -> [Effect] {
    guard let cause = transaction?.pendingEnd, resumption == nil else { return [] }
    let isOverdue = endDeadline.map { $0 <= context.now } ?? true
    guard isOverdue || !mayFlow && hasReadingAfterOpening else { return [] }
    let (effects, waits) = awaitSignedEnd(context)
    return waits ? effects : effects + [endNow(cause, context)]
  }

  /// Energy flows, or may in a moment.
  private var mayFlow: Bool { isPathClosed || isPathClosing }

  private var hasReadingAfterOpening: Bool {
    guard let pathOpenedAt, !isMeterForeign else { return true }
    guard let latestSample, latestSample.takenAt >= pathOpenedAt else { return false }
    return latestSample.energyImport != nil || transaction?.lastRegister == nil
  }

  mutating func endNow(_ cause: SessionCause, _ context: Context) -> Effect {
    // The contactor is open: whatever the vehicle was told last, no energy flows.
    if connector != nil, !isPathClosed, physicalState == .charging { physicalState = .evConnected }
    let effect = report(.ended, cause, context)
    if let stopReason = transaction?.stopReason ?? transaction.map({ _ in cause.stopReason }) {
      releaseCable(after: stopReason, context)
    }
    transaction = nil
    authorization = nil
    authorizedSince = nil
    endConnectionWait()
    endDeadline = nil
    nextUpdate = nil
    nextEndedSample = nil
    isResumed = false
    isAwaitingResumedEnergy = false
    proof = nil
    if isMeterForeign { latestSample = nil }
    isMeterForeign = false
    nextAliveMark = nil
    hasFinished = connector != nil
    budgetOfEpoch = nil
    isStoppedByOwner = false
    phases = Phases()
    forgetSigning()
    return effect
  }

  /// From now on the driver has so long to plug in.
  mutating func awaitConnection(for wait: Duration, _ context: Context) {
    let deadline = context.now + wait
    connectionDeadline = deadline
    connectionExpiry = expiry(after: wait, context)
  }

  func expiry(after wait: Duration, _ context: Context) -> EventTime {
    EventTime(boot: context.time.boot, instant: context.now + wait, wall: context.time.wall.map { $0 + wait })
  }

  mutating func endConnectionWait() { connectionDeadline = nil }

  /// Nil without a transaction, and for one that nobody has been told of: it is forgotten with the program.
  func storedDocument() -> [UInt8]? {
    guard var transaction, heldStart == nil else { return nil }
    transaction.conditions = conditions
    transaction.authorization = authorization ?? transaction.authorization
    transaction.isAuthorized = authorization != nil
    transaction.connectionExpiry = connectionDeadline == nil ? nil : connectionExpiry
    if let rating = cableRatings.first(where: { $0.connector.number == transaction.connector })?.rating {
      transaction.cableRating = rating
    }
    return transaction.document(evse: evse)
  }
}
