/// Reads one JSON text (RFC 8259, strictly) value by value, without building a tree.
///
/// The caller asks for what it expects; anything else is refused with a code and the byte where it stands. White
/// space is skipped before a value. A reader is only lent by `read`, which also sees to what follows the value.
public struct JSONReader: ~Copyable {
  let base: UnsafeRawPointer
  let end: Int
  /// Bytes read so far.
  public internal(set) var index = 0
  var depth = 0
  let limits: JSONLimits
  /// The member that a `.missingKey` fault is about.
  var missingName = ""

  init(_ bytes: UnsafeRawBufferPointer, base: UnsafeRawPointer, limits: JSONLimits) {
    self.base = base
    end = bytes.count
    self.limits = limits
  }

  /// Reads exactly one value from `bytes` with `body`.
  @inlinable
  public static func read<Value>(
    _ bytes: ArraySlice<UInt8>, limits: JSONLimits = .standard,
    _ body: (inout JSONReader) throws(JSONFault) -> Value
  ) throws(JSONError) -> Value {
    var value: Value?
    try run(bytes, limits) { reader throws(JSONFault) in value = try body(&reader) }
    guard let value else { throw nothingRead }
    return value
  }

  @usableFromInline
  static var nothingRead: JSONError { JSONError(code: .syntax, offset: 0, path: "$") }

  /// Of no type, so that it exists once and needs no type's description at run time.
  @usableFromInline
  static func run(
    _ bytes: ArraySlice<UInt8>, _ limits: JSONLimits, _ body: (inout JSONReader) throws(JSONFault) -> Void
  ) throws(JSONError) {
    guard bytes.count <= limits.maximumBytes else {
      throw JSONError(code: .tooManyBytes, offset: limits.maximumBytes, path: "$")
    }
    let problem = bytes.withUnsafeBytes { raw -> JSONError? in
      guard let base = raw.baseAddress else { return JSONError(code: .syntax, offset: 0, path: "$") }
      var reader = JSONReader(raw, base: base, limits: limits)
      do throws(JSONFault) {
        try body(&reader)
        try reader.finish()
        return nil
      } catch {
        return reader.explain(error, in: raw)
      }
    }
    if let problem { throw problem }
  }

  @inlinable
  public static func read<Value>(
    _ bytes: [UInt8], limits: JSONLimits = .standard,
    _ body: (inout JSONReader) throws(JSONFault) -> Value
  ) throws(JSONError) -> Value {
    try read(bytes[...], limits: limits, body)
  }

  /// Goes back to the start of the text.
  mutating func rewind() {
    index = 0
    depth = 0
  }

  private mutating func finish() throws(JSONFault) {
    skipWhitespace()
    guard index == end else { throw JSONFault(.trailingData, at: index) }
  }

  private func explain(_ fault: JSONFault, in bytes: UnsafeRawBufferPointer) -> JSONError {
    var path = JSONPath(at: fault.offset, in: bytes)
    if fault.code == .missingKey { path.components.append(.name(missingName)) }
    return JSONError(code: fault.code, offset: fault.offset, path: path.description)
  }

  // MARK: Bytes

  /// The byte at `index`, or zero at the end (zero never stands where a byte is peeked at in valid JSON).
  @inline(__always)
  func peek() -> UInt8 {
    index < end ? base.load(fromByteOffset: index, as: UInt8.self) : 0
  }

  @inline(__always)
  func byte(at offset: Int) -> UInt8 { base.load(fromByteOffset: offset, as: UInt8.self) }

  @inline(__always)
  mutating func skipWhitespace() {
    while index < end {
      let byte = byte(at: index)
      guard byte <= 0x20, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return }
      index += 1
    }
  }

  /// The fault for a value that is not of the type asked for: it may be no value at all.
  func unexpectedValue() -> JSONFault {
    switch peek() {
    case UInt8(ascii: "{"), UInt8(ascii: "["), UInt8(ascii: "\""), UInt8(ascii: "-"), 48...57, UInt8(ascii: "t"),
      UInt8(ascii: "f"), UInt8(ascii: "n"):
      JSONFault(.wrongType, at: index)
    default: JSONFault(.syntax, at: index)
    }
  }

  // MARK: Type and literals

  public enum Kind: Sendable, Equatable { case null, bool, number, string, array, object }

  /// The type of the next value, told by its first byte.
  public mutating func peekKind() throws(JSONFault) -> Kind {
    skipWhitespace()
    switch peek() {
    case UInt8(ascii: "{"): return .object
    case UInt8(ascii: "["): return .array
    case UInt8(ascii: "\""): return .string
    case UInt8(ascii: "-"), 48...57: return .number
    case UInt8(ascii: "t"), UInt8(ascii: "f"): return .bool
    case UInt8(ascii: "n"): return .null
    default: throw JSONFault(.syntax, at: index)
    }
  }

  /// Where the next value begins.
  public mutating func valueOffset() -> Int {
    skipWhitespace()
    return index
  }

  mutating func takeLiteral(_ text: StaticString) throws(JSONFault) {
    let count = text.utf8CodeUnitCount
    guard end - index >= count else { throw JSONFault(.syntax, at: index) }
    for place in 0..<count where byte(at: index + place) != text.utf8Start[place] {
      throw JSONFault(.syntax, at: index)
    }
    index += count
  }

  public mutating func bool() throws(JSONFault) -> Bool {
    skipWhitespace()
    switch peek() {
    case UInt8(ascii: "t"):
      try takeLiteral("true")
      return true
    case UInt8(ascii: "f"):
      try takeLiteral("false")
      return false
    default: throw unexpectedValue()
    }
  }

  public mutating func null() throws(JSONFault) {
    skipWhitespace()
    guard peek() == UInt8(ascii: "n") else { throw unexpectedValue() }
    try takeLiteral("null")
  }
}
