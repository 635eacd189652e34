import ChargerBase
import DequeModule
import OCPPJSON
import OCPPPorts
import OCPPTypes
import OrderedCollections

/// The OCPP engine of a charging station: what happens comes in through `handle`, what has to be done goes out through
/// the store, the link and the delegate.
///
/// It runs on one lane, blocks never and has no thread and no clock of its own: after every call ask for `nextDeadline`
/// and call `advance()` when it has come. Ports and the delegate are called during its members and must not call back
/// into it before they return; a call that does so nevertheless is taken up as soon as the present one is done.
public final class ChargePoint {
  /// CALLs of the CSMS that may be unanswered at once; more close the link.
  static let maximumOpenCalls = 32
  /// CALLs of ours that may wait in memory; more are refused as offline.
  static let maximumDirectCalls = 256
  /// Faulty frames within `faultWindow` before the link is closed.
  static let maximumFaults = 50
  static let faultWindow = Duration.seconds(10)
  /// Deferred work of one turn; more than that is a loop, and is left for the next turn.
  static let maximumDeferred = 10_000
  /// How long a block may take to answer the CSMS.
  static let replyDeadline = Duration.seconds(20)

  package let configuration: ChargePointConfiguration
  package let deviceModel: DeviceModel
  /// MessageTimeout where the network profile in use names none: what board or unit file say, else the default.
  let usualMessageTimeout: String
  let link: any CSMSLink
  let timeSource: any TimeSource
  let randomSource: any RandomSource
  weak var delegate: (any ChargePointDelegate)?
  let writer: StoreWriter
  let outbox: Outbox
  let snapshotDocuments: [StoreSnapshot.Document]

  var session: SessionStateMachine { didSet { sessionDeadline = session.nextDeadline } }
  /// The machine's own, which every turn asks for.
  private var sessionDeadline = MonotonicInstant.distantFuture
  var network: NetworkProfileTable
  var pendingDial: PendingDial?
  /// The slot whose URL the command line has replaced.
  package internal(set) var overriddenSlot: Int32?
  var clock: StationClock
  var isRunning = false
  var isStopping = false

  // Blocks
  private(set) var blocks: [any FunctionalBlock] = []
  /// Those among them that have something to do at a certain time.
  private(set) var timedBlocks: [any TimedBlock] = []
  private(set) var handlers: [(any FunctionalBlock)?] = Array(repeating: nil, count: OCPPAction.allCases.count)
  private(set) var sessions: (any SessionControlling)?
  private(set) var provisioning: ProvisioningBlock?
  private(set) var resets: ResetBlock?
  private(set) var availability: AvailabilityBlock?
  private(set) var security: SecurityEventBlock?
  private(set) var networkProfiles: NetworkProfileBlock?
  private(set) var faultReports: FaultReporter?
  private(set) var reservationStatus: ReservationStatusRecords?
  private(set) var logStatus: LogStatusRecords?
  private(set) var dataTransfers: DataTransferBlock?
  private(set) var localList: LocalListBlock?
  /// Asked for by TriggerMessage, and about to be called.
  var triggeredAction: OCPPAction?

  // The turn
  private(set) package var now: MonotonicInstant
  private var isInTurn = false
  var deferred: Deque<() -> Void> = []

  // Calls
  var inFlight: CallInFlight?
  var directCalls: Deque<DirectCall> = []
  var openCalls: OrderedDictionary<UInt64, OpenCall> = [:]
  var openCallNumber: UInt64 = 0
  var faults = BoundedRing<MonotonicInstant>(capacity: ChargePoint.maximumFaults)
  var counters = EngineCounters()
  var version = OCPPVersion.v201
  /// Of the present SIM, in BootNotification.
  var modem: Modem?
  /// Member 9.
  var queueResumeDelay = Duration.zero
  var queueResumesAt = MonotonicInstant.zero
  var hasBeenOnline = false
  var wantsBootNotification: BootReason?
  var wantsHeartbeat = false
  var lastSentAt = MonotonicInstant.zero
  var lastTimeSyncAt = MonotonicInstant.zero
  /// Offsets of the clock on their way to the store: records that get their time from them wait.
  var unstoredOffsets = 0
  var prefersRecord = false
  var linkStatus = LinkStatus()
  let limits: JSONLimits

