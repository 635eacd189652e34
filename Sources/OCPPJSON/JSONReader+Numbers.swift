import ChargerBase

extension JSONReader {
  /// Moves behind the number at `index`, checking its grammar; true when it has neither fraction nor exponent.
  mutating func skipNumber() throws(JSONFault) -> Bool {
    let start = index
    var isPlain = true
    if peek() == UInt8(ascii: "-") { index += 1 }
    if peek() == 48 {
      index += 1
    } else {
      guard skipDigits() else { throw JSONFault(.syntax, at: start) }
    }
    if peek() == UInt8(ascii: ".") {
      isPlain = false
      index += 1
      guard skipDigits() else { throw JSONFault(.syntax, at: start) }
    }
    if peek() | 0x20 == UInt8(ascii: "e") {
      isPlain = false
      index += 1
      if peek() == UInt8(ascii: "+") || peek() == UInt8(ascii: "-") { index += 1 }
      guard skipDigits() else { throw JSONFault(.syntax, at: start) }
    }
    switch peek() {  // A number ends where no byte of a number or word follows: `01`, `1.2.3`, `1x` are none.
    case 48...57, UInt8(ascii: "."), UInt8(ascii: "+"), UInt8(ascii: "-"), 65...90, 97...122:
      throw JSONFault(.syntax, at: start)
    default: return isPlain
    }
  }

  @inline(__always)
  private mutating func skipDigits() -> Bool {
    let first = index
    while index < end, byte(at: index) &- 48 < 10 { index += 1 }
    return index > first
  }

  @inline(__always)
  private mutating func beginNumber() throws(JSONFault) -> Int {
    skipWhitespace()
    let byte = peek()
    guard byte &- 48 < 10 || byte == UInt8(ascii: "-") else { throw unexpectedValue() }
    return index
  }

  /// An exact decimal; a number of more than 18 digits is out of range, digits beyond 18 places are dropped.
  public mutating func decimal() throws(JSONFault) -> Decimal {
    let start = try beginNumber()
    _ = try skipNumber()
    return try decimal(from: start)
  }

  private func decimal(from start: Int) throws(JSONFault) -> Decimal {
    guard let value = Decimal(jsonNumber: UnsafeRawBufferPointer(start: base + start, count: index - start)) else {
      throw JSONFault(.numberOutOfRange, at: start)
    }
    return value
  }

  /// A decimal from `minimum` to `maximum`; `isWhole` asks for a whole number of 32 bits and refuses a fraction as the
  /// wrong type.
  public mutating func decimal(
    isWhole: Bool = false, minimum: Decimal? = nil, maximum: Decimal? = nil
  ) throws(JSONFault) -> Decimal {
    let start = try beginNumber()
    _ = try skipNumber()
    let value = try decimal(from: start)
    if isWhole {
      guard let whole = value.integer else { throw JSONFault(.wrongType, at: start) }
      guard Int32(exactly: whole) != nil else { throw JSONFault(.numberOutOfRange, at: start) }
    }
    if let minimum, value < minimum { throw JSONFault(.numberOutOfRange, at: start) }
    if let maximum, value > maximum { throw JSONFault(.numberOutOfRange, at: start) }
    return value
  }

  /// A whole number. `1.0` and `1e2` are whole, as JSON Schema has it; a real fraction is the wrong type.
  public mutating func int64() throws(JSONFault) -> Int64 {
    let start = try beginNumber()
    guard try skipNumber() else {
      guard let whole = try decimal(from: start).integer else { throw JSONFault(.wrongType, at: start) }
      return whole
    }
    var place = start
    let isNegative = byte(at: place) == UInt8(ascii: "-")
    if isNegative { place += 1 }
    guard index - place <= 18 else { throw JSONFault(.numberOutOfRange, at: start) }
    var magnitude: Int64 = 0
    while place < index {
      magnitude = magnitude &* 10 &+ Int64(byte(at: place) &- 48)
      place += 1
    }
    return isNegative ? 0 &- magnitude : magnitude
  }

  /// A whole number within `minimum...maximum`.
  public mutating func int32(minimum: Int32 = .min, maximum: Int32 = .max) throws(JSONFault) -> Int32 {
    let start = valueOffset()
    let value = try int64()
    guard let narrow = Int32(exactly: value), narrow >= minimum, narrow <= maximum else {
      throw JSONFault(.numberOutOfRange, at: start)
    }
    return narrow
  }
}
