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
