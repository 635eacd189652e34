import ChargerBase
import OCPPJSON
import OCPPPorts
import OCPPTypes

/// Speaks stored transaction events as TransactionEventRequest, in the version and with the knowledge of the moment when
/// they are sent, and hands on what the CSMS says about their tokens.
package final class TransactionEventCodec: OutboxRecordCodec {
  private unowned let services: any EngineServices
  private var spoken: (body: ArraySlice<UInt8>, record: TransactionEventRecord)?
  /// The CSMS's word on the token of an event: the event, and its word.
  package var tokenAnswered: ((TransactionEventRecord, IdTokenInfo) -> Void)?

  /// Told when the CSMS has heard the end of a transaction, or will not hear all of it.
  weak var history: SessionHistory?

  package init(services: any EngineServices) { self.services = services }

  package var kind: OutboxRecordKind { .transactionEvent }

  package func encode(_ body: ArraySlice<UInt8>, isOffline: Bool, version: OCPPVersion) -> EncodedCall? {
    guard let record = TransactionEventRecord(stored: body) else { return nil }
    spoken = (body, record)
    let request = request(for: record, isOffline: isOffline, version: version)
    return EncodedCall(action: .transactionEvent) { writer in request.encode(into: &writer, version: version) }
  }

  package func answered(_ body: ArraySlice<UInt8>, payload: ArraySlice<UInt8>, version: OCPPVersion) -> Bool {
    guard let response = try? TransactionEventResponse.decode(payload, version: version) else { return false }
    // The answer is to the event that was spoken last: it need not be read a second time.
    let known = spoken.flatMap { $0.body == body ? $0.record : nil }
    spoken = nil
    guard let record = known ?? TransactionEventRecord(stored: body) else { return true }
    noteTold(record)
    if let information = response.idTokenInfo, record.token != nil { tokenAnswered?(record, information) }
    services.told(request(for: record, isOffline: false, version: version), answer: response)
    return true
  }

  package func request(
    for record: TransactionEventRecord, isOffline: Bool, version: OCPPVersion
  ) -> TransactionEventRequest {
    let timestamp = civilTime(of: record.time)
    let readings = record.readings.compactMap { $0.meterValue(at: civilTime(of: $0.time), version: version) }
    return TransactionEventRequest(
      eventType: record.kind, timestamp: timestamp, triggerReason: record.trigger, seqNo: record.seqNo,
      transactionInfo: Transaction(
        transactionId: record.transactionID, chargingState: record.chargingState,
        timeSpentCharging: record.secondsCharging, stoppedReason: record.stoppedReason,
        remoteStartId: record.remoteStartID),
      meterValue: readings.isEmpty ? nil : readings, offline: isOffline ? true : nil,
      numberOfPhasesUsed: record.phasesUsed, evse: record.evse.map { EVSE(id: $0, connectorId: record.connector) },
      idToken: record.token)
  }

  func saveHistory() {
    guard let changes = history?.takeChanges(), !changes.mutations.isEmpty else { return }
    services.save(changes.mutations, durability: .relaxed) { [weak history] isStored in
      if !isStored { history?.keepUnsaved(changes) }
    }
  }

  /// A boot whose civil time was never known lies before the present one: its events are told with the earliest time
  /// that this boot can have had, which keeps their order.
  private func civilTime(of time: EventTime) -> WallTime {
    if let wall = services.wallTime(of: time) { return wall }
    let present = services.eventTime
    guard let wall = present.wall else { return WallTime(millisecondsSinceEpoch: 0) }
    return time.boot < present.boot ? wall + present.instant.duration(to: .zero) : wall
  }
}
