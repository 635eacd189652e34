import NIOCore
import OCPPJSON

/// One call of one client. It takes exactly one answer; further ones are ignored.
package final class JSONRPCCall {
  package let method: String
  package let params: JSONRPCParameters
  package let peer: JSONRPCPeer
  /// Nil for a notification, whose answer goes nowhere.
  private var id: JSONRPCID?

  init(method: String, params: JSONValue, id: JSONRPCID?, peer: JSONRPCPeer) {
    self.method = method
    self.params = JSONRPCParameters(params)
    self.id = id
    self.peer = peer
  }

  deinit { fail(.internalError("the call was given up without an answer")) }

  package func succeed(_ result: JSONValue = .object([])) {
    guard let id else { return }
    self.id = nil
    peer.answer(.result(id: id, result))
  }

  package func fail(_ error: JSONRPCError) {
    guard let id else { return }
    self.id = nil
    peer.answer(.error(id: id, error))
  }

  /// Answers with what the body gives.
  package func answer(_ body: () throws(JSONRPCError) -> JSONValue) {
    do throws(JSONRPCError) { succeed(try body()) } catch { fail(error) }
  }
}

/// One connected client.
package final class JSONRPCPeer {
  package let number: UInt64
  /// Room for the server's owner: what the client has subscribed to.
  package var topics: [String] = []
  private weak var server: JSONRPCServer?
  private let channel: any Channel
  private var outboundBytes = 0
  private var openCalls = 0
  private var isClosing = false
  private var hasInputEnded = false

  init(number: UInt64, server: JSONRPCServer, channel: any Channel) {
    self.number = number
    self.server = server
    self.channel = channel
  }

  package func notify(_ method: String, _ params: JSONValue) {
    send(JSONRPCMessage.notification(method: method, params: params).line)
  }

  func answer(_ message: JSONRPCMessage) {
    openCalls -= 1
    send(message)
    if hasInputEnded, openCalls == 0 { closeAfterSending() }
  }

  func send(_ message: JSONRPCMessage) { send(message.line) }

  func send(_ line: [UInt8]) {
    guard !isClosing else { return }
    let limit = server?.configuration.maximumOutboundBytes ?? 0
    guard outboundBytes + line.count <= limit else {
      drop()
      return
    }
    write(line)
  }

  private func write(_ line: [UInt8]) {
    outboundBytes += line.count
    let count = line.count
    let promise = channel.eventLoop.makePromise(of: Void.self)
    let bound = NIOLoopBound(self, eventLoop: channel.eventLoop)
    promise.futureResult.whenComplete { _ in bound.value.outboundBytes -= count }
    channel.writeAndFlush(channel.allocator.buffer(bytes: line), promise: promise)
  }

  /// Ends a client that does not read: one last message behind what is queued, then the end.
  private func drop() {
    let notice = JSONRPCMessage.notification(
      method: "dropped",
      params: [
        "reason": .string("more than \(server?.configuration.maximumOutboundBytes ?? 0) bytes were waiting to be read")
      ])
    write(notice.line)
    closeAfterSending()
    server?.left(self)
  }

  /// Closes once everything queued has been read, or after the farewell time.
  func closeAfterSending() {
    guard !isClosing else { return }
    isClosing = true
    let bound = NIOLoopBound(self, eventLoop: channel.eventLoop)
    let last = channel.eventLoop.makePromise(of: Void.self)
    last.futureResult.whenComplete { _ in bound.value.close() }
    channel.writeAndFlush(channel.allocator.buffer(capacity: 0), promise: last)
    channel.eventLoop.scheduleTask(in: server?.configuration.farewell ?? .seconds(2)) { bound.value.close() }
  }

  package func close() {
    isClosing = true
    channel.close(promise: nil)
  }

  // MARK: From the channel

  func arrived() { server?.arrived(self) }

  func received(_ line: ArraySlice<UInt8>) {
    guard !isClosing else { return }
    do throws(JSONRPCFault) {
      switch try JSONRPCMessage(parsing: line) {
      case .request(let id, let method, let params):
        openCalls += 1
        server?.onCall(JSONRPCCall(method: method, params: params, id: id, peer: self))
      case .notification(let method, let params):
        server?.onCall(JSONRPCCall(method: method, params: params, id: nil, peer: self))
      case .result, .error: break  // This server asks nothing.
      }
    } catch {
      send(.error(id: error.id, error.error))
    }
  }

  func receivedOverlong(limit: Int) {
    send(.error(id: .null, .unparsable("a line of more than \(limit) bytes; the connection ends")))
    closeAfterSending()
  }

  func inputEnded() {
    hasInputEnded = true
    server?.onInputEnd(self)
    if openCalls == 0 { closeAfterSending() }
  }

  func left() { server?.left(self) }
}
