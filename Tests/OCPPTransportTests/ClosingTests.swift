import OCPPPorts
import Testing

@testable import OCPPTransport

@Suite("Closing the link")
struct ClosingTests {
  @Test("Our close carries code and reason, and ends when the peer has answered")
  func local() throws {
    let frame = Box<Peer.Frame>()
    let ended = Box<Bool>()
    let server = try ScriptedServer { peer in
      try peer.upgrade()
      let close = try peer.readFrame()
      frame.put(close)
      try peer.sendFrame(8, close.payload)
      peer.waitForEnd()
      ended.put(true)
    }
    defer { server.stop() }
    let harness = try LinkHarness(limits: .init(closeTimeout: .seconds(60)))
    try harness.open(.local(server))
    try harness.waitForOpened()
    try harness.close(1001, "going away")
    let close = try harness.waitForClose()
    #expect(close.cause == .local)
    #expect(close.code == 1001)
    let sent = try frame.take()
    #expect(sent.closeCode == 1001)
    #expect(sent.closeReason == "going away")
    #expect(try ended.take())
  }

  @Test("A reason that is too long is cut between characters; a code that may not be sent becomes 1000")
  func longReason() throws {
    let frame = Box<Peer.Frame>()
    let server = try ScriptedServer { peer in
      try peer.upgrade()
      frame.put(try peer.readFrame())
    }
    defer { server.stop() }
    let harness = try LinkHarness()
    try harness.open(.local(server))
    try harness.waitForOpened()
    try harness.close(1006, String(repeating: "\u{E9}", count: 100))
    let sent = try frame.take()
    #expect(sent.closeCode == 1000)
    #expect(sent.closeReason == String(repeating: "\u{E9}", count: 61))
  }

  @Test("A peer that does not answer the close is not waited for")
  func unanswered() throws {
    let server = try ScriptedServer { peer in
      try peer.upgrade()
      peer.waitForEnd()
    }
    defer { server.stop() }
    let harness = try LinkHarness(limits: .init(closeTimeout: .milliseconds(100)))
    try harness.open(.local(server))
    try harness.waitForOpened()
    try harness.close()
    #expect(try harness.waitForClose().cause == .local)
  }

  @Test("The peer's close is answered with its code and told", arguments: [1000, 1001, 1008, 1011, 1012, 3000, 4999])
  func remote(code: UInt16) throws {
    let echo = Box<Peer.Frame>()
    let server = try ScriptedServer { peer in
      try peer.upgrade()
      try peer.sendClose(code, "maintenance")
      echo.put(try peer.readFrame())
    }
    defer { server.stop() }
    let harness = try LinkHarness()
    try harness.open(.local(server))
    let close = try harness.waitForClose()
    #expect(close == LinkClose(cause: .remote, code: code, detail: "maintenance"))
    #expect(try echo.take().closeCode == code)
    #expect(harness.seen.count == 2)
  }

  @Test("A close without a code is told without one")
  func remoteWithoutCode() throws {
    let server = try ScriptedServer { peer in
      try peer.upgrade()
      try peer.sendFrame(8, [])
      _ = try peer.readFrame()
    }
    defer { server.stop() }
    let harness = try LinkHarness()
    try harness.open(.local(server))
    #expect(try harness.waitForClose() == LinkClose(cause: .remote, code: nil, detail: ""))
  }

  @Test("A peer that sends its close and never ends the connection is hung up on")
  func lingeringPeer() throws {
    let ended = Box<Bool>()
    let server = try ScriptedServer { peer in
      try peer.upgrade()
      try peer.sendClose(1000)
      peer.waitForEnd()
      ended.put(true)
    }
    defer { server.stop() }
    let harness = try LinkHarness(limits: .init(closeTimeout: .milliseconds(100)))
    try harness.open(.local(server))
    _ = try harness.waitForClose()
    #expect(try ended.take())
  }

  @Test("A connection that ends without a close frame is lost", arguments: [false, true])
  func cut(byReset: Bool) throws {
    let server = try ScriptedServer { peer in
      try peer.upgrade()
      if byReset { peer.reset() }
    }
    defer { server.stop() }
    let harness = try LinkHarness()
    try harness.open(.local(server))
    #expect(try harness.waitForClose().cause == .lost)
    #expect(harness.seen.count == 2)
  }

  @Test("A new attempt ends an open link first, then opens its own")
  func replaces() throws {
    let server = try ScriptedServer { peer in
      try peer.upgrade()
      try peer.sendText("hello")
      peer.waitForEnd()
    }
    defer { server.stop() }
    let harness = try LinkHarness()
    try harness.open(.local(server), attempt: 1)
    _ = try harness.waitForFrames(1)
    try harness.open(.local(server), attempt: 2)
    _ = try harness.waitForFrames(2)
    let seen = harness.seen
    #expect(seen.count == 5)
    guard seen.count == 5, case .closed(LinkAttempt(1), let close) = seen[2],
      case .opened(LinkAttempt(2), _) = seen[3], case .frame(LinkAttempt(2), _) = seen[4]
    else {
      Issue.record("wrong order: \(seen)")
      return
    }
    #expect(close.cause == .local)
    #expect(!harness.hasCalledBackInsideMember)
  }
}