  /// `snapshot` is what the store held when it was opened. Nothing is sent or written before `start`.
  public convenience init(
    configuration: ChargePointConfiguration, snapshot: StoreSnapshot, store: any StationStore, link: any CSMSLink,
    timeSource: any TimeSource, randomSource: any RandomSource, delegate: any ChargePointDelegate
  ) {
    self.init(
      configuration: configuration, snapshot: snapshot, store: store, link: link, timeSource: timeSource,
      randomSource: randomSource, delegate: delegate, sessions: ChargePoint.standardSessions)
  }

  /// With another session controller, or none.
  package init(
    configuration: ChargePointConfiguration, snapshot: StoreSnapshot, store: any StationStore, link: any CSMSLink,
    timeSource: any TimeSource, randomSource: any RandomSource, delegate: any ChargePointDelegate,
    sessions makeSessions: (any EngineServices) -> (any SessionControlling)?
  ) {
    self.configuration = configuration
    self.link = link
    self.timeSource = timeSource
    self.randomSource = randomSource
    self.delegate = delegate
    now = timeSource.now
    limits = LocalListBlock.limits(configuration)
    deviceModel = DeviceModel(configuration, documents: snapshot.documents)
    usualMessageTimeout = deviceModel.text(.messageTimeout)
    writer = StoreWriter(store, snapshot: snapshot)
    outbox = Outbox(writer, deviceModel, snapshot: snapshot, capacity: configuration.outboxCapacity)
    snapshotDocuments = snapshot.documents.filter { $0.kind != .variable }
    clock = StationClock(
      boot: configuration.boot,
      document: snapshot.documents.first { $0.kind == .engine && $0.key == StationClock.documentKey }?.body)
    session = SessionStateMachine(slots: [], bootReason: .powerUp)
    network = NetworkProfileTable(configuration, documents: snapshot.documents)
    let identity = configuration.identity
    if identity.iccid != nil || identity.imsi != nil { modem = Modem(iccid: identity.iccid, imsi: identity.imsi) }
    writer.note = { [weak self] event in self?.note(event) }
    deviceModel.dateTime = { [weak self] in self.flatMap { $0.wall(at: $0.timeSource.now) } }
    makeBlocks(makeSessions)
  }

  private func makeBlocks(_ makeSessions: (any EngineServices) -> (any SessionControlling)?) {
    let provisioning = ProvisioningBlock(self)
    let security = SecurityEventBlock(self)
    let availability = AvailabilityBlock(self)
    let resets = ResetBlock(self)
    let networkProfiles = NetworkProfileBlock(self)
    self.networkProfiles = networkProfiles
    self.provisioning = provisioning
    self.security = security
    self.availability = availability
    self.resets = resets
    let faultReports = FaultReporter(self)
    let reservationStatus = ReservationStatusRecords(self)
    self.faultReports = faultReports
    self.reservationStatus = reservationStatus
    let logStatus = LogStatusRecords(self)
    let dataTransfers = DataTransferBlock(self)
    self.logStatus = logStatus
    self.dataTransfers = dataTransfers
    let localList = LocalListBlock(self)
    self.localList = localList
    blocks = [
      provisioning, security, availability, resets, dataTransfers, TriggerMessageBlock(self), faultReports,
      networkProfiles, localList,
    ]
    timedBlocks = [security, availability, resets, dataTransfers, faultReports]
    outbox.register(security)
    outbox.register(faultReports.records)
    outbox.register(reservationStatus)
    outbox.register(logStatus)
    if let sessions = makeSessions(self) {
      self.sessions = sessions
      blocks.append(sessions)
      timedBlocks.append(sessions)
      for codec in sessions.recordCodecs { outbox.register(codec) }
    }
    for block in blocks {
      for action in block.incomingActions { handlers[Int(action.rawValue)] = block }
    }
  }

  // MARK: Lifecycle

