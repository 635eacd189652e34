import ChargerBase

@testable import HALLinux

/// Outputs without hardware: what was driven, call by call.
final class FakeOutputs: DigitalOutputs {
  /// Every level that was asked for, also what was not taken.
  private(set) var calls: [UInt8] = []
  private(set) var active: UInt8 = 0
  var fails = false

  func set(_ active: UInt8) -> Bool {
    calls.append(active)
    guard !fails else { return false }
    self.active = active
    return true
  }
}

/// An input without hardware; nil does not answer.
final class FakeInput: DigitalInput {
  private(set) var level: Bool?
  private var edges: [LineEdge] = []
  /// Nobody answers, whatever the level.
  var isDead = false
  /// Tells its edges; else it is polled.
  var tellsEdges = true
  var descriptor: Int32?
  var isStorming = false
  /// Edges that never end: each reading finds as many as it takes.
  var hasEndlessEdges = false
  private(set) var edgesTaken = 0

  init(_ level: Bool? = false) { self.level = level }

  func set(_ new: Bool?, at instant: MonotonicInstant) {
    guard new != level else { return }
    level = new
    if let new, tellsEdges { edges.append(LineEdge(isActive: new, at: instant)) }
  }

  /// A pulse too short for the kernel to see the level between its two edges.
  func pulse(at instant: MonotonicInstant) {
    guard let level else { return }
    edges += [LineEdge(isActive: level, at: instant), LineEdge(isActive: level, at: instant)]
  }

  func get() -> Bool? { isDead ? nil : level }

  func nextEdge() -> LineEdge? {
    if hasEndlessEdges {
      edgesTaken += 1
      return LineEdge(isActive: edgesTaken % 2 == 0, at: .zero)
    }
    return isDead || edges.isEmpty ? nil : edges.removeFirst()
  }
}

/// Steps front parts by hand.
final class FakeHost: FrontHost, @unchecked Sendable {
  // Unchecked: tests use it on one thread.
  private var parts: [any FrontPart] = []
  private(set) var wakes = 0

  func add(_ part: any FrontPart) { parts.append(part) }

  func remove(_ part: any FrontPart) {
    parts.removeAll { $0 === part }
    _ = part.step(at: last)
  }

  func wake() { wakes += 1 }

  private var last = MonotonicInstant.zero

  func step(at now: MonotonicInstant) {
    last = now
    for part in parts { _ = part.step(at: now) }
  }
}

extension MonotonicInstant {
  /// Milliseconds after the beginning of a test.
  static func ms(_ milliseconds: Int64) -> MonotonicInstant {
    MonotonicInstant(nanoseconds: 1_000_000_000 + milliseconds * 1_000_000)
  }
}

extension GPIOLineAddress {
  /// For drivers that get their lines from a test.
  static let unused = GPIOLineAddress(chip: nil, line: .name("unused"))
}
