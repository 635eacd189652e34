import ChargerBase
import OCPPJSON

/// One line on a socket of ours: a JSON-RPC 2.0 message.
package enum JSONRPCMessage: Sendable, Equatable {
  case request(id: JSONRPCID, method: String, params: JSONValue)
  case notification(method: String, params: JSONValue)
  case result(id: JSONRPCID, JSONValue)
  case error(id: JSONRPCID, JSONRPCError)

  /// What one line may cost.
  package static let limits = JSONLimits(
    maximumBytes: JSONRPCLines.maximumBytes, maximumDepth: 32, maximumItems: 16_384,
    maximumStringBytes: JSONRPCLines.maximumBytes)
}

/// A call's id, echoed in its answer.
package enum JSONRPCID: Sendable, Hashable {
  case number(Decimal)
  case string(String)
  /// The answer to something whose id could not be read.
  case null

  init?(_ value: JSONValue) {
    switch value {
    case .null: self = .null
    case .number(let number): self = .number(number)
    case .string(let text): self = .string(text)
    default: return nil
    }
  }

  var value: JSONValue {
    switch self {
    case .number(let number): .number(number)
    case .string(let text): .string(text)
    case .null: .null
    }
  }
}

/// A line that is no message, with the id that its refusal must carry.
package struct JSONRPCFault: Error, Sendable, Equatable {
  package var id: JSONRPCID
  package var error: JSONRPCError
}

extension JSONRPCMessage {
  /// Reads one line. Batches are not served: each line is one message.
  package init(parsing line: some Collection<UInt8>) throws(JSONRPCFault) {
    let value: JSONValue
    do {
      value = try JSONValue(parsing: Array(line), limits: Self.limits)
    } catch {
      throw JSONRPCFault(id: .null, error: .unparsable(error.description))
    }
    guard value.members != nil else {
      let reason = value.array == nil ? "the message is no object" : "batches are not served, send one call per line"
      throw JSONRPCFault(id: .null, error: .invalidRequest(reason))
    }
    let givenID = value["id"]
    let id = givenID.flatMap(JSONRPCID.init)
    func invalid(_ reason: String) -> JSONRPCFault { JSONRPCFault(id: id ?? .null, error: .invalidRequest(reason)) }
    guard value["jsonrpc"]?.string == "2.0" else { throw invalid("jsonrpc must be \"2.0\"") }
    if givenID != nil, id == nil { throw invalid("id must be a number or a string") }
    if let method = value["method"] {
      guard let name = method.string else { throw invalid("method must be a string") }
      let params = value["params"] ?? .object([])
      guard params.members != nil || params.array != nil else { throw invalid("params must be an object or an array") }
      if let id {
        self = .request(id: id, method: name, params: params)
      } else {
        self = .notification(method: name, params: params)
      }
    } else if let result = value["result"], let id {
      self = .result(id: id, result)
    } else if let error = value["error"], let id {
      guard let code = error["code"]?.int32, let message = error["message"]?.string else {
        throw invalid("error needs code and message")
      }
      self = .error(id: id, JSONRPCError(code: code, message: message, data: error["data"]))
    } else {
      throw invalid("neither method nor result nor error")
    }
  }

  /// The line with its newline.
  package var line: [UInt8] {
    var writer = JSONWriter()
    writer.beginObject()
    writer.key("jsonrpc")
    writer.write("2.0" as StaticString)
    switch self {
    case .request(let id, let method, let params):
      write("id", id.value, to: &writer)
      write("method", .string(method), to: &writer)
      write("params", params, to: &writer)
    case .notification(let method, let params):
      write("method", .string(method), to: &writer)
      write("params", params, to: &writer)
    case .result(let id, let value):
      write("id", id.value, to: &writer)
      write("result", value, to: &writer)
    case .error(let id, let error):
      write("id", id.value, to: &writer)
      writer.key("error")
      writer.beginObject()
      writer.member("code", error.code)
      writer.member("message", error.message)
      if let data = error.data { write("data", data, to: &writer) }
      writer.endObject()
    }
    writer.endObject()
    return writer.bytes + [UInt8(ascii: "\n")]
  }

  private func write(_ name: StaticString, _ value: JSONValue, to writer: inout JSONWriter) {
    writer.key(name)
    value.encode(into: &writer)
  }
}
