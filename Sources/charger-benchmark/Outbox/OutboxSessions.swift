import ChargerBase
import OCPPCore
import OCPPPorts
import OCPPTypes

/// What stands in for the session controller: every fact makes the next event of one endless transaction, with eight
/// readings and the transaction's document, as a charging session does. Record, codec and document are the real ones.
final class OutboxSessions: SessionControlling, OutboxRecordCodec {
  private unowned let services: any EngineServices
  private let codec: TransactionEventCodec
  private var transaction: OpenTransaction
  private(set) var appended = 0
  private(set) var durable = 0
  private(set) var answered = 0
  /// Asked after each answer: whether there is another event to make.
  var wantsNext: () -> Bool = { false }
  var whenDurable: () -> Void = {}
  var whenAnswered: () -> Void = {}

  init(services: any EngineServices) {
    self.services = services
    codec = TransactionEventCodec(services: services)
    transaction = OpenTransaction(id: "6f1c1e7e-8f6b-4a5a-9d0e-0123456789ab", at: services.eventTime)
    transaction.startRegister = Decimal(thousandths: 12_345_678)
  }

  var recordCodecs: [any OutboxRecordCodec] { [self] }
  var incomingActions: [OCPPAction] { [] }
  func handle(_ call: IncomingCall) throws(MessageViolation) {}
  func start(reason: BootReason, documents: [StoreSnapshot.Document]) {}
  func handle(_ fact: StationFact) { append() }
  func operativeChanged(_ connector: ConnectorID, isOperative: Bool) {}
  func registerDoubt(at evse: EVSEID) -> RegisterDoubt? { nil }
  func transactionID(at evse: EVSEID) -> String? { nil }
  func isBusy(_ scope: ResetScope) -> Bool { false }
  func endTransactions(in scope: ResetScope, whenDurable: @escaping () -> Void) { whenDurable() }

  /// A fact that makes an event.
  static var fact: StationFact { .parkingBay(EVSEID(1), occupied: true, at: .zero) }

  private func append() {
    let time = services.eventTime
    var record = TransactionEventRecord(
      transactionID: transaction.id, seqNo: transaction.nextSeqNo, kind: appended == 0 ? .started : .updated,
      trigger: .meterValuePeriodic, time: time)
    record.chargingState = .charging
    record.token = IdToken(idToken: "04A1B2C3D4E580", type: .iso14443)
    record.evse = 1
    record.connector = 1
    record.readings = [Self.reading(at: time, round: Int64(appended))]
    transaction.nextSeqNo = transaction.nextSeqNo.addingSaturating(1)
    transaction.lastRegister = Decimal(thousandths: 12_345_678 + Int64(appended))
    transaction.lastRegisterAt = time
    transaction.lastEventAt = time
    appended += 1
    services.append(
      OutboxRecord(
        kind: .transactionEvent, lane: .transaction, group: transaction.id, isExpendable: record.kind == .updated,
        position: record.seqNo, body: record.stored),
      documents: [.putDocument(.transaction, key: "1", body: transaction.document(evse: EVSEID(1)))],
      whenDurable: { [weak self] in
        guard let self else { return }
        durable += 1
        whenDurable()
      })
  }

  static func reading(at time: EventTime, round: Int64) -> MeterReadingRecord {
    let measurands: [(Measurand, Phase?)] = [
      (.energyActiveImportRegister, nil), (.powerActiveImport, nil), (.currentImport, .l1), (.currentImport, .l2),
      (.currentImport, .l3), (.voltage, .l1N), (.voltage, .l2N), (.voltage, .l3N),
    ]
    let values = measurands.enumerated().map { index, item in
      MeasuredValue(
        measurand: item.0, phase: item.1, location: .outlet,
        value: Decimal(thousandths: 12_345_678 + Int64(index) * 1_001 + round))
    }
    return MeterReadingRecord(time: time, context: .samplePeriodic, values: values)
  }

  // MARK: Codec

  var kind: OutboxRecordKind { .transactionEvent }

  func encode(_ body: ArraySlice<UInt8>, isOffline: Bool, version: OCPPVersion) -> EncodedCall? {
    codec.encode(body, isOffline: isOffline, version: version)
  }

  func answered(_ body: ArraySlice<UInt8>, payload: ArraySlice<UInt8>, version: OCPPVersion) -> Bool {
    guard codec.answered(body, payload: payload, version: version) else { return false }
    answered += 1
    if wantsNext() { services.later { [weak self] in self?.append() } }
    whenAnswered()
    return true
  }
}

/// A firmware that wants nothing.
final class OutboxDelegate: ChargePointDelegate {
  var whenAccepted: () -> Void = {}
  private var isAccepted = false

  func chargePoint(_ chargePoint: ChargePoint, grant: EnergyGrant, to connector: ConnectorID) {}
  func chargePoint(_ chargePoint: ChargePoint, revokeGrantAt connector: ConnectorID) {}
  func chargePoint(_ chargePoint: ChargePoint, setOperative isOperative: Bool, _ connector: ConnectorID) {}
  func chargePoint(_ chargePoint: ChargePoint, reset scope: ResetScope) {}
  func chargePoint(_ chargePoint: ChargePoint, linkChanged status: LinkStatus) {
    guard status.isAccepted != isAccepted else { return }
    isAccepted = status.isAccepted
    if isAccepted { whenAccepted() }
  }
}

extension ChargePointConfiguration {
  /// Two EVSEs at a CSMS on a loopback port.
  static func forOutbox(port: Int) -> ChargePointConfiguration {
    ChargePointConfiguration(
      identity: Identity(vendorName: "Example", model: "Benchmark", serialNumber: "1", firmwareVersion: "1"),
      evses: [EVSE(id: 1), EVSE(id: 2)],
      networkProfiles: [NetworkProfile(url: "ws://127.0.0.1:\(port)/ocpp", identity: "benchmark")],
      boot: BootNumber(rawValue: 1))
  }
}
