import Foundation
import OCPPPorts
import OCPPTypes
import Testing

@testable import OCPPTransport

@Suite("Part 4 §3 Opening the link")
struct OpeningHandshakeTests {
  @Test("Part 4 §3.1.2 All versions are offered in order of preference, and the chosen one is told")
  func negotiates() throws {
    let request = Box<[String]>()
    let server = try ScriptedServer { peer in
      let got = try peer.upgrade(subprotocol: "ocpp2.0.1")
      request.put([got.line, got["Sec-WebSocket-Protocol"] ?? "", got["Host"] ?? "", got["Authorization"] ?? "none"])
      peer.waitForEnd()
    }
    defer { server.stop() }
    let harness = try LinkHarness()
    try harness.open(.local(server).with { $0.versions = [.v21, .v201] })
    let opened = try harness.wait("opened", where: { if case .opened = $0 { true } else { false } })
    #expect(opened == .opened(LinkAttempt(1), .v201))
    #expect(
      try request.take() == [
        "GET /ocpp/CS001 HTTP/1.1", "ocpp2.1, ocpp2.0.1", "127.0.0.1:\(server.port)", "none",
      ])
  }

  @Test("A00.FR.203 Identity and password go with the request, the identity percent-encoded in the path alone")
  func authenticates() throws {
    let request = Box<[String]>()
    let server = try ScriptedServer { peer in
      let got = try peer.upgrade()
      request.put([got.line, got["Authorization"] ?? "none"])
      peer.waitForEnd()
    }
    defer { server.stop() }
    let harness = try LinkHarness()
    try harness.open(
      .local(server).with {
        $0.identity = "RDAM 123"
        $0.basicAuthPassword = Array("0123456789abcdef".utf8)
      })
    try harness.waitForOpened()
    let wanted = Data("RDAM 123:0123456789abcdef".utf8).base64EncodedString()
    #expect(try request.take() == ["GET /ocpp/RDAM%20123 HTTP/1.1", "Basic \(wanted)"])
  }

  @Test(
    "A server that picks no sub-protocol, or one that we did not offer, is refused",
    arguments: [nil, "ocpp1.6", "", "ocpp2.0.1, ocpp2.1"])
  func refusesSubprotocol(name: String?) throws {
    let server = try ScriptedServer { peer in
      try peer.upgrade(subprotocol: name)
      peer.waitForEnd()
    }
    defer { server.stop() }
    let harness = try LinkHarness()
    try harness.open(.local(server))
    #expect(try harness.waitForFailure().kind == .protocolRefused)
    #expect(harness.seen.count == 1)
  }

  @Test(
    "The HTTP answer decides the kind of the failure",
    arguments: [
      (401, LinkFailure.Kind.unauthorized), (403, .unauthorized), (404, .protocolRefused), (302, .protocolRefused),
      (500, .protocolRefused), (200, .protocolRefused),
    ])
  func httpStatus(status: Int, kind: LinkFailure.Kind) throws {
    let server = try ScriptedServer { peer in
      _ = try peer.readRequest()
      try peer.send("HTTP/1.1 \(status) Because\r\nContent-Length: 2\r\n\r\nno")
      peer.waitForEnd()
    }
    defer { server.stop() }
    let harness = try LinkHarness()
    try harness.open(.local(server))
    let failure = try harness.waitForFailure()
    #expect(failure.kind == kind)
    #expect(failure.detail.contains("\(status)"))
    #expect(harness.seen.count == 1)
  }

  @Test(
    "An answer that is no correct upgrade is refused",
    arguments: [
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        + "Sec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\nSec-WebSocket-Protocol: ocpp2.0.1\r\n\r\n",
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n",
      "\u{16}\u{3}\u{1}garbage\r\n\r\n", "HTTP/9.9 999 ?\r\n\r\n", "220 mail.example ESMTP\r\n",
    ])
  func garbage(answer: String) throws {
    let server = try ScriptedServer { peer in
      _ = try peer.readRequest()
      try peer.send(answer)
      peer.waitForEnd()
    }
    defer { server.stop() }
    let harness = try LinkHarness()
    try harness.open(.local(server))
    #expect(try harness.waitForFailure().kind == .protocolRefused)
    #expect(harness.seen.count == 1)
  }

  @Test("An extension that was not offered is refused")
  func refusesExtension() throws {
    let server = try ScriptedServer { peer in
      try peer.upgrade(more: ["Sec-WebSocket-Extensions: permessage-deflate"])
      peer.waitForEnd()
    }
    defer { server.stop() }
    let harness = try LinkHarness()
    try harness.open(.local(server))
    #expect(try harness.waitForFailure().kind == .protocolRefused)
  }

  @Test("An answer with endless headers is refused")
  func endlessHeaders() throws {
    let server = try ScriptedServer { peer in
      _ = try peer.readRequest()
      try peer.send("HTTP/1.1 101 Switching Protocols\r\n")
      for _ in 0..<200_000 { try? peer.send("X-Filler: \(String(repeating: "a", count: 500))\r\n") }
    }
    defer { server.stop() }
    let harness = try LinkHarness()
    try harness.open(.local(server))
    #expect(try harness.waitForFailure().kind == .protocolRefused)
  }

  @Test("A server that closes instead of answering is a network failure")
  func closesEarly() throws {
    let server = try ScriptedServer { peer in _ = try peer.readRequest() }
    defer { server.stop() }
    let harness = try LinkHarness()
    try harness.open(.local(server))
    #expect(try harness.waitForFailure().kind == .network)
  }

  @Test("A server that never answers ends in a timeout, and its connection is closed")
  func silentServer() throws {
    let ended = Box<Bool>()
    let server = try ScriptedServer { peer in
      peer.waitForEnd()
      ended.put(true)
    }
    defer { server.stop() }
    let harness = try LinkHarness()
    try harness.open(.local(server).with { $0.connectTimeout = .milliseconds(200) })
    #expect(try harness.waitForFailure().kind == .timeout)
    #expect(try ended.take())
  }

  @Test("A port on which nobody listens is told as refused")
  func refusedPort() throws {
    let server = try ScriptedServer { _ in }
    let port = server.port
    server.stop()
    let harness = try LinkHarness()
    // The listener's thread may still be about to close its socket.
    var failure = LinkFailure(.network, detail: "")
    for attempt in 1...50 where failure.kind != .refused {
      let before = harness.seen.count
      try harness.open(
        LinkTarget(url: "ws://127.0.0.1:\(port)", identity: "CS001", connectTimeout: .seconds(5)),
        attempt: UInt64(attempt))
      let event = try harness.wait("failed", from: before) { if case .failed = $0 { true } else { false } }
      if case .failed(_, let found) = event { failure = found }
    }
    #expect(failure.kind == .refused)
  }

  @Test("A name without an address is told as not found")
  func unknownName() throws {
    let harness = try LinkHarness()
    try harness.open(
      LinkTarget(url: "ws://no-such-host.invalid/", identity: "CS001", connectTimeout: .seconds(20)))
    #expect(try harness.waitForFailure().kind == .nameNotFound)
  }

  @Test("A name that has an address is dialled")
  func knownName() throws {
    let server = try ScriptedServer { peer in
      try peer.upgrade()
      peer.waitForEnd()
    }
    defer { server.stop() }
    let harness = try LinkHarness()
    try harness.open(.local(server).with { $0.url = "ws://localhost:\(server.port)/ocpp" })
    try harness.waitForOpened()
  }

  @Test("What cannot be dialled at all fails without a connection")
  func badTargets() throws {
    let server = try ScriptedServer { _ in }
    defer { server.stop() }
    let good = LinkTarget.local(server)
    let bad = [
      good.with { $0.url = "http://127.0.0.1:\(server.port)" }, good.with { $0.identity = "" },
      good.with { $0.identity = String(repeating: "a", count: 256) }, good.with { $0.versions = [] },
      // A00.FR.312: profile 2 is never spoken in clear.
      good.with { $0.securityProfile = 2 },
      good.with {
        $0.identity = "a:b"
        $0.basicAuthPassword = [1]
      },
    ]
    for (index, target) in bad.enumerated() {
      let harness = try LinkHarness()
      try harness.open(target, attempt: UInt64(index))
      #expect(try harness.waitForFailure().kind == .badAddress)
      #expect(!harness.hasCalledBackInsideMember)
    }
    #expect(server.acceptedCount == 0)
  }

  @Test("Calling a dial off, or dialling anew, ends the first attempt with its own failure")
  func calledOff() throws {
    let server = try ScriptedServer { peer in peer.waitForEnd() }
    defer { server.stop() }
    let harness = try LinkHarness()
    try harness.open(.local(server), attempt: 1)
    try harness.open(.local(server), attempt: 2)
    try harness.close()
    try harness.close()
    try harness.wait("two failures") { if case .failed(LinkAttempt(2), _) = $0 { true } else { false } }
    let numbers = harness.seen.map { if case .failed(let attempt, _) = $0 { attempt.number } else { UInt64(0) } }
    #expect(numbers == [1, 2])
    #expect(!harness.hasCalledBackInsideMember)
  }
}
