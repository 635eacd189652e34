import ChargerBase
import OCPPJSON
import OCPPPorts
import OCPPTypes
import Testing

@testable import OCPPCore

/// A station on a table: the session controller on the fake engine, with vehicles, contactors and meters that behave,
/// and that outlive the program.
final class SessionBench {
  struct Place {
    var isConnected = false
    /// The vehicle takes energy when it is offered.
    var wantsEnergy = true
    var isGranted = false
    var isClosed = false
    /// In mWh.
    var register: Int64 = 5_000_000
    var budget: Int64?
    var grantNumber: UInt32 = 0
  }

  let disk = FakeDisk()
  let evses: [ChargePointConfiguration.EVSE]
  private(set) var engine: FakeEngine
  private(set) var sessions: SessionController
  var places: [Place]
  /// 7.2 kW: 2 Wh a second.
  let milliwattHoursPerSecond: Int64 = 2_000
  var metersAreSilent = false
  /// What the vehicle draws, phase by phase.
  var amperes: [Int64] = [31]
  /// Meters that sign do so at once.
  var metersSignAtOnce = false
  private var lastSigned: UInt32 = 0
  /// The next program does not know the time.
  var clockIsLost = false
  /// What the hardware tells first after a start.
  var firstFacts: [StationFact] = []
  /// What the lock makes of a command; nil for a lock that does not answer.
  var unlockOutcome: UnlockOutcome? = .unlocked
  private var settings: [(StationVariable, String)] = []
  private var facts: [StationFact] = []

  init(
    evseCount: Int = 1, hasFixedCable: Bool = false, meterSigns: Bool = false,
    _ settings: [(StationVariable, String)] = []
  ) {
    evses = (1...evseCount).map {
      .init(id: Int32($0), connectors: [.init(hasFixedCable: hasFixedCable)], meterSigns: meterSigns)
    }
    places = Array(repeating: Place(), count: evseCount)
    self.settings = settings
    engine = FakeEngine(disk: disk, now: .zero + .seconds(1_000), evses: evses)
    sessions = SessionController(services: engine)
    begin(.powerUp)
  }

  private func begin(_ reason: BootReason) {
    for (variable, value) in settings { engine.deviceModel.set(variable, value) }
    engine.onAction = { [weak self] in self?.react(to: $0) }
    sessions.start(reason: reason, documents: disk.snapshot)
    for fact in firstFacts { tell(fact) }
    firstFacts = []
    for evse in 1...places.count {
      tell(.connected(connector(Int32(evse)), places[evse - 1].isConnected, at: engine.now))
    }
    tellMeters()
    settle()
  }

  /// Changes a variable while the station runs.
  func set(_ variable: StationVariable, _ value: String) {
    settings.append((variable, value))
    engine.deviceModel.set(variable, value)
    sessions.variableChanged(at: variable.rawValue)
  }

  /// The program dies at this instant, and another starts after `away`. The contactors open by themselves.
  func kill(reason: BootReason = .unknown, away: Duration = .seconds(3), meanwhile: () -> Void = {}) {
    engine.die()
    facts = []
    for index in places.indices {
      places[index].isGranted = false
      places[index].isClosed = false
    }
    meanwhile()
    let next: MonotonicInstant
    if reason == .powerUp || reason == .watchdog {
      disk.boot = BootNumber(rawValue: disk.boot.rawValue + 1)
      next = .zero + .seconds(20)
    } else {
      next = engine.now + away
    }
    let old = engine
    engine = FakeEngine(disk: disk, now: next, evses: evses)
    if let offset = old.wallOffset { engine.wallOffset = offset + next.duration(to: old.now) + away }
    if clockIsLost { engine.wallOffset = nil }
    engine.isOnline = old.isOnline
    engine.verdict = old.verdict
    sessions = SessionController(services: engine)
    begin(reason)
  }

  // MARK: People and vehicles

  func connector(_ evse: Int32) -> ConnectorID { ConnectorID(evse: EVSEID(evse), number: 1) }

  func plugIn(_ evse: Int32 = 1, wantsEnergy: Bool = true) {
    places[Int(evse) - 1].isConnected = true
    places[Int(evse) - 1].wantsEnergy = wantsEnergy
    tell(.connected(connector(evse), true, at: engine.now))
    react(evse)
    settle()
  }

