import ChargerBase
import HAL

/// The control of all connectors of a station: pilots, contactors, permits and current limits, driven from outside.
///
/// A value without clock, threads or memory allocation of its own: every input comes with its instant, everything to do
/// comes back in a `ControlEffects`. Feed `.time` when `nextDeadline` has come. Whatever the input, the conditions of
/// energy flow are judged after it, and a contactor that must open is commanded open in the same call.
public struct StationControl: Sendable {
  package struct EVSE: Hashable, Sendable {
    package let id: EVSEID
    package let connectors: Range<Int>
    package let meterIsNeeded: Bool
    package internal(set) var limits: CurrentLimits
    package internal(set) var meter: MeterMonitor
    /// The connector in use: the first one at which a vehicle was connected.
    package internal(set) var occupant: Int?
  }

  public let configuration: ControlConfiguration
  package private(set) var evses: [EVSE] = []
  package private(set) var machines: [ConnectorStateMachine] = []
  /// The limits of the station as a whole, the supply that its EVSEs share among them.
  package private(set) var stationLimits: CurrentLimits
  /// Nil while nothing limits the station as a whole.
  package private(set) var supply: SharedSupply?
  /// A shutdown was commanded: no permit is admitted any more.
  public private(set) var isShuttingDown = false
  package private(set) var now: MonotonicInstant

  /// Control of the station that `configuration` describes, started at `now`. The first call of `handle` puts every
  /// output into its safe position: pilot steady, contactor open.
  public init(configuration: ControlConfiguration, startingAt now: MonotonicInstant) {
    self.configuration = configuration
    self.now = now
    stationLimits = CurrentLimits(.supply, configuration.sharedSupply, phases: 3)
    for evse in configuration.evses {
      let first = machines.count
      for connector in evse.connectors { machines.append(ConnectorStateMachine(connector, at: now)) }
      evses.append(
        EVSE(
          id: evse.id, connectors: first..<machines.count, meterIsNeeded: evse.meterNeeded,
          limits: CurrentLimits(.hardware, evse.maximumCurrent, phases: evse.phases), meter: MeterMonitor(at: now)))
    }
  }

  /// The connectors in the order of the configuration; inputs and outputs name them by their place here.
  public var connectors: [ConnectorID] { machines.map(\.id) }

  /// Every contactor is commanded open and confirmed open.
  public var isAllOpen: Bool { machines.allSatisfy(\.contactor.isConfirmedOpen) }

  // MARK: Input

  /// Takes one input at `instant` and writes what is to be done into `effects`, which the caller has emptied. An instant
  /// before the last one is taken as the last one.
  public mutating func handle(_ input: ControlInput, at instant: MonotonicInstant, into effects: inout ControlEffects) {
    now = max(now, instant)
    take(input, into: &effects)
    for place in machines.indices { machines[place].observe(at: now, configuration: configuration, into: &effects) }
    for index in evses.indices { findOccupant(of: index) }
    divideSupply()
    for index in evses.indices {
      for place in evses[index].connectors {
        let surroundings = surroundings(of: place, evse: index, limit: limit(of: index).limit)
        machines[place].act(
          in: surroundings, place: place, at: now, timing: configuration.timing, into: &effects)
      }
    }
  }

  private mutating func take(_ input: ControlInput, into effects: inout ControlEffects) {
    switch input {
    case .pilot(let place, let measurement):
      if machines.indices.contains(place) { machines[place].pilot.take(measurement) }
    case .contactorFeedback(let place, let feedback):
      if machines.indices.contains(place) { machines[place].contactor.take(feedback) }
    case .meter(let index, let reading):
      take(reading, evse: index, into: &effects)
    case .health(let driver, let health):
      setAlive(health == .alive, driver)
    case .lockFeedback, .proximity, .residualCurrent, .temperature, .phaseSwitchFeedback, .safetyInput,
      .signedReading:
      break
    case .command(let command):
      take(command)
    case .time:
      break
    }
  }

  private mutating func setAlive(_ alive: Bool, _ driver: ControlDriver) {
    switch driver {
    case .pilot(let place):
      if machines.indices.contains(place) { machines[place].pilot.setAlive(alive, at: now) }
    case .contactor(let place):
      if machines.indices.contains(place) { machines[place].contactor.setAlive(alive, at: now) }
    case .meter(let index):
      if evses.indices.contains(index) { evses[index].meter.setAlive(alive, at: now) }
    case .lock, .proximity, .residualCurrent, .temperature, .phaseSwitch, .safetyInput:
      break
    }
  }

