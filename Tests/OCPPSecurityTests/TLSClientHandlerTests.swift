import Glibc
import NIOCore
import NIOEmbedded
import OCPPSecurity
import TLSTestSupport
import Testing

/// Client handler and server session joined by hand: no sockets, no threads, no time.
private final class Joint {
  let channel = EmbeddedChannel()
  let server: TestTLSConnection
  let errors = ErrorRecorder()
  private(set) var serverIsDone = false

  init(
    authority: TestAuthority, identity: TestIdentity, host: String, speaks: TestTLSServer.Speaks = .ordinary,
    maximumPendingBytes: Int = TLSClientHandler.defaultMaximumPendingBytes
  ) throws {
    server = try TestTLSServer(identity: identity, speaks: speaks).makeMemoryConnection()
    let context = try TLSContext(roots: .pem(authority.root.certificatePEM))
    let handler = try TLSClientHandler(context: context, host: host, maximumPendingBytes: maximumPendingBytes)
    try channel.pipeline.syncOperations.addHandlers([handler, errors])
  }

  func connect() throws {
    channel.connect(to: try SocketAddress(ipAddress: "127.0.0.1", port: 443), promise: nil)
  }

  /// Carries bytes both ways until neither side has anything to say.
  func exchange() throws {
    var isMoving = true
    while isMoving {
      isMoving = false
      while let sent = try channel.readOutbound(as: ByteBuffer.self) {
        server.feed(Array(sent.readableBytesView))
        isMoving = true
      }
      if !serverIsDone { serverIsDone = server.handshake() }
      let answer = server.takeOutput()
      if !answer.isEmpty, channel.isActive {
        try channel.writeInbound(ByteBuffer(bytes: answer))
        isMoving = true
      }
    }
  }

  func established() throws {
    try connect()
    try exchange()
  }
}

private final class ErrorRecorder: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  var errors: [TLSError] = []
  var handshakes: [TLSHandshakeCompleted] = []
  var isInactive = false

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    if let error = error as? TLSError { errors.append(error) }
  }
  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if let event = event as? TLSHandshakeCompleted { handshakes.append(event) }
  }
  func channelInactive(context: ChannelHandlerContext) {
    isInactive = true
    context.fireChannelInactive()
  }
}

@Suite("A00 TLS on the station's side")
struct TLSClientHandlerTests {
  let authority: TestAuthority
  let identity: TestIdentity

  init() throws {
    authority = try TestAuthority()
    identity = try authority.issue(commonName: "csms.example", alternativeNames: "DNS:csms.example,IP:192.0.2.7")
  }

  @Test("A00.FR.308 Bytes pass both ways once the server has shown a certificate of a trusted root for its name")
  func passesBytes() throws {
    let joint = try Joint(authority: authority, identity: identity, host: "csms.example")
    try joint.established()
    #expect(joint.errors.handshakes.map(\.version) == ["TLSv1.3"])
    #expect(joint.server.requestedServerName == "csms.example")

    try joint.channel.writeOutbound(ByteBuffer(string: "hello"))
    try joint.exchange()
    #expect(joint.server.read(100) == Array("hello".utf8))

    joint.server.write(Array("world".utf8))
    try joint.exchange()
    #expect(try joint.channel.readInbound(as: ByteBuffer.self) == ByteBuffer(string: "world"))
    #expect(joint.errors.errors.isEmpty)
  }

  @Test("A00.FR.319 With a TLS 1.2 server the suite is one of those that the standard names")
  func usesNamedSuite() throws {
    let joint = try Joint(authority: authority, identity: identity, host: "csms.example", speaks: .onlyTLS12)
    try joint.established()
    #expect(joint.errors.handshakes.map(\.version) == ["TLSv1.2"])
    #expect(joint.errors.handshakes.map(\.cipherSuite) == ["ECDHE-ECDSA-AES128-GCM-SHA256"])
  }

