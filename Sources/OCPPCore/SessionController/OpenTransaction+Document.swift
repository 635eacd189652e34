import ChargerBase
import OCPPTypes

// Stored form of an open transaction (`DocumentKind.transaction`, key = the EVSE's number). Numbers are never reused.
//
//  1 id                        11 group token             21 isEnergyBarred
//  2 next sequence number      12 remote start id         22 energy limit
//  3 started at                13 grant reason            23 stop reason
//  4 last event at             14 token reported          24 pending end: 1 trigger, 2 reason, 3 token
//  5 connector                 15 remote start reported   25 milliseconds charging
//  6 connector reported        16 start register          26 charging since
//  7 conditions                17 last register           27 EVSE
//  8 charging state            18 last register at
//  9 is authorized             19 begin reading, 28 its report
// 10 token                     20 was a reading for Ended; they have documents of their own
// 29 cable's rating            30 stored without an event at        31 to be plugged in until
// 40 signed begin reading      41 public key told           42 phases told
// 60 trigger of the Started event

extension OpenTransaction {
  package func document(evse: EVSEID) -> [UInt8] {
    var record = RecordWriter(reservingCapacity: 256)
    record.write(id, field: 1)
    record.write(Int64(nextSeqNo), field: 2)
    record.write(startedAt, field: 3)
    record.write(lastEventAt, field: 4)
    record.write(connector.map { Int64($0) }, field: 5)
    record.write(isConnectorReported, field: 6)
    record.write(Int64(conditions.rawValue), field: 7)
    record.write(chargingState?.rawName, field: 8)
    record.write(isAuthorized, field: 9)
    if let authorization {
      authorization.token.write(to: &record, field: 10)
      authorization.groupToken?.write(to: &record, field: 11)
      record.write(authorization.remoteStartID.map { Int64($0) }, field: 12)
      record.write(Int64(authorization.reason.rawValue), field: 13)
      record.write(authorization.isTokenReported, field: 14)
      record.write(authorization.isRemoteStartReported, field: 15)
    }
    record.write(startRegister, field: 16)
    record.write(lastRegister, field: 17)
    record.write(lastRegisterAt, field: 18)
    beginReading?.write(to: &record, field: 19)
    record.write(isEnergyBarred, field: 21)
    record.write(energyLimit, field: 22)
    record.write(stopReason?.rawName, field: 23)
    if let pendingEnd {
      record.write(field: 24) { cause in
        cause.write(pendingEnd.trigger.rawName, field: 1)
        cause.write(pendingEnd.stopReason.rawName, field: 2)
        pendingEnd.token?.write(to: &cause, field: 3)
      }
    }
    record.write(millisecondsCharging, field: 25)
    record.write(chargingSince, field: 26)
    record.write(Int64(evse.number), field: 27)
    record.write(isBeginReported, field: 28)
    record.write(cableRating.map { Int64($0) }, field: 29)
    record.write(aliveAt, field: 30)
    record.write(connectionExpiry, field: 31)
    signedBegin?.write(to: &record, field: 40)
    record.write(isPublicKeyTold, field: 41)
    record.write(phasesTold.map { Int64($0) }, field: 42)
    record.write(began?.rawName, field: 60)
    return record.bytes
  }

  /// Nil when the bytes hold no transaction.
  package static func read(document: [UInt8]) -> (evse: EVSEID, transaction: OpenTransaction)? {
    var fields = DocumentFields()
    var reader = RecordReader(document)
    do throws(RecordError) {
      while let (field, value) = try reader.next() { fields.take(field, value) }
    } catch {
      return nil
    }
    return fields.result
  }
}

/// The fields of a document while they are read.
private struct DocumentFields {
  var id: String?
  var evse: EVSEID?
  var startedAt: EventTime?
  var lastEventAt: EventTime?
  var token: IdToken?
  var groupToken: IdToken?
  var remoteStartID: Int32?
  var reason: EnergyGrant.Reason?
  var isTokenReported = false
  var isRemoteStartReported = false
  var rest = OpenTransaction(id: "", at: EventTime(boot: BootNumber(rawValue: 0), instant: .zero, wall: nil))

