import ChargerBase
import OCPPTypes

/// A transaction that is over, as the station keeps it for people: made of its Ended event and stored in that event's
/// commit, so that one is never without the other.
///
/// Stored form (`DocumentKind.sessionHistory`, key = the place in the ring); fields without a value are left out, numbers
/// are never reused:
///
/// | field | content |
/// | --- | --- |
/// | 1 | number, rising by one |
/// | 2 | transaction id |
/// | 3, 4 | EVSE, connector |
/// | 5, 6 | start, end, `EventTime` |
/// | 7, 8 | import register in the first and in the last reading that the CSMS is told |
/// | 9, 10 | token, masked; its type |
/// | 11, 12, 13 | trigger of the Started event, of the Ended event, stopped reason |
/// | 14 | remote start id |
/// | 15 | events |
/// | 16 | seconds during which energy flowed |
/// | 17 | what became of its events, `FinishedSession.Report` |
package struct SessionHistoryEntry: Sendable, Equatable {
  package var number: Int64 = 0
  package var transactionID: String
  package var evse: EVSEID
  package var connector: Int32?
  package var startedAt: EventTime
  package var endedAt: EventTime
  package var startRegister: Decimal?
  package var endRegister: Decimal?
  package var maskedToken: String?
  package var tokenType: String?
  package var began: String?
  package var ended: String?
  package var stoppedReason: String?
  package var remoteStartID: Int32?
  package var events: Int32
  package var secondsCharging: Int32?
  package var report = FinishedSession.Report.waiting

  /// What `record`, its Ended event, says of `transaction`.
  package init(_ transaction: OpenTransaction, ending record: TransactionEventRecord, at evse: EVSEID) {
    transactionID = transaction.id
    self.evse = evse
    connector = transaction.connector
    startedAt = transaction.startedAt
    endedAt = record.time
    // The registers of the Ended event itself are those that are billed; what it does not tell is what was seen.
    func told(_ context: ReadingContext) -> Decimal? {
      record.readings.last { $0.context == context && $0.energyImport != nil }?.energyImport
    }
    startRegister =
      told(.transactionBegin) ?? transaction.signedBegin?.energyImport ?? transaction.beginReading?.energyImport
      ?? transaction.startRegister
    endRegister = told(.transactionEnd) ?? transaction.lastRegister
    let token = transaction.authorization?.token ?? record.token
    maskedToken = token?.masked
    tokenType = token?.type.rawName
    began = transaction.began?.rawName
    ended = record.trigger.rawName
    stoppedReason = record.stoppedReason?.rawName
    remoteStartID = transaction.authorization?.remoteStartID
    events = record.seqNo.addingSaturating(1)
    secondsCharging = record.secondsCharging
  }

  package var stored: [UInt8] {
    var record = RecordWriter(reservingCapacity: 256)
    record.write(number, field: 1)
    record.write(transactionID, field: 2)
    record.write(Int64(evse.number), field: 3)
    record.write(connector.map { Int64($0) }, field: 4)
    record.write(startedAt, field: 5)
    record.write(endedAt, field: 6)
    record.write(startRegister, field: 7)
    record.write(endRegister, field: 8)
    record.write(maskedToken, field: 9)
    record.write(tokenType, field: 10)
    record.write(began, field: 11)
    record.write(ended, field: 12)
    record.write(stoppedReason, field: 13)
    record.write(remoteStartID.map { Int64($0) }, field: 14)
    record.write(Int64(events), field: 15)
    record.write(secondsCharging.map { Int64($0) }, field: 16)
    record.write(Int64(report.rawValue), field: 17)
    return record.bytes
  }

  /// Nil when the bytes hold no session.
  package init?(stored: [UInt8]) {
    var reader = RecordReader(stored)
    var transactionID: String?
    var evse: EVSEID?
    var startedAt: EventTime?
    var endedAt: EventTime?
    let nothing = EventTime(boot: BootNumber(rawValue: 0), instant: .zero, wall: nil)
    var rest = SessionHistoryEntry(empty: nothing)
    while let (field, value) = try? reader.next() {
      switch field {
      case 1: rest.number = value.integer ?? 0
      case 2: transactionID = value.string
      case 3: evse = value.int32.map { EVSEID($0) }
      case 4: rest.connector = value.int32
      case 5: startedAt = value.eventTime
      case 6: endedAt = value.eventTime
      case 7: rest.startRegister = value.decimal
      case 8: rest.endRegister = value.decimal
      case 9: rest.maskedToken = value.string
      case 10: rest.tokenType = value.string
      case 11: rest.began = value.string
      case 12: rest.ended = value.string
      case 13: rest.stoppedReason = value.string
      case 14: rest.remoteStartID = value.int32
      case 15: rest.events = value.int32 ?? 0
      case 16: rest.secondsCharging = value.int32
      case 17:
        rest.report = value.integer.flatMap { UInt8(exactly: $0) }.flatMap { .init(rawValue: $0) } ?? .waiting
      default: break
      }
    }
    guard let transactionID, let evse, let startedAt, let endedAt else { return nil }
    self = rest
    self.transactionID = transactionID
    self.evse = evse
    self.startedAt = startedAt
    self.endedAt = endedAt
  }

  private init(empty time: EventTime) {
    transactionID = ""
    evse = EVSEID(0)
    startedAt = time
    endedAt = time
    events = 0
  }

  /// The number of a stored session, without reading the rest of it.
  static func number(ofStored body: [UInt8]) -> Int64? {
    var reader = RecordReader(body)
    guard let (field, value) = try? reader.next(), field == 1 else { return nil }
    return value.integer
  }
}

extension IdToken {
  /// Enough to tell two cards apart, and too little to use one: the first four characters, of a short text no more than
  /// half, of a code that somebody types nothing.
  package var masked: String? {
    guard !idToken.isEmpty else { return nil }
    guard type != .keyCode else { return "…" }
    return "\(idToken.prefix(min(4, idToken.count / 2)))…"
  }
}