  @Test("What is written before the handshake is sent after it, in order")
  func holdsEarlyWrites() throws {
    let joint = try Joint(authority: authority, identity: identity, host: "csms.example")
    try joint.connect()
    joint.channel.writeAndFlush(ByteBuffer(string: "one "), promise: nil)
    joint.channel.writeAndFlush(ByteBuffer(string: "two"), promise: nil)
    try joint.exchange()
    #expect(joint.server.read(100) + joint.server.read(100) == Array("one two".utf8))
  }

  @Test("More than the bound before the handshake fails the connection instead of growing")
  func boundsEarlyWrites() throws {
    let joint = try Joint(authority: authority, identity: identity, host: "csms.example", maximumPendingBytes: 10)
    try joint.connect()
    let written = joint.channel.writeAndFlush(ByteBuffer(string: "eleven bytes"))
    #expect(joint.errors.errors.map(\.code) == [.tooManyPendingBytes])
    #expect(throws: TLSError.self) { try written.wait() }
    #expect(!joint.channel.isActive)
  }

  @Test("A00.FR.309 A certificate for another name is refused, and the server is told by an alert")
  func refusesWrongName() throws {
    let joint = try Joint(authority: authority, identity: identity, host: "other.example")
    try joint.established()
    #expect(joint.errors.errors.map(\.code) == [.certificate])
    #expect(joint.errors.errors.first?.reason.contains("hostname mismatch") == true)
    #expect(joint.errors.handshakes.isEmpty)
    #expect(!joint.channel.isActive)
    // The alert has reached the server: its session has failed too.
    #expect(joint.server.read(1).isEmpty)
    #expect(joint.server.failure.contains("alert"))
  }

  @Test("A00.FR.309 The common name counts where there is no alternative name")
  func acceptsCommonName() throws {
    let plain = try authority.issue(commonName: "csms.example")
    let joint = try Joint(authority: authority, identity: plain, host: "csms.example")
    try joint.established()
    #expect(joint.errors.handshakes.count == 1)
  }

  @Test("An address is compared with the certificate's addresses and not sent as a server name")
  func checksAddress() throws {
    let joint = try Joint(authority: authority, identity: identity, host: "192.0.2.7")
    try joint.established()
    #expect(joint.errors.handshakes.count == 1)
    #expect(joint.server.requestedServerName == nil)

    let wrong = try Joint(authority: authority, identity: identity, host: "192.0.2.8")
    try wrong.established()
    #expect(wrong.errors.errors.map(\.code) == [.certificate])
  }

  @Test("A00.FR.311 A certificate of an unknown root ends the connection")
  func refusesUnknownRoot() throws {
    let stranger = try TestAuthority(name: "Stranger")
    let foreign = try stranger.issue(commonName: "csms.example", alternativeNames: "DNS:csms.example")
    let joint = try Joint(authority: authority, identity: foreign, host: "csms.example")
    try joint.established()
    #expect(joint.errors.errors.map(\.code) == [.certificate])
    #expect(!joint.channel.isActive)
  }

  @Test("A00.FR.310 An expired certificate is refused, and the reason says so")
  func refusesExpired() throws {
    let old = try authority.issue(commonName: "csms.example", validFrom: -7200, validUntil: -3600)
    let joint = try Joint(authority: authority, identity: old, host: "csms.example")
    try joint.established()
    #expect(joint.errors.errors.map(\.code) == [.certificate])
    #expect(joint.errors.errors.first?.reason.contains("expired") == true)
  }

  @Test("A00.FR.316 A server that speaks only TLS 1.1 is refused as a version fault")
  func refusesOldVersion() throws {
    let joint = try Joint(authority: authority, identity: identity, host: "csms.example", speaks: .onlyTLS11)
    try joint.established()
    #expect(joint.errors.errors.map(\.code) == [.version])
  }

  @Test("A00.FR.323 A server with only suites that we do not allow is refused as a suite fault")
  func refusesForeignSuites() throws {
    let joint = try Joint(authority: authority, identity: identity, host: "csms.example", speaks: .onlyCBC)
    try joint.established()
    #expect(joint.errors.errors.map(\.code) == [.cipherSuite])
  }

