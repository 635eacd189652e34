import OCPPJSON

/// Why a call was not answered with a result (JSON-RPC 2.0 §5.1).
package struct JSONRPCError: Error, Sendable, Equatable, CustomStringConvertible {
  package var code: Int32
  package var message: String
  package var data: JSONValue?

  package init(code: Int32, message: String, data: JSONValue? = nil) {
    self.code = code
    self.message = message
    self.data = data
  }

  package var description: String { "\(message) (\(code))" }

  /// The text is no JSON.
  package static func unparsable(_ reason: String) -> JSONRPCError {
    JSONRPCError(code: -32700, message: "parse error: \(reason)")
  }

  /// JSON, but no JSON-RPC 2.0.
  package static func invalidRequest(_ reason: String) -> JSONRPCError {
    JSONRPCError(code: -32600, message: "invalid request: \(reason)")
  }

  /// There is no such method, or not yet: the reason says which.
  package static func unknownMethod(_ reason: String) -> JSONRPCError {
    JSONRPCError(code: -32601, message: reason)
  }

  /// `path` names the parameter: `$.params.evse`. It stands in the message and, for programs, in `data.path`.
  package static func badParameter(_ path: JSONPath, _ reason: String) -> JSONRPCError {
    JSONRPCError(
      code: -32602, message: "\(path): \(reason)", data: .object([JSONMember("path", .string(path.description))]))
  }

  package static func internalError(_ reason: String) -> JSONRPCError {
    JSONRPCError(code: -32603, message: reason)
  }

  /// The call is right, but it does not fit the situation.
  package static func refused(_ reason: String) -> JSONRPCError {
    JSONRPCError(code: -32000, message: reason)
  }
}
