import OCPPPorts
import Testing

@testable import OCPPTransport

@Suite("Part 4 §5.2 WebSocket ping")
struct KeepAliveTests {
  @Test("Pings go out at the interval and an answered link stays")
  func pings() throws {
    let pinged = Box<Int>()
    let server = try ScriptedServer { peer in
      try peer.upgrade()
      for _ in 0..<5 {
        let frame = try peer.readFrame()
        guard frame.opcode == 9, frame.isMasked else { throw ScriptError(what: "no ping") }
        try peer.sendFrame(10, frame.payload)
      }
      pinged.put(5)
      peer.waitForEnd()
    }
    defer { server.stop() }
    let harness = try LinkHarness(limits: .init(pongTimeout: .seconds(60)))
    try harness.open(.local(server).with { $0.pingInterval = .milliseconds(20) })
    #expect(try pinged.take() == 5)
    #expect(harness.seen.count == 1)
    #expect(server.takeProblems() == [])
  }

  @Test("No pong in time is a lost link, though the connection stands")
  func pongLoss() throws {
    let server = try ScriptedServer { peer in
      try peer.upgrade()
      peer.waitForEnd()
    }
    defer { server.stop() }
    let harness = try LinkHarness(limits: .init(pongTimeout: .milliseconds(100)))
    try harness.open(.local(server).with { $0.pingInterval = .milliseconds(50) })
    let close = try harness.waitForClose()
    #expect(close.cause == .lost)
    #expect(close.code == nil)
  }

  @Test("A new interval takes effect at once, zero turns pinging off")
  func changesInterval() throws {
    let pinged = Box<UInt8>()
    let server = try ScriptedServer { peer in
      try peer.upgrade()
      pinged.put(try peer.readFrame().opcode)
      while true {
        let frame = try peer.readFrame()
        if frame.opcode == 1 { return pinged.put(frame.opcode) }
      }
    }
    defer { server.stop() }
    // Long enough for a machine that stands still: the pong may not be missed before pinging is turned off.
    let harness = try LinkHarness(limits: .init(pongTimeout: .seconds(60)))
    try harness.open(.local(server).with { $0.pingInterval = .seconds(3600) })
    try harness.waitForOpened()
    try harness.onLoop { $0.setPingInterval(.milliseconds(10)) }
    #expect(try pinged.take() == 9)
    // Off before the missing pong counts: the link is still there for a message.
    try harness.onLoop { $0.setPingInterval(.zero) }
    try harness.send("here")
    #expect(try pinged.take() == 1)
  }

  @Test("An interval set while dialling holds for the link")
  func intervalWhileDialling() throws {
    let go = Box<Bool>()
    let pinged = Box<UInt8>()
    let server = try ScriptedServer { peer in
      _ = try go.take()
      try peer.upgrade()
      pinged.put(try peer.readFrame().opcode)
    }
    defer { server.stop() }
    let harness = try LinkHarness()
    try harness.open(.local(server))
    try harness.onLoop { $0.setPingInterval(.milliseconds(10)) }
    go.put(true)
    #expect(try pinged.take() == 9)
  }
}