  /// Takes up stored transactions, registers the boot and dials (members 4 and 6). A reset that was carried out says so
  /// itself instead of `bootReason`.
  public func start(bootReason: BootReason, connects: Bool = true) {
    turn {
      guard !isRunning else { return }
      isRunning = true
      for refusal in deviceModel.refusalsAtStart() { note(EngineEvent(.configuration, refusal)) }
      let reason = resets?.start(bootReason, documents: snapshotDocuments) ?? bootReason
      startNetwork()
      session = SessionStateMachine(
        slots: networkConnectionSlots,
        lastGoodSlot: (network.active?.slot).flatMap { network.profile($0) == nil ? nil : $0 }, bootReason: reason)
      outbox.start()
      outbox.markOffline()
      if let wall = wall(at: now) { rememberTime(wall) }
      availability?.start(documents: snapshotDocuments)
      faultReports?.start(documents: snapshotDocuments)
      security?.recordStart(reason)
      sessions?.start(reason: reason, documents: snapshotDocuments)
      note(EngineEvent(.boot, "started: \(reason.rawName)"))
      if connects { perform(session.connect(slot: nil, at: now)) }
    }
  }

  /// The contactors are about to be opened because the program ends in order: transactions stay open.
  public func prepareToStop() { turn { sessions?.park() } }

  /// Closes the link for good; everything that waits is stored, and open transactions stay open (member 5).
  public func stop() {
    turn {
      guard isRunning else { return }
      isStopping = true
      sessions?.stop()
      outbox.markOffline()
      // What the CSMS has taken is not sent again after an orderly end.
      writer.expediteRemovals()
      perform(session.disconnect(code: 1001, reason: "going away", at: now))
      isRunning = false
    }
  }

  /// Nothing is left to be written or closed: the program may end.
  public var isQuiet: Bool {
    guard writer.isIdle else { return false }
    if case .idle = session.connection { return true }
    return false
  }

  // MARK: Events

  public func handle(_ event: LinkEvent) { turn { linkEvent(event) } }

  public func handle(_ event: StoreEvent) {
    turn {
      let wasHealthy = writer.isHealthy
      let tokens = writer.tokenTables
      writer.handle(event, at: now)
      if writer.tokenTables != tokens { localList?.showTables() }
      if writer.isHealthy != wasHealthy { sessions?.storeChanged() }
    }
  }

  public func handle(_ fact: StationFact) {
    turn {
      guard isRunning else { return }
      availability?.handle(fact)
      faultReports?.handle(fact)
      sessions?.handle(fact)
    }
  }

  /// Does what has become due.
  public func advance() { turn { advanceDeadlines() } }

  /// When `advance` must be called next; `.distantFuture` for never.
  public var nextDeadline: MonotonicInstant {
    guard deferred.isEmpty else { return now }
    var deadline = min(writer.nextDeadline, inFlight?.timeoutAt ?? .distantFuture)
    if case .direct(let due, .some)? = inFlight?.kind { deadline = min(deadline, due) }
    for call in directCalls { deadline = min(deadline, call.deadline) }
    if let first = openCalls.elements.first?.value { deadline = min(deadline, first.deadline) }
    guard isRunning else { return deadline }
    deadline = min(deadline, sessionDeadline, pendingDial?.deadline ?? .distantFuture)
    if session.isOnline, inFlight == nil {
      // While the queue is held, nothing of it is due.
      let isHeld = queueResumesAt > now
      deadline = min(deadline, isHeld ? queueResumesAt : min(outbox.nextDeadline, heartbeatDueAt))
    }
    for block in timedBlocks { deadline = min(deadline, block.nextDeadline) }
    return deadline
  }

  // MARK: The turn

  /// Runs one member: takes the instant, then everything that was put off, then writes and sends what is ready.
  func turn(_ body: () -> Void) {
    // Reentered: the call is against the contract of the ports, and the state is consistent between two actions.
    guard !isInTurn else { return body() }
    isInTurn = true
    defer { isInTurn = false }
    now = max(now, timeSource.now)
    body()
    runDeferred()
    if isRunning {
      availability?.settle()
      resets?.settle()
      security?.settle()
      runDeferred()
    }
    writer.flush(at: now)
    pump()
    guard !deferred.isEmpty else { return writer.flush(at: now) }
    runDeferred()
    // What was put off may have left something to tell or to send.
    if isRunning {
      availability?.settle()
      resets?.settle()
      security?.settle()
    }
    pump()
    runDeferred()
    writer.flush(at: now)
  }

  private func runDeferred() {
    var count = 0
    while let next = deferred.popFirst() {
      next()
      count += 1
      if count >= Self.maximumDeferred { return }
    }
  }

  private func advanceDeadlines() {
    expireCalls()
    guard isRunning else { return }
    expirePendingDial()
    perform(session.timerFired(at: now))
    for block in timedBlocks where block.nextDeadline <= now { block.advance(to: now) }
  }
}