  mutating func take(_ field: UInt32, _ value: RecordReader.Value) {
    switch field {
    case 1: id = value.string
    case 2: rest.nextSeqNo = value.int32 ?? 0
    case 3: startedAt = value.eventTime
    case 4: lastEventAt = value.eventTime
    case 5: rest.connector = value.int32
    case 6: rest.isConnectorReported = value.bool ?? false
    case 7: rest.conditions = TransactionPoints(rawValue: UInt8(truncatingIfNeeded: value.integer ?? 0))
    case 8: rest.chargingState = value.string.flatMap { ChargingState(wireName: $0) }
    case 9: rest.isAuthorized = value.bool ?? false
    case 10: token = value.data.flatMap { IdToken(stored: $0) }
    case 11: groupToken = value.data.flatMap { IdToken(stored: $0) }
    case 12: remoteStartID = value.int32
    case 13: reason = value.integer.flatMap { UInt8(exactly: $0) }.flatMap { EnergyGrant.Reason(rawValue: $0) }
    case 14: isTokenReported = value.bool ?? false
    case 15: isRemoteStartReported = value.bool ?? false
    default: takeRest(field, value)
    }
  }

  private mutating func takeRest(_ field: UInt32, _ value: RecordReader.Value) {
    switch field {
    case 16: rest.startRegister = value.decimal
    case 17: rest.lastRegister = value.decimal
    case 18: rest.lastRegisterAt = value.eventTime
    case 19: rest.beginReading = value.data.flatMap { MeterReadingRecord(stored: $0) }
    case 21: rest.isEnergyBarred = value.bool ?? false
    case 22: rest.energyLimit = value.decimal
    case 23: rest.stopReason = value.string.flatMap { StopReason(wireName: $0) }
    case 24: rest.pendingEnd = value.data.flatMap { SessionCause(stored: $0) }
    case 25: rest.millisecondsCharging = value.integer ?? 0
    case 26: rest.chargingSince = value.eventTime
    case 27: evse = value.int32.map { EVSEID($0) }
    case 28: rest.isBeginReported = value.bool ?? false
    case 29: rest.cableRating = value.int32
    case 30: rest.aliveAt = value.eventTime
    case 31: rest.connectionExpiry = value.eventTime
    case 40: rest.signedBegin = value.data.flatMap { MeterReadingRecord(stored: $0) }
    case 60: rest.began = value.string.flatMap { TriggerReason(wireName: $0) }
    case 41: rest.isPublicKeyTold = value.bool ?? false
    case 42: rest.phasesTold = value.int32
    default: break
    }
  }

  var result: (evse: EVSEID, transaction: OpenTransaction)? {
    guard let id, let evse, let startedAt, let lastEventAt else { return nil }
    var transaction = rest
    transaction.id = id
    transaction.startedAt = startedAt
    transaction.lastEventAt = lastEventAt
    if let token {
      var authorization = SessionAuthorization(
        token: token, groupToken: groupToken, remoteStartID: remoteStartID, reason: reason ?? .authorized)
      authorization.isTokenReported = isTokenReported
      authorization.isRemoteStartReported = isRemoteStartReported
      transaction.authorization = authorization
    }
    return (evse, transaction)
  }
}

extension SessionCause {
  fileprivate init?(stored: ArraySlice<UInt8>) {
    var reader = RecordReader(stored)
    var trigger: TriggerReason?
    var reason: StopReason?
    var token: IdToken?
    while let (field, value) = try? reader.next() {
      switch field {
      case 1: trigger = value.string.flatMap { TriggerReason(wireName: $0) }
      case 2: reason = value.string.flatMap { StopReason(wireName: $0) }
      case 3: token = value.data.flatMap { IdToken(stored: $0) }
      default: break
      }
    }
    guard let trigger, let reason else { return nil }
    self.init(trigger, reason, token: token)
  }
}
