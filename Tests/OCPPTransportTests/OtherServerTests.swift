import NIOCore
import NIOHTTP1
import NIOPosix
import NIOWebSocket
import OCPPPorts
import Testing

@testable import OCPPTransport

/// A WebSocket server that is not of this project: swift-nio's own upgrade and framing, echoing every text.
@Suite("Against swift-nio's WebSocket server")
struct OtherServerTests {
  private final class Echo: ChannelInboundHandler, Sendable {
    typealias InboundIn = WebSocketFrame
    typealias OutboundOut = WebSocketFrame

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      let frame = unwrapInboundIn(data)
      switch frame.opcode {
      case .text, .connectionClose:
        context.writeAndFlush(
          wrapOutboundOut(WebSocketFrame(fin: true, opcode: frame.opcode, data: frame.unmaskedData)), promise: nil)
      default: break
      }
    }
  }

  @Test("Messages of all length classes come back unchanged, and the close handshake completes")
  func echoes() throws {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    defer { group.shutdownGracefully { _ in } }
    let server = try ServerBootstrap(group: group)
      .childChannelInitializer { channel in
        let upgrader = NIOWebSocketServerUpgrader(
          maxFrameSize: 1 << 20,
          shouldUpgrade: { channel, head in
            var headers = HTTPHeaders()
            if head.headers["Sec-WebSocket-Protocol"] == ["ocpp2.0.1"] {
              headers.add(name: "Sec-WebSocket-Protocol", value: "ocpp2.0.1")
            }
            return channel.eventLoop.makeSucceededFuture(headers)
          },
          upgradePipelineHandler: { channel, _ in channel.pipeline.addHandler(Echo()) })
        return channel.pipeline.configureHTTPServerPipeline(
          withServerUpgrade: (upgraders: [upgrader], completionHandler: { _ in }))
      }
      .bind(host: "127.0.0.1", port: 0).wait()
    let port = try #require(server.localAddress?.port)

    let harness = try LinkHarness()
    try harness.open(LinkTarget(url: "ws://127.0.0.1:\(port)/ocpp", identity: "CS001"))
    try harness.waitForOpened()
    let messages = [0, 1, 125, 126, 127, 65_535, 65_536, 500_000].map { String(repeating: "x", count: $0) }
    for message in messages { try harness.send(message) }
    #expect(try harness.waitForFrames(messages.count) == messages)
    try harness.close(1000, "done")
    #expect(try harness.waitForClose() == LinkClose(cause: .local, code: 1000, detail: "done"))
  }
}
