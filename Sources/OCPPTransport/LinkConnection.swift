import ChargerBase
import NIOCore
import NIOPosix
import NIOWebSocket
import OCPPPorts
import OCPPSecurity
import OCPPTypes

/// One attempt, from the dial to the end of its link. It tells one `.opened` or `.failed`, and one `.closed` after an
/// `.opened`; what its channel does after that is nobody's business.
final class LinkConnection {
  private enum Phase {
    case dialing
    /// Connected; TLS and the opening handshake run.
    case upgrading
    case open
    /// Our close frame is on its way.
    case closing(code: UInt16, reason: String)
    case ended
  }

  private let target: LinkTarget
  private let attempt: LinkAttempt
  private let eventLoop: any EventLoop
  private let limits: WebSocketLink.Limits
  private let gate: (any LinkGate)?
  private let tlsContext: (LinkTarget) throws -> TLSContext
  private let report: (LinkEvent) -> Void

  private var phase = Phase.dialing
  private var channel: (any Channel)?
  /// The connect deadline, later the deadline of the close handshake.
  private var deadline: Scheduled<Void>?
  private var keepAlive: LinkKeepAlive?
  private var pingInterval: Duration
  private var assembler: MessageAssembler
  /// Given to the channel while it held as much as it wants to (64 KiB), and not yet taken by the system; at most
  /// `limits.maximumPendingBytes`.
  private var pendingBytes = 0

  init(
    target: LinkTarget, attempt: LinkAttempt, eventLoop: any EventLoop, limits: WebSocketLink.Limits,
    gate: (any LinkGate)?, tlsContext: @escaping (LinkTarget) throws -> TLSContext,
    report: @escaping (LinkEvent) -> Void
  ) {
    self.target = target
    self.attempt = attempt
    self.eventLoop = eventLoop
    self.limits = limits
    self.gate = gate
    self.tlsContext = tlsContext
    self.report = report
    pingInterval = target.pingInterval
    assembler = MessageAssembler(maximumBytes: max(0, target.maximumFrameBytes))
  }

  // MARK: - Dial

  func dial() {
    let address: CSMSAddress
    do { address = try CSMSAddress(target.url) } catch { return dialFailed(error) }
    if let failure = refusal(of: address) { return dialFailed(failure) }

    let timeout = target.connectTimeout.clamped(to: .milliseconds(1) ... .seconds(3600))
    arm(timeout) { [weak self] in
      self?.dialFailed(LinkFailure(.timeout, detail: "no link within \(timeout)"))
    }
    // A gate that is down swallows the dial: the deadline ends it.
    if let gate, !gate.isUp { return }
    connect(to: address, timeout: timeout).assumeIsolated().whenComplete { [self] result in
      switch result {
      case .success(let channel): connected(channel, address: address)
      case .failure(let error): dialFailed(LinkFailure(dialError: error))
      }
    }
  }

  private func refusal(of address: CSMSAddress) -> LinkFailure? {
    if target.identity.isEmpty || target.identity.utf8.count > CSMSAddress.maximumIdentityLength {
      return LinkFailure(.badAddress, detail: "the station's identity is empty or too long")
    }
    if target.basicAuthPassword != nil, target.identity.utf8.contains(UInt8(ascii: ":")) {
      return LinkFailure(.badAddress, detail: "an identity with a colon cannot be a Basic user name (Part 4 §3.1.1)")
    }
    if target.securityProfile >= 2, !address.isSecure {
      return LinkFailure(.badAddress, detail: "security profile \(target.securityProfile) needs wss (A00.FR.312)")
    }
    if target.versions.isEmpty { return LinkFailure(.badAddress, detail: "no OCPP version to offer") }
    return nil
  }

