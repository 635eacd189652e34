import ChargerBase
import HAL

/// A code that somebody types on a keypad, from its first key to enter. What was typed leaves it once, as a token, and is
/// forgotten at once; nothing here can be printed.
package struct CodeEntry: Sendable {
  package enum Outcome: Sendable, Equatable {
    /// Enter or clear with nothing typed.
    case nothing
    /// So many characters by now.
    case typing(Int)
    case cleared
    /// Enter after too few or too many characters.
    case noCode
    case code(String)
  }

  private let rules: KeyCodeRules
  private var typed: [UInt8] = []
  /// Characters beyond the longest code: counted, not kept.
  private var surplus = 0
  /// When a half-typed code is forgotten.
  package private(set) var expiresAt: MonotonicInstant = .distantFuture

  package init(rules: KeyCodeRules) { self.rules = rules }

  package mutating func press(_ key: KeypadKey, at now: MonotonicInstant) -> Outcome {
    switch key {
    case .character(let character):
      if typed.count < rules.length.upperBound {
        typed.append(character)
      } else {
        surplus = min(99, surplus + 1)
      }
      expiresAt = now + rules.timeout
      return .typing(typed.count + surplus)
    case .clear:
      guard !typed.isEmpty else { return .nothing }
      forget()
      return .cleared
    case .enter:
      guard !typed.isEmpty else { return .nothing }
      defer { forget() }
      guard surplus == 0, rules.length.contains(typed.count) else { return .noCode }
      return .code(String(decoding: typed, as: UTF8.self))
    }
  }

  /// True when a half-typed code was forgotten.
  package mutating func expire(at now: MonotonicInstant) -> Bool {
    guard expiresAt <= now else { return false }
    forget()
    return true
  }

  private mutating func forget() {
    typed.removeAll(keepingCapacity: false)
    surplus = 0
    expiresAt = .distantFuture
  }
}

/// Wrong codes make a keypad wait, longer each time, so that nobody finds a code by trying them all (C04.FR.06).
package struct CodeGuard: Sendable {
  /// Wrong codes in a row that cost nothing.
  package static let freeAttempts = 3
  package static let firstPause = Duration.seconds(15)
  package static let longestPause = Duration.seconds(900)

  private var failures = 0
  /// A code was given out, and nobody has said yet whether it is good.
  private var isWaiting = false
  package private(set) var closedUntil: MonotonicInstant = .zero

  package init() {}

  package func isClosed(at now: MonotonicInstant) -> Bool { closedUntil > now }

  package mutating func gaveOut() { isWaiting = true }

  package mutating func refused(at now: MonotonicInstant) {
    guard isWaiting else { return }
    isWaiting = false
    failures = min(Self.freeAttempts + 10, failures + 1)
    guard failures >= Self.freeAttempts else { return }
    var pause = Self.firstPause
    for _ in Self.freeAttempts..<failures { pause = min(Self.longestPause, pause * 2) }
    closedUntil = now + pause
  }

  package mutating func accepted() {
    guard isWaiting else { return }
    isWaiting = false
    failures = 0
  }
}
