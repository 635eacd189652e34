import NIOCore

/// Told once, when the handshake is done on our side. In TLS 1.3 the server may refuse our certificate later still, so
/// the link counts as up only when the server has answered on it.
package struct TLSHandshakeCompleted: Sendable, Equatable {
  package let version: String
  package let cipherSuite: String
}

/// The client's side of TLS in a channel: plaintext above, ciphertext below.
///
/// 1. A failure is told as one `errorCaught` with a `TLSError`; the alert has then been flushed, and the channel closes.
/// 2. A connection that ends without close_notify fails with `TLSError.Code.truncated`.
/// 3. What is written before the handshake is done waits, at most `maximumPendingBytes` of it.
package final class TLSClientHandler: ChannelDuplexHandler {
  package typealias InboundIn = ByteBuffer
  package typealias InboundOut = ByteBuffer
  package typealias OutboundIn = ByteBuffer
  package typealias OutboundOut = ByteBuffer

  package static let defaultMaximumPendingBytes = 64 * 1024

  private enum State { case idle, handshaking, active, closed }

  private struct PendingWrite {
    var bytes: ByteBuffer
    var promise: EventLoopPromise<Void>?
  }

  private let session: TLSSession
  private let maximumPendingBytes: Int
  private var state = State.idle
  /// Written and not yet encrypted; at most `maximumPendingBytes` of plaintext while the handshake runs.
  private var pending = CircularBuffer<PendingWrite>()
  private var pendingBytes = 0
  private var isFlushWanted = false

  /// - Parameter host: the name or address that the certificate must carry.
  package init(
    context: TLSContext, host: String, maximumPendingBytes: Int = TLSClientHandler.defaultMaximumPendingBytes
  ) throws(TLSError) {
    session = try TLSSession(context: context, host: host)
    self.maximumPendingBytes = maximumPendingBytes
  }

  package func handlerAdded(context: ChannelHandlerContext) {
    if context.channel.isActive { start(context) }
  }

  package func handlerRemoved(context: ChannelHandlerContext) {
    state = .closed
    dropPending(ChannelError.ioOnClosedChannel)
  }

  package func channelActive(context: ChannelHandlerContext) {
    start(context)
    context.fireChannelActive()
  }

  package func channelInactive(context: ChannelHandlerContext) {
    if state == .handshaking || state == .active {
      state = .closed
      let error = TLSError(.truncated, reason: "the peer closed without close_notify", place: "TLS read")
      dropPending(error)
      context.fireErrorCaught(error)
    }
    context.fireChannelInactive()
  }

  package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard state != .closed else { return }
    let ciphertext = unwrapInboundIn(data)
    guard ciphertext.withUnsafeReadableBytes({ session.feed($0) }) else {
      return fail(context, TLSError(.protocolFailure, reason: "no memory for the peer's bytes", place: "TLS read"))
    }
    if state == .idle { start(context) } else if state == .handshaking { continueHandshake(context) }
    readPlaintext(context)
  }

  package func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    guard state != .closed else {
      promise?.fail(ChannelError.ioOnClosedChannel)
      return
    }
    let bytes = unwrapOutboundIn(data)
    pendingBytes += bytes.readableBytes
    pending.append(PendingWrite(bytes: bytes, promise: promise))
    if state != .active, pendingBytes > maximumPendingBytes {
      fail(
        context,
        TLSError(.tooManyPendingBytes, reason: "\(pendingBytes) bytes before the handshake ended", place: "TLS write"))
    }
  }

  package func flush(context: ChannelHandlerContext) {
    isFlushWanted = true
    encryptPending(context)
  }

  package func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
    guard mode == .all else {
      // TLS has no half-closed connection that we could keep.
      promise?.fail(ChannelError.operationUnsupported)
      return
    }
    if state == .active {
      state = .closed
      session.shutDown()
      flushCiphertext(context)
    }
    state = .closed
    dropPending(ChannelError.ioOnClosedChannel)
    context.close(mode: mode, promise: promise)
  }

  // MARK: - Handshake

  private func start(_ context: ChannelHandlerContext) {
    guard state == .idle else { return }
    state = .handshaking
    continueHandshake(context)
  }

  private func continueHandshake(_ context: ChannelHandlerContext) {
    let outcome = session.handshake()
    flushCiphertext(context)
    switch outcome {
    case .done:
      state = .active
      context.fireUserInboundEventTriggered(
        TLSHandshakeCompleted(version: session.versionName, cipherSuite: session.cipherSuiteName))
      encryptPending(context)
    case .needsInput:
      break
    case .ended:
      fail(context, TLSError(.truncated, reason: "the peer ended the handshake", place: "TLS handshake"))
    case .failed(let error):
      fail(context, error)
    }
  }

  // MARK: - Bytes

  private func readPlaintext(_ context: ChannelHandlerContext) {
    // A handler above may close the channel while it is handed bytes: the state is looked at again each time.
    while state == .active {
      var plaintext = context.channel.allocator.buffer(capacity: TLSSession.readChunk)
      var outcome = TLSSession.Outcome.done
      plaintext.writeWithUnsafeMutableBytes(minimumWritableBytes: TLSSession.readChunk) { target in
        var count = 0
        outcome = session.read(into: target, count: &count)
        return count
      }
      // Answers to key updates.
      flushCiphertext(context)
      switch outcome {
      case .done:
        context.fireChannelRead(wrapInboundOut(plaintext))
      case .needsInput:
        return
      case .ended:
        return close(context: context, mode: .all, promise: nil)
      case .failed(let error):
        return fail(context, error)
      }
    }
  }

  private func encryptPending(_ context: ChannelHandlerContext) {
    guard state == .active, isFlushWanted else { return }
    isFlushWanted = false
    while state == .active, var next = pending.popFirst() {
      pendingBytes -= next.bytes.readableBytes
      while next.bytes.readableBytes > 0 {
        var count = 0
        let outcome = next.bytes.withUnsafeReadableBytes { session.write($0, count: &count) }
        switch outcome {
        case .done:
          next.bytes.moveReaderIndex(forwardBy: count)
          if next.bytes.readableBytes > 0 { writeCiphertext(context, promise: nil) }
        case .needsInput, .ended:
          next.promise?.fail(ChannelError.ioOnClosedChannel)
          return fail(context, TLSError(.protocolFailure, reason: "the session takes no bytes", place: "TLS write"))
        case .failed(let error):
          next.promise?.fail(error)
          return fail(context, error)
        }
      }
      writeCiphertext(context, promise: next.promise)
    }
    context.flush()
  }

  /// Passes the session's output down. The promise is told when the last of it is on its way.
  private func writeCiphertext(_ context: ChannelHandlerContext, promise: EventLoopPromise<Void>?) {
    let bytes = session.takeOutput { context.channel.allocator.buffer(bytes: $0) }
    guard let bytes else {
      promise?.succeed(())
      return
    }
    context.write(wrapOutboundOut(bytes), promise: promise)
  }

  private func flushCiphertext(_ context: ChannelHandlerContext) {
    guard let bytes = session.takeOutput({ context.channel.allocator.buffer(bytes: $0) }) else { return }
    context.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
  }

  // MARK: - Ends

  private func fail(_ context: ChannelHandlerContext, _ error: TLSError) {
    guard state != .closed else { return }
    state = .closed
    // The alert that tells the peer why.
    flushCiphertext(context)
    dropPending(error)
    context.fireErrorCaught(error)
    context.close(promise: nil)
  }

  private func dropPending(_ error: any Error) {
    let dropped = pending
    pending = CircularBuffer()
    pendingBytes = 0
    for write in dropped { write.promise?.fail(error) }
  }
}
