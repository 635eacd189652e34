import ChargerBase

/// What a flight recorder's memory or file holds, read without changing it: that of a program that lives, or of one
/// that has died.
public struct FlightRecording: Sendable, Equatable {
  /// Whole entries, oldest first.
  public let records: [FlightRecord]
  /// Places whose entry is not whole: the one that was being written when the program ended, or damage.
  public let unreadable: Int

  /// Nil when `bytes` are no flight recorder's.
  public init?(_ bytes: UnsafeRawBufferPointer) {
    guard bytes.count >= FlightRecorder.headerSize + FlightRecorder.recordSize,
      bytes.loadUnaligned(fromByteOffset: 0, as: UInt64.self) == FlightRecorder.magic
    else { return nil }
    let room = (bytes.count - FlightRecorder.headerSize) / FlightRecorder.recordSize
    let capacity = min(room, Int(clamping: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)))
    var found: [FlightRecord] = []
    found.reserveCapacity(capacity)
    var unreadable = 0
    for place in 0..<capacity {
      let offset = FlightRecorder.headerSize + place * FlightRecorder.recordSize
      let raw = bytes.loadUnaligned(fromByteOffset: offset, as: RawRecord.self)
      if raw.isEmpty { continue }
      if raw.check == raw.expectedCheck, let record = FlightRecord(raw) {
        found.append(record)
      } else {
        unreadable += 1
      }
    }
    found.sort { $0.sequence < $1.sequence }
    records = found
    self.unreadable = unreadable
  }

  /// The highest number among the whole entries of a recorder's memory; 0 when there is none.
  static func newestSequence(in bytes: UnsafeRawBufferPointer, capacity: Int) -> UInt64 {
    func raw(_ place: Int) -> RawRecord {
      bytes.loadUnaligned(
        fromByteOffset: FlightRecorder.headerSize + place * FlightRecorder.recordSize, as: RawRecord.self)
    }
    func isWhole(_ raw: RawRecord) -> Bool { raw.check == raw.expectedCheck && FlightRecord(raw) != nil }
    var newest: UInt64 = 0
    var newestPlace = 0
    for place in 0..<capacity {
      // The number is the first field.
      let sequence = bytes.loadUnaligned(
        fromByteOffset: FlightRecorder.headerSize + place * FlightRecorder.recordSize, as: UInt64.self)
      guard sequence > newest else { continue }
      newest = sequence
      newestPlace = place
    }
    if newest == 0 || isWhole(raw(newestPlace)) { return newest }
    newest = 0
    for place in 0..<capacity {
      let raw = raw(place)
      if raw.sequence > newest, isWhole(raw) { newest = raw.sequence }
    }
    return newest
  }

  /// Entries between the oldest and the newest that are not there.
  public var gaps: UInt64 {
    guard let first = records.first?.sequence, let last = records.last?.sequence else { return 0 }
    let span = last.subtractingSaturating(first).addingSaturating(1)
    return span.subtractingSaturating(UInt64(records.count))
  }
}
