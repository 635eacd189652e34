extension JSONReader {
  @inline(__always)
  mutating func enter(_ opening: UInt8) throws(JSONFault) {
    skipWhitespace()
    guard peek() == opening else { throw unexpectedValue() }
    guard depth < limits.maximumDepth else { throw JSONFault(.tooDeep, at: index) }
    depth += 1
    index += 1
  }

  // MARK: Arrays

  public mutating func enterArray() throws(JSONFault) { try enter(UInt8(ascii: "[")) }

  /// Moves to the next element; false at the end of the array. `count` is zero before the first and is counted up.
  public mutating func nextElement(_ count: inout Int) throws(JSONFault) -> Bool {
    skipWhitespace()
    let byte = peek()
    if byte == UInt8(ascii: "]") {
      index += 1
      depth -= 1
      return false
    }
    if count > 0 {
      guard byte == UInt8(ascii: ",") else { throw JSONFault(.syntax, at: index) }
      index += 1
      skipWhitespace()
    }
    guard count < limits.maximumItems else { throw JSONFault(.tooManyItems, at: index) }
    count += 1
    return true
  }

  /// An array of `minimum` to `maximum` elements, each read by `element`.
  @inlinable
  public mutating func array<Element>(
    minimum: Int = 0, maximum: Int = .max,
    of element: (inout JSONReader) throws(JSONFault) -> Element
  ) throws(JSONFault) -> [Element] {
    let start = valueOffset()
    try enterArray()
    var elements: [Element] = []
    var count = 0
    while try nextElement(&count) {
      guard count <= maximum else { throw JSONFault(.tooManyElements, at: start) }
      if count == 1 { elements.reserveCapacity(Swift.min(maximum, 4)) }
      elements.append(try element(&self))
    }
    guard count >= minimum else { throw JSONFault(.tooFewElements, at: start) }
    return elements
  }

  // MARK: Objects

  public mutating func enterObject() throws(JSONFault) { try enter(UInt8(ascii: "{")) }

  /// Moves to the value of the next member and tells which of `names` it is; nil at the end of the object.
  ///
  /// `names` holds at most 64 names, each led by its length as one byte. `seen` is zero before the first member and
  /// gathers a bit per name. A name whose bit in `allowed` is clear counts as unknown.
  public mutating func nextMember(
    of names: StaticString, allowed: UInt64 = .max, seen: inout UInt64
  ) throws(JSONFault) -> Int? {
    skipWhitespace()
    var byte = peek()
    if byte == UInt8(ascii: "}") {
      index += 1
      depth -= 1
      return nil
    }
    if seen != 0 {
      guard byte == UInt8(ascii: ",") else { throw JSONFault(.syntax, at: index) }
      index += 1
      skipWhitespace()
      byte = peek()
    }
    guard byte == UInt8(ascii: "\"") else { throw JSONFault(.syntax, at: index) }
    let offset = index
    let key = try scanString()
    let place = key.hasEscapes ? findEscaped(key, in: names) : NameTable.find(base + key.start, key.count, in: names)
    try takeColon()
    guard place >= 0, place < 64, allowed & (1 << UInt64(place)) != 0 else { throw JSONFault(.unknownKey, at: offset) }
    let bit: UInt64 = 1 << UInt64(place)
    guard seen & bit == 0 else { throw JSONFault(.duplicateKey, at: offset) }
    seen |= bit
    return place
  }

  /// Refuses an object, just ended, that lacks a member whose bit is set in `required`.
  @inline(__always)
  public mutating func require(_ required: UInt64, seen: UInt64, of names: StaticString) throws(JSONFault) {
    if required & ~seen != 0 { throw missing(required & ~seen, of: names) }
  }

  /// The fault for an object, just ended, that lacks the member `name`.
  public mutating func missing(_ name: String) -> JSONFault {
    missingName = name
    return JSONFault(.missingKey, at: max(0, index - 1))
  }

  mutating func missing(_ absent: UInt64, of names: StaticString) -> JSONFault {
    missingName = NameTable.name(absent.trailingZeroBitCount, of: names)
    return JSONFault(.missingKey, at: max(0, index - 1))
  }

  mutating func takeColon() throws(JSONFault) {
    skipWhitespace()
    guard peek() == UInt8(ascii: ":") else { throw JSONFault(.syntax, at: index) }
    index += 1
  }

  func findEscaped(_ key: ScannedString, in names: StaticString) -> Int {
    let decoded = unescaped(key)
    return decoded.withUnsafeBytes { raw in
      guard let text = raw.baseAddress else { return -1 }
      return NameTable.find(text, raw.count, in: names)
    }
  }

  @inline(__always)
  static func isEqual(_ left: UnsafeRawPointer, _ right: UnsafeRawPointer, _ count: Int) -> Bool {
    if count >= 8 {
      var offset = 0
      while offset + 8 <= count {
        if left.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
          != right.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
        {
          return false
        }
        offset += 8
      }
      return left.loadUnaligned(fromByteOffset: count - 8, as: UInt64.self)
        == right.loadUnaligned(fromByteOffset: count - 8, as: UInt64.self)
    }
    for offset in 0..<count
    where left.load(fromByteOffset: offset, as: UInt8.self) != right.load(fromByteOffset: offset, as: UInt8.self) {
      return false
    }
    return true
  }
}
