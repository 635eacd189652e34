import ChargerBase

/// Any JSON value as a tree. Members keep their order, and equality heeds it.
public enum JSONValue: Sendable, Hashable {
  case null
  case bool(Bool)
  case number(Decimal)
  /// A number that `Decimal` cannot hold exactly, as it was written.
  case largeNumber(String)
  case string(String)
  case array([JSONValue])
  case object([JSONMember])
}

/// One member of a JSON object.
public struct JSONMember: Sendable, Hashable {
  public var name: String
  public var value: JSONValue

  public init(_ name: String, _ value: JSONValue) {
    self.name = name
    self.value = value
  }
}

// MARK: Access

extension JSONValue {
  /// The member of an object; nil when there is none or this is no object. Setting nil removes the member.
  public subscript(name: String) -> JSONValue? {
    get { members?.first { $0.name == name }?.value }
    set {
      guard case .object(var members) = self else { return }
      let place = members.firstIndex { $0.name == name }
      switch (place, newValue) {
      case (let place?, let value?): members[place].value = value
      case (let place?, nil): members.remove(at: place)
      case (nil, let value?): members.append(JSONMember(name, value))
      case (nil, nil): break
      }
      self = .object(members)
    }
  }

  /// The element of an array; nil beyond its ends or when this is no array.
  public subscript(index: Int) -> JSONValue? {
    guard let array, array.indices.contains(index) else { return nil }
    return array[index]
  }

  /// The value at a path.
  public subscript(path path: JSONPath) -> JSONValue? {
    var value: JSONValue? = self
    for component in path.components {
      switch component {
      case .name(let name): value = value?[name]
      case .index(let index): value = value?[index]
      }
    }
    return value
  }

  public var isNull: Bool { self == .null }

  public var bool: Bool? { if case .bool(let value) = self { value } else { nil } }

  public var string: String? { if case .string(let value) = self { value } else { nil } }

  public var decimal: Decimal? { if case .number(let value) = self { value } else { nil } }

  /// A whole number; nil when it has a fraction.
  public var int64: Int64? { decimal?.integer }

  public var int32: Int32? { int64.flatMap { Int32(exactly: $0) } }

  public var int: Int? { int64.flatMap { Int(exactly: $0) } }

  /// The nearest binary number, for arithmetic that need not be exact.
  public var double: Double? {
    switch self {
    case .number(let value): Double(value.description)
    case .largeNumber(let text): Double(text)
    default: nil
    }
  }

  public var wallTime: WallTime? { string.flatMap { WallTime(rfc3339: $0) } }

  public var array: [JSONValue]? { if case .array(let value) = self { value } else { nil } }

  public var members: [JSONMember]? { if case .object(let value) = self { value } else { nil } }
}

// MARK: Literals

extension JSONValue: ExpressibleByNilLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
  ExpressibleByStringLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
  public init(nilLiteral: ()) { self = .null }
  public init(booleanLiteral value: Bool) { self = .bool(value) }
  public init(integerLiteral value: Int64) { self = .number(Decimal(value)) }
  public init(stringLiteral value: String) { self = .string(value) }
  public init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
  public init(dictionaryLiteral elements: (String, JSONValue)...) {
    self = .object(elements.map { JSONMember($0, $1) })
  }

  public init(_ value: String) { self = .string(value) }
  public init(_ value: Bool) { self = .bool(value) }
  public init(_ value: some BinaryInteger) {
    self = Int64(exactly: value).map { .number(Decimal($0)) } ?? .largeNumber(value.description)
  }
  public init(_ value: Decimal) { self = .number(value) }
  public init(_ value: WallTime) { self = .string(value.rfc3339) }
}

// MARK: Reading and writing

extension JSONValue: CustomStringConvertible {
  /// Reads one JSON text.
  public init(parsing bytes: ArraySlice<UInt8>, limits: JSONLimits = .standard) throws(JSONError) {
    self = try JSONReader.read(bytes, limits: limits) { (reader) throws(JSONFault) in try JSONValue(from: &reader) }
  }

  public init(parsing bytes: [UInt8], limits: JSONLimits = .standard) throws(JSONError) {
    try self.init(parsing: bytes[...], limits: limits)
  }

  public init(parsing text: String, limits: JSONLimits = .standard) throws(JSONError) {
    try self.init(parsing: Array(text.utf8)[...], limits: limits)
  }

  /// Reads the next value; nesting is bounded by the reader's limits.
  public init(from reader: inout JSONReader) throws(JSONFault) {
    switch try reader.peekKind() {
    case .null:
      try reader.null()
      self = .null
    case .bool: self = .bool(try reader.bool())
    case .string: self = .string(try reader.string())
    case .number: self = try reader.anyNumber()
    case .array:
      self = .array(try reader.array { (reader) throws(JSONFault) in try JSONValue(from: &reader) })
    case .object:
      var members: [JSONMember] = []
      members.reserveCapacity(4)
      try reader.object { (reader, name) throws(JSONFault) in
        members.append(JSONMember(name, try JSONValue(from: &reader)))
      }
      self = .object(members)
    }
  }

  public func encode(into writer: inout JSONWriter) {
    switch self {
    case .null: writer.writeNull()
    case .bool(let value): writer.write(value)
    case .number(let value): writer.write(value)
    case .largeNumber(let text): writer.write(rawJSON: text.utf8)
    case .string(let value): writer.write(value)
    case .array(let elements):
      writer.beginArray()
      for element in elements { element.encode(into: &writer) }
      writer.endArray()
    case .object(let members):
      writer.beginObject()
      for member in members {
        writer.key(member.name)
        member.value.encode(into: &writer)
      }
      writer.endObject()
    }
  }

  /// Compact JSON.
  public var bytes: [UInt8] {
    var writer = JSONWriter()
    encode(into: &writer)
    return writer.bytes
  }

  public var description: String { String(decoding: bytes, as: UTF8.self) }
}

extension JSONReader {
  mutating func anyNumber() throws(JSONFault) -> JSONValue {
    let start = valueOffset()
    _ = try skipNumber()
    let raw = UnsafeRawBufferPointer(start: base + start, count: index - start)
    return Decimal(jsonNumber: raw).map { .number($0) } ?? .largeNumber(String(decoding: raw, as: UTF8.self))
  }
}