  @Test("A connection cut without close_notify is a truncation, not an end")
  func noticesTruncation() throws {
    let joint = try Joint(authority: authority, identity: identity, host: "csms.example")
    try joint.established()
    joint.channel.pipeline.fireChannelInactive()
    #expect(joint.errors.errors.map(\.code) == [.truncated])
  }

  @Test("The server's close_notify is answered and ends the connection without an error")
  func answersCloseNotify() throws {
    let joint = try Joint(authority: authority, identity: identity, host: "csms.example")
    try joint.established()
    joint.server.shutDown()
    try joint.exchange()
    _ = joint.server.read(1)
    #expect(joint.server.hasPeerEnded)
    #expect(joint.errors.errors.isEmpty)
    #expect(joint.errors.isInactive)
  }

  @Test("Closing says close_notify first")
  func saysCloseNotify() throws {
    let joint = try Joint(authority: authority, identity: identity, host: "csms.example")
    try joint.established()
    joint.channel.close(promise: nil)
    try joint.exchange()
    _ = joint.server.read(1)
    #expect(joint.server.hasPeerEnded)
  }

  @Test("Bytes that are no TLS are refused without a crash")
  func refusesGarbage() throws {
    let joint = try Joint(authority: authority, identity: identity, host: "csms.example")
    try joint.connect()
    try joint.channel.writeInbound(ByteBuffer(string: "HTTP/1.1 400 Bad Request\r\n\r\n"))
    #expect(joint.errors.errors.count == 1)
    #expect(!joint.channel.isActive)
    // More of it finds nobody.
    #expect(throws: Never.self) { joint.channel.pipeline.fireChannelRead(ByteBuffer(string: "more")) }
    #expect(joint.errors.errors.count == 1)
  }

  @Test("A message of many records arrives whole")
  func carriesLargeMessages() throws {
    let joint = try Joint(authority: authority, identity: identity, host: "csms.example")
    try joint.established()
    let message = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    try joint.channel.writeOutbound(ByteBuffer(bytes: message))
    try joint.exchange()
    var arrived: [UInt8] = []
    while case let part = joint.server.read(65_536), !part.isEmpty { arrived += part }
    #expect(arrived == message)
  }
}

@Suite("A00 TLS settings")
struct TLSContextTests {
  @Test("A root file that does not exist is told with its path")
  func missingFile() {
    #expect {
      _ = try TLSContext(roots: .file("/nonexistent/root.pem"))
    } throws: { error in
      (error as? TLSError)?.code == .badConfiguration && "\(error)".contains("/nonexistent/root.pem")
    }
  }

  @Test("A root file that is a FIFO is told with its path, and not waited for")
  func strangeFile() {
    let fifo = "/tmp/root-\(getpid())-\(UInt32.random(in: 0...UInt32.max)).pem"
    #expect(mkfifo(fifo, 0o600) == 0)
    defer { unlink(fifo) }
    #expect {
      _ = try TLSContext(roots: .file(fifo))
    } throws: { error in
      (error as? TLSError)?.code == .badConfiguration && "\(error)".contains("\(fifo): it is no regular file")
    }
  }

  @Test("A text without certificates is no root", arguments: [[], Array("-----BEGIN NONSENSE-----".utf8)])
  func noCertificate(pem: [UInt8]) {
    #expect { _ = try TLSContext(roots: .pem(pem)) } throws: { ($0 as? TLSError)?.code == .badConfiguration }
  }

  @Test("An unknown cipher suite is refused")
  func unknownSuite() {
    #expect {
      _ = try TLSContext(roots: .system, cipherSuites: ["NO-SUCH-SUITE"])
    } throws: { ($0 as? TLSError)?.code == .badConfiguration }
  }

  @Test("The system's roots can be used")
  func systemRoots() throws { _ = try TLSContext(roots: .system) }

  @Test("A host that cannot stand in a certificate is refused", arguments: ["", "a\u{0}b"])
  func badHost(host: String) throws {
    let context = try TLSContext(roots: .system)
    #expect { _ = try TLSClientHandler(context: context, host: host) } throws: {
      ($0 as? TLSError)?.code == .badConfiguration
    }
  }
}
