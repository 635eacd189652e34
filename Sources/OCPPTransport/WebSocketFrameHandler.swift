import NIOCore
import NIOWebSocket

/// The end of the pipeline of an open link: hands frames, errors and the end of the channel to the connection.
final class WebSocketFrameHandler: ChannelInboundHandler {
  typealias InboundIn = WebSocketFrame

  private let connection: LinkConnection

  init(connection: LinkConnection) { self.connection = connection }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    connection.received(unwrapInboundIn(data))
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    switch error as? NIOWebSocketError {
    case .invalidFrameLength:
      connection.violated(code: 1009, detail: "the CSMS sent a frame that is too large")
    case .fragmentedControlFrame, .multiByteControlFrameLength:
      connection.violated(code: 1002, detail: "the CSMS sent a faulty control frame")
    case nil:
      connection.lost("\(error)")
    }
  }

  func channelInactive(context: ChannelHandlerContext) {
    connection.lost("the CSMS closed the connection without a close frame")
    context.fireChannelInactive()
  }
}
