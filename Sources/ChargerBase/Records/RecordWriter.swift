// The format of stored records: a sequence of (field number, value) pairs in the wire form of protocol buffers
// (varint and length-delimited only). A reader skips fields it does not know and a missing field has no value, so a
// newer station reads older records and an older one survives newer ones. Field numbers are never reused.

/// Writes one record. Fields that are nil are not written.
public struct RecordWriter {
  public private(set) var bytes: [UInt8] = []

  public init(reservingCapacity capacity: Int = 128) { bytes.reserveCapacity(capacity) }

  public mutating func write(_ value: Int64?, field: UInt32) {
    guard let value else { return }
    writeVarint(UInt64(field) << 3)
    writeVarint(UInt64(bitPattern: (value << 1) ^ (value >> 63)))
  }

  public mutating func write(_ value: Bool?, field: UInt32) {
    guard let value else { return }
    write(Int64(value ? 1 : 0), field: field)
  }

  public mutating func write(_ value: String?, field: UInt32) {
    guard var value else { return }
    value.withUTF8 { writeDelimited(UnsafeRawBufferPointer($0), field: field) }
  }

  /// A name of the standard, without making a String of it.
  public mutating func write(name: StaticString?, field: UInt32) {
    guard let name else { return }
    name.withUTF8Buffer { writeDelimited(UnsafeRawBufferPointer($0), field: field) }
  }

  public mutating func write(_ value: [UInt8]?, field: UInt32) {
    guard let value else { return }
    value.withUnsafeBytes { writeDelimited($0, field: field) }
  }

  /// A record within the record, written in place: its length comes in front once it is known.
  public mutating func write(field: UInt32, nested body: (inout RecordWriter) -> Void) {
    writeVarint(UInt64(field) << 3 | 2)
    let place = bytes.count
    bytes.append(0)
    body(&self)
    let length = UInt64(bytes.count - place - 1)
    guard length >= 0x80 else {
      bytes[place] = UInt8(truncatingIfNeeded: length)
      return
    }
    var size = RecordWriter(reservingCapacity: 8)
    size.writeVarint(length)
    bytes.replaceSubrange(place...place, with: size.bytes)
  }

  public mutating func write(_ value: Decimal?, field: UInt32) {
    guard let value else { return }
    write(field: field) { record in
      record.write(value.significand, field: 1)
      if value.places != 0 { record.write(Int64(value.places), field: 2) }
    }
  }

  public mutating func write(_ value: WallTime?, field: UInt32) {
    write(value?.millisecondsSinceEpoch, field: field)
  }

  public mutating func write(_ value: EventTime?, field: UInt32) {
    guard let value else { return }
    write(field: field) { record in
      record.write(value.boot.rawValue, field: 1)
      record.write(value.instant.nanoseconds, field: 2)
      record.write(value.wall, field: 3)
    }
  }

  private mutating func writeDelimited(_ value: UnsafeRawBufferPointer, field: UInt32) {
    writeVarint(UInt64(field) << 3 | 2)
    writeVarint(UInt64(value.count))
    bytes.append(contentsOf: value)
  }

  private mutating func writeVarint(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(truncatingIfNeeded: rest))
  }
}
