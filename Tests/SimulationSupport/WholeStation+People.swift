import ChargerBase
import OCPPCore
import OCPPJSON
import OCPPTypes
import SimulatedWorld

// What people, cars and the CSMS do, and what is seen of it.

extension WholeStation {
  package static func connector(_ evse: Int32, _ number: Int32 = 1) -> ConnectorID {
    ConnectorID(evse: EVSEID(evse), number: number)
  }

  package func plugIn(_ evse: Int32 = 1, connector: Int32 = 1, _ car: CarSpecification = CarSpecification()) {
    perform(.plugIn(Self.connector(evse, connector), car))
  }

  package func plugOut(_ evse: Int32 = 1, connector: Int32 = 1) {
    perform(.plugOut(Self.connector(evse, connector)))
  }

  /// The driver asks his car to stop, or to go on (nil: as the car wants).
  package func hold(_ state: CarState?, _ evse: Int32 = 1, connector: Int32 = 1) {
    perform(.holdCar(Self.connector(evse, connector), state))
  }

  package func tap(_ token: String = "CARD", evses: [Int32]? = nil) {
    if csms.tokens[token] == .accepted { witness.authorized(at: clock.now) }
    perform(.presentToken(WorldToken(value: token), .evses(evses.map { $0.map { EVSEID($0) } })))
  }

  package func fault(_ fault: SimulatedFault, _ active: Bool = true, evse: Int32? = 1, connector: Int32? = 1) {
    let isOfConnector = fault.scope == .connector
    perform(
      .fault(
        FaultPlace(evse: evse.map { EVSEID($0) }, connector: isOfConnector ? connector : nil), fault, active: active))
  }

  /// Service has repaired a contactor.
  package func clearLatchedFaults(_ evse: Int32 = 1, connector: Int32 = 1) {
    station?.command(.clearLatchedFaults(Self.connector(evse, connector)))
  }

  @discardableResult
  package func remoteStart(_ evse: Int32?, token: String = "APP", id: Int32 = 1) -> JSONValue? {
    witness.authorized(at: clock.now)
    return ask(
      .requestStartTransaction,
      RequestStartTransactionRequest(
        idToken: IdToken(idToken: token, type: .iso14443), remoteStartId: id, evseId: evse
      ).encode(version: .v201))
  }

  @discardableResult
  package func remoteStop(_ transaction: String) -> JSONValue? {
    ask(
      .requestStopTransaction, RequestStopTransactionRequest(transactionId: transaction).encode(version: .v201))
  }

  private func ask(_ action: OCPPAction, _ payload: [UInt8]) -> JSONValue? {
    let id = csms.call(action, payload)
    run(upTo: .seconds(2)) { csms.answers[id] != nil }
    return csms.result(id)
  }

  // MARK: Seen

  package var books: [TransactionLedger.Book] { csms.transactions.books }
  package func story(of book: TransactionLedger.Book) -> [String] {
    book.entries.map { "\($0.request.eventType.rawName)/\($0.request.triggerReason.rawName)" }
  }
  package func transaction(_ evse: Int32 = 1) -> String? { chargePoint?.transactionID(at: EVSEID(evse)) }

  package func isClosed(_ evse: Int32 = 1, connector: Int32 = 1) -> Bool {
    view(evse, connector)?.isContactorClosed ?? false
  }

  package func view(_ evse: Int32 = 1, _ connector: Int32 = 1) -> ConnectorView? {
    world.world.view.first { $0.id.number == evse }?.connectors.first { $0.id.number == connector }
  }

  /// The true register, also while the meter is silent.
  package func register(_ evse: Int32 = 1) -> Energy {
    world.world.view.first { $0.id.number == evse }?.meter.importRegister ?? .zero
  }

  /// The energy of a transaction by the first and the last register of its Ended event.
  package func billed(_ book: TransactionLedger.Book) -> Energy? {
    let registers = (book.ended?.meterValue ?? []).compactMap { value in
      value.sampledValue.first { $0.measurand == .energyActiveImportRegister }?.value
    }
    guard let first = registers.first.flatMap({ Energy($0) }), let last = registers.last.flatMap({ Energy($0) })
    else { return nil }
    return last - first
  }

  /// The statuses that the CSMS was told of a connector, in their order.
  package func statuses(_ evse: Int32 = 1, connector: Int32 = 1) -> [ConnectorStatus] {
    csms.calls(.statusNotification).compactMap { call in
      guard let request = try? StatusNotificationRequest.decode(call.payload, version: .v201),
        request.evseId == evse, request.connectorId == connector
      else { return nil }
      return request.connectorStatus
    }
  }

  /// The first event of the world at or after `start` that fits.
  package func firstEvent(since start: MonotonicInstant, _ fits: (WorldEvent.Kind) -> Bool) -> MonotonicInstant? {
    worldEvents.first { $0.at >= start && fits($0.kind) }?.at
  }

  /// When the lane commanded a contactor open, at or after `start`.
  package func firstOpening(since start: MonotonicInstant, evse: Int32 = 1, connector: Int32 = 1) -> MonotonicInstant? {
    lane?.contactorCommands.first {
      $0.at >= start && $0.connector == Self.connector(evse, connector) && $0.position == .open
    }?.at
  }
}
