/// The error codes of a CALLERROR (Part 4 §4.3).
public enum OCPPErrorCode: UInt8, Sendable, Hashable, CaseIterable, CustomStringConvertible {
  case formatViolation
  case genericError
  case internalError
  case messageTypeNotSupported
  case notImplemented
  case notSupported
  case occurrenceConstraintViolation
  case propertyConstraintViolation
  case protocolError
  case rpcFrameworkError
  case securityError
  case typeConstraintViolation

  public var wireName: StaticString {
    switch self {
    case .formatViolation: "FormatViolation"
    case .genericError: "GenericError"
    case .internalError: "InternalError"
    case .messageTypeNotSupported: "MessageTypeNotSupported"
    case .notImplemented: "NotImplemented"
    case .notSupported: "NotSupported"
    case .occurrenceConstraintViolation: "OccurrenceConstraintViolation"
    case .propertyConstraintViolation: "PropertyConstraintViolation"
    case .protocolError: "ProtocolError"
    case .rpcFrameworkError: "RpcFrameworkError"
    case .securityError: "SecurityError"
    case .typeConstraintViolation: "TypeConstraintViolation"
    }
  }

  public var rawName: String { wireName.description }

  public init?(wireName: String) {
    guard let code = Self.allCases.first(where: { $0.rawName == wireName }) else { return nil }
    self = code
  }

  public var description: String { rawName }
}