  private func connect(to address: CSMSAddress, timeout: Duration) -> EventLoopFuture<any Channel> {
    let gate = gate
    var bootstrap = ClientBootstrap(group: eventLoop)
      .connectTimeout(TimeAmount(timeout))
      // Nothing is read before the pipeline stands.
      .channelOption(.autoRead, value: false)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          guard let gate else { return }
          try channel.pipeline.syncOperations.addHandler(LinkGateHandler(gate: gate))
        }
      }
    if let local = target.localAddress {
      do {
        bootstrap = bootstrap.bind(to: try SocketAddress(ipAddress: local, port: 0))
      } catch {
        return eventLoop.makeFailedFuture(LinkFailure(.badAddress, detail: "\(local) is no address to dial from"))
      }
    }
    if let literal = try? SocketAddress(ipAddress: address.host, port: address.port) {
      return bootstrap.connect(to: literal)
    }
    // Names are tried as RFC 8305 says.
    return bootstrap.connect(host: address.host, port: address.port)
  }

  private func connected(_ channel: any Channel, address: CSMSAddress) {
    guard case .dialing = phase else { return channel.close(promise: nil) }
    phase = .upgrading
    self.channel = channel
    do {
      try install(on: channel.pipeline.syncOperations, address: address)
      try channel.syncOptions?.setOption(.autoRead, value: true)
    } catch {
      dialFailed(LinkFailure(dialError: error))
    }
  }

  private func install(on pipeline: ChannelPipeline.SynchronousOperations, address: CSMSAddress) throws {
    let receiver = LinkReceiver(connection: self)
    let decoder = LinkDecoder(
      connection: self, receiver: receiver, upgrade: WebSocketUpgrade(target: target),
      maximumFrameBytes: target.maximumFrameBytes.clamped(to: 0...Int(Int32.max)))
    try pipeline.addHandler(decoder)
    try pipeline.addHandler(receiver)
    if address.isSecure {
      // It comes last because it begins its handshake at once; it stands above the gate.
      let tls = try TLSClientHandler(context: try tlsContext(target), host: address.host)
      try pipeline.addHandler(tls, position: .before(decoder))
    }
    guard case .upgrading = phase else { return }
    decoder.sendRequest(to: address, context: try pipeline.context(handler: decoder))
  }

  /// The answer was accepted; frames follow.
  func opened(_ version: OCPPVersion) {
    guard case .upgrading = phase else { return }
    disarm()
    phase = .open
    let keepAlive = LinkKeepAlive(
      eventLoop: eventLoop, pongTimeout: limits.pongTimeout,
      ping: { [weak self] in self?.sendPing() },
      lost: { [weak self] in self?.lost("no answer to a ping within \($0)") })
    self.keepAlive = keepAlive
    keepAlive.setInterval(pingInterval)
    report(.opened(attempt, version))
  }

  /// Frames of the peer are wanted.
  var isReceiving: Bool {
    switch phase {
    case .open, .closing: true
    case .dialing, .upgrading, .ended: false
    }
  }

  /// An error in the channel: of the dial, or the end of an open link.
  func failed(_ error: any Error) {
    switch phase {
    case .dialing, .upgrading: dialFailed(LinkFailure(dialError: error))
    case .open, .closing: lost("\(error)")
    case .ended: break
    }
  }

  /// The channel has ended.
  func hungUp() {
    switch phase {
    case .dialing, .upgrading:
      dialFailed(LinkFailure(.network, detail: "the CSMS closed the connection before it answered"))
    case .open, .closing, .ended: lost("the CSMS closed the connection without a close frame")
    }
  }

  func dialFailed(_ failure: LinkFailure) {
    switch phase {
    case .dialing, .upgrading: break
    case .open, .closing, .ended: return
    }
    end()
    channel?.close(promise: nil)
    report(.failed(attempt, failure))
  }

  // MARK: - What the engine asks

  func send(_ frame: [UInt8]) {
    guard case .open = phase else { return }
    frame.withUnsafeBytes { write(.text, $0) }
  }

  func close(code: UInt16, reason: String) {
    switch phase {
    case .dialing, .upgrading:
      dialFailed(LinkFailure(.network, detail: "the dial was called off"))
    case .open:
      let sent = CloseFrame.isSendable(code) ? code : 1000
      phase = .closing(code: sent, reason: reason)
      keepAlive?.stop()
      arm(limits.closeTimeout) { [weak self] in self?.closedHere("the CSMS did not answer the close frame") }
      write(.connectionClose, CloseFrame(code: sent, reason: reason).bytes)
    case .closing, .ended:
      break
    }
  }

  func setPingInterval(_ interval: Duration) {
    pingInterval = interval
    if case .open = phase { keepAlive?.setInterval(interval) }
  }

  /// Ends whatever there is, at once.
  func abandon(_ detail: String) {
    switch phase {
    case .dialing, .upgrading: dialFailed(LinkFailure(.network, detail: detail))
    case .open: ended(LinkClose(cause: .local, code: nil, detail: detail))
    case .closing: closedHere(detail)
    case .ended: break
    }
    channel?.close(promise: nil)
  }

  // MARK: - What the peer does

  func received(_ frame: WebSocketFrame) {
    switch phase {
    case .open, .closing: break
    case .dialing, .upgrading, .ended: return
    }
    keepAlive?.peerWasHeard()
    guard frame.maskKey == nil, !frame.rsv1, !frame.rsv2, !frame.rsv3 else {
      return violated(code: 1002, detail: "the CSMS sent a masked frame or used an extension that was not agreed")
    }
    switch frame.opcode {
    case .text: assemble(.text, frame)
    case .binary: assemble(.binary, frame)
    case .continuation: assemble(.continuation, frame)
    case .ping: write(.pong, frame.data)
    case .pong: break
    case .connectionClose: peerClosed(frame.data)
    default: violated(code: 1002, detail: "the CSMS sent a frame of an unknown kind")
    }
  }

  private func assemble(_ kind: MessageAssembler.Kind, _ frame: WebSocketFrame) {
    // After our close frame the peer may still be in the middle of a message: nobody waits for it.
    guard case .open = phase else { return }
    do {
      let bytes = [UInt8](frame.data.readableBytesView)
      guard let message = try assembler.take(kind, isFinal: frame.fin, bytes: bytes) else { return }
      report(.frame(attempt, message))
    } catch {
      violated(code: error.closeCode, detail: error.detail)
    }
  }

  private func peerClosed(_ data: ByteBuffer) {
    guard case .open = phase else { return closedHere("closed by both") }
    guard let close = CloseFrame(data) else {
      return violated(code: 1002, detail: "the CSMS sent a faulty close frame")
    }
    write(.connectionClose, close.code.map { CloseFrame(code: $0, reason: "").bytes } ?? ByteBuffer())
    ended(LinkClose(cause: .remote, code: close.code, detail: close.reason))
    linger()
  }

  /// The peer broke the protocol or a limit: it is told the code, and we are done with it.
  func violated(code: UInt16, detail: String) {
    switch phase {
    case .open:
      write(.connectionClose, CloseFrame(code: code, reason: "").bytes)
      ended(LinkClose(cause: .protocolError, code: code, detail: detail))
      linger()
    case .closing: closedHere(detail)
    case .dialing, .upgrading, .ended: break
    }
  }

  func lost(_ detail: String) {
    switch phase {
    case .open: ended(LinkClose(cause: .lost, code: nil, detail: detail))
    case .closing: closedHere(detail)
    case .dialing, .upgrading: return dialFailed(LinkFailure(.network, detail: detail))
    case .ended: return
    }
    channel?.close(promise: nil)
  }

  // MARK: - Ends

  private func closedHere(_ detail: String) {
    guard case .closing(let code, let reason) = phase else { return }
    ended(LinkClose(cause: .local, code: code, detail: reason.isEmpty ? detail : reason))
    channel?.close(promise: nil)
  }

  private func ended(_ close: LinkClose) {
    // The last words of a link may themselves have found it lost.
    if case .ended = phase { return }
    end()
    report(.closed(attempt, close))
  }

  private func end() {
    phase = .ended
    disarm()
    keepAlive?.stop()
    keepAlive = nil
  }

  /// Leaves the peer time to read our close frame and to close first (RFC 6455 §7.1.1).
  private func linger() {
    guard channel?.isActive == true else { return }
    arm(limits.closeTimeout) { [self] in channel?.close(promise: nil) }
    channel?.closeFuture.assumeIsolated().whenComplete { [weak self] _ in self?.disarm() }
  }

  private func arm(_ span: Duration, _ body: @escaping () -> Void) {
    disarm()
    deadline = eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(span), body)
  }

  private func disarm() {
    deadline?.cancel()
    deadline = nil
  }

  // MARK: - Writing

  private func sendPing() {
    guard case .open = phase else { return }
    write(.ping, ByteBuffer())
  }

  private func write(_ opcode: WebSocketOpcode, _ bytes: ByteBuffer) {
    bytes.withUnsafeReadableBytes { write(opcode, $0) }
  }

  private func write(_ opcode: WebSocketOpcode, _ bytes: UnsafeRawBufferPointer) {
    guard let channel else { return }
    let size = bytes.count + MaskedFrame.maximumHeaderBytes
    guard pendingBytes + size <= limits.maximumPendingBytes else {
      return lost("the CSMS is too slow: \(pendingBytes) bytes wait to be sent")
    }
    // While the channel is writable, less than its watermark waits in it.
    var taken: EventLoopPromise<Void>?
    if !channel.isWritable {
      pendingBytes += size
      let promise = eventLoop.makePromise(of: Void.self)
      promise.futureResult.assumeIsolated().whenComplete { [self] _ in pendingBytes -= size }
      taken = promise
    }
    let frame = MaskedFrame.encode(opcode, bytes, mask: .random(in: .min ... .max), allocator: channel.allocator)
    channel.pipeline.syncOperations.writeAndFlush(NIOAny(frame), promise: taken)
  }
}
