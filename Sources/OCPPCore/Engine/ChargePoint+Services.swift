import ChargerBase
import OCPPJSON
import OCPPPorts
import OCPPTypes

extension ChargePoint: EngineServices {
  package var eventTime: EventTime { EventTime(boot: configuration.boot, instant: now, wall: wall(at: now)) }
  package var isOnline: Bool { session.isOnline }
  package var canBeginTransaction: Bool { outbox.canBeginTransaction }

  package var isStoreFailing: Bool { !writer.isHealthy }

  package func askQueuedTransactionEvents(_ transactionID: String?, answer: @escaping (Bool?) -> Void) {
    outbox.askQueued(group: transactionID, answer: answer)
  }

  /// From the event itself or from the stored offset of its boot: the same whenever it is asked for.
  package func wallTime(of time: EventTime) -> WallTime? {
    time.wall ?? clock.wall(of: time) ?? (time.boot == configuration.boot ? wall(at: time.instant) : wall(at: .zero))
  }

  package func makeIdentifier() -> String {
    var random = InjectedRandom(source: randomSource)
    return RandomIdentifier.uuid(using: &random)
  }

  package func append(_ record: OutboxRecord, documents: [StoreMutation], whenDurable: (() -> Void)?) {
    outbox.append(record, isOffline: !session.isOnline, documents: documents, whenDurable: whenDurable)
  }

  package func save(_ documents: [StoreMutation], durability: StoreDurability, whenDone: ((Bool) -> Void)?) {
    writer.write(documents, durability, .once, completion: whenDone)
  }

  package var tokenTables: TokenTablesState { writer.tokenTables }

  package func lookUp(_ token: TokenDigest, answer: @escaping (TokenRecord?) -> Void) {
    writer.lookUp(token, completion: answer)
  }

  package func updateTokenList(_ update: TokenListUpdate, whenDone: @escaping (StoreFailure?) -> Void) {
    writer.updateTokenList(update, completion: whenDone)
  }

  package func call(
    _ action: OCPPAction, deadline: Duration, payload: @escaping (inout JSONWriter, OCPPVersion) -> Void,
    answer: @escaping (CallAnswer) -> Void
  ) {
    enqueue(
      DirectCall(
        action: action, deadline: now + deadline, isAllowedWhilePending: action == triggeredAction, payload: payload,
        answer: answer))
  }

  /// The same for what the CSMS has asked for: it may be sent while Pending (B02.FR.02).
  func callTriggered(
    _ action: OCPPAction, deadline: Duration, payload: @escaping (inout JSONWriter, OCPPVersion) -> Void,
    answer: @escaping (CallAnswer) -> Void
  ) {
    enqueue(
      DirectCall(
        action: action, deadline: now + deadline, isAllowedWhilePending: true, payload: payload, answer: answer))
  }

  package func told(_ event: TransactionEventRequest) { delegate?.chargePoint(self, transactionEvent: event) }

  package func told(_ event: TransactionEventRequest, answer: TransactionEventResponse) {
    delegate?.chargePoint(self, transactionEvent: event, answered: answer)
  }

  package func later(_ body: @escaping () -> Void) { deferred.append(body) }

  package func grant(_ grant: EnergyGrant, to connector: ConnectorID) {
    delegate?.chargePoint(self, grant: grant, to: connector)
  }

  package func revokeGrant(at connector: ConnectorID) { delegate?.chargePoint(self, revokeGrantAt: connector) }

  package func show(_ feedback: DriverFeedback, at evse: EVSEID?) {
    delegate?.chargePoint(self, show: feedback, at: evse)
  }

  package func speak(_ languages: [String], at evse: EVSEID?) {
    delegate?.chargePoint(self, speak: languages, at: evse)
  }

  package func unlock(_ connector: ConnectorID, number: UInt32) {
    delegate?.chargePoint(self, unlock: connector, number: number)
  }

  package func keepLocked(_ isKept: Bool, _ connector: ConnectorID) {
    delegate?.chargePoint(self, keepLocked: isKept, connector)
  }

  package func sign(_ order: SignedReadingOrder, at evse: EVSEID) {
    delegate?.chargePoint(self, sign: order, at: evse)
  }

  package func tell(_ fault: StationFault, at evse: EVSEID, isActive: Bool) {
    faultReports?.handle(.fault(ConnectorID(evse: evse, number: 0), fault, active: isActive, at: now))
  }

  package func note(_ event: EngineEvent) { delegate?.chargePoint(self, noted: event) }
}

private struct InjectedRandom: RandomNumberGenerator {
  let source: any RandomSource
  mutating func next() -> UInt64 { source.next() }
}

extension ChargePoint {
  /// The session controller of a station in the field.
  static func standardSessions(_ services: any EngineServices) -> (any SessionControlling)? {
    SessionController(services: services)
  }
}
