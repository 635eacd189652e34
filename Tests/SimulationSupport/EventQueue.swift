import ChargerBase

/// What will happen in a simulation, in the order of its instants; what is due at the same instant keeps the order in
/// which it was asked for. The whole run is a function of its inputs.
package final class EventQueue {
  private var events: [(at: MonotonicInstant, number: UInt64, body: () -> Void)] = []
  private var nextNumber: UInt64 = 0

  package init() {}

  package var nextInstant: MonotonicInstant { events.first?.at ?? .distantFuture }

  package func schedule(at instant: MonotonicInstant, _ body: @escaping () -> Void) {
    let place = events.firstIndex { $0.at > instant } ?? events.endIndex
    events.insert((instant, nextNumber, body), at: place)
    nextNumber += 1
  }

  /// Runs the first event; false when there is none by `instant`.
  package func runNext(by instant: MonotonicInstant) -> Bool {
    guard let first = events.first, first.at <= instant else { return false }
    events.removeFirst()
    first.body()
    return true
  }

  package func removeAll() { events.removeAll() }
}
