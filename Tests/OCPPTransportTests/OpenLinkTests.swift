import OCPPPorts
import Testing

@testable import OCPPTransport

@Suite("An open link")
struct OpenLinkTests {
  /// Runs `script` behind an upgraded connection and opens a link to it.
  private func opened(
    limits: WebSocketLink.Limits = .init(), target change: (inout LinkTarget) -> Void = { _ in },
    receiveBuffer: Int32? = nil, script: @escaping @Sendable (Peer) throws -> Void
  ) throws -> (LinkHarness, ScriptedServer) {
    let server = try ScriptedServer(receiveBuffer: receiveBuffer) { peer in
      try peer.upgrade()
      try script(peer)
    }
    let harness = try LinkHarness(limits: limits)
    try harness.open(LinkTarget.local(server).with(change))
    try harness.waitForOpened()
    return (harness, server)
  }

  @Test("Messages go both ways; ours are masked with a new key each")
  func exchangesMessages() throws {
    let frames = Box<[Peer.Frame]>()
    let (harness, server) = try opened { peer in
      try peer.sendText("[3,\"1\",{}]")
      frames.put([try peer.readFrame(), try peer.readFrame()])
      peer.waitForEnd()
    }
    defer { server.stop() }
    #expect(try harness.waitForFrames(1) == ["[3,\"1\",{}]"])
    try harness.send("[2,\"a\"]")
    try harness.send("[2,\"b\"]")
    let sent = try frames.take()
    #expect(sent.map(\.text) == ["[2,\"a\"]", "[2,\"b\"]"])
    #expect(sent.allSatisfy { $0.isMasked && $0.isFinal && $0.opcode == 1 })
    #expect(sent[0].maskKey != sent[1].maskKey)
  }

  @Test(
    "B10: a link is dialed from the address of the interface that it is for; another one's fails by itself, and tells why"
  )
  func localAddress() throws {
    let from = Box<String>()
    let (harness, server) = try opened(target: { $0.localAddress = "127.0.0.7" }) { peer in
      from.put(peer.address)
      peer.waitForEnd()
    }
    defer { server.stop() }
    #expect(try from.take() == "127.0.0.7")
    try harness.close()
    #expect(try harness.waitForClose().code == 1000)
    // Documentation's own network: no interface here has it.
    for (address, kind) in [("192.0.2.1", LinkFailure.Kind.network), ("wwan0", .badAddress)] {
      let other = try LinkHarness()
      try other.open(LinkTarget.local(server).with { $0.localAddress = address })
      let failure = try other.waitForFailure()
      #expect(failure.kind == kind, "\(failure)")
      #expect(!failure.detail.isEmpty)
    }
  }

  @Test("Frames that come in one packet with the upgrade are not lost")
  func earlyFrames() throws {
    let server = try ScriptedServer { peer in
      let request = try peer.readRequest()
      let head =
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        + "Sec-WebSocket-Accept: \(Peer.acceptValue(for: request["Sec-WebSocket-Key"] ?? ""))\r\n"
        + "Sec-WebSocket-Protocol: ocpp2.0.1\r\n\r\n"
      try peer.send(Array(head.utf8) + Peer.frame(1, Array("one".utf8)) + Peer.frame(1, Array("two".utf8)))
      peer.waitForEnd()
    }
    defer { server.stop() }
    let harness = try LinkHarness()
    try harness.open(.local(server))
    #expect(try harness.waitForFrames(2) == ["one", "two"])
    guard case .opened = harness.seen.first else {
      Issue.record("a frame came before the link was open")
      return
    }
  }

  @Test("Upgrade, message, close and end of the connection in one packet are all told, in order")
  func everythingAtOnce() throws {
    let server = try ScriptedServer { peer in
      let request = try peer.readRequest()
      let head =
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        + "Sec-WebSocket-Accept: \(Peer.acceptValue(for: request["Sec-WebSocket-Key"] ?? ""))\r\n"
        + "Sec-WebSocket-Protocol: ocpp2.0.1\r\n\r\n"
      try peer.send(Array(head.utf8) + Peer.frame(1, Array("one".utf8)) + Peer.frame(8, [0x03, 0xF0]))
    }
    defer { server.stop() }
    let harness = try LinkHarness()
    try harness.open(.local(server))
    #expect(try harness.waitForClose() == LinkClose(cause: .remote, code: 1008, detail: ""))
    #expect(harness.seen.count == 3)
  }

