import ChargerBase
import EVSEControl
import SimulatedWorld

/// Watches the world, not the program, and judges by simple rules: a contactor is closed only where a car is connected,
/// somebody may charge, a transaction is open and a program lives; and never longer after an end than is allowed.
package final class SafetyWitness {
  private struct Watched {
    let id: ConnectorID
    var pluggedInAt: MonotonicInstant?
    var unpluggedAt: MonotonicInstant?
    var isClosed = false
    var isWelded = false
    var hasWeldFault = false
  }

  /// From an unplugged car to the opened contact: 100 ms and the contact's travel.
  package static let afterUnplug = Duration.milliseconds(100)
  /// How long a driver's card may let a car charge that comes later: 30 s for a CSMS that does not answer, 60 s to plug
  /// in, and a margin.
  package static let authorizationHolds = Duration.seconds(95)
  /// A drawn current may be above the shared supply by rounding only.
  package static let currentTolerance: Int64 = 50

  private var found: [String] = []
  private var parts: PartsWitness?
  package var violations: [String] { found + (parts?.violations ?? []) }
  /// When somebody who may charge showed it.
  private var authorizations: [MonotonicInstant] = []
  private var watched: [Watched]
  private var diedAt: MonotonicInstant?
  private let deadMan: Duration
  private let opening: Duration

  /// - Parameter world: what stands at the place; without it only pilots and contactors are judged.
  package init(connectors: [ConnectorID], deadMan: Duration, opening: Duration, world: WorldConfiguration? = nil) {
    watched = connectors.map { Watched(id: $0) }
    parts = world.map { PartsWitness($0) }
    self.deadMan = deadMan
    self.opening = opening
  }

  /// Where a transaction begins with the energy (TxStartPoint EnergyTransfer alone) the contactor closes before it.
  package var allowsClosingBeforeTransaction = false

  package func authorized(at now: MonotonicInstant) { authorizations.append(now) }

  private func place(_ id: ConnectorID) -> Int {
    if let known = watched.firstIndex(where: { $0.id == id }) { return known }
    watched.append(Watched(id: id))
    return watched.count - 1
  }

  func saw(_ event: WorldEvent) {
    // Welded contacts are judged by nothing but the fault that they are.
    if case .contactor(let id, _) = event.kind, watched[place(id)].hasWeldFault || watched[place(id)].isWelded {
    } else {
      parts?.saw(event)
    }
    switch event.kind {
    case .pluggedIn(let id):
      watched[place(id)].pluggedInAt = event.at
      watched[place(id)].unpluggedAt = nil
    case .unplugged(let id):
      watched[place(id)].pluggedInAt = nil
      watched[place(id)].unpluggedAt = event.at
    case .contactor(let id, let closed):
      let place = place(id)
      if !closed { judgeClosed(place, until: event.at) }
      watched[place].isClosed = closed
      if !closed { watched[place].isWelded = watched[place].hasWeldFault }
      if closed { judgeClosing(place, at: event.at) }
    case .fault(let place, .contactorWelded, let active):
      for index in watched.indices
      where place.evse == watched[index].id.evse
        && place.connector == watched[index].id.number
      {
        watched[index].hasWeldFault = active
        // A weld that is gone leaves a contact that still has to open.
        if active || !watched[index].isClosed { watched[index].isWelded = active }
      }
    case .station(let connected): diedAt = connected ? nil : event.at
    default: break
    }
  }

  private func judgeClosing(_ place: Int, at now: MonotonicInstant) {
    let connector = watched[place]
    guard !connector.isWelded else { return }
    guard let plugged = connector.pluggedInAt else {
      // It was under way when the car went.
      if let unplugged = connector.unpluggedAt, now <= unplugged + Self.afterUnplug { return }
      return found.append("\(connector.id) closed without a car at \(now)")
    }
    if !authorizations.contains(where: { $0 + Self.authorizationHolds >= plugged }) {
      found.append("\(connector.id) closed for nobody at \(now)")
    }
  }

  /// A contact that is closed at `now`: is it closed too long after what had to open it?
  private func judgeClosed(_ place: Int, until now: MonotonicInstant) {
    let connector = watched[place]
    guard connector.isClosed, !connector.isWelded else { return }
    if let diedAt {
      if now > diedAt + deadMan + opening { found.append("\(connector.id) closed without a program at \(now)") }
    } else if let unplugged = connector.unpluggedAt, now > unplugged + Self.afterUnplug + opening {
      found.append("\(connector.id) closed \(unplugged.duration(to: now)) after the car had gone, at \(now)")
    }
  }

  func check(_ station: WholeStation, at now: MonotonicInstant) {
    parts?.check(at: now)
    guard watched.contains(where: \.isClosed), violations.count < 20 else { return }
    for place in watched.indices where watched[place].isClosed && !watched[place].isWelded {
      judgeClosed(place, until: now)
      let id = watched[place].id
      if !allowsClosingBeforeTransaction, let chargePoint = station.chargePoint,
        chargePoint.transactionID(at: id.evse) == nil
      {
        found.append("\(id) closed without a transaction at \(now)")
      }
    }
    guard let supply = station.controlConfiguration.sharedSupply else { return }
    let drawn = station.world.world.view.flatMap(\.connectors).map(\.drawn.milliamperes).reduce(0, +)
    if drawn > supply.milliamperes + Self.currentTolerance {
      found.append("the cars draw \(drawn) mA of \(supply) at \(now)")
    }
  }
}
