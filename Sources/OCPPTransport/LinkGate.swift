import NIOCore

/// A switch between the dialer and its socket, for the bench: down is a network that has gone away.
///
/// Down: bytes stop both ways and nothing is closed, a close included; new dials end in a timeout. Up again: what waited
/// goes on, and new dials succeed. Without a gate the link has none of this in its way.
package protocol LinkGate: AnyObject, Sendable {
  var isUp: Bool { get }
}

/// Holds the traffic of one channel while its gate is down. It stands next to the socket.
final class LinkGateHandler: ChannelDuplexHandler {
  typealias InboundIn = ByteBuffer
  typealias InboundOut = ByteBuffer
  typealias OutboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  /// How often a gate that is down is looked at again; while it is up it costs no wakeup.
  static let pollInterval = TimeAmount.milliseconds(20)
  /// Writes held at most; more of them fail, as a full socket buffer would make them wait for ever.
  static let maximumHeldWrites = 1024

  private let gate: any LinkGate
  /// At most what one read of the socket had brought when the gate went down: reading stops then.
  private var heldReads = CircularBuffer<NIOAny>()
  private var heldWrites = CircularBuffer<(data: NIOAny, promise: EventLoopPromise<Void>?)>()
  private var isReadHeld = false
  private var isFlushHeld = false
  private var isCloseHeld = false
  private var heldClose: EventLoopPromise<Void>?
  private var isPolling = false

  init(gate: any LinkGate) { self.gate = gate }

  private var isBlocked: Bool { isPolling || !gate.isUp }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard isBlocked else { return context.fireChannelRead(data) }
    heldReads.append(data)
    poll(context)
  }

  func read(context: ChannelHandlerContext) {
    guard isBlocked else { return context.read() }
    isReadHeld = true
    poll(context)
  }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    guard isBlocked else { return context.write(data, promise: promise) }
    guard heldWrites.count < Self.maximumHeldWrites else {
      promise?.fail(ChannelError.ioOnClosedChannel)
      return
    }
    heldWrites.append((data, promise))
    poll(context)
  }

  func flush(context: ChannelHandlerContext) {
    guard isBlocked else { return context.flush() }
    isFlushHeld = true
    poll(context)
  }

  func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
    // A connection that never came about has nobody to hide its end from.
    guard isBlocked, mode == .all, context.channel.isActive else { return context.close(mode: mode, promise: promise) }
    isCloseHeld = true
    if let heldClose { heldClose.futureResult.cascade(to: promise) } else { heldClose = promise }
    poll(context)
  }

  func channelInactive(context: ChannelHandlerContext) {
    for write in heldWrites { write.promise?.fail(ChannelError.ioOnClosedChannel) }
    heldWrites = CircularBuffer()
    heldReads = CircularBuffer()
    context.fireChannelInactive()
  }

  private func poll(_ context: ChannelHandlerContext) {
    guard !isPolling else { return }
    isPolling = true
    schedule(context)
  }

  private func schedule(_ context: ChannelHandlerContext) {
    context.eventLoop.assumeIsolated().scheduleTask(in: Self.pollInterval) { [self] in
      guard context.channel.isActive else {
        isPolling = false
        return
      }
      gate.isUp ? release(context) : schedule(context)
    }
  }

  private func release(_ context: ChannelHandlerContext) {
    isPolling = false
    while let write = heldWrites.popFirst() { context.write(write.data, promise: write.promise) }
    if isFlushHeld {
      isFlushHeld = false
      context.flush()
    }
    if isCloseHeld {
      isCloseHeld = false
      let promise = heldClose
      heldClose = nil
      return context.close(promise: promise)
    }
    let hadReads = !heldReads.isEmpty
    while let data = heldReads.popFirst() { context.fireChannelRead(data) }
    if hadReads { context.fireChannelReadComplete() }
    if isReadHeld {
      isReadHeld = false
      context.read()
    }
  }
}
