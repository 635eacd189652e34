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
