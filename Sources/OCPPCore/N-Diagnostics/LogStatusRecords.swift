import ChargerBase
import OCPPJSON
import OCPPTypes

/// Member 30: LogStatusNotification as a record of the outbox, so that no offline time takes it away, and the status that
/// a TriggerMessage asks for (F06.FR.14, F06.FR.15).
final class LogStatusRecords: OutboxRecordCodec {
  private unowned let engine: ChargePoint
  private var uploading: Int32?
  private var isUploading = false

  init(_ engine: ChargePoint) { self.engine = engine }

  var kind: OutboxRecordKind { .logStatus }

  func append(_ status: UploadLogStatus, requestID: Int32?) {
    isUploading = status == .uploading
    uploading = isUploading ? requestID : nil
    engine.resets?.setActivity(.logUpload, isUploading)
    var record = RecordWriter()
    record.write(status.rawName, field: 1)
    record.write(requestID.map { Int64($0) }, field: 2)
    engine.append(
      OutboxRecord(kind: kind, lane: .general, group: "log", body: record.bytes), documents: [], whenDurable: nil)
  }

  /// What is true now; an idle station names no request.
  func sendTriggered() {
    let request = LogStatusNotificationRequest(status: isUploading ? .uploading : .idle, requestId: uploading)
    engine.callTriggered(.logStatusNotification, deadline: engine.deviceModel.seconds(.messageTimeout)) {
      writer, version in
      request.encode(into: &writer, version: version)
    } answer: { _ in
    }
  }

  func encode(_ body: ArraySlice<UInt8>, isOffline: Bool, version: OCPPVersion) -> EncodedCall? {
    var reader = RecordReader(body)
    var status: UploadLogStatus?
    var requestID: Int32?
    while let (field, value) = try? reader.next() {
      switch field {
      case 1: status = value.string.flatMap { UploadLogStatus(wireName: $0) }
      case 2: requestID = value.int32
      default: break
      }
    }
    guard let status else { return nil }
    let request = LogStatusNotificationRequest(status: status, requestId: requestID)
    return EncodedCall(action: .logStatusNotification) { writer in request.encode(into: &writer, version: version) }
  }

  func answered(_ body: ArraySlice<UInt8>, payload: ArraySlice<UInt8>, version: OCPPVersion) -> Bool {
    (try? LogStatusNotificationResponse.decode(payload, version: version)) != nil
  }
}

extension ChargePoint {
  /// How the upload of a log goes (30): queued durably, and remembered for TriggerMessage. While it uploads, the station
  /// is not idle (errata 2.14).
  public func logStatus(_ status: UploadLogStatus, requestID: Int32? = nil) {
    turn { logStatus?.append(status, requestID: requestID) }
  }
}
