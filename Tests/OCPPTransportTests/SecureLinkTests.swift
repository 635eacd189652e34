import OCPPPorts
import OCPPSecurity
import TLSTestSupport
import Testing

@testable import OCPPTransport

@Suite("A00 Links over TLS")
struct SecureLinkTests {
  let authority: TestAuthority
  let identity: TestIdentity

  init() throws {
    authority = try TestAuthority()
    identity = try authority.issue(commonName: "localhost", alternativeNames: "DNS:localhost,IP:127.0.0.1")
  }

  private func failure(
    host: String = "localhost", identity: TestIdentity? = nil, speaks: TestTLSServer.Speaks = .ordinary
  ) throws -> LinkFailure {
    let tls = try TestTLSServer(identity: identity ?? self.identity, speaks: speaks)
    let server = try ScriptedServer(tls: tls) { peer in
      try peer.upgrade()
      peer.waitForEnd()
    }
    defer { server.stop() }
    let harness = try LinkHarness(roots: .pem(authority.root.certificatePEM))
    try harness.open(.local(server).with { $0.url = "wss://\(host):\(server.port)/ocpp" })
    let failure = try harness.waitForFailure()
    #expect(harness.seen.count == 1)
    return failure
  }

  @Test("A00.FR.312 Large messages pass both ways, by name and by address", arguments: ["localhost", "127.0.0.1"])
  func passes(host: String) throws {
    let large = String(repeating: "0123456789abcdef", count: 25_000)
    let arrived = Box<String>()
    let tls = try TestTLSServer(identity: identity)
    let server = try ScriptedServer(tls: tls) { peer in
      try peer.upgrade()
      try peer.sendText(large)
      arrived.put(try peer.readMessage().text)
      peer.waitForEnd()
    }
    defer { server.stop() }
    let harness = try LinkHarness(roots: .pem(authority.root.certificatePEM))
    try harness.open(
      .local(server).with {
        $0.url = "wss://\(host):\(server.port)/ocpp"
        $0.securityProfile = 2
        $0.basicAuthPassword = Array("0123456789abcdef".utf8)
      })
    #expect(try harness.waitForFrames(1) == [large])
    try harness.send(large)
    #expect(try arrived.take() == large)
    #expect(server.takeProblems() == [])
  }

  @Test("A00.FR.309 A certificate for another host")
  func wrongHost() throws {
    let other = try authority.issue(commonName: "csms.example", alternativeNames: "DNS:csms.example")
    let failure = try failure(identity: other)
    #expect(failure.kind == .tls)
    #expect(failure.tlsProblem == .certificate)
  }

  @Test("A00.FR.311 A certificate of another root")
  func wrongRoot() throws {
    let other = try TestAuthority(name: "Stranger").issue(commonName: "localhost", alternativeNames: "DNS:localhost")
    let failure = try failure(identity: other)
    #expect(failure.kind == .tls)
    #expect(failure.tlsProblem == .certificate)
  }

  @Test("A00.FR.310 An expired certificate")
  func expired() throws {
    let old = try authority.issue(
      commonName: "localhost", alternativeNames: "DNS:localhost", validFrom: -7200, validUntil: -3600)
    let failure = try failure(identity: old)
    #expect(failure.kind == .tls)
    #expect(failure.tlsProblem == .certificate)
    #expect(failure.detail.contains("expired"))
  }

  @Test("A00.FR.316 A server with TLS 1.1 only")
  func oldVersion() throws {
    let failure = try failure(speaks: .onlyTLS11)
    #expect(failure.kind == .tls)
    #expect(failure.tlsProblem == .version)
  }

  @Test("A00.FR.323 A server without a suite of ours")
  func foreignSuites() throws {
    let failure = try failure(speaks: .onlyCBC)
    #expect(failure.kind == .tls)
    #expect(failure.tlsProblem == .cipherSuite)
  }

  @Test("A server that speaks no TLS")
  func plainServer() throws {
    let server = try ScriptedServer { peer in
      try peer.send("HTTP/1.1 400 Bad Request\r\n\r\n")
      peer.waitForEnd()
    }
    defer { server.stop() }
    let harness = try LinkHarness(roots: .pem(authority.root.certificatePEM))
    try harness.open(.local(server).with { $0.url = "wss://localhost:\(server.port)/ocpp" })
    let failure = try harness.waitForFailure()
    #expect(failure.kind == .tls)
    #expect(failure.tlsProblem == .other)
  }

  @Test("Roots that cannot be read fail the dial, not the program")
  func unreadableRoots() throws {
    let server = try ScriptedServer { _ in }
    defer { server.stop() }
    let harness = try LinkHarness(roots: .file("/nonexistent.pem"))
    try harness.open(.local(server).with { $0.url = "wss://localhost:\(server.port)/ocpp" })
    #expect(try harness.waitForFailure().kind == .tls)
  }

  @Test("An open link that ends without close_notify is lost")
  func truncated() throws {
    let server = try ScriptedServer(tls: try TestTLSServer(identity: identity)) { peer in try peer.upgrade() }
    defer { server.stop() }
    let harness = try LinkHarness(roots: .pem(authority.root.certificatePEM))
    try harness.open(.local(server).with { $0.url = "wss://localhost:\(server.port)/ocpp" })
    let close = try harness.waitForClose()
    #expect(close.cause == .lost)
    #expect(close.detail.contains("close_notify"))
  }

  @Test("The peer's close and close_notify end the link in order")
  func orderlyEnd() throws {
    let server = try ScriptedServer(tls: try TestTLSServer(identity: identity)) { peer in
      try peer.upgrade()
      try peer.sendClose(1012, "restart")
      _ = try peer.readFrame()
      peer.shutDownTLS()
    }
    defer { server.stop() }
    let harness = try LinkHarness(roots: .pem(authority.root.certificatePEM))
    try harness.open(.local(server).with { $0.url = "wss://localhost:\(server.port)/ocpp" })
    #expect(try harness.waitForClose() == LinkClose(cause: .remote, code: 1012, detail: "restart"))
  }
}