  @Test("A fragmented message with a ping in its middle arrives whole, and the ping is answered with its payload")
  func fragments() throws {
    let pong = Box<Peer.Frame>()
    let (harness, server) = try opened { peer in
      try peer.sendFrame(1, Array("[2,".utf8), isFinal: false)
      try peer.sendFrame(9, Array("still there?".utf8))
      try peer.sendFrame(0, Array("\"x\"".utf8), isFinal: false)
      try peer.sendFrame(0, Array("]".utf8))
      pong.put(try peer.readFrame())
      peer.waitForEnd()
    }
    defer { server.stop() }
    #expect(try harness.waitForFrames(1) == ["[2,\"x\"]"])
    let answer = try pong.take()
    #expect(answer.opcode == 10)
    #expect(answer.text == "still there?")
  }

  struct Violation: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var bytes: [UInt8]
    var code: UInt16
  }

  @Test(
    "What breaks the protocol or a limit ends the link, and the peer is told why",
    arguments: [
      Violation(testDescription: "frame over the limit", bytes: Peer.header(1, length: 1001), code: 1009),
      Violation(testDescription: "frame of 2^63 bytes", bytes: [0x81, 127, 0x80, 0, 0, 0, 0, 0, 0, 0], code: 1009),
      Violation(
        testDescription: "fragments over the limit",
        bytes: Peer.frame(1, [UInt8](repeating: 0x61, count: 600), isFinal: false)
          + Peer.frame(0, [UInt8](repeating: 0x61, count: 600)), code: 1009),
      Violation(testDescription: "broken UTF-8", bytes: Peer.frame(1, [0xFF]), code: 1007),
      Violation(testDescription: "binary", bytes: Peer.frame(2, [1]), code: 1003),
      Violation(testDescription: "masked", bytes: [0x81, 0x81, 0, 0, 0, 0, 0x61], code: 1002),
      Violation(testDescription: "extension bit", bytes: [0xC1, 0x01, 0x61], code: 1002),
      Violation(testDescription: "unknown kind", bytes: Peer.frame(3, []), code: 1002),
      Violation(testDescription: "continuation of nothing", bytes: Peer.frame(0, []), code: 1002),
      Violation(testDescription: "fragmented ping", bytes: Peer.frame(9, [], isFinal: false), code: 1002),
      Violation(testDescription: "ping of 126 bytes", bytes: Peer.header(9, length: 126), code: 1002),
      Violation(testDescription: "close with half a code", bytes: Peer.frame(8, [3]), code: 1002),
      Violation(testDescription: "close with a forbidden code", bytes: Peer.frame(8, [0x03, 0xED]), code: 1002),
    ])
  func violations(violation: Violation) throws {
    let answer = Box<Peer.Frame>()
    let (harness, server) = try opened(target: { $0.maximumFrameBytes = 1000 }) { peer in
      try peer.send(violation.bytes)
      answer.put(try peer.readMessage())
    }
    defer { server.stop() }
    let close = try harness.waitForClose()
    #expect(close.cause == .protocolError)
    #expect(close.code == violation.code)
    let frame = try answer.take()
    #expect(frame.opcode == 8)
    #expect(frame.closeCode == violation.code)
    #expect(harness.seen.count == 2)
  }

  @Test("Exactly the limit is taken")
  func exactLimit() throws {
    let (harness, server) = try opened(target: { $0.maximumFrameBytes = 1000 }) { peer in
      try peer.sendText(String(repeating: "a", count: 1000))
      peer.waitForEnd()
    }
    defer { server.stop() }
    #expect(try harness.waitForFrames(1).first?.utf8.count == 1000)
  }

  @Test("Garbage after the upgrade ends the link without a crash")
  func garbage() throws {
    let (harness, server) = try opened { peer in
      for _ in 0..<1000 { try? peer.send((0..<64).map { _ in UInt8.random(in: 0...255) }) }
    }
    defer { server.stop() }
    _ = try harness.waitForClose()
    #expect(harness.seen.filter { if case .closed = $0 { true } else { false } }.count == 1)
  }

  @Test("A flood of messages is handed on in order")
  func flood() throws {
    let count = 20_000
    let (harness, server) = try opened { peer in
      var bytes: [UInt8] = []
      for index in 0..<count { bytes += Peer.frame(1, Array("\(index)".utf8)) }
      try peer.send(bytes)
      peer.waitForEnd()
    }
    defer { server.stop() }
    #expect(try harness.waitForFrames(count) == (0..<count).map { "\($0)" })
  }

  @Test("A CSMS that takes nothing in is treated as lost before memory grows")
  func slowPeer() throws {
    let done = Box<Bool>()
    let (harness, server) = try opened(
      limits: .init(maximumPendingBytes: 200_000), receiveBuffer: 4096
    ) { _ in _ = try done.take() }
    defer { server.stop() }
    let message = String(repeating: "a", count: 50_000)
    for _ in 0..<1000 where harness.seen.count < 2 { try harness.send(message) }
    let close = try harness.waitForClose()
    #expect(close.cause == .lost)
    #expect(close.detail.contains("too slow"))
    #expect(!harness.hasCalledBackInsideMember)
    done.put(true)
  }

  @Test("What a CSMS has taken in at last counts no more: one that is slow again and again keeps its link")
  func slowAgainAndAgain() throws {
    let rounds = 12
    let message = String(repeating: "a", count: 50_000)
    let (messages, frame) = (70, message.utf8.count + 8)
    let starts = (0..<rounds).map { _ in Box<Bool>() }
    let ends = (0..<rounds).map { _ in Box<Bool>() }
    let (harness, server) = try opened(limits: .init(maximumPendingBytes: 4 << 20), receiveBuffer: 65_536) { peer in
      for round in 0..<rounds {
        _ = try starts[round].take()
        try peer.skip(messages * frame)
        ends[round].put(true)
      }
      peer.waitForEnd()
    }
    defer { server.stop() }
    for round in 0..<rounds {
      for _ in 0..<messages { try harness.send(message) }
      starts[round].put(true)
      _ = try ends[round].take()
    }
    #expect(harness.seen.count == 1, "no more than that it was opened")
  }

  @Test("A message to a link that is not open is dropped")
  func sendsNowhere() throws {
    let harness = try LinkHarness()
    try harness.send("nobody")
    try harness.close()
    #expect(harness.seen.isEmpty)

    let text = Box<String>()
    let server = try ScriptedServer { peer in
      try peer.upgrade()
      text.put(try peer.readMessage().text)
      peer.waitForEnd()
    }
    defer { server.stop() }
    try harness.onLoop { link in
      link.open(.local(server), attempt: LinkAttempt(1))
      link.send(Array("too early".utf8))
    }
    try harness.waitForOpened()
    try harness.send("in time")
    #expect(try text.take() == "in time")
  }

  @Test("A handler may call the link back; nothing is told inside a member")
  func reentrance() throws {
    let texts = Box<[String]>()
    let server = try ScriptedServer { peer in
      try peer.upgrade()
      let first = try peer.readMessage().text
      try peer.sendText("question")
      texts.put([first, try peer.readMessage().text])
      peer.waitForEnd()
    }
    defer { server.stop() }
    let harness = try LinkHarness { link, event in
      switch event {
      case .opened: link.send(Array("boot".utf8))
      case .frame: link.send(Array("answer".utf8))
      case .failed, .closed: break
      }
    }
    try harness.open(.local(server))
    #expect(try texts.take() == ["boot", "answer"])
  }
}
