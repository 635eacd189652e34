import NIOCore
import NIOHTTP1
import NIOPosix
import NIOWebSocket

/// Accepts the stations' WebSockets.
struct WebSocketServer: Sendable {
  private static let refusalName = "refusal"
  /// Fragments of one message at most.
  private static let maximumFragments = 1_024

  let csms: CSMS
  /// Nil lets every station in.
  let password: String?

  /// Blocks until the port is bound; answers it.
  func start(host: String, port: Int) throws -> Int {
    let bootstrap = ServerBootstrap(group: csms.eventLoop)
      .serverChannelOption(.backlog, value: 256)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelOption(.socketOption(.tcp_nodelay), value: 1)
      .childChannelOption(
        .writeBufferWaterMark, value: .init(low: 1 << 16, high: StationConnection.maximumWaitingBytes)
      )
      .childChannelInitializer { channel in channel.eventLoop.makeCompletedFuture { try prepare(channel) } }
    let channel = try bootstrap.bind(host: host, port: port).wait()
    return channel.localAddress?.port ?? port
  }

  private func prepare(_ channel: any Channel) throws {
    let upgrader = NIOWebSocketServerUpgrader(
      maxFrameSize: StationConnection.maximumMessageBytes,
      shouldUpgrade: { channel, head in
        var headers = HTTPHeaders()
        switch decide(head) {
        case .refused: return channel.eventLoop.makeSucceededFuture(nil)
        case .admitted(_, let subprotocol):
          if let subprotocol { headers.add(name: "Sec-WebSocket-Protocol", value: subprotocol) }
          return channel.eventLoop.makeSucceededFuture(headers)
        }
      },
      upgradePipelineHandler: { channel, head in
        channel.eventLoop.makeCompletedFuture { try upgrade(channel, head) }
      })
    let operations = channel.pipeline.syncOperations
    try operations.configureHTTPServerPipeline(withServerUpgrade: (upgraders: [upgrader], completionHandler: { _ in }))
    try operations.addHandler(RefusalHandler(decide: decide), name: Self.refusalName)
  }

  private func upgrade(_ channel: any Channel, _ head: HTTPRequestHead) throws {
    let operations = channel.pipeline.syncOperations
    _ = operations.removeHandler(name: Self.refusalName)
    guard case .admitted(let identity, let subprotocol) = decide(head) else { return channel.close(promise: nil) }
    let connection = StationConnection(identity: identity, channel: channel)
    guard subprotocol != nil else { return connection.close(.protocolError) }
    try operations.addHandler(
      NIOWebSocketFrameAggregator(
        minNonFinalFragmentSize: 0, maxAccumulatedFrameCount: Self.maximumFragments,
        maxAccumulatedFrameSize: StationConnection.maximumMessageBytes))
    try operations.addHandler(StationChannelHandler(connection: connection, csms: csms))
  }

  private func decide(_ head: HTTPRequestHead) -> Admission {
    if csms.isRefusing { return .refused(status: 503, reason: "asked to refuse") }
    if csms.connectionCount >= CSMS.maximumConnections { return .refused(status: 503, reason: "too many stations") }
    return Admission.decide(
      path: head.uri, protocols: head.headers["Sec-WebSocket-Protocol"],
      credentials: head.headers.first(name: "Authorization"), password: password)
  }
}

/// Answers requests that are not upgraded.
private final class RefusalHandler: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundOut = HTTPServerResponsePart
  private let decide: (HTTPRequestHead) -> Admission

  init(decide: @escaping (HTTPRequestHead) -> Admission) { self.decide = decide }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard case .head(let request) = unwrapInboundIn(data) else { return }
    var status = 426
    var reason = "this is a WebSocket server"
    if case .refused(let code, let why) = decide(request) { (status, reason) = (code, why) }
    var headers = HTTPHeaders([("Content-Length", "\(reason.utf8.count + 1)"), ("Connection", "close")])
    if status == 401 { headers.add(name: "WWW-Authenticate", value: "Basic realm=\"ocpp\"") }
    let head = HTTPResponseHead(version: .http1_1, status: HTTPResponseStatus(statusCode: status), headers: headers)
    context.write(wrapOutboundOut(.head(head)), promise: nil)
    context.write(
      wrapOutboundOut(.body(.byteBuffer(context.channel.allocator.buffer(string: reason + "\n")))), promise: nil)
    let channel = context.channel
    let promise = context.eventLoop.makePromise(of: Void.self)
    promise.futureResult.whenComplete { _ in channel.close(promise: nil) }
    context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: promise)
  }
}
