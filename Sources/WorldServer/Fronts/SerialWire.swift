import CLinux
import Glibc
import NIOCore
import NIOPosix
import SimulatedPeripherals

/// A serial line with a simulated device at its end: a pseudo terminal under a path that stays the same over unplugging.
final class SerialWire {
  private let path: String
  private let eventLoop: any EventLoop
  private let onBytes: ([UInt8]) -> Void
  private var terminal: PseudoTerminal?
  private var channel: (any Channel)?

  /// `path`: what the driver opens, a link to the pseudo terminal.
  init(path: String, eventLoop: any EventLoop, onBytes: @escaping ([UInt8]) -> Void) {
    self.path = path
    self.eventLoop = eventLoop
    self.onBytes = onBytes
  }

  var isPlugged: Bool { terminal != nil }

  func open() throws {
    guard terminal == nil else { return }
    let terminal: PseudoTerminal
    do throws(PseudoTerminalError) {
      terminal = try PseudoTerminal()
    } catch {
      throw FrontError("\(path): no pseudo terminal: \(String(cString: strerror(error.errorNumber)))")
    }
    unlink(path)
    guard symlink(terminal.path, path) == 0 else {
      throw FrontError("\(path) cannot be made: \(String(cString: strerror(linux_errno())))")
    }
    self.terminal = terminal
    let handler = SerialHandler(onBytes: { [weak self, weak terminal] bytes in
      // What an unplugged line still had to say is lost.
      if let self, let terminal, terminal === self.terminal { self.onBytes(bytes) }
    })
    let descriptor = dup(terminal.device)
    guard descriptor >= 0 else { throw FrontError("\(path): no more descriptors") }
    NIOPipeBootstrap(group: eventLoop)
      .channelInitializer { [box = NIOLoopBound(handler, eventLoop: eventLoop)] channel in
        channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(box.value) }
      }
      .takingOwnershipOfDescriptor(inputOutput: descriptor)
      .assumeIsolated()
      .whenSuccess { [weak self, weak terminal] opened in
        guard let self, let terminal, terminal === self.terminal else { return opened.close(promise: nil) }
        channel = opened
      }
  }

  func write(_ bytes: [UInt8]) {
    guard !bytes.isEmpty else { return }
    terminal?.write(bytes)
  }

  /// Pulls the adapter: the driver's end hangs up and its path is gone.
  func close() {
    guard terminal != nil else { return }
    unlink(path)
    channel?.close(promise: nil)
    channel = nil
    terminal = nil
  }
}

private final class SerialHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer

  private let onBytes: ([UInt8]) -> Void

  init(onBytes: @escaping ([UInt8]) -> Void) { self.onBytes = onBytes }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    onBytes(Array(unwrapInboundIn(data).readableBytesView))
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
