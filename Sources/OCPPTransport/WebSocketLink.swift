import Glibc
import NIOCore
import OCPPPorts
import OCPPSecurity

/// `CSMSLink` over TCP, TLS and WebSocket on one event loop.
///
/// Every member is called on that loop, and the handler is called on it. An `open` while an attempt is under way or a
/// link is open ends the old one first, with its own event.
package final class WebSocketLink: CSMSLink {
  package struct Limits: Sendable, Equatable {
    /// Bytes that may wait to be sent. A CSMS that takes in less than we have to say is treated as lost.
    package var maximumPendingBytes: Int
    /// How long a close handshake may take.
    package var closeTimeout: Duration
    /// How long the answer to a ping may take.
    package var pongTimeout: Duration

    package init(
      maximumPendingBytes: Int = 1 << 20, closeTimeout: Duration = .seconds(3), pongTimeout: Duration = .seconds(20)
    ) {
      self.maximumPendingBytes = maximumPendingBytes
      self.closeTimeout = closeTimeout
      self.pongTimeout = pongTimeout
    }
  }

  private let eventLoop: any EventLoop
  private let limits: Limits
  private let gate: (any LinkGate)?
  private let tlsContext: (LinkTarget) throws -> TLSContext
  private let handler: (LinkEvent) -> Void
  private var connection: LinkConnection?
  /// Events on their way to the handler: a few, as a channel tells nothing while its events are being told.
  private var events = CircularBuffer<LinkEvent>()
  private var memberDepth = 0
  private var isDelivering = false

  /// - Parameters:
  ///   - gate: for the bench only; nil puts nothing in the way.
  ///   - tlsContext: asked at each dial of a `wss` address, so that new roots count from the next dial on.
  ///   - handler: told every event, on the loop, never inside a call of a member.
  package init(
    eventLoop: any EventLoop, limits: Limits = Limits(), gate: (any LinkGate)? = nil,
    tlsContext: @escaping (LinkTarget) throws -> TLSContext, handler: @escaping (LinkEvent) -> Void
  ) {
    self.eventLoop = eventLoop
    self.limits = limits
    self.gate = gate
    self.tlsContext = tlsContext
    self.handler = handler
    // A CSMS that goes away while we write must end the write, not the program; the event loop's sockets do not see to it.
    signal(SIGPIPE, SIG_IGN)
  }

  package func open(_ target: LinkTarget, attempt: LinkAttempt) {
    member {
      connection?.abandon("another attempt took its place")
      let connection = LinkConnection(
        target: target, attempt: attempt, eventLoop: eventLoop, limits: limits, gate: gate, tlsContext: tlsContext
      ) { [weak self] in self?.post($0) }
      self.connection = connection
      connection.dial()
    }
  }

  package func send(_ frame: [UInt8]) { member { connection?.send(frame) } }

  package func close(code: UInt16, reason: String) { member { connection?.close(code: code, reason: reason) } }

  package func setPingInterval(_ interval: Duration) { member { connection?.setPingInterval(interval) } }

  /// Whatever happens inside `body` is told after the member has returned.
  private func member(_ body: () -> Void) {
    eventLoop.assertInEventLoop()
    memberDepth += 1
    body()
    memberDepth -= 1
    if memberDepth == 0, !isDelivering, !events.isEmpty {
      eventLoop.assumeIsolated().execute { self.deliver() }
    }
  }

  private func post(_ event: LinkEvent) {
    events.append(event)
    deliver()
  }

  private func deliver() {
    guard memberDepth == 0, !isDelivering else { return }
    isDelivering = true
    while let event = events.popFirst() { handler(event) }
    isDelivering = false
  }
}
