import CLinux
import Glibc
import NIOCore
import NIOPosix

/// Wakes the network loop from the control thread without allocating there: a byte through a pipe. (`execute` would make
/// a task and a closure for every call.)
final class LoopBell: Sendable {
  private let writeEnd: Int32

  /// - Parameter heard: called on the loop, once for any number of rings that came together.
  init(on loop: any EventLoop, heard: @escaping @Sendable () -> Void) throws {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else {
      throw StartError(description: "no pipe between control thread and network loop: error \(linux_errno())")
    }
    for end in ends {
      _ = fcntl(end, F_SETFD, FD_CLOEXEC)
      _ = fcntl(end, F_SETFL, O_NONBLOCK)
    }
    writeEnd = ends[1]
    let readEnd = ends[0]
    do {
      _ = try NIOPipeBootstrap(group: loop)
        .channelInitializer { channel in
          channel.eventLoop.makeCompletedFuture {
            try channel.pipeline.syncOperations.addHandler(Listener(heard: heard))
          }
        }
        .takingOwnershipOfDescriptor(input: readEnd).wait()
    } catch {
      close(readEnd)
      throw error
    }
  }

  deinit { close(writeEnd) }

  /// From any thread. A full pipe rings already.
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
