import Foundation
import NIOCore
import NIOPosix
import OCPPPorts
import OCPPSecurity
import OCPPTypes
import Testing

@testable import OCPPTransport

/// A link on an event loop of its own, driven from the test's thread; every event is kept in the order it came.
final class LinkHarness: @unchecked Sendable {
  private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
  private let condition = NSCondition()
  private var events: [LinkEvent] = []
  /// Touched on the loop alone.
  private var link: WebSocketLink?
  private var isInsideMember = false
  private var calledBackInsideMember = false
  /// Called on the loop for each event, after it was kept.
  private let onEvent: (WebSocketLink, LinkEvent) -> Void

  init(
    limits: WebSocketLink.Limits = .init(), gate: (any LinkGate)? = nil, roots: TLSContext.Roots = .system,
    onEvent: @escaping @Sendable (WebSocketLink, LinkEvent) -> Void = { _, _ in }
  ) throws {
    self.onEvent = onEvent
    let loop = group.next()
    try loop.submit { [self] in
      link = WebSocketLink(
        eventLoop: loop, limits: limits, gate: gate, tlsContext: { _ in try TLSContext(roots: roots) },
        handler: { [weak self] in self?.keep($0) })
    }.wait()
  }

  deinit { group.shutdownGracefully { _ in } }

  private func keep(_ event: LinkEvent) {
    condition.withLock {
      if isInsideMember { calledBackInsideMember = true }
      events.append(event)
      condition.broadcast()
    }
    if let link { onEvent(link, event) }
  }

  func onLoop(_ body: @escaping @Sendable (WebSocketLink) -> Void) throws {
    try group.next().submit { [self] in
      guard let link else { return }
      condition.withLock { isInsideMember = true }
      body(link)
      condition.withLock { isInsideMember = false }
    }.wait()
  }

  func open(_ target: LinkTarget, attempt: UInt64 = 1) throws {
    try onLoop { $0.open(target, attempt: LinkAttempt(attempt)) }
  }

  func send(_ text: String) throws { try onLoop { $0.send(Array(text.utf8)) } }

  func close(_ code: UInt16 = 1000, _ reason: String = "") throws {
    try onLoop { $0.close(code: code, reason: reason) }
  }

  var seen: [LinkEvent] { condition.withLock { events } }
  var hasCalledBackInsideMember: Bool { condition.withLock { calledBackInsideMember } }

  /// The first event from `index` on that fits; waits for it.
  @discardableResult
  func wait(
    _ what: Comment, from index: Int = 0, seconds: Double = 60, where fits: (LinkEvent) -> Bool,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> LinkEvent {
    let deadline = Date(timeIntervalSinceNow: seconds)
    return try condition.withLock {
      while true {
        if let event = events.dropFirst(index).first(where: fits) { return event }
        guard condition.wait(until: deadline) else {
          Issue.record("never came: \(what); seen \(events.suffix(10))", sourceLocation: sourceLocation)
          throw ScriptError(what: "timeout")
        }
      }
    }
  }

  func waitForOpened(sourceLocation: SourceLocation = #_sourceLocation) throws {
    try wait("opened", where: { if case .opened = $0 { true } else { false } }, sourceLocation: sourceLocation)
  }

  func waitForFailure(sourceLocation: SourceLocation = #_sourceLocation) throws -> LinkFailure {
    let event = try wait(
      "failed", where: { if case .failed = $0 { true } else { false } }, sourceLocation: sourceLocation)
    guard case .failed(_, let failure) = event else { throw ScriptError(what: "no failure") }
    return failure
  }

  func waitForClose(sourceLocation: SourceLocation = #_sourceLocation) throws -> LinkClose {
    let event = try wait(
      "closed", where: { if case .closed = $0 { true } else { false } }, sourceLocation: sourceLocation)
    guard case .closed(_, let close) = event else { throw ScriptError(what: "no close") }
    return close
  }

  func waitForFrames(_ count: Int, sourceLocation: SourceLocation = #_sourceLocation) throws -> [String] {
    let deadline = Date(timeIntervalSinceNow: 60)
    return try condition.withLock {
      while true {
        if events.count >= count {
          let frames = events.compactMap { event -> String? in
            guard case .frame(_, let bytes) = event else { return nil }
            return String(decoding: bytes, as: UTF8.self)
          }
          if frames.count >= count { return frames }
        }
        guard condition.wait(until: deadline) else {
          Issue.record("\(count) frames never came; seen \(events.suffix(5))", sourceLocation: sourceLocation)
          throw ScriptError(what: "timeout")
        }
      }
    }
  }
}

extension LinkTarget {
  static func local(_ server: ScriptedServer, path: String = "/ocpp") -> LinkTarget {
    LinkTarget(
      url: "ws://127.0.0.1:\(server.port)\(path)", identity: "CS001", pingInterval: .zero, connectTimeout: .seconds(60))
  }

  func with(_ change: (inout LinkTarget) -> Void) -> LinkTarget {
    var copy = self
    change(&copy)
    return copy
  }
}

/// A value that a script leaves for its test.
final class Box<Value: Sendable>: @unchecked Sendable {
  private let condition = NSCondition()
  private var stored: Value?

  func put(_ value: Value) {
    condition.withLock {
      stored = value
      condition.broadcast()
    }
  }

  func take(seconds: Double = 60) throws -> Value {
    let deadline = Date(timeIntervalSinceNow: seconds)
    return try condition.withLock {
      while stored == nil { guard condition.wait(until: deadline) else { throw ScriptError(what: "nothing was put") } }
      guard let value = stored else { throw ScriptError(what: "nothing was put") }
      stored = nil
      return value
    }
  }
}