  private mutating func take(_ reading: MeterReading, evse index: Int, into effects: inout ControlEffects) {
    guard evses.indices.contains(index), evses[index].meter.take(reading, at: now) else { return }
    evses[index].limits.take(voltage: reading.voltage)
    stationLimits.take(voltage: reading.voltage)
    supply?.take(reading, evse: index, at: now)
    if let register = reading.importRegister {
      for place in evses[index].connectors { machines[place].permit.take(register: register) }
    }
    effects.tell(.meter(evses[index].id, reading))
  }

  private mutating func take(_ command: ControlCommand) {
    switch command {
    case .grant(let id, let permit):
      guard !isShuttingDown, let place = place(of: id) else { return }
      _ = machines[place].permit.grant(permit)
    case .revoke(let id):
      if let place = place(of: id) { machines[place].permit.revoke() }
    case .setLimit(let id, let limit):
      if id == .station {
        stationLimits.set(limit, at: now)
      } else if let index = evses.firstIndex(where: { $0.id == id }) {
        evses[index].limits.set(limit, at: now)
      }
    case .liftLimit(let id, let source, let owner):
      if id == .station {
        stationLimits.lift(source, owner: owner)
      } else if let index = evses.firstIndex(where: { $0.id == id }) {
        evses[index].limits.lift(source, owner: owner)
      }
    case .pause, .startNotBefore, .unlock, .digitalCommunication, .signReading:
      break
    case .setOperative(let id, let isOperative):
      if let place = place(of: id) { machines[place].isOperative = isOperative }
    case .clearLatchedFaults(let id):
      if let place = place(of: id) { machines[place].contactor.clearLatchedFaults() }
    case .shutDown:
      isShuttingDown = true
      for place in machines.indices { machines[place].permit.revoke() }
    }
  }

  private func place(of id: ConnectorID) -> Int? { machines.firstIndex { $0.id == id } }

  // MARK: Between the connectors

  /// One connector of an EVSE is in use at a time; it stays in use until its vehicle has left and its contactor is open.
  private mutating func findOccupant(of index: Int) {
    if let occupant = evses[index].occupant {
      let machine = machines[occupant]
      if machine.isConnected == true || machine.mayDraw { return }
    }
    evses[index].occupant = evses[index].connectors.first { machines[$0].isConnected == true }
  }

  private func surroundings(of place: Int, evse index: Int, limit: Current) -> ConnectorStateMachine.Surroundings {
    let evse = evses[index]
    let timing = configuration.timing
    let registerIsMissed = machines[place].permit.needsRegister && evse.meter.register == nil
    return ConnectorStateMachine.Surroundings(
      limit: limit, otherConnectorIsInUse: evse.occupant.map { $0 != place } ?? false,
      meterIsFresh: evse.meter.isFresh(at: now, timing: timing) && !registerIsMissed,
      meterIsNeeded: evse.meterIsNeeded, meterIsSilent: evse.meter.isSilent(at: now, timing: timing),
      isShuttingDown: isShuttingDown)
  }

  /// Divides what limits the station as a whole, and puts each EVSE's share among its limits.
  private mutating func divideSupply() {
    stationLimits.evaluate(at: now)
    for index in evses.indices { evses[index].limits.evaluate(at: now) }
    guard let total = stationLimits.winner else {
      guard supply != nil else { return }
      supply = nil
      for index in evses.indices { evses[index].limits[.supply] = nil }
      return
    }
    if supply == nil { beginSharing(total.limit) }
    supply?.setTotal(total.limit)
    for index in evses.indices {
      let cap = evses[index].limits.winnerBesideShare?.limit ?? .zero
      var wants = false
      var isConnected = false
      var mayDraw = false
      for place in evses[index].connectors {
        let conditions = machines[place].conditions(in: surroundings(of: place, evse: index, limit: cap))
        if conditions.allowOffer { wants = true }
        guard machines[place].isConnected != false else { continue }
        isConnected = true
        if machines[place].mayDraw { mayDraw = true }
      }
      supply?.update(index, wants: wants, isConnected: isConnected, cap: cap, mayDraw: mayDraw, at: now)
    }
    supply?.divide(at: now, timing: configuration.timing)
    guard let supply else { return }
    for index in evses.indices where supply.shares.indices.contains(index) {
      // One that wants nothing could have all that its other limits leave.
      let share = supply.shares[index]
      let granted = share.wants ? share.granted : supply.total
      evses[index].limits.setOwn(.supply, Current(milliamperes: granted), owner: total.owner)
    }
  }

