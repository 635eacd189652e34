import NIOCore
import NIOHTTP1
import NIOWebSocket
import OCPPPorts
import OCPPTypes

/// Drives NIO's decoders: that of the answer to the opening handshake, then that of frames. What they find goes on to
/// `LinkReceiver`.
///
/// NIO's own chain for this is seven handlers, rebuilt when the link opens; each kind of handler costs the first start of
/// a program some 400,000 instructions for looking its protocols up, which this pair is spared. Nothing is lost between
/// the answer and the first frame either: one loop reads both.
final class LinkDecoder: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer

  private enum Stage {
    case answer(HTTPResponseDecoder)
    case frames(WebSocketFrameDecoder)
    /// What arrives is dropped.
    case over
  }

  private static let empty = ByteBuffer()

  private let connection: LinkConnection
  private let receiver: LinkReceiver
  private let upgrade: WebSocketUpgrade
  private let maximumFrameBytes: Int
  private var stage = Stage.answer(HTTPResponseDecoder(leftOverBytesStrategy: .forwardBytes))
  /// What has arrived and was not decoded: at most the rest of a frame, within its limit, and one read.
  private var waiting = LinkDecoder.empty
  private var isDecoding = false

  /// - Parameter maximumFrameBytes: at most 2³¹ − 1.
  init(connection: LinkConnection, receiver: LinkReceiver, upgrade: WebSocketUpgrade, maximumFrameBytes: Int) {
    self.connection = connection
    self.receiver = receiver
    self.upgrade = upgrade
    self.maximumFrameBytes = maximumFrameBytes
  }

  func handlerAdded(context: ChannelHandlerContext) {
    if case .answer(let decoder) = stage { decoder.decoderAdded(context: context) }
  }

  func handlerRemoved(context: ChannelHandlerContext) { end(context) }

  /// Begins the opening handshake; `context` is this handler's own.
  func sendRequest(to address: CSMSAddress, context: ChannelHandlerContext) {
    guard case .answer(let decoder) = stage else { return }
    let head = HTTPClientRequestPart.head(upgrade.requestHead(for: address))
    decoder.write(data: head)
    let encoder = HTTPRequestEncoder()
    encoder.write(context: context, data: NIOAny(head), promise: nil)
    encoder.write(context: context, data: NIOAny(HTTPClientRequestPart.end(nil)), promise: nil)
    context.flush()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    var bytes = unwrapInboundIn(data)
    if waiting.readableBytes == 0 { waiting = bytes } else { waiting.writeBuffer(&bytes) }
    guard !isDecoding else { return }
    isDecoding = true
    defer { isDecoding = false }
    // A handler of what was decoded may bring the next bytes: the loop takes them too.
    while waiting.readableBytes > 0 {
      bytes = waiting
      waiting = Self.empty
      let isHungry = decode(&bytes, context)
      guard bytes.readableBytes > 0 else { continue }
      if waiting.readableBytes > 0 { bytes.writeBuffer(&waiting) }
      waiting = bytes
      if isHungry { return }
    }
  }

  /// True when more must arrive.
  private func decode(_ bytes: inout ByteBuffer, _ context: ChannelHandlerContext) -> Bool {
    do {
      switch stage {
      case .answer(let decoder):
        _ = try decoder.decode(context: context, buffer: &bytes)
        guard let answer = receiver.takeAnswer() else { return true }
        take(answer, context)
        return false
      case .frames(let decoder):
        guard connection.isReceiving else {
          end(context)
          return false
        }
        return try decoder.decode(context: context, buffer: &bytes) == .needMoreData
      case .over:
        bytes = Self.empty
        return false
      }
    } catch {
      end(context)
      receiver.errorCaught(context: context, error: error)
      return false
    }
  }

  private func take(_ answer: HTTPResponseHead, _ context: ChannelHandlerContext) {
    end(context)
    do throws(LinkFailure) {
      let version = try upgrade.version(agreedIn: answer)
      stage = .frames(WebSocketFrameDecoder(maxFrameSize: maximumFrameBytes))
      connection.opened(version)
    } catch {
      connection.dialFailed(error)
    }
  }

  private func end(_ context: ChannelHandlerContext) {
    if case .answer(let decoder) = stage { decoder.decoderRemoved(context: context) }
    stage = .over
  }
}

/// The end of the pipeline: hands the answer's head, frames, errors and the end of the channel on.
final class LinkReceiver: ChannelInboundHandler {
  /// Of the answer first, then frames.
  typealias InboundIn = Any

  private let connection: LinkConnection
  private var answer: HTTPResponseHead?

  init(connection: LinkConnection) { self.connection = connection }

  /// Decided upon when the decoder has returned.
  func takeAnswer() -> HTTPResponseHead? {
    defer { answer = nil }
    return answer
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case let frame as WebSocketFrame: connection.received(frame)
    case let part as HTTPClientResponsePart: if case .head(let head) = part { answer = head }
    default: break
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    switch error as? NIOWebSocketError {
    case .invalidFrameLength:
      connection.violated(code: 1009, detail: "the CSMS sent a frame that is too large")
    case .fragmentedControlFrame, .multiByteControlFrameLength:
      connection.violated(code: 1002, detail: "the CSMS sent a faulty control frame")
    case nil:
      connection.failed(error)
    }
  }

  func channelInactive(context: ChannelHandlerContext) {
    connection.hungUp()
    context.fireChannelInactive()
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    // Nothing to an open link; without one there will be none.
    connection.dialFailed(LinkFailure(.network, detail: "the connection broke off"))
  }
}
