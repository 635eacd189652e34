import ChargerBase
import EVSEControl
import HAL

/// The way up: facts in order, and the newest snapshot of every connector.
///
/// Bounded to `capacity` facts. While it is full, facts go into `PendingEdges`: states and readings coalesce, edges do
/// not get lost. The control lane only ever moves values under the lock; the reader takes all of them by a swap.
final class FactMailbox: @unchecked Sendable {
  // Unchecked: all state is touched under `lock` only, but `emptied`, which belongs to the reading thread.
  static let capacity = 1_024
  /// So many places are touched at the start; no ordinary burst needs more, and what a flood needs costs it a page each.
  private static let ordinary = 256

  private let lock = LaneLock()
  private let wake: @Sendable () -> Void
  private var filling = FactMailbox.places()
  private var emptied = FactMailbox.places()
  private var pending: PendingEdges
  private var latest: [ConnectorSnapshot]
  private var isWakePending = false
  private var lifeSigns = ControlLaneStatus()

  init(connectors: [ConnectorID], evses: [EVSEID], snapshots: [ConnectorSnapshot], wake: @escaping @Sendable () -> Void)
  {
    pending = PendingEdges(connectors: connectors, evses: evses)
    latest = snapshots
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
    lock.locked {
      // Once facts have been held back, later ones stay behind them.
      guard pending.isEmpty, filling.count < Self.capacity else { return pending.take(fact) }
      filling.append(fact)
    }
  }

  /// Replaces one snapshot; answers whether more than its time has changed.
  func publish(_ snapshot: ConnectorSnapshot, at place: Int) -> Bool {
    lock.locked {
      guard latest.indices.contains(place) else { return false }
      var previous = latest[place]
      previous.takenAt = snapshot.takenAt
      latest[place] = snapshot
      return previous != snapshot
    }
  }

  func publish(_ status: ControlLaneStatus) { lock.locked { lifeSigns = status } }

  /// Calls the reader, once until it has read.
  func wakeReader() {
    let isNeeded = lock.locked {
      defer { isWakePending = true }
      return !isWakePending
    }
    if isNeeded { wake() }
  }

  // MARK: Upper side

  func drain() -> [ControlFact] {
    var late: [ControlFact] = []
    lock.locked {
      isWakePending = false
      swap(&filling, &emptied)
      if !pending.isEmpty { late = pending.takeAll() }
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
    lock.locked { for snapshot in latest { copy.append(snapshot) } }
    return copy
  }

  var status: ControlLaneStatus {
    lock.locked {
      var status = lifeSigns
      status.mergedFacts = pending.merged
      return status
    }
  }
}
