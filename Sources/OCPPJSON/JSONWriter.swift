import ChargerBase

/// Writes compact JSON into one array of bytes. Commas are put where they belong; nesting is the caller's to balance.
public struct JSONWriter: Sendable {
  public private(set) var bytes: [UInt8]
  private var needsComma = false
  /// Values that were left out because the version written for does not have them.
  public private(set) var omissions = 0

  public init(reservingCapacity capacity: Int = 512) {
    bytes = []
    bytes.reserveCapacity(capacity)
  }

  // MARK: Containers

  public mutating func beginObject() {
    separate()
    bytes.append(UInt8(ascii: "{"))
    needsComma = false
  }

  public mutating func endObject() {
    bytes.append(UInt8(ascii: "}"))
    needsComma = true
  }

  public mutating func beginArray() {
    separate()
    bytes.append(UInt8(ascii: "["))
    needsComma = false
  }

  public mutating func endArray() {
    bytes.append(UInt8(ascii: "]"))
    needsComma = true
  }

  /// A member's name that needs no escapes; its value is written next.
  public mutating func key(_ name: StaticString) {
    separate()
    bytes.append(UInt8(ascii: "\""))
    append(name)
    bytes.append(UInt8(ascii: "\""))
    bytes.append(UInt8(ascii: ":"))
    needsComma = false
  }

  /// Any member's name; its value is written next.
  public mutating func key(_ name: String) {
    write(name)
    bytes.append(UInt8(ascii: ":"))
    needsComma = false
  }

  @inline(__always)
  private mutating func separate() {
    if needsComma { bytes.append(UInt8(ascii: ",")) }
    needsComma = true
  }

  private mutating func append(_ text: StaticString) {
    bytes.append(contentsOf: UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }

  // MARK: Values

  public mutating func writeNull() {
    separate()
    append("null")
  }

  public mutating func write(_ value: Bool) {
    separate()
    append(value ? "true" : "false")
  }

  public mutating func write(_ value: Int32) { write(Decimal(Int64(value))) }

  public mutating func write(_ value: Int64) { write(Decimal(value)) }

  public mutating func write(_ value: Decimal) {
    separate()
    value.append(to: &bytes)
  }

  public mutating func write(_ value: WallTime) {
    separate()
    bytes.append(UInt8(ascii: "\""))
    value.appendRFC3339(to: &bytes)
    bytes.append(UInt8(ascii: "\""))
  }

  /// A text that needs no escapes.
  public mutating func write(_ value: StaticString) {
    separate()
    bytes.append(UInt8(ascii: "\""))
    append(value)
    bytes.append(UInt8(ascii: "\""))
  }

  public mutating func write(_ value: String) {
    separate()
    bytes.append(UInt8(ascii: "\""))
    var value = value
    value.withUTF8 { appendEscaped(UnsafeRawBufferPointer($0)) }
    bytes.append(UInt8(ascii: "\""))
  }

  /// One value that is JSON already.
  public mutating func write(rawJSON value: some Collection<UInt8>) {
    separate()
    bytes.append(contentsOf: value)
  }

  /// Notes that a value has no form in the version that is written for.
  public mutating func noteOmission() { omissions += 1 }

  private mutating func appendEscaped(_ text: UnsafeRawBufferPointer) {
    var plain = 0
    var place = 0
    let count = text.count
    while place < count {
      if count - place >= 8 {
        let word = text.loadUnaligned(fromByteOffset: place, as: UInt64.self)
        let ones: UInt64 = 0x0101_0101_0101_0101
        let quote = word ^ (ones &* 0x22)
        let backslash = word ^ (ones &* 0x5C)
        let special =
          (((word &- ones &* 0x20) | (quote &- ones) | (backslash &- ones)) & ~word) & (ones &* 0x80)
        if special == 0 {
          place += 8
          continue
        }
      }
      let byte = text[place]
      if byte >= 0x20, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\") {
        place += 1
        continue
      }
      bytes.append(contentsOf: UnsafeRawBufferPointer(rebasing: text[plain..<place]))
      appendEscape(of: byte)
      place += 1
      plain = place
    }
    bytes.append(contentsOf: UnsafeRawBufferPointer(rebasing: text[plain..<count]))
  }

  private mutating func appendEscape(of byte: UInt8) {
    bytes.append(UInt8(ascii: "\\"))
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes.append(byte)
    case 0x08: bytes.append(UInt8(ascii: "b"))
    case 0x09: bytes.append(UInt8(ascii: "t"))
    case 0x0A: bytes.append(UInt8(ascii: "n"))
    case 0x0C: bytes.append(UInt8(ascii: "f"))
    case 0x0D: bytes.append(UInt8(ascii: "r"))
    default:
      append("u00")
      for nibble in [byte >> 4, byte & 0xF] { bytes.append(nibble < 10 ? 48 + nibble : 87 + nibble) }
    }
  }
}

extension JSONWriter {
  // Members, written when they have a value.
  public mutating func member(_ name: StaticString, _ value: Bool?) {
    guard let value else { return }
    key(name)
    write(value)
  }

  public mutating func member(_ name: StaticString, _ value: Int32?) {
    guard let value else { return }
    key(name)
    write(value)
  }

  public mutating func member(_ name: StaticString, _ value: Decimal?) {
    guard let value else { return }
    key(name)
    write(value)
  }

  public mutating func member(_ name: StaticString, _ value: WallTime?) {
    guard let value else { return }
    key(name)
    write(value)
  }

  public mutating func member(_ name: StaticString, _ value: String?) {
    guard let value else { return }
    key(name)
    write(value)
  }

  /// A text that needs no escapes.
  public mutating func member(_ name: StaticString, name value: StaticString?) {
    guard let value else { return }
    key(name)
    write(value)
  }
}
