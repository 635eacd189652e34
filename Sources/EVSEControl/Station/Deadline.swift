import ChargerBase

/// Collects the soonest instant after a given one.
package struct Deadline: Sendable {
  private let now: MonotonicInstant
  package private(set) var soonest = MonotonicInstant.distantFuture

  package init(after now: MonotonicInstant) { self.now = now }

  package mutating func add(_ instant: MonotonicInstant) {
    if instant > now && instant < soonest { soonest = instant }
  }
}

extension MonotonicInstant? {
  /// Visits the instant where there is one.
  package mutating func visitInstant(_ visit: (inout MonotonicInstant) -> Void) {
    guard var instant = self else { return }
    visit(&instant)
    self = instant
  }
}

extension MonotonicInstant {
  /// Stands for every instant that is so long ago that no span from it still runs.
  package static let longAgo = MonotonicInstant.zero

  /// Makes it `longAgo` once a span from it is over.
  package mutating func forget(after span: Duration, at now: MonotonicInstant) {
    if now >= self + span { self = .longAgo }
  }
}

extension MonotonicInstant? {
  package mutating func forget(after span: Duration, at now: MonotonicInstant) {
    if let instant = self, now >= instant + span { self = .longAgo }
  }
}
