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
  package private(set) var supply: SharedSupply?
  /// A shutdown was commanded: no permit is admitted any more.
  public private(set) var isShuttingDown = false
  package private(set) var now: MonotonicInstant

  /// Control of the station that `configuration` describes, started at `now`. The first call of `handle` puts every
  /// output into its safe position: pilot steady, contactor open.
  public init(configuration: ControlConfiguration, startingAt now: MonotonicInstant) {
    self.configuration = configuration
    self.now = now
    for evse in configuration.evses {
      let first = machines.count
      for connector in evse.connectors { machines.append(ConnectorStateMachine(connector, at: now)) }
      evses.append(
        EVSE(
          id: evse.id, connectors: first..<machines.count, meterIsNeeded: evse.meterNeeded,
          limits: CurrentLimits(hardware: evse.maximumCurrent), meter: MeterMonitor(at: now)))
    }
    if let total = configuration.sharedSupply { supply = SharedSupply(total: total, evses: evses.count) }
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
      guard let index = evses.firstIndex(where: { $0.id == id }) else { return }
      if case .perPhase(let current) = limit.value { set(current, source: limit.source, evse: index) }
    case .liftLimit(let id, let source, _):
      guard let index = evses.firstIndex(where: { $0.id == id }) else { return }
      set(nil, source: source, evse: index)
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

  private mutating func set(_ current: Current?, source: LimitSource, evse index: Int) {
    // What the hardware carries is the configuration's alone: a command can only lower it.
    let hardware = configuration.evses.indices.contains(index) ? configuration.evses[index].maximumCurrent : .zero
    evses[index].limits[source] = source == .hardware ? min(current ?? hardware, hardware) : current
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

  private mutating func divideSupply() {
    guard supply != nil else { return }
    for index in evses.indices {
      let cap = evses[index].limits.smallest.limit
      var wants = false
      var mayDraw = false
      for place in evses[index].connectors {
        let conditions = machines[place].conditions(in: surroundings(of: place, evse: index, limit: cap))
        if conditions.allowOffer { wants = true }
        if machines[place].mayDraw { mayDraw = true }
      }
      supply?.update(index, wants: wants, cap: cap, isDrawing: mayDraw, at: now)
    }
    supply?.divide(at: now, followTime: configuration.timing.vehicleFollowsOffer)
  }

  /// The smallest limit of an EVSE and its source, its share of the supply included.
  package func limit(of index: Int) -> (limit: Current, source: LimitSource) {
    let own = evses[index].limits.smallest
    guard let supply, supply.shares.indices.contains(index) else { return own }
    let share = supply.shares[index]
    let supplied = Current(milliamperes: share.wants ? share.granted : supply.total)
    return supplied < own.limit ? (supplied, .supply) : own
  }

  // MARK: Output

  /// The next instant at which `.time` must be handled, unless another input comes first; `distantFuture` for none.
  public var nextDeadline: MonotonicInstant {
    var deadline = Deadline(after: now)
    for machine in machines { machine.deadlines(&deadline, timing: configuration.timing) }
    for evse in evses { evse.meter.deadlines(&deadline, timing: configuration.timing) }
    supply?.deadlines(&deadline)
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
    let (limit, source) = limit(of: index)
    return ConnectorSnapshot(
      connector: machine.id, takenAt: now, pilotState: machine.pilot.state, pilotOutput: machine.output,
      isOperative: machine.isOperative, contactorCommand: machine.contactor.command,
      contactorFeedback: machine.contactor.feedback, permit: machine.permit.isInForce ? machine.permit.permit : nil,
      offeredCurrent: machine.output.offeredCurrent, limit: limit, limitSource: source, blockers: machine.blockers,
      faults: machine.faults, phase: machine.phase)
  }
}

extension StationControl {
  /// All that decides what the next input does, as one small value: two controls in the same situation at the same
  /// instant behave alike for ever. For exhaustive exploration.
  package struct Situation: Hashable, Sendable {
    package let evses: [EVSE]
    package let machines: [ConnectorStateMachine]
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
    supply?.visitInstants(visit)
  }

  package var situation: Situation {
    Situation(evses: evses, machines: machines, supply: supply, isShuttingDown: isShuttingDown, now: now)
  }
}
