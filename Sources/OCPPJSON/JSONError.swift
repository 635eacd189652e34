/// What is wrong with a JSON text, and where.
public struct JSONError: Error, Sendable, Hashable, CustomStringConvertible {
  public enum Code: UInt8, Sendable, Hashable, CaseIterable {
    // The text itself (RFC 8259).
    case syntax
    case notUTF8
    case trailingData
    // Our limits.
    case tooManyBytes
    case tooDeep
    case tooManyItems
    case stringTooLong
    // What a reader asked for.
    case duplicateKey
    case unknownKey
    case missingKey
    case wrongType
    case numberOutOfRange
    case tooFewElements
    case tooManyElements
    case textTooLong
    case unknownName
    case badDateTime
  }

  public let code: Code
  /// Bytes before the place, from the start of the text.
  public let offset: Int
  /// The place as a JSON path: `$[3].evse.id`.
  public let path: String

  public init(code: Code, offset: Int, path: String) {
    self.code = code
    self.offset = offset
    self.path = path
  }

  public var description: String { "\(code.explanation) at \(path), byte \(offset)" }
}

extension JSONError.Code {
  /// For people: lower case, no full stop.
  public var explanation: String {
    switch self {
    case .syntax: "not JSON"
    case .notUTF8: "not UTF-8"
    case .trailingData: "data after the value"
    case .tooManyBytes: "more bytes than allowed"
    case .tooDeep: "nested too deeply"
    case .tooManyItems: "more items than allowed here"
    case .stringTooLong: "string longer than allowed here"
    case .duplicateKey: "name given twice"
    case .unknownKey: "unknown name"
    case .missingKey: "missing"
    case .wrongType: "wrong type"
    case .numberOutOfRange: "number out of range"
    case .tooFewElements: "too few elements"
    case .tooManyElements: "too many elements"
    case .textTooLong: "text too long"
    case .unknownName: "not one of the allowed values"
    case .badDateTime: "not a date-time"
    }
  }
}

/// The small form in which `JSONReader` throws; `JSONReader.read` adds the path, which costs time only then.
public struct JSONFault: Error, Sendable, Hashable {
  public let code: JSONError.Code
  public let offset: Int

  @inlinable
  public init(_ code: JSONError.Code, at offset: Int) {
    self.code = code
    self.offset = offset
  }
}
