import ChargerBase
import EVSEControl
import HAL
import Synchronization

/// The way up: facts in order, and the newest snapshot of every connector.
///
/// Bounded to `capacity` facts. While it is full, facts go into `PendingEdges`: states and readings coalesce, edges do
/// not get lost. The control lane only ever moves values under the lock; the reader takes all of them by a swap.
final class FactMailbox: @unchecked Sendable {
  // Unchecked: `emptied` belongs to the reading thread.
  static let capacity = 1_024
  /// So many places are touched at the start; no ordinary burst needs more, and what a flood needs costs it a page each.
  private static let ordinary = 256

  private struct State: Sendable {
    var filling = FactMailbox.places()
    var pending: PendingEdges
    var latest: [ConnectorSnapshot]
    var isWakePending = false
    var lifeSigns = ControlLaneStatus()
  }

  private let state: Mutex<State>
  private let wake: @Sendable () -> Void
  private var emptied = FactMailbox.places()

  init(connectors: [ConnectorID], evses: [EVSEID], snapshots: [ConnectorSnapshot], wake: @escaping @Sendable () -> Void)
  {
    state = Mutex(State(pending: PendingEdges(connectors: connectors, evses: evses), latest: snapshots))
    self.wake = wake
  }

  private static func places() -> [ControlFact] {
    let fact = ControlFact.connected(ConnectorID(evse: EVSEID(1), number: 1), false, at: .zero)
    var places = [ControlFact](repeating: fact, count: ordinary)
    places.reserveCapacity(capacity)
    places.removeAll(keepingCapacity: true)
    return places
  }

  // MARK: Control lane

  func tell(_ fact: ControlFact) {
    state.withLock { state in
      // Once facts have been held back, later ones stay behind them.
      guard state.pending.isEmpty, state.filling.count < Self.capacity else { return state.pending.take(fact) }
      state.filling.append(fact)
    }
  }

  /// Replaces one snapshot; answers whether more than its time has changed.
  func publish(_ snapshot: ConnectorSnapshot, at place: Int) -> Bool {
    state.withLock { state in
      guard state.latest.indices.contains(place) else { return false }
      var previous = state.latest[place]
      previous.takenAt = snapshot.takenAt
      state.latest[place] = snapshot
      return previous != snapshot
    }
  }

  func publish(_ status: ControlLaneStatus) { state.withLock { $0.lifeSigns = status } }

  /// Calls the reader, once until it has read.
  func wakeReader() {
    let isNeeded = state.withLock { state in
      defer { state.isWakePending = true }
      return !state.isWakePending
    }
    if isNeeded { wake() }
  }

  // MARK: Upper side

  func drain() -> [ControlFact] {
    var late: [ControlFact] = []
    state.withLock { state in
      state.isWakePending = false
      swap(&state.filling, &emptied)
      if !state.pending.isEmpty { late = state.pending.takeAll() }
    }
    var facts: [ControlFact] = []
    facts.reserveCapacity(emptied.count + late.count)
    // Copied, so that the places stay the mailbox's own.
    for fact in emptied { facts.append(fact) }
    emptied.removeAll(keepingCapacity: true)
    return facts + late
  }

  func snapshots() -> [ConnectorSnapshot] {
    var copy: [ConnectorSnapshot] = []
    copy.reserveCapacity(64)
    // Element by element: a shared array would make the control lane copy it at its next change.
    state.withLock { state in for snapshot in state.latest { copy.append(snapshot) } }
    return copy
  }

  var status: ControlLaneStatus {
    state.withLock { state in
      var status = state.lifeSigns
      status.mergedFacts = state.pending.merged
      return status
    }
  }
}
