import CLinux
import Glibc
import NIOCore
import NIOPosix
import OCPPJSON

/// A JSON-RPC 2.0 server on a Unix socket, one message per line, served by one event loop.
///
/// All closures are called on that loop. A call may be answered in the closure or later; what is sent to a client that
/// does not read is kept up to a bound, then the client is told once and dropped.
///
/// `@unchecked Sendable`: after `start`, every member is used on `eventLoop` alone.
package final class JSONRPCServer: @unchecked Sendable {
  package struct Configuration: Sendable {
    package var path: String
    /// Further clients are refused with a message.
    package var maximumClients = 16
    /// Bytes that may wait for one client.
    package var maximumOutboundBytes = 1 << 20
    package var maximumLineBytes = JSONRPCLines.maximumBytes
    /// How long a dropped client may take to read what was queued for it.
    package var farewell = TimeAmount.seconds(2)
    package var mode: UInt32 = 0o660

    package init(path: String) { self.path = path }
  }

  package let configuration: Configuration
  package let eventLoop: any EventLoop
  /// A request or notification has come.
  package var onCall: (JSONRPCCall) -> Void = { $0.fail(.unknownMethod("no method is served yet")) }
  package var onConnect: (JSONRPCPeer) -> Void = { _ in }
  /// The client has gone, or was dropped.
  package var onDisconnect: (JSONRPCPeer) -> Void = { _ in }
  /// The client will send nothing any more, though a call of its may still be open: most have gone.
  package var onInputEnd: (JSONRPCPeer) -> Void = { _ in }
  package private(set) var peers: [JSONRPCPeer] = []
  private var listener: (any Channel)?
  private var lastNumber: UInt64 = 0

  package init(configuration: Configuration, eventLoop: any EventLoop) {
    self.configuration = configuration
    self.eventLoop = eventLoop
  }

  /// Binds the socket and begins to serve. Called from any thread but the loop's; throws `SocketError`.
  package func start() throws {
    // A client that goes away while we write must end the write, not the program.
    signal(SIGPIPE, SIG_IGN)
    let descriptor = try UnixSocket.listen(at: configuration.path, mode: mode_t(configuration.mode), backlog: 16)
    let bootstrap = ServerBootstrap(group: eventLoop)
      .childChannelOption(.allowRemoteHalfClosure, value: true)
      .childChannelOption(.maxMessagesPerRead, value: 4)
      .childChannelInitializer { [self] channel in
        channel.eventLoop.makeCompletedFuture { try prepare(channel) }
      }
    let channel = try bootstrap.withBoundSocket(descriptor).wait()
    try eventLoop.submit { self.listener = channel }.wait()
  }

  /// Stops serving, drops every client and removes the socket file. Called on the loop.
  package func stop() {
    listener?.close(promise: nil)
    listener = nil
    for peer in peers { peer.close() }
    unlink(configuration.path)
  }

  /// Sends a notification to every client that `isWanted` picks.
  package func notify(_ method: String, _ params: @autoclosure () -> JSONValue, where isWanted: (JSONRPCPeer) -> Bool) {
    guard peers.contains(where: isWanted) else { return }
    let line = JSONRPCMessage.notification(method: method, params: params()).line
    for peer in peers where isWanted(peer) { peer.send(line) }
  }

  private func prepare(_ channel: any Channel) throws {
    lastNumber &+= 1
    let peer = JSONRPCPeer(number: lastNumber, server: self, channel: channel)
    let handler = JSONRPCChannelHandler(peer: peer, limit: configuration.maximumLineBytes)
    try channel.pipeline.syncOperations.addHandler(handler)
  }

  func arrived(_ peer: JSONRPCPeer) {
    guard peers.count < configuration.maximumClients else {
      let refusal = JSONRPCError.refused("\(configuration.maximumClients) clients are connected already")
      peer.send(.error(id: .null, refusal))
      peer.closeAfterSending()
      return
    }
    peers.append(peer)
    onConnect(peer)
  }

  func left(_ peer: JSONRPCPeer) {
    guard let index = peers.firstIndex(where: { $0 === peer }) else { return }
    peers.remove(at: index)
    onDisconnect(peer)
  }
}

/// Feeds one client's lines to its peer.
private final class JSONRPCChannelHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  private let peer: JSONRPCPeer
  private let limit: Int
  private var lines: JSONRPCLines

  init(peer: JSONRPCPeer, limit: Int) {
    self.peer = peer
    self.limit = limit
    lines = JSONRPCLines(limit: limit)
  }

  func channelActive(context: ChannelHandlerContext) { peer.arrived() }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    lines.append(unwrapInboundIn(data).readableBytesView)
    while let line = lines.next() { peer.received(line) }
    if lines.isOverlong {
      lines = JSONRPCLines(limit: limit)
      peer.receivedOverlong(limit: limit)
    }
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if let event = event as? ChannelEvent, event == .inputClosed { peer.inputEnded() }
    context.fireUserInboundEventTriggered(event)
  }

  func channelInactive(context: ChannelHandlerContext) { peer.left() }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { peer.close() }
}
