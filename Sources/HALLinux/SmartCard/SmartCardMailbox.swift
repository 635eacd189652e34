import CLinux
import ChargerBase
import HAL
import Synchronization

/// What a reader's thread has for the network loop. Held under a lock for a few instructions only.
final class SmartCardMailbox: Sendable {
  private struct Content {
    /// TokenReader 1: 16 wait at most, the oldest go first.
    var waiting = BoundedRing<PresentedToken>(capacity: 16)
    var notify: (@Sendable () -> Void)?
    var silentSince: MonotonicInstant?
    /// When the thread began the call that it is in.
    var busySince: MonotonicInstant?
    var counters = SmartCardCounters()
  }

  private let content: Mutex<Content>
  private let silentAfter: Duration

  init(silentAfter: Duration, notify: @escaping @Sendable () -> Void) {
    self.silentAfter = silentAfter
    content = Mutex(Content(notify: notify))
  }

  // MARK: Network loop

  func take() -> [PresentedToken] {
    content.withLock { content in
      defer { content.waiting.removeAll() }
      return content.waiting.elements
    }
  }

  /// A service that holds a call up is silent too.
  func health(at now: MonotonicInstant) -> DriverHealth {
    let (silent, busy) = content.withLock { ($0.silentSince, $0.busySince) }
    if let silent { return .silent(since: silent) }
    if let busy, now - busy >= max(silentAfter, SmartCardSession.longestCall) { return .silent(since: busy) }
    return .alive
  }

  var counters: SmartCardCounters { content.withLock { $0.counters } }

  func close() { content.withLock { $0.notify = nil } }

  // MARK: The reader's thread

  func present(_ token: PresentedToken) {
    let notify = content.withLock { content in
      content.waiting.appendOverwriting(token)
      content.counters.presented = content.counters.presented.addingSaturating(1)
      return content.notify
    }
    notify?()
  }

  func count(_ change: @Sendable (inout SmartCardCounters) -> Void) { content.withLock { change(&$0.counters) } }

  func silence(since: MonotonicInstant?) {
    let notify = content.withLock { content -> (@Sendable () -> Void)? in
      defer { content.silentSince = since }
      return (content.silentSince == nil) == (since == nil) ? nil : content.notify
    }
    notify?()
  }

  func busy(since: MonotonicInstant?) { content.withLock { $0.busySince = since } }
}

/// What a reader has seen since it was started; no card can be told from it.
package struct SmartCardCounters: Sendable, Equatable {
  package var presented: Int64 = 0
  /// Cards that gave no token: unreadable, unknown, torn away.
  package var refused: Int64 = 0
  /// How often the reader was found: once more than it was lost.
  package var found: Int64 = 0
  /// How often pcscd had to be called anew.
  package var contexts: Int64 = 0
}
