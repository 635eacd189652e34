import ChargerBase
import Glibc
import NIOCore
import NIOPosix
import OCPPJSON

@testable import JSONRPC

/// A server on a socket of its own with a few methods to try.
final class JSONRPCBench {
  let path: String
  let server: JSONRPCServer
  private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)

  init(_ configure: (inout JSONRPCServer.Configuration) -> Void = { _ in }) throws {
    path = "/tmp/jsonrpc-\(getpid())-\(UInt32.random(in: 0...UInt32.max)).sock"
    var configuration = JSONRPCServer.Configuration(path: path)
    configure(&configuration)
    server = JSONRPCServer(configuration: configuration, eventLoop: group.next())
    server.onCall = { [unowned server] call in
      switch call.method {
      case "echo": call.succeed(call.params.value)
      case "later":
        let bound = NIOLoopBound(call, eventLoop: server.eventLoop)
        server.eventLoop.scheduleTask(in: .milliseconds(50)) { bound.value.succeed("later") }
      case "forget": break
      case "number":
        call.answer { () throws(JSONRPCError) in
          try call.params.allow(["evse"])
          return .init(try call.params.integer("evse", in: 1...9))
        }
      case "subscribe":
        call.peer.topics = ["all"]
        call.succeed()
      default: call.fail(.unknownMethod("there is no method \(call.method)"))
      }
    }
    try server.start()
  }

  deinit {
    let server = server
    try? server.eventLoop.submit { server.stop() }.wait()
    try? group.syncShutdownGracefully()
  }

  func onLoop<Value: Sendable>(_ body: @escaping @Sendable (JSONRPCServer) -> Value) throws -> Value {
    let server = server
    return try server.eventLoop.submit { body(server) }.wait()
  }

  func client() throws -> JSONRPCClient { try JSONRPCClient(path: path) }
}

/// Bytes on a socket, without any manners.
final class RawConnection {
  let descriptor: Int32

  init(_ path: String) throws { descriptor = try UnixSocket.connect(to: path) }

  deinit { Glibc.close(descriptor) }

  func write(_ text: String) { write(Array(text.utf8)) }

  func write(_ bytes: [UInt8]) {
    var sent = 0
    while sent < bytes.count {
      let count = bytes.withUnsafeBytes { buffer in
        send(descriptor, buffer.baseAddress.map { $0 + sent }, buffer.count - sent, Int32(MSG_NOSIGNAL))
      }
      if count > 0 {
        sent += count
      } else {
        guard errno == EAGAIN else { return }
        var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        guard poll(&entry, 1, 60_000) > 0 else { return }
      }
    }
  }

  func endOutput() { shutdown(descriptor, Int32(SHUT_WR)) }

  /// Reads until the connection ends or a line count is reached, at most a minute.
  func readLines(_ wanted: Int = .max) -> [String] {
    var bytes: [UInt8] = []
    while bytes.count(where: { $0 == 10 }) < wanted {
      var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      guard poll(&entry, 1, 60_000) > 0 else { break }
      var chunk = [UInt8](repeating: 0, count: 65_536)
      let count = recv(descriptor, &chunk, chunk.count, 0)
      guard count > 0 else { break }
      bytes += chunk[..<count]
    }
    return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
  }
}