  func plugOut(_ evse: Int32 = 1) {
    places[Int(evse) - 1].isConnected = false
    tell(.connected(connector(evse), false, at: engine.now))
    react(evse)
    settle()
  }

  func tap(_ text: String, evses: [Int32]? = nil) {
    tell(
      .tokenPresented(
        PresentedIdToken(idToken: IdToken(idToken: text, type: .iso14443)), evses: evses?.map { EVSEID($0) }))
    settle()
  }

  func pressStart(_ evse: Int32 = 1) {
    tell(.startPressed(EVSEID(evse), engine.now))
    settle()
  }

  func bay(_ isOccupied: Bool) {
    tell(.parkingBay(EVSEID(1), occupied: isOccupied, at: engine.now))
    settle()
  }

  /// The vehicle stops or starts to draw.
  func vehicle(_ evse: Int32 = 1, wantsEnergy: Bool) {
    places[Int(evse) - 1].wantsEnergy = wantsEnergy
    react(evse)
    settle()
  }

  func fault(_ code: String, evse: Int32 = 1, active: Bool = true) {
    tell(
      .fault(
        connector(evse), StationFault(code: code, component: "EVSE", variable: "Problem", text: code), active: active,
        at: engine.now))
    settle()
  }

  /// What the CSMS says of the token of an event, as the answer to it.
  func csmsAnswers(_ event: TransactionEventRecord, _ information: IdTokenInfo) {
    let payload = TransactionEventResponse(idTokenInfo: information).encode(version: .v201)
    _ = sessions.recordCodecs.first?.answered(event.stored[...], payload: payload[...], version: .v201)
    settle()
  }

  func tell(_ fact: StationFact) { facts.append(fact) }

  /// What the station has asked the meters to sign.
  var orders: [SignedReadingOrder] { engine.orders }

  /// The meter answers the newest order.
  func sign(register: Decimal? = nil, data: String = "OCMF|{}|{}", publicKey: String = "3059") {
    guard let order = engine.orders.last else { return }
    let reading = SignedMeterReading(
      register: register ?? self.register(), takenAt: engine.now, signedData: data, encodingMethod: "OCMF",
      signingMethod: "ECDSA", publicKey: publicKey)
    tell(.signedReading(EVSEID(1), number: order.number, .signed(reading)))
    settle()
  }

  func refuse() {
    guard let order = engine.orders.last else { return }
    tell(.signedReading(EVSEID(1), number: order.number, .failed("busy")))
    settle()
  }

  // MARK: Time

  /// Second by second: energy flows, meters tell, timers run.
  func wait(_ seconds: Int) {
    for _ in 0..<seconds {
      for index in places.indices where places[index].isClosed {
        var energy = milliwattHoursPerSecond
        if let budget = places[index].budget {
          energy = min(energy, budget)
          places[index].budget = budget - energy
        }
        places[index].register += energy
      }
      engine.now = engine.now + .seconds(1)
      tellMeters()
      settle()
      if sessions.nextDeadline <= engine.now { sessions.advance(to: engine.now) }
      settle()
    }
  }

  private func tellMeters() {
    guard !metersAreSilent else { return }
    for index in places.indices { tell(.meter(EVSEID(Int32(index) + 1), sample(index))) }
  }

  func sample(_ index: Int) -> MeterSample {
    let phases = zip([Phase.l1, .l2, .l3], amperes).map { phase, amperes in
      MeasuredValue(
        measurand: .currentImport, phase: phase, value: Decimal(places[index].isClosed ? amperes : 0))
    }
    return MeterSample(
      takenAt: engine.now,
      values: [
        MeasuredValue(measurand: .energyActiveImportRegister, value: Decimal(thousandths: places[index].register))
      ] + phases + [MeasuredValue(measurand: .voltage, phase: .l1N, value: 230)])
  }

  func settle() {
    engine.settle()
    while !facts.isEmpty {
      sessions.handle(facts.removeFirst())
      engine.settle()
    }
    signAtOnce()
    checkDeadline()
  }

