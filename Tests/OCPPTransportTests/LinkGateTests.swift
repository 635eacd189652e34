import Foundation
import OCPPPorts
import Testing

@testable import OCPPTransport

private final class Switch: LinkGate, @unchecked Sendable {
  private let lock = NSLock()
  private var value: Bool

  init(isUp: Bool) { value = isUp }

  var isUp: Bool {
    get { lock.withLock { value } }
    set { lock.withLock { value = newValue } }
  }
}

@Suite("The bench's network switch")
struct LinkGateTests {
  @Test("Down: a dial ends in a timeout and reaches nobody. Up: the next one succeeds")
  func dials() throws {
    let server = try ScriptedServer { peer in
      try peer.upgrade()
      peer.waitForEnd()
    }
    defer { server.stop() }
    let gate = Switch(isUp: false)
    let harness = try LinkHarness(gate: gate)
    try harness.open(.local(server).with { $0.connectTimeout = .milliseconds(100) }, attempt: 1)
    #expect(try harness.waitForFailure().kind == .timeout)
    #expect(server.acceptedCount == 0)
    gate.isUp = true
    try harness.open(.local(server), attempt: 2)
    try harness.waitForOpened()
  }

  @Test("Down: bytes stop both ways and nothing is closed. Up: they go on")
  func stopsBytes() throws {
    let received = Box<String>()
    let answer = Box<Bool>()
    let server = try ScriptedServer { peer in
      try peer.upgrade()
      received.put(try peer.readMessage().text)
      _ = try answer.take()
      try peer.sendText("from below")
      received.put(try peer.readMessage().text)
      peer.waitForEnd()
    }
    defer { server.stop() }
    let gate = Switch(isUp: true)
    let harness = try LinkHarness(gate: gate)
    try harness.open(.local(server))
    try harness.waitForOpened()
    try harness.send("before")
    #expect(try received.take() == "before")

    gate.isUp = false
    try harness.send("held")
    answer.put(true)
    // Neither side hears anything, for as long as we look.
    #expect(throws: ScriptError.self) { try received.take(seconds: 0.2) }
    #expect(harness.seen.count == 1)

    gate.isUp = true
    #expect(try harness.waitForFrames(1) == ["from below"])
    #expect(try received.take() == "held")
    #expect(server.takeProblems() == [])
  }

  @Test("A link lost while the network is down is closed at the peer only when it is up again")
  func closesLater() throws {
    let ended = Box<Bool>()
    let server = try ScriptedServer { peer in
      try peer.upgrade()
      peer.waitForEnd()
      ended.put(true)
    }
    defer { server.stop() }
    let gate = Switch(isUp: true)
    let harness = try LinkHarness(limits: .init(pongTimeout: .milliseconds(50)), gate: gate)
    try harness.open(.local(server))
    try harness.waitForOpened()
    gate.isUp = false
    try harness.onLoop { $0.setPingInterval(.milliseconds(20)) }
    #expect(try harness.waitForClose().cause == .lost)
    #expect(throws: ScriptError.self) { try ended.take(seconds: 0.2) }
    gate.isUp = true
    #expect(try ended.take())
  }
}
