import CLinux
import Glibc
import NIOCore
import NIOPosix

/// Wakes the network loop from the control thread without allocating there: a byte through a pair of sockets. (`execute`
/// would make a task and a closure for every call. A pipe would do, but its channel is a class of its own in NIO, which
/// costs a start 1.5 million instructions; sockets the loop has anyway.)
final class LoopBell: Sendable {
  private let writeEnd: Int32

  /// - Parameter heard: called on the loop, once for any number of rings that came together.
  init(on loop: any EventLoop, heard: @escaping @Sendable () -> Void) throws {
    var ends: [Int32] = [-1, -1]
    let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
    guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else {
      throw StartError(description: "no sockets between control thread and network loop: error \(linux_errno())")
    }
    writeEnd = ends[1]
    let readEnd = ends[0]
    do {
      _ = try ClientBootstrap(group: loop)
        .channelInitializer { channel in
          channel.eventLoop.makeCompletedFuture {
            try channel.pipeline.syncOperations.addHandler(Listener(heard: heard))
          }
        }
        .withConnectedSocket(readEnd).wait()
    } catch {
      close(readEnd)
      throw error
    }
  }

  deinit { close(writeEnd) }

  /// From any thread. A full socket rings already.
  func ring() {
    var byte: UInt8 = 1
    _ = write(writeEnd, &byte, 1)
  }

  private final class Listener: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let heard: @Sendable () -> Void

    init(heard: @escaping @Sendable () -> Void) { self.heard = heard }

    func channelReadComplete(context: ChannelHandlerContext) { heard() }
  }
}
