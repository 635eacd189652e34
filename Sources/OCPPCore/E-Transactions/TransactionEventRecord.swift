import ChargerBase
import OCPPTypes

/// One transaction event as a fact, independent of the version that will be spoken when it is sent. What is decided only
/// then (message id, offline flag, civil time that was not known) is not in it.
///
/// Stored form; names are OCPP's, fields that have no value are left out, numbers are never reused:
///
/// | field | content |
/// | --- | --- |
/// | 1 | transaction id |
/// | 2 | sequence number |
/// | 3 | event type |
/// | 4 | trigger reason |
/// | 5 | time, `EventTime` |
/// | 6 | charging state, when it has changed |
/// | 7 | stopped reason |
/// | 8 | token: 1 text, 2 type |
/// | 9, 10 | EVSE, connector |
/// | 11 | remote start id |
/// | 12 | meter reading, repeated (`MeterReadingRecord`) |
/// | 13 | seconds during which energy flowed |
/// | 14 | number of phases in use, when it has changed |
package struct TransactionEventRecord: Sendable, Equatable {
  /// Readings that one event carries at most: all that are kept between, and those of begin and end.
  package static let maximumReadings = EndedReadings.maximum + 8

  package var transactionID: String
  package var seqNo: Int32
  package var kind: TransactionEventKind
  package var trigger: TriggerReason
  package var time: EventTime
  package var chargingState: ChargingState?
  package var stoppedReason: StopReason?
  package var token: IdToken?
  package var evse: Int32?
  package var connector: Int32?
  package var remoteStartID: Int32?
  package var readings: [MeterReadingRecord] = []
  package var secondsCharging: Int32?
  package var phasesUsed: Int32?

  package init(
    transactionID: String, seqNo: Int32, kind: TransactionEventKind, trigger: TriggerReason, time: EventTime
  ) {
    self.transactionID = transactionID
    self.seqNo = seqNo
    self.kind = kind
    self.trigger = trigger
    self.time = time
  }

  package var stored: [UInt8] {
    var record = RecordWriter(reservingCapacity: 1_024)
    record.write(transactionID, field: 1)
    record.write(Int64(seqNo), field: 2)
    record.write(name: kind.wireName, field: 3)
    record.write(name: trigger.wireName, field: 4)
    record.write(time, field: 5)
    record.write(name: chargingState?.wireName, field: 6)
    record.write(name: stoppedReason?.wireName, field: 7)
    token?.write(to: &record, field: 8)
    record.write(evse.map { Int64($0) }, field: 9)
    record.write(connector.map { Int64($0) }, field: 10)
    record.write(remoteStartID.map { Int64($0) }, field: 11)
    for reading in readings.prefix(Self.maximumReadings) { reading.write(to: &record, field: 12) }
    record.write(secondsCharging.map { Int64($0) }, field: 13)
    record.write(phasesUsed.map { Int64($0) }, field: 14)
    return record.bytes
  }

  /// Nil when a field that every event has cannot be read.
  package init?(stored: ArraySlice<UInt8>) {
    var reader = RecordReader(stored)
    var transactionID: String?
    var seqNo: Int32?
    var kind: TransactionEventKind?
    var trigger: TriggerReason?
    var time: EventTime?
    var rest = TransactionEventRecord(
      transactionID: "", seqNo: 0, kind: .updated, trigger: .trigger,
      time: EventTime(boot: BootNumber(rawValue: 0), instant: .zero, wall: nil))
    do throws(RecordError) {
      while let (field, value) = try reader.next() {
        switch field {
        case 1: transactionID = value.string
        case 2: seqNo = value.int32
        case 3: kind = value.string.flatMap { TransactionEventKind(wireName: $0) }
        case 4: trigger = value.string.flatMap { TriggerReason(wireName: $0) }
        case 5: time = value.eventTime
        case 6: rest.chargingState = value.string.flatMap { ChargingState(wireName: $0) }
        case 7: rest.stoppedReason = value.string.flatMap { StopReason(wireName: $0) }
        case 8: rest.token = value.data.flatMap { IdToken(stored: $0) }
        case 9: rest.evse = value.int32
        case 10: rest.connector = value.int32
        case 11: rest.remoteStartID = value.int32
        case 12:
          if let reading = value.data.flatMap({ MeterReadingRecord(stored: $0) }),
            rest.readings.count < Self.maximumReadings
          {
            rest.readings.append(reading)
          }
        case 13: rest.secondsCharging = value.int32
        case 14: rest.phasesUsed = value.int32
        default: break
        }
      }
    } catch {
      return nil
    }
    guard let transactionID, let seqNo, let kind, let trigger, let time else { return nil }
    self = rest
    self.transactionID = transactionID
    self.seqNo = seqNo
    self.kind = kind
    self.trigger = trigger
    self.time = time
  }
}

extension IdToken {
  package func write(to record: inout RecordWriter, field: UInt32) {
    record.write(field: field) { token in
      token.write(idToken, field: 1)
      token.write(type.rawName, field: 2)
    }
  }

  package init?(stored: ArraySlice<UInt8>) {
    var reader = RecordReader(stored)
    var text: String?
    var kind: IdTokenKind?
    while let (field, value) = try? reader.next() {
      switch field {
      case 1: text = value.string
      case 2: kind = value.string.map { IdTokenKind(rawName: $0) }
      default: break
      }
    }
    guard let text, let kind else { return nil }
    self.init(idToken: text, type: kind)
  }

  /// The same token: by type and by its text without regard to case; additional info does not matter (errata,
  /// C01.FR.25).
  package func isSameToken(as other: IdToken) -> Bool {
    type == other.type && idToken.lowercased() == other.idToken.lowercased()
  }
}
