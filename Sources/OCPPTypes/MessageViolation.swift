import OCPPJSON

/// How a payload breaks the schema of its message, as a CALLERROR tells it.
public struct MessageViolation: Error, Sendable, Hashable, CustomStringConvertible {
  public let code: OCPPErrorCode
  /// The place within the payload as a JSON path: `$.evse.id`.
  public let path: String
  /// What is wrong there, for people.
  public let detail: String

  public init(code: OCPPErrorCode, path: String, detail: String) {
    self.code = code
    self.path = path
    self.detail = detail
  }

  public var description: String { "\(code) at \(path): \(detail)" }
}

extension OCPPErrorCode {
  /// The code that answers a payload with this fault (Part 4 §4.3; where it is silent, the project's own table).
  public init(for code: JSONError.Code) {
    switch code {
    case .syntax, .notUTF8, .trailingData: self = .rpcFrameworkError
    case .tooManyBytes, .tooDeep, .tooManyItems, .stringTooLong, .duplicateKey, .unknownKey: self = .formatViolation
    case .missingKey, .tooFewElements, .tooManyElements: self = .occurrenceConstraintViolation
    case .wrongType: self = .typeConstraintViolation
    case .numberOutOfRange, .textTooLong, .unknownName, .badDateTime: self = .propertyConstraintViolation
    }
  }
}

extension MessageViolation {
  public init(_ error: JSONError) {
    self.init(code: OCPPErrorCode(for: error.code), path: error.path, detail: error.code.explanation)
  }
}

/// The frame around every generated `decode`.
enum MessageDecoding {
  static func decode<Message>(
    _ payload: ArraySlice<UInt8>, _ limits: JSONLimits,
    _ body: (inout JSONReader) throws(JSONFault) -> Message
  ) throws(MessageViolation) -> Message {
    do throws(JSONError) {
      return try JSONReader.read(payload, limits: limits, body)
    } catch {
      throw MessageViolation(error)
    }
  }
}
