/// What is wrong with a stored record.
public enum RecordError: Error, Sendable, Equatable {
  /// The bytes end within a field, or a length points beyond them.
  case truncated(offset: Int)
  /// A wire type that this format does not use.
  case unknownWireType(UInt8, offset: Int)
}

/// Reads one record field by field; every length is checked against the bytes that are there.
public struct RecordReader {
  public enum Value: Sendable, Equatable {
    case integer(Int64)
    case bytes(ArraySlice<UInt8>)
  }

  // Inlined into the readers of other modules: a transaction event is some fifty fields, and a call for each with its
  // counting of references was a sixth of the work of sending it.
  @usableFromInline let bytes: ArraySlice<UInt8>
  @usableFromInline var index: Int

  @inlinable public init(_ bytes: [UInt8]) { self.init(bytes[...]) }

  @inlinable public init(_ bytes: ArraySlice<UInt8>) {
    self.bytes = bytes
    index = bytes.startIndex
  }

  /// The next field, or nil at the end.
  @inlinable public mutating func next() throws(RecordError) -> (field: UInt32, value: Value)? {
    guard index < bytes.endIndex else { return nil }
    let start = index - bytes.startIndex
    let key = try varint()
    let field = UInt32(truncatingIfNeeded: key >> 3)
    switch UInt8(key & 7) {
    case 0:
      let raw = try varint()
      return (field, .integer(Int64(bitPattern: (raw >> 1) ^ (0 &- (raw & 1)))))
    case 2:
      let length = try varint()
      guard length <= UInt64(bytes.endIndex - index) else { throw .truncated(offset: index - bytes.startIndex) }
      let end = index + Int(length)
      defer { index = end }
      return (field, .bytes(bytes[index..<end]))
    case let other:
      throw .unknownWireType(other, offset: start)
    }
  }

  @usableFromInline mutating func varint() throws(RecordError) -> UInt64 {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while true {
      guard index < bytes.endIndex, shift < 64 else { throw .truncated(offset: index - bytes.startIndex) }
      let byte = bytes[index]
      index += 1
      value |= UInt64(byte & 0x7F) << shift
      if byte < 0x80 { return value }
      shift += 7
    }
  }
}

extension RecordReader.Value {
  @inlinable public var integer: Int64? {
    if case .integer(let value) = self { value } else { nil }
  }

  @inlinable public var bool: Bool? { integer.map { $0 != 0 } }

  @inlinable public var int32: Int32? { integer.flatMap { Int32(exactly: $0) } }

  @inlinable public var data: ArraySlice<UInt8>? {
    if case .bytes(let value) = self { value } else { nil }
  }

  /// Text; bytes that are not UTF-8 become replacement characters, never a trap.
  @inlinable public var string: String? { data.map { String(decoding: $0, as: UTF8.self) } }

  public var wallTime: WallTime? { integer.map { WallTime(millisecondsSinceEpoch: $0) } }

  public var decimal: Decimal? {
    guard let data else { return nil }
    var reader = RecordReader(data)
    var significand: Int64?
    var places: Int64 = 0
    while let (field, value) = try? reader.next() {
      switch field {
      case 1: significand = value.integer
      case 2: places = value.integer ?? 0
      default: break
      }
    }
    guard let significand, let places = Int(exactly: places) else { return nil }
    return Decimal(significand: significand, places: places)
  }

  public var eventTime: EventTime? {
    guard let data else { return nil }
    var reader = RecordReader(data)
    var boot: Int64?
    var instant: Int64?
    var wall: WallTime?
    while let (field, value) = try? reader.next() {
      switch field {
      case 1: boot = value.integer
      case 2: instant = value.integer
      case 3: wall = value.wallTime
      default: break
      }
    }
    guard let boot, let instant else { return nil }
    return EventTime(
      boot: BootNumber(rawValue: boot), instant: MonotonicInstant(nanoseconds: instant), wall: wall)
  }
}
