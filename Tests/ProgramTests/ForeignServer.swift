import NIOCore
import NIOPosix

/// Says its piece to everybody who connects, whatever is asked, and closes.
final class ForeignServer {
  private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)

  init(path: String, answer: [UInt8]) throws {
    _ = try ServerBootstrap(group: group)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(Talker(answer)) }
      }
      .bind(unixDomainSocketPath: path).wait()
  }

  func stop() throws { try group.syncShutdownGracefully() }

  private final class Talker: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let answer: [UInt8]

    init(_ answer: [UInt8]) { self.answer = answer }

    func channelActive(context: ChannelHandlerContext) {
      context.writeAndFlush(NIOAny(ByteBuffer(bytes: answer)), promise: nil)
      context.close(promise: nil)
    }
  }
}
