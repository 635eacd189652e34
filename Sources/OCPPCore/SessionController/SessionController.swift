import ChargerBase
import OCPPJSON
import OCPPPorts
import OCPPTypes

/// Authorization and transactions of the whole station (DESIGN §1.4): one state machine per EVSE, the rule by which a
/// token finds its EVSE, and the carrying out of what they decide.
///
/// Nothing becomes visible before it is durable: energy is granted, and the driver told of it, when every event that
/// led there is on disk. Energy is withdrawn at once.
package final class SessionController: SessionControlling {
  /// Questions to the CSMS that may be open at a time; a token beyond them is refused.
  package static let maximumQuestions = 8
  /// How long a refusal or a notice stays before the ordinary picture returns.
  package static let noticeTime: Duration = .seconds(5)

  struct EVSESlot {
    var machine: EVSESessionStateMachine
    var issued: EVSESessionStateMachine.Permission?
    var grantNumber: UInt32 = 0
    /// Commits under way: what they lead to waits for them.
    var commitsUnderWay = 0
    var shown: DriverFeedback?
    var notice: (feedback: DriverFeedback, until: MonotonicInstant)?
    /// As told last, of whom the EVSE shows something to.
    var languages: [String] = []
    /// The cable that the station has been told to keep.
    var keptCable: ConnectorID?
    /// As it is stored.
    var memory = SessionMemory()
    /// Documents of readings for the Ended event.
    var keptReadings: [Int32] = []
  }

  unowned let services: any EngineServices
  let authorizer: TokenAuthorizer
  let codec: TransactionEventCodec
  let history = SessionHistory()
  var slots: [EVSESlot] { didSet { ownDeadline = nil } }
  /// When the first thing in this controller's own hands is due; nil once any of it may have changed (`nextDeadline`).
  var ownDeadline: MonotonicInstant?
  var settings = SessionSettings()
  /// The device model's entries that the settings come from: another one that changes changes nothing here.
  var settingsPlaces: [Int] = []
  var aligned = AlignedData()
  /// The newest reading of the station's main meter.
  var stationSample: MeterSample?
  /// Drivers who may charge and whose EVSE shows when they plug in; at most as many as there are EVSEs.
  var undecided: [UndecidedDriver] = [] { didSet { ownDeadline = nil } }
  /// Remote starts that were accepted and whose tokens are not known to be good yet; at most `maximumQuestions`.
  var remoteStarts: [RemoteStart] = [] { didSet { ownDeadline = nil } }
  /// Both as they are stored.
  var storedDrivers: [StoredDriver] = []
  /// Tokens that the CSMS is being asked about.
  var questions: [TokenQuestion] = []
  var nextQuestion: UInt64 = 1
  /// At most `TokenLanguages.capacity`.
  var tokenLanguages: [TokenLanguages] = []
  /// As told last, of whom is shown something at no EVSE in particular.
  var stationLanguages: [String] = []
  /// Whose answer is being told.
  var answered: IdToken?
  var lastGrantNumber: UInt32 = 0
  /// Resets that wait for their transactions to end; at most one a scope.
  var endings: [(scope: ResetScope, whenDurable: () -> Void)] = []
  /// At most one a connector.
  var pendingUnlocks: [PendingUnlock] = [] { didSet { ownDeadline = nil } }
  var lastUnlockNumber: UInt32 = 0
  /// Tokens that the firmware has asked about (member 27); at most `maximumQuestions`.
  var validations = 0
  /// Somebody with a master pass is choosing what to end.
  var masterPass: MasterPassChoice? { didSet { ownDeadline = nil } }

  package init(services: any EngineServices) {
    self.services = services
    authorizer = TokenAuthorizer(services: services)
    codec = TransactionEventCodec(services: services)
    slots = services.configuration.evses.map { evse in
      let id = EVSEID(evse.id)
      func places(_ isMeant: (ChargePointConfiguration.Connector) -> Bool) -> [ConnectorID] {
        evse.connectors.filter(isMeant).map { ConnectorID(evse: id, number: $0.number) }
      }
      return EVSESlot(
        machine: EVSESessionStateMachine(
          evse: id, connectors: places { _ in true }, fixedCables: places(\.hasFixedCable), locks: places(\.hasLock),
          maximumPowerW: evse.maximumPowerW, meterSigns: evse.meterSigns))
    }
    services.deviceModel.registerMetering(of: services.configuration)
    codec.history = history
    codec.tokenAnswered = { [weak self] record, information in self?.tokenAnswered(record, information) }
  }

  package var recordCodecs: [any OutboxRecordCodec] { [codec] }

  package func start(reason: BootReason, documents: [StoreSnapshot.Document]) {
    loadSettings()
    authorizer.cache.load(documents)
    let orders = documents.filter { $0.kind == .engine && StoredReset.isKey($0.key) }.compactMap {
      StoredReset($0.body)
    }
    for document in documents where document.kind == .transaction {
      guard let (evse, transaction) = OpenTransaction.read(document: document.body),
        let place = slots.firstIndex(where: { $0.machine.evse == evse })
      else {
        services.note(EngineEvent(.storage, "the stored transaction of EVSE \(document.key) could not be read"))
        continue
      }
      resume(transaction, at: place, reason, orders)
      services.note(
        EngineEvent(.transaction, "transaction \(transaction.id) was open; waiting for the vehicle at \(evse)"))
    }
    restoreReadings(documents)
    history.load(documents)
    restoreMemory(documents)
    for place in slots.indices { settle(place) }
  }

  private func resume(_ stored: OpenTransaction, at place: Int, _ reason: BootReason, _ orders: [StoredReset]) {
    var stored = stored
    // Civil time as it is known today, for the time away.
    for time in [\OpenTransaction.lastEventAt, \.startedAt] where stored[keyPath: time].wall == nil {
      stored[keyPath: time].wall = services.wallTime(of: stored[keyPath: time])
    }
    for time in [\OpenTransaction.lastRegisterAt, \.aliveAt, \.connectionExpiry] {
      guard let moment = stored[keyPath: time], moment.wall == nil else { continue }
      stored[keyPath: time]?.wall = services.wallTime(of: moment)
    }
    // B12.FR.04: the immediate reset had been accepted, and the program died before its Ended event was stored.
    let evse = slots[place].machine.evse
    if stored.pendingEnd == nil,
      orders.contains(where: { $0.isCarriedOut && !$0.wasScheduled && covers($0.scope, evse) })
    {
      stored.pendingEnd = SessionCause(.resetCommand, .immediateReset)
      stored.stopReason = .immediateReset
    }
    slots[place].machine.resume(stored, cause: ResumeTable.StopCause(reason), at: services.now)
  }

  /// The station is about to open its contactors to stop in order: that ends no transaction.
  package func park() {
    for place in slots.indices { slots[place].machine.isParked = true }
  }

  package func onlineChanged(_ isOnline: Bool) {
    if isOnline { askAboutRemoteStarts() }
  }

  /// The time away of a transaction counts from here.
  package func stop() {
    for place in slots.indices {
      run(slots[place].machine.evse) { machine, context in
        machine.aliveDocument(context).map { [.store($0)] } ?? []
      }
    }
  }

  // MARK: - Questions of the engine

  package func transactionID(at evse: EVSEID) -> String? {
    place(of: evse).flatMap { slots[$0].machine.transaction?.id }
  }

  package func registerDoubt(at evse: EVSEID) -> RegisterDoubt? {
    place(of: evse).flatMap { slots[$0].machine.registerDoubt }
  }

  package func openTransaction(at evse: EVSEID) -> OpenTransaction? {
    place(of: evse).flatMap { slots[$0].machine.transaction }
  }

  package func isBusy(_ scope: ResetScope) -> Bool {
    slots.contains {
      covers(scope, $0.machine.evse) && ($0.machine.transaction != nil || $0.machine.authorization != nil)
    }
      || scope == .station && !(undecided.isEmpty && remoteStarts.isEmpty)
  }

  func place(of evse: EVSEID) -> Int? { slots.firstIndex { $0.machine.evse == evse } }

  func covers(_ scope: ResetScope, _ evse: EVSEID) -> Bool {
    switch scope {
    case .station: true
    case .evse(let one): one == evse
    }
  }

  // MARK: - Block

  package var incomingActions: [OCPPAction] {
    [.requestStartTransaction, .requestStopTransaction, .getTransactionStatus, .unlockConnector, .clearCache]
  }

  package func handle(_ call: IncomingCall) throws(MessageViolation) {
    switch call.action {
    case .requestStartTransaction: try requestStart(call)
    case .requestStopTransaction: try requestStop(call)
    case .getTransactionStatus: try transactionStatus(call)
    case .unlockConnector: try unlockConnector(call)
    case .clearCache: try clearCache(call)
    default: call.reject(.notSupported, detail: "\(call.action)")
    }
  }
}
