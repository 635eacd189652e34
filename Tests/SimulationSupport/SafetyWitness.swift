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
  /// How long a driver's authorization waits for his car, with a margin.
  package static let authorizationHolds = Duration.seconds(65)
  /// A drawn current may be above the shared supply by rounding only.
  package static let currentTolerance: Int64 = 50

  package private(set) var violations: [String] = []
  /// When somebody who may charge showed it.
  private var authorizations: [MonotonicInstant] = []
  private var watched: [Watched]
  private var diedAt: MonotonicInstant?
  private let deadMan: Duration
  private let opening: Duration

  package init(connectors: [ConnectorID], deadMan: Duration, opening: Duration) {
    watched = connectors.map { Watched(id: $0) }
    self.deadMan = deadMan
    self.opening = opening
  }

  package func authorized(at now: MonotonicInstant) { authorizations.append(now) }

  private func place(_ id: ConnectorID) -> Int {
    if let known = watched.firstIndex(where: { $0.id == id }) { return known }
    watched.append(Watched(id: id))
    return watched.count - 1
  }

  func saw(_ event: WorldEvent) {
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
      return violations.append("\(connector.id) closed without a car at \(now)")
    }
    if !authorizations.contains(where: { $0 + Self.authorizationHolds >= plugged }) {
      violations.append("\(connector.id) closed for nobody at \(now)")
    }
  }

  /// A contact that is closed at `now`: is it closed too long after what had to open it?
  private func judgeClosed(_ place: Int, until now: MonotonicInstant) {
    let connector = watched[place]
    guard connector.isClosed, !connector.isWelded else { return }
    if let diedAt {
      if now > diedAt + deadMan + opening { violations.append("\(connector.id) closed without a program at \(now)") }
    } else if let unplugged = connector.unpluggedAt, now > unplugged + Self.afterUnplug + opening {
      violations.append("\(connector.id) closed \(unplugged.duration(to: now)) after the car had gone, at \(now)")
    }
  }

  func check(_ station: WholeStation, at now: MonotonicInstant) {
    guard watched.contains(where: \.isClosed), violations.count < 20 else { return }
    for place in watched.indices where watched[place].isClosed && !watched[place].isWelded {
      judgeClosed(place, until: now)
      let id = watched[place].id
      if let chargePoint = station.chargePoint, chargePoint.transactionID(at: id.evse) == nil {
        violations.append("\(id) closed without a transaction at \(now)")
      }
    }
    guard let supply = station.controlConfiguration.sharedSupply else { return }
    let drawn = station.world.world.view.flatMap(\.connectors).map(\.drawn.milliamperes).reduce(0, +)
    if drawn > supply.milliamperes + Self.currentTolerance {
      violations.append("the cars draw \(drawn) mA of \(supply) at \(now)")
    }
  }
}
