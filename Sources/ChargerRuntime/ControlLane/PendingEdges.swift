import ChargerBase
import EVSEControl
import HAL

/// What stays of the facts when the upper side has fallen so far behind that the queue is full: per connector the last
/// two edges of everything that has two values, so that a change and its return are both told; the newest phase; the
/// last two ended permits; per EVSE the newest meter reading and the newest
/// signed one. A connector's operations are counts: the newest follows later. What was merged away is counted.
struct PendingEdges {
  private static let slotsPerConnector = 11 + 2 * ControlFault.allCases.count

  private struct Slot {
    var order: UInt64
    var fact: ControlFact
  }

  private let connectors: [ConnectorID]
  private let evses: [EVSEID]
  /// Bound: `slotsPerConnector` a connector, two an EVSE; allocated once.
  private var slots: [Slot?]
  private var order: UInt64 = 0
  private(set) var isEmpty = true
  /// Facts merged into newer ones.
  private(set) var merged: UInt64 = 0

  init(connectors: [ConnectorID], evses: [EVSEID]) {
    self.connectors = connectors
    self.evses = evses
    slots = Array(repeating: nil, count: connectors.count * Self.slotsPerConnector + 2 * evses.count)
  }

  mutating func take(_ fact: ControlFact) {
    switch fact {
    case .connected(let id, _, _): keepLastTwo(fact, id, 0)
    case .powerPath(let id, _, _), .powerPathClosing(let id, _): keepLastTwo(fact, id, 2)
    case .charging(let id, _, _): keepLastTwo(fact, id, 4, onlyOne: true)
    case .permitEnded(let id, _, _, _): keepLastTwo(fact, id, 5)
    case .fault(let id, let fault, _, _): keepLastTwo(fact, id, 11 + 2 * Int(fault.rawValue))
    case .unlocked(let id, _, _, _): keepLastTwo(fact, id, 7)
    case .lock(let id, _, _): keepLastTwo(fact, id, 9)
    case .contactorOperated: break
    case .meter(let id, _): keep(fact, of: id, 0)
    case .signedReading(let id, _): keep(fact, of: id, 1)
    }
  }

  private mutating func keep(_ fact: ControlFact, of id: EVSEID, _ place: Int) {
    guard let index = evses.firstIndex(of: id) else { return }
    put(fact, at: connectors.count * Self.slotsPerConnector + 2 * index + place)
  }

  private mutating func keepLastTwo(_ fact: ControlFact, _ id: ConnectorID, _ place: Int, onlyOne: Bool = false) {
    guard let index = connectors.firstIndex(of: id) else { return }
    let base = index * Self.slotsPerConnector + place
    guard !onlyOne, slots.indices.contains(base + 1), let newest = slots[base + 1] ?? slots[base] else {
      put(fact, at: base)
      return
    }
    // The older of the two makes room.
    if slots[base + 1] != nil {
      merged = merged.addingSaturating(1)
      slots[base] = newest
    }
    slots[base + 1] = nil
    put(fact, at: base + 1)
  }

  private mutating func put(_ fact: ControlFact, at index: Int) {
    guard slots.indices.contains(index) else { return }
    if slots[index] != nil { merged = merged.addingSaturating(1) }
    order += 1
    slots[index] = Slot(order: order, fact: fact)
    isEmpty = false
  }

  /// Everything kept, in the order in which it happened.
  mutating func takeAll() -> [ControlFact] {
    let kept = slots.compactMap { $0 }.sorted { $0.order < $1.order }
    for index in slots.indices { slots[index] = nil }
    isEmpty = true
    return kept.map(\.fact)
  }
}
