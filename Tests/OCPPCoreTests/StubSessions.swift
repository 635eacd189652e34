import ChargerBase
import OCPPCore
import OCPPJSON
import OCPPPorts
import OCPPTypes

/// Stands in for the session controller where a test is about the engine: transactions are opened and ended by hand, and
/// each event is a record of its transaction's id and sequence number.
final class StubSessions: SessionControlling, OutboxRecordCodec {
  private unowned let services: any EngineServices
  var open: [(evse: EVSEID, id: String, nextSeqNo: Int32)] = []
  private(set) var operative: [ConnectorID: Bool] = [:]

  init(_ services: any EngineServices) { self.services = services }

  var recordCodecs: [any OutboxRecordCodec] { [self] }
  var incomingActions: [OCPPAction] { [] }
  func handle(_ call: IncomingCall) throws(MessageViolation) {}
  func start(reason: BootReason, documents: [StoreSnapshot.Document]) {}
  func handle(_ fact: StationFact) {}
  func operativeChanged(_ connector: ConnectorID, isOperative: Bool) { operative[connector] = isOperative }
  func registerDoubt(at evse: EVSEID) -> RegisterDoubt? { nil }
  func transactionID(at evse: EVSEID) -> String? { open.first { $0.evse == evse }?.id }

  func isBusy(_ scope: ResetScope) -> Bool {
    switch scope {
    case .station: !open.isEmpty
    case .evse(let evse): open.contains { $0.evse == evse }
    }
  }

  func endTransactions(in scope: ResetScope, whenDurable: @escaping () -> Void) {
    let ending = open.map { $0.evse }
    var left = ending.count
    for evse in ending {
      end(evse) {
        left -= 1
        if left == 0 { whenDurable() }
      }
    }
  }

  // MARK: By hand

  func begin(_ evse: Int32, id: String) {
    open.append((EVSEID(evse), id, 0))
    event(id, .started)
  }

  func update(_ id: String, count: Int = 1) {
    for _ in 0..<count { event(id, .updated) }
  }

  func end(_ evse: EVSEID, whenDurable: (() -> Void)? = nil) {
    guard let id = transactionID(at: evse) else { return }
    event(id, .ended, whenDurable: whenDurable)
    open.removeAll { $0.evse == evse }
  }

  func event(
    _ id: String, _ kind: TransactionEventKind, isExpendable: Bool? = nil, whenDurable: (() -> Void)? = nil
  ) {
    guard let place = open.firstIndex(where: { $0.id == id }) else { return }
    var record = RecordWriter()
    record.write(id, field: 1)
    record.write(Int64(open[place].nextSeqNo), field: 2)
    record.write(Int64(kind.rawValue), field: 3)
    record.write(services.eventTime, field: 4)
    let position = open[place].nextSeqNo
    open[place].nextSeqNo += 1
    services.append(
      OutboxRecord(
        kind: .transactionEvent, lane: .transaction, group: id, isExpendable: isExpendable ?? (kind == .updated),
        position: position, body: record.bytes),
      documents: [], whenDurable: whenDurable)
  }

  // MARK: Codec

  var kind: OutboxRecordKind { .transactionEvent }

  func encode(_ body: ArraySlice<UInt8>, isOffline: Bool, version: OCPPVersion) -> EncodedCall? {
    var reader = RecordReader(body)
    var id = ""
    var seqNo: Int32 = 0
    var kind = TransactionEventKind.updated
    var time: EventTime?
    while let (field, value) = try? reader.next() {
      switch field {
      case 1: id = value.string ?? ""
      case 2: seqNo = value.int32 ?? 0
      case 3: kind = value.int32.flatMap { TransactionEventKind(rawValue: UInt8($0)) } ?? .updated
      case 4: time = value.eventTime
      default: break
      }
    }
    guard let wall = time.flatMap({ services.wallTime(of: $0) }) else { return nil }
    let request = TransactionEventRequest(
      eventType: kind, timestamp: wall, triggerReason: .meterValuePeriodic, seqNo: seqNo,
      transactionInfo: Transaction(transactionId: id), offline: isOffline)
    return EncodedCall(action: .transactionEvent) { writer in request.encode(into: &writer, version: version) }
  }

  func answered(_ body: ArraySlice<UInt8>, payload: ArraySlice<UInt8>, version: OCPPVersion) -> Bool {
    (try? TransactionEventResponse.decode(payload, version: version)) != nil
  }
}
