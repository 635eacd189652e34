import ChargerBase
import SimulatedWorld

/// Watches locks, residual current monitors and safety contacts of the world beside the contactors, and judges by
/// DESIGN §5: no contact closes, or stays closed for longer than is allowed, on a plug that is not locked, with a monitor
/// that has tripped or was not tested for this plug, or while somebody has pushed the emergency stop.
struct PartsWitness {
  fileprivate struct Watched {
    let connector: WorldConnector
    let evse: WorldEVSE
    var isClosed = false
    /// Welded, slow, stuck or unread: what it does then is no judgement of the program.
    var isUnsound = false
    var isLocked = false
    /// The monitor has tripped and was reset since the plug was put in.
    var wasTested = false
    var isTripped = false
    /// Since when the contact must be open, and why.
    var mustOpen: (since: MonotonicInstant, why: String)?
  }

  /// From what a contact shows to the opened contactor: 20 ms to read it, 10 ms to the lane's next look, 100 ms of the
  /// timing table.
  static let reaction = Duration.milliseconds(130)

  private static let contactorFaults: [SimulatedFault] = [
    .contactorWelded, .contactorStuck, .contactorSilent, .contactorSlow, .contactorBounces, .contactorFallsOut,
    .contactorWornOut, .contactorFeedbackStuck,
  ]

  private var watched: [Watched]
  private var active: [SimulatedFault] = []
  private(set) var violations: [String] = []
  private let opening: Duration

  init(_ world: WorldConfiguration) {
    watched = world.evses.flatMap { evse in evse.connectors.map { Watched(connector: $0, evse: evse) } }
    opening = world.contactorOpening
  }

  mutating func saw(_ event: WorldEvent) {
    let now = event.at
    switch event.kind {
    case .pluggedIn(let id): change(id) { $0.wasTested = false }
    case .contactor(let id, let closed): contactor(id, closed: closed, at: now)
    case .lock(let id, let engaged):
      change(id) {
        $0.isLocked = engaged
        if !engaged { $0.forbid("its lock has let go", at: now) }
      }
    case .residualCurrent(let evse, let tripped):
      for index in watched.indices where watched[index].evse.id == evse {
        watched[index].isTripped = tripped
        if tripped { watched[index].forbid("its residual current monitor has tripped", at: now) }
        if !tripped { watched[index].wasTested = true }
      }
    case .fault(let place, let fault, let isActive) where [.emergencyStop, .door, .tilt].contains(fault):
      active.removeAll { $0 == fault }
      guard isActive else { return }
      if place.evse == nil { active.append(fault) }
      for index in watched.indices where place.evse == nil || place.evse == watched[index].evse.id {
        watched[index].forbid("\(fault.rawValue) is active", at: now)
      }
    case .fault(let place, let fault, let isActive) where Self.contactorFaults.contains(fault):
      for index in watched.indices
      where place.evse == watched[index].evse.id && place.connector == watched[index].connector.id.number {
        // A fault that is gone leaves a contact that still has to move.
        if isActive || !watched[index].isClosed { watched[index].isUnsound = isActive }
        if isActive { watched[index].mustOpen = nil }
      }
    case .station(connected: false):
      // The dead-man has its own time, judged elsewhere.
      for index in watched.indices { watched[index].mustOpen = nil }
    default: break
    }
  }

  private mutating func change(_ id: ConnectorID, _ body: (inout Watched) -> Void) {
    for index in watched.indices where watched[index].connector.id == id { body(&watched[index]) }
  }

  private mutating func contactor(_ id: ConnectorID, closed: Bool, at now: MonotonicInstant) {
    guard let index = watched.firstIndex(where: { $0.connector.id == id }) else { return }
    if !closed, let due = watched[index].mustOpen, now > due.since + Self.reaction + opening {
      violations.append("\(id) opened \(due.since.duration(to: now)) after \(due.why), at \(now)")
    }
    watched[index].isClosed = closed
    watched[index].mustOpen = nil
    guard closed else {
      watched[index].isUnsound = false
      return
    }
    let connector = watched[index]
    guard !connector.isUnsound else { return }
    if connector.connector.lock != nil, !connector.isLocked {
      violations.append("\(id) closed on a loose plug at \(now)")
    }
    if connector.evse.residualCurrentMonitor != nil {
      if connector.isTripped { violations.append("\(id) closed with a tripped monitor at \(now)") }
      if !connector.wasTested { violations.append("\(id) closed with an untested monitor at \(now)") }
    }
    if let fault = active.first { violations.append("\(id) closed while \(fault.rawValue) is active at \(now)") }
  }

  /// What must be open by now and is not.
  mutating func check(at now: MonotonicInstant) {
    for index in watched.indices where watched[index].isClosed {
      guard let due = watched[index].mustOpen, now > due.since + Self.reaction + opening else { continue }
      watched[index].mustOpen = nil
      violations.append(
        "\(watched[index].connector.id) is closed \(due.since.duration(to: now)) after \(due.why), at \(now)")
    }
  }
}

extension PartsWitness.Watched {
  fileprivate mutating func forbid(_ why: String, at now: MonotonicInstant) {
    if isClosed, !isUnsound, mustOpen == nil { mustOpen = (now, why) }
  }
}
