import ChargerBase
import OCPPJSON
import OCPPPorts
import OCPPTypes

/// N07: NotifyEvent as records of the outbox. What is told before the registration or offline waits there and is not
/// dropped; long reports are split into several messages.
final class NotifyEventRecords: OutboxRecordCodec {
  /// Records of the general lane beyond which events wait with whoever tells them.
  static let maximumWaiting = 2_000
  /// The most that one message's events may take, in bytes of JSON.
  static let maximumMessageBytes = 32 * 1024
  /// What a message needs beside its events.
  private static let envelopeBytes = 512
  static let maximumTechnicianCode = 50
  static let maximumTechnicianInfo = 500

  private unowned let engine: ChargePoint
  /// The number given out last; stored with every record that uses one.
  var lastEventID: Int32 = 0
  /// There may be room again.
  var hasAnswer: () -> Void = {}

  init(_ engine: ChargePoint) { self.engine = engine }

  var kind: OutboxRecordKind { .notifyEvent }

  var hasRoom: Bool { engine.outbox.waiting(in: .general) < Self.maximumWaiting }

  func takeEventID() -> Int32 {
    lastEventID = lastEventID == .max ? 1 : lastEventID + 1
    return lastEventID
  }

  /// Queues one report, in as many messages as its size asks for; `documents` are stored with its first one.
  func append(_ events: [StoredEvent], documents: [StoreMutation]) {
    let parts = split(events.map(limited))
    for (place, part) in parts.enumerated() {
      var record = RecordWriter()
      record.write(Int64(place), field: 1)
      record.write(place + 1 < parts.count, field: 2)
      for event in part { record.write(field: 3) { event.write(to: &$0) } }
      engine.append(
        OutboxRecord(kind: .notifyEvent, lane: .general, group: group(of: events), body: record.bytes),
        documents: place == 0 ? documents : [], whenDurable: nil)
    }
  }

  /// Events of one place stay in their order.
  private func group(of events: [StoredEvent]) -> String {
    let key = events.first?.event.key
    return "event \(key?.evse ?? 0).\(key?.connector ?? 0)"
  }

  private func limited(_ stored: StoredEvent) -> StoredEvent {
    var stored = stored
    let longest = Int(engine.deviceModel.integer(.reportingValueSize)).clamped(to: 1...2_500)
    stored.event.actualValue = String(stored.event.actualValue.prefix(longest))
    stored.event.technicianCode = stored.event.technicianCode.map { String($0.prefix(Self.maximumTechnicianCode)) }
    stored.event.technicianInfo = stored.event.technicianInfo.map { String($0.prefix(Self.maximumTechnicianInfo)) }
    return stored
  }

  private func split(_ events: [StoredEvent]) -> [[StoredEvent]] {
    let limit = min(Self.maximumMessageBytes, engine.configuration.maximumFrameBytes - Self.envelopeBytes)
    var parts: [[StoredEvent]] = []
    var room = 0
    for event in events {
      var writer = JSONWriter()
      event.eventData(at: WallTime(millisecondsSinceEpoch: 0)).encode(into: &writer, version: .v21)
      let size = writer.bytes.count + 1
      if parts.isEmpty || size > room {
        parts.append([])
        room = limit
      }
      parts[parts.count - 1].append(event)
      room -= size
    }
    return parts
  }

  // MARK: Sending

  func encode(_ body: ArraySlice<UInt8>, isOffline: Bool, version: OCPPVersion) -> EncodedCall? {
    var reader = RecordReader(body)
    var seqNo: Int32 = 0
    var isContinued = false
    var events: [StoredEvent] = []
    while let (field, value) = try? reader.next() {
      switch field {
      case 1: seqNo = value.int32 ?? 0
      case 2: isContinued = value.bool ?? false
      case 3: if let event = value.data.flatMap({ StoredEvent($0) }) { events.append(event) }
      default: break
      }
    }
    guard !events.isEmpty else { return nil }
    let present = engine.wall(at: engine.now) ?? WallTime(millisecondsSinceEpoch: 0)
    let request = NotifyEventRequest(
      generatedAt: present, seqNo: seqNo,
      eventData: events.map { $0.eventData(at: engine.wallTime(of: $0.time) ?? present) },
      tbc: isContinued ? true : nil)
    return EncodedCall(action: .notifyEvent) { writer in request.encode(into: &writer, version: version) }
  }

  func answered(_ body: ArraySlice<UInt8>, payload: ArraySlice<UInt8>, version: OCPPVersion) -> Bool {
    guard (try? NotifyEventResponse.decode(payload, version: version)) != nil else { return false }
    hasAnswer()
    return true
  }
}