  /// In every story: what the controller remembers of its deadlines is what they are.
  private func checkDeadline() {
    let remembered = sessions.nextDeadline
    sessions.ownDeadline = nil
    #expect(sessions.nextDeadline == remembered)
  }

  private func signAtOnce() {
    guard metersSignAtOnce, let order = engine.orders.last, order.number != lastSigned else { return }
    lastSigned = order.number
    sign()
  }

  // MARK: The hardware

  private func react(to action: FakeEngine.Action) {
    switch action {
    case .grant(let connector, _, let budget):
      let index = Int(connector.evse.number) - 1
      places[index].isGranted = true
      places[index].budget = budget?.thousandths
      react(connector.evse.number)
    case .revoke(let connector):
      places[Int(connector.evse.number) - 1].isGranted = false
      react(connector.evse.number)
    case .unlock(let connector):
      // The control lane ends the permit with it.
      places[Int(connector.evse.number) - 1].isGranted = false
      react(connector.evse.number)
      guard let unlockOutcome else { return }
      tell(.unlocked(connector, number: engine.unlockNumber, unlockOutcome, at: engine.now))
      if unlockOutcome == .unlocked { tell(.lock(connector, isLocked: false, at: engine.now)) }
    default: break
    }
  }

  private func react(_ evse: Int32) {
    let index = Int(evse) - 1
    let place = places[index]
    let shouldClose = place.isConnected && place.isGranted && place.wantsEnergy
    if place.isClosed != shouldClose {
      places[index].isClosed = shouldClose
      tell(.powerPath(connector(evse), closed: shouldClose, at: engine.now))
      if !metersAreSilent, !shouldClose { tell(.meter(EVSEID(evse), sample(index))) }
    }
    guard place.isConnected else { return }
    let state: ChargingState = shouldClose ? .charging : place.isGranted ? .suspendedEV : .evConnected
    tell(.charging(connector(evse), state, at: engine.now))
  }

  // MARK: What was told

  var events: [TransactionEventRecord] { disk.events }
  var last: TransactionEventRecord? { disk.events.last }
  /// `Started/Authorized` …
  var story: [String] { disk.events.map { "\($0.kind.rawName)/\($0.trigger.rawName)" } }
  func isGranted(_ evse: Int32 = 1) -> Bool { places[Int(evse) - 1].isGranted }
  func register(_ evse: Int32 = 1) -> Decimal { Decimal(thousandths: places[Int(evse) - 1].register) }

  /// Sends a CALL of the CSMS and gives the payload of the answer.
  func call(_ action: OCPPAction, _ payload: [UInt8]) -> [UInt8]? {
    openCall(action, payload).answers.first
  }

  /// Sends a CALL of the CSMS whose answer may come later.
  func openCall(_ action: OCPPAction, _ payload: [UInt8]) -> ReplySink {
    let sink = ReplySink()
    let call = IncomingCall(action: action, version: .v201, payload: payload[...], number: 1, sink: sink)
    do throws(MessageViolation) { try sessions.handle(call) } catch { sink.violation = error }
    settle()
    return sink
  }

  func remoteStart(_ token: String, id: Int32, evse: Int32?) -> RequestStartTransactionResponse? {
    let request = RequestStartTransactionRequest(
      idToken: IdToken(idToken: token, type: .iso14443), remoteStartId: id, evseId: evse)
    return call(.requestStartTransaction, request.encode(version: .v201))
      .flatMap { try? RequestStartTransactionResponse.decode($0[...], version: .v201) }
  }

  func remoteStop(_ transactionID: String) -> RequestStopTransactionResponse? {
    call(.requestStopTransaction, RequestStopTransactionRequest(transactionId: transactionID).encode(version: .v201))
      .flatMap { try? RequestStopTransactionResponse.decode($0[...], version: .v201) }
  }
}

final class ReplySink: CallReplySink {
  /// Exactly one, in the end.
  var answers: [[UInt8]] = []
  var violation: MessageViolation?

  func respond(_ number: UInt64, version: OCPPVersion, _ payload: (inout JSONWriter, OCPPVersion) -> Void) {
    var writer = JSONWriter()
    payload(&writer, version)
    answers.append(writer.bytes)
  }

  func reject(_ number: UInt64, _ code: OCPPErrorCode, path: String, detail: String) {}
}