  private mutating func beginSharing(_ total: Current) {
    var new = SharedSupply(total: total, evses: evses.count)
    for index in evses.indices {
      for place in evses[index].connectors {
        if let offer = machines[place].output.offeredCurrent { new.adopt(index, offer: offer, at: now) }
      }
    }
    supply = new
  }

  /// The smallest limit of an EVSE and its source, its share of the supply included.
  package func limit(of index: Int) -> CurrentLimits.Winner { evses[index].limits.smallest }

  // MARK: Output

  /// The next instant at which `.time` must be handled, unless another input comes first; `distantFuture` for none.
  public var nextDeadline: MonotonicInstant {
    var deadline = Deadline(after: now)
    for machine in machines { machine.deadlines(&deadline, timing: configuration.timing) }
    for evse in evses { evse.meter.deadlines(&deadline, timing: configuration.timing) }
    stationLimits.deadlines(&deadline)
    for evse in evses { evse.limits.deadlines(&deadline) }
    supply?.deadlines(&deadline, timing: configuration.timing)
    return deadline.soonest
  }

  /// The pilot state that counts at the connector in `place`, for the flight recorder.
  public func pilotState(at place: Int) -> PilotState {
    machines.indices.contains(place) ? machines[place].pilot.state : .unknown
  }

  /// The whole state of one connector; nil for a connector that the station does not have.
  public func snapshot(of id: ConnectorID) -> ConnectorSnapshot? { place(of: id).flatMap { snapshot(at: $0) } }

  /// The whole state of the connector in `place`.
  public func snapshot(at place: Int) -> ConnectorSnapshot? {
    guard machines.indices.contains(place), let index = evses.firstIndex(where: { $0.connectors.contains(place) })
    else { return nil }
    let machine = machines[place]
    let winner = limit(of: index)
    var snapshot = ConnectorSnapshot(
      connector: machine.id, takenAt: now, pilotState: machine.pilot.state, pilotOutput: machine.output,
      isOperative: machine.isOperative, contactorCommand: machine.contactor.command,
      contactorFeedback: machine.contactor.feedback, permit: machine.permit.isInForce ? machine.permit.permit : nil,
      offeredCurrent: machine.output.offeredCurrent, limit: winner.limit, limitSource: winner.source,
      blockers: machine.blockers, faults: machine.faults, phase: machine.phase)
    snapshot.details.limitOwner = winner.owner
    snapshot.details.limits = evses[index].limits.all
    return snapshot
  }
}

extension StationControl {
  /// All that decides what the next input does, as one small value: two controls in the same situation at the same
  /// instant behave alike for ever. For exhaustive exploration.
  package struct Situation: Hashable, Sendable {
    package let evses: [EVSE]
    package let machines: [ConnectorStateMachine]
    package let stationLimits: CurrentLimits
    package let supply: SharedSupply?
    package let isShuttingDown: Bool
    package let now: MonotonicInstant
  }

  /// Visits every instant on which a later decision depends, the present one included: shifting all of them by the same
  /// span leaves the behaviour as it is. For exhaustive exploration.
  package mutating func visitInstants(_ visit: (inout MonotonicInstant) -> Void) {
    visit(&now)
    for index in machines.indices { machines[index].visitInstants(visit) }
    for index in evses.indices { evses[index].meter.visitInstants(visit) }
    for index in evses.indices { evses[index].limits.visitInstants(visit) }
    stationLimits.visitInstants(visit)
    supply?.visitInstants(visit)
  }

  package var situation: Situation {
    Situation(
      evses: evses, machines: machines, stationLimits: stationLimits, supply: supply, isShuttingDown: isShuttingDown,
      now: now)
  }
}
