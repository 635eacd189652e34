import ArgumentParser
import CLinux
import ChargerBase
import JSONRPC
import OCPPJSON

/// A failure that is told in words on standard error.
struct Failure: Error, Equatable {
  var text: String
  var code: Int32

  /// The station or the world refused what was asked.
  static func refused(_ text: String) -> Failure { Failure(text: text, code: 1) }
  /// Nobody is there to ask (EX_UNAVAILABLE).
  static func unavailable(_ text: String) -> Failure { Failure(text: text, code: 69) }
}

/// A socket with somebody behind it.
struct Connection {
  let kind: SocketKind
  let path: String
  let client: JSONRPCClient

  init(_ kind: SocketKind, option: String?) throws(Failure) {
    self.kind = kind
    path = kind.path(option: option)
    do throws(SocketError) {
      client = try JSONRPCClient(path: path)
    } catch {
      throw .unavailable(Self.explain(error, kind: kind, path: path))
    }
  }

  static func explain(_ error: SocketError, kind: SocketKind, path: String) -> String {
    switch error.code {
    case .cannotConnect:
      "Nothing listens at \(path) (\(error.reason)).\n\(kind.remedy) with \(kind.option) or \(kind.variable)."
    case .timedOut: "\(path): the other side does not answer. It is running, but busy or stuck."
    default: "\(path): \(error.reason)"
    }
  }

  /// Calls a method; its refusal becomes a failure with its own words.
  func call(
    _ method: String, _ params: JSONValue = .object([]), timeout: Duration = .seconds(10)
  ) throws(Failure) -> JSONValue {
    let result: Result<JSONValue, JSONRPCError>
    do throws(SocketError) {
      result = try client.call(method, params, timeout: timeout)
    } catch {
      throw .unavailable(Self.explain(error, kind: kind, path: path))
    }
    switch result {
    case .success(let value): return value
    case .failure(let error): throw .refused(error.message)
    }
  }

  /// The next notification, or nil when none came in time.
  func notification(timeout: Duration) throws(Failure) -> (method: String, params: JSONValue)? {
    do throws(SocketError) {
      return try client.receiveNotification(timeout: timeout)
    } catch {
      throw .unavailable(Self.explain(error, kind: kind, path: path))
    }
  }
}
