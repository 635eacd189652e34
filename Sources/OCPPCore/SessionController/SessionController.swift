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
  private let codec: TransactionEventCodec
  let history = SessionHistory()
  var slots: [EVSESlot]
  var settings = SessionSettings()
  /// The device model's entries that the settings come from: another one that changes changes nothing here.
  private var settingsPlaces: [Int] = []
  var aligned = AlignedData()
  /// The newest reading of the station's main meter.
  var stationSample: MeterSample?
  /// Drivers who may charge and whose EVSE shows when they plug in; at most as many as there are EVSEs.
  var undecided: [UndecidedDriver] = []
  /// Remote starts that were accepted and whose tokens are not known to be good yet; at most `maximumQuestions`.
  var remoteStarts: [RemoteStart] = []
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
  private var lastGrantNumber: UInt32 = 0
  /// Resets that wait for their transactions to end; at most one a scope.
  private var endings: [(scope: ResetScope, whenDurable: () -> Void)] = []
  /// At most one a connector.
  var pendingUnlocks: [PendingUnlock] = []
  var lastUnlockNumber: UInt32 = 0
  /// Tokens that the firmware has asked about (member 27); at most `maximumQuestions`.
  var validations = 0
  /// Somebody with a master pass is choosing what to end.
  var masterPass: MasterPassChoice?

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

  // MARK: - Facts

  package func handle(_ fact: StationFact) {
    switch fact {
    case .tokenPresented(let token, let evses):
      tokenPresented(token.idToken, evses: evses)
    case .connected(let connector, let isConnected, let instant):
      run(connector.evse, at: instant) { machine, context in
        isConnected ? machine.connected(connector, context) : machine.disconnected(connector, context)
      }
      if isConnected { vehicleArrived(at: connector.evse) }
    case .powerPath(let connector, let isClosed, let instant):
      run(connector.evse, at: instant) { machine, context in machine.powerPath(isClosed: isClosed, context) }
    case .charging(let connector, let state, let instant):
      run(connector.evse, at: instant) { machine, context in machine.charging(state, at: connector, context) }
    case .parkingBay(let evse, let isOccupied, let instant):
      run(evse, at: instant) { machine, context in machine.parkingBay(isOccupied: isOccupied, context) }
    case .meter(let evse, let sample):
      meterRead(evse, sample)
    case .signedReading(let evse, let number, let outcome):
      run(evse) { machine, context in machine.signed(number, outcome, context) }
    case .fault(let place, let fault, let isActive, let instant):
      faultChanged(place, fault, isActive, instant)
    case .usable(let connector, let isUsable, let instant):
      run(connector.evse, at: instant) { machine, context in machine.usable(isUsable, connector, context) }
    case .unlocked(let connector, let number, let outcome, _):
      unlockAnswered(connector, number: number, outcome)
    case .lock(let connector, let isLocked, let instant):
      run(connector.evse, at: instant) { machine, _ in machine.lock(isLocked: isLocked, connector) }
    case .cable(let connector, let rating, let instant):
      run(connector.evse, at: instant) { machine, context in machine.cable(rating: rating, connector, context) }
    case .startPressed(let evse, _): startPressed(at: evse)
    case .chosenOnDisplay(let choice, _): chosenOnDisplay(choice)
    case .permitEnded(let connector, let number, let instant):
      guard let place = place(of: connector.evse), slots[place].grantNumber == number else { return }
      run(connector.evse, at: instant) { machine, context in machine.permitEnded(context) }
    }
  }

  package func storeChanged() {
    for slot in slots { run(slot.machine.evse) { _, _ in [] } }
  }

  /// A fault of the whole station (nil) ends sessions everywhere when it is of that kind, and is otherwise no business
  /// of theirs.
  private func faultChanged(_ place: ConnectorID?, _ fault: StationFault, _ isActive: Bool, _ instant: MonotonicInstant)
  {
    if !fault.hindersCharging || place == nil && EndingFaults.stopReason(for: fault) == nil { return }
    for slot in slots where place == nil || place?.evse == slot.machine.evse {
      run(slot.machine.evse, at: instant) { machine, context in machine.fault(fault, isActive: isActive, context) }
    }
  }

  package func operativeChanged(_ connector: ConnectorID, isOperative: Bool) {
    run(connector.evse) { machine, context in machine.operative(isOperative, connector, context) }
  }

  private func tokenAnswered(_ record: TransactionEventRecord, _ information: IdTokenInfo) {
    guard let token = record.token else { return }
    authorizer.learn(token, information)
    heard(information.languages, of: token)
    guard
      let place = slots.firstIndex(where: { $0.machine.transaction?.id == record.transactionID })
    else { return }
    let evse = slots[place].machine.evse
    let isRestricted = information.evseId.map { !$0.isEmpty && !$0.contains(evse.number) } ?? false
    if information.status == .accepted, !isRestricted {
      slots[place].machine.tokenConfirmed(token, group: information.groupIdToken)
    } else {
      services.note(EngineEvent(.authorization, "the CSMS refuses the token of \(record.transactionID)"))
      run(evse) { machine, context in machine.tokenRefused(token, context) }
    }
  }

  // MARK: - Questions of the engine

  package func transactionID(at evse: EVSEID) -> String? {
    place(of: evse).flatMap { slots[$0].machine.transaction?.id }
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

  package func endTransactions(in scope: ResetScope, whenDurable: @escaping () -> Void) {
    let affected = slots.indices.filter { covers(scope, slots[$0].machine.evse) }
    if scope == .station {
      undecided = []
      remoteStarts = []
      storeDrivers()
    }
    endings.removeAll { $0.scope == scope }
    endings.append((scope, whenDurable))
    for place in affected { run(slots[place].machine.evse) { machine, context in machine.endForReset(context) } }
    tellEndings()
  }

  /// Tells the resets whose transactions have ended, with their last events on disk.
  private func tellEndings() {
    guard !endings.isEmpty else { return }
    let over = endings.filter { ending in
      !slots.contains {
        covers(ending.scope, $0.machine.evse) && ($0.machine.transaction != nil || $0.commitsUnderWay > 0)
      }
    }
    endings.removeAll { ending in over.contains { $0.scope == ending.scope } }
    for ending in over { ending.whenDurable() }
  }

  private func covers(_ scope: ResetScope, _ evse: EVSEID) -> Bool {
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

  package var nextDeadline: MonotonicInstant {
    var deadline = MonotonicInstant.distantFuture
    // In place: asked at every turn, and a slot is large to copy.
    slots.withUnsafeBufferPointer { slots in
      // A pointer's element is read where it lies; a buffer's would be copied whole.
      guard let first = slots.baseAddress else { return }
      for place in slots.indices {
        deadline = min(deadline, first[place].machine.nextDeadline)
        if let until = first[place].notice?.until { deadline = min(deadline, until) }
      }
    }
    for driver in undecided { deadline = min(deadline, driver.until) }
    for start in remoteStarts where !start.isAsked { deadline = min(deadline, start.until) }
    for unlock in pendingUnlocks { deadline = min(deadline, unlock.until) }
    deadline = min(deadline, authorizer.nextDeadline, masterPass?.until ?? .distantFuture)
    return min(deadline, alignedDeadline)
  }

  package func advance(to now: MonotonicInstant) {
    expireDrivers(at: now)
    expireUnlocks(at: now)
    authorizer.advance(to: now)
    expireMasterPass(at: now)
    advanceAlignedData()
    for place in slots.indices {
      if let notice = slots[place].notice, notice.until <= now { slots[place].notice = nil }
      if slots[place].machine.nextDeadline <= now {
        run(slots[place].machine.evse) { machine, context in machine.advance(context) }
      } else {
        settle(place)
      }
    }
  }

  package func variableChanged(_ variable: VariableKey) {
    if let place = services.deviceModel.place(of: variable), !settingsPlaces.contains(place) { return }
    let former = settings
    loadSettings()
    let hasOtherIntervals =
      former.updatedInterval != settings.updatedInterval || former.endedInterval != settings.endedInterval
    guard hasOtherIntervals || former.startPoints != settings.startPoints else { return }
    for slot in slots {
      run(slot.machine.evse) { machine, context in
        if hasOtherIntervals { machine.intervalsChanged(context) }
        return []
      }
    }
  }

  private func loadSettings() {
    let model = services.deviceModel
    var places: [Int] = []
    func text(_ key: VariableKey) -> String? {
      guard let place = model.place(of: key) else { return nil }
      places.append(place)
      return model.text(at: place)
    }
    settings = SessionSettings { text($0) }
    settings.metering = MeteringSettings(
      evses: services.configuration.evses.map { $0.id }, maximumFrameBytes: services.configuration.maximumFrameBytes
    ) { text($0) }
    settingsPlaces = places
    aligned.configure(settings.metering)
  }

  // MARK: - Carrying out

  func place(of evse: EVSEID) -> Int? { slots.firstIndex { $0.machine.evse == evse } }

  /// Runs one transition and carries out what it asks for. `whenDurable` runs once the last event of it is on disk.
  func run(
    _ evse: EVSEID, at instant: MonotonicInstant? = nil, whenDurable: (() -> Void)? = nil,
    _ transition: (inout EVSESessionStateMachine, EVSESessionStateMachine.Context) -> [EVSESessionStateMachine.Effect]
  ) {
    guard let place = place(of: evse) else {
      services.note(EngineEvent(.transaction, "a fact about \(evse), which this station does not have"))
      whenDurable?()
      return
    }
    let services = services
    let context = EVSESessionStateMachine.Context(
      time: time(of: instant), settings: settings, mayBegin: services.canBeginTransaction,
      makeTransactionID: { services.makeIdentifier() })
    var effects = transition(&slots[place].machine, context)
    effects = slots[place].machine.prelude + effects
    slots[place].machine.prelude = []
    let hadVehicle = slots[place].machine.connector != nil
    let waiting = slots[place].machine.takeUpWaiting(context)
    effects += slots[place].machine.prelude + waiting
    slots[place].machine.prelude = []
    // In the commit of the last event, so that a driver is stored in exactly one place.
    let changes = takeMemoryChanges(at: place)
    let last = effects.lastIndex { $0.isStoredEvent }
    for (index, effect) in effects.enumerated() {
      carryOut(effect, place, changes: index == last ? changes : [], index == last ? whenDurable : nil)
    }
    if last == nil { store(changes, at: place, whenDurable) }
    settle(place)
    if !hadVehicle, slots[place].machine.connector != nil { vehicleArrived(at: evse) }
  }

  /// The time of a fact that brings its instant with it; one from the future counts as now.
  private func time(of instant: MonotonicInstant?) -> EventTime {
    let present = services.eventTime
    guard let instant, instant < present.instant else { return present }
    return EventTime(
      boot: present.boot, instant: instant, wall: present.wall.map { $0 + present.instant.duration(to: instant) })
  }

  private func store(_ changes: [StoreMutation], at place: Int, _ whenDurable: (() -> Void)?) {
    guard !changes.isEmpty else {
      whenDurable?()
      return
    }
    slots[place].commitsUnderWay += 1
    services.save(changes, durability: .full) { [weak self] _ in
      guard let self else { return }
      slots[place].commitsUnderWay -= 1
      whenDurable?()
      settle(place)
    }
  }

  private func carryOut(
    _ effect: EVSESessionStateMachine.Effect, _ place: Int, changes: [StoreMutation], _ whenDurable: (() -> Void)?
  ) {
    let key = String(slots[place].machine.evse.number)
    let committed: () -> Void = { [weak self] in
      guard let self else { return }
      slots[place].commitsUnderWay -= 1
      whenDurable?()
      settle(place)
    }
    switch effect {
    case .report(let record, let document):
      slots[place].commitsUnderWay += 1
      let mutations: [StoreMutation] =
        if let document {
          [.putDocument(.transaction, key: key, body: document)]
        } else {
          [.removeDocument(.transaction, key: key)] + takeKeptReadings(at: place)
            + takeHistory(of: record.transactionID, at: place)
        }
      // An event that tells a token, a place or an id is not thinned out when space is short: it is told once.
      let isExpendable =
        record.kind == .updated && record.token == nil && record.evse == nil && record.remoteStartID == nil
        && record.phasesUsed == nil
      services.append(
        OutboxRecord(
          kind: .transactionEvent, lane: .transaction, group: record.transactionID, isExpendable: isExpendable,
          position: record.seqNo, body: record.stored),
        documents: mutations + changes,
        whenDurable: { [weak self] in
          committed()
          guard let self else { return }
          services.told(codec.request(for: record, isOffline: !services.isOnline, version: .v201))
        })
    case .store(let document):
      slots[place].commitsUnderWay += 1
      services.save([.putDocument(.transaction, key: key, body: document)] + changes, durability: .full) { _ in
        committed()
      }
    case .remember(let document):
      services.save([.putDocument(.transaction, key: key, body: document)], durability: .relaxed, whenDone: nil)
    case .keepReading(let number, let document, let dropped):
      keepReading(number, document, dropped: dropped, at: place)
    case .sign(let number, let moment, let identification):
      services.sign(
        SignedReadingOrder(
          number: number, moment: moment, identification: identification, wall: services.eventTime.wall),
        at: slots[place].machine.evse)
    case .note(let text):
      services.note(EngineEvent(.transaction, text))
    }
  }

  /// Brings energy and the driver's picture in line with the machine: withdrawal at once, the rest when it is durable.
  func settle(_ place: Int) {
    // Before the permit goes: without one the plug would be let go.
    let kept = slots[place].machine.keptCable(settings)
    if kept != slots[place].keptCable {
      if let former = slots[place].keptCable { services.keepLocked(false, former) }
      if let kept { services.keepLocked(true, kept) }
      slots[place].keptCable = kept
    }
    defer { tellEndings() }
    let wanted = slots[place].machine.permission
    if let issued = slots[place].issued, wanted != issued {
      // A new budget or connector is a new grant; the old one ends only where nothing follows.
      if wanted?.connector != issued.connector { services.revokeGrant(at: issued.connector) }
      if wanted == nil { slots[place].issued = nil }
    }
    // While nothing can be stored nobody is kept waiting for his cable: what happened is held in memory (DESIGN §4).
    guard slots[place].commitsUnderWay == 0 || services.isStoreFailing else { return }
    // Before a new grant, which the unlocking would end; and not from under a session that has begun there already.
    if let cable = slots[place].machine.cableToUnlock {
      slots[place].machine.cableToUnlock = nil
      if wanted?.connector != cable { services.unlock(cable, number: takeUnlockNumber()) }
    }
    if let wanted, wanted != slots[place].issued, slots[place].commitsUnderWay == 0 {
      lastGrantNumber &+= 1
      slots[place].issued = wanted
      slots[place].grantNumber = lastGrantNumber
      services.grant(
        EnergyGrant(number: lastGrantNumber, reason: wanted.reason, energyBudget: wanted.energyBudget),
        to: wanted.connector)
    }
    let picture = slots[place].notice?.feedback ?? slots[place].machine.feedback
    if slots[place].notice == nil { speak(to: user(at: place), at: place) }
    if slots[place].shown != picture {
      slots[place].shown = picture
      services.show(picture, at: slots[place].machine.evse)
    }
  }

  /// Shows something that passes: at once, whatever is being stored.
  func notify(_ feedback: DriverFeedback, at evse: EVSEID?) {
    guard let evse, let place = place(of: evse) else {
      speakEverywhere(to: answered)
      services.show(feedback, at: nil)
      return
    }
    // A question stays for as long as it can be open: its answer ends it.
    let open = feedback == .authorizing ? services.deviceModel.seconds(.messageTimeout) : .zero
    slots[place].notice = (feedback, services.now + open + Self.noticeTime)
    slots[place].shown = feedback
    speak(to: answered ?? user(at: place), at: place)
    services.show(feedback, at: evse)
  }

  func endNotice(at evse: EVSEID) {
    guard let place = place(of: evse) else { return }
    slots[place].notice = nil
  }
}
