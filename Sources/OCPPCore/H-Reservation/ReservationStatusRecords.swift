import ChargerBase
import OCPPJSON
import OCPPTypes

/// H04 and member 26: ReservationStatusUpdate as a record of the outbox, so that no offline time takes it away.
final class ReservationStatusRecords: OutboxRecordCodec {
  private unowned let engine: any EngineServices

  init(_ engine: any EngineServices) { self.engine = engine }

  var kind: OutboxRecordKind { .reservationStatus }

  func append(_ id: Int32, _ status: ReservationUpdateStatus) {
    var record = RecordWriter()
    record.write(Int64(id), field: 1)
    record.write(status.rawName, field: 2)
    engine.append(
      OutboxRecord(kind: kind, lane: .general, group: "reservation \(id)", body: record.bytes), documents: [],
      whenDurable: nil)
  }

  func encode(_ body: ArraySlice<UInt8>, isOffline: Bool, version: OCPPVersion) -> EncodedCall? {
    var reader = RecordReader(body)
    var id: Int32?
    var status: ReservationUpdateStatus?
    while let (field, value) = try? reader.next() {
      switch field {
      case 1: id = value.int32
      case 2: status = value.string.flatMap { ReservationUpdateStatus(wireName: $0) }
      default: break
      }
    }
    guard let id, let status else { return nil }
    let request = ReservationStatusUpdateRequest(reservationId: id, reservationUpdateStatus: status)
    return EncodedCall(action: .reservationStatusUpdate) { writer in request.encode(into: &writer, version: version) }
  }

  func answered(_ body: ArraySlice<UInt8>, payload: ArraySlice<UInt8>, version: OCPPVersion) -> Bool {
    (try? ReservationStatusUpdateResponse.decode(payload, version: version)) != nil
  }
}
