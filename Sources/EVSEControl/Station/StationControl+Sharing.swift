import ChargerBase
import HAL

/// What stands between the connectors of an EVSE, and between the EVSEs of the station.
extension StationControl {
  // MARK: One connector at a time

  /// One connector of an EVSE is in use at a time: the one through which energy flows or may flow, else the one whose
  /// vehicle has a permit, else the first at which a vehicle is connected. A car that is only parked there gives way to
  /// one with a permit, but nobody gives way before his contactor is confirmed open.
  mutating func findOccupant(of index: Int) {
    let former = evses[index].occupant
    let next = nextOccupant(of: index)
    evses[index].occupant = next
    // Each session has a test and a measure of its own.
    let hasLeft = former.map { machines[$0].vehicleHasJustLeft } ?? false
    if next != former || hasLeft { evses[index].sessionEnded() }
    for place in evses[index].connectors { machines[place].vehicleHasJustLeft = false }
  }

  private func nextOccupant(of index: Int) -> Int? {
    let connectors = evses[index].connectors
    if let place = evses[index].occupant {
      let machine = machines[place]
      if machine.mayDraw && (machine.isConnected == true || machine.contactor.command == .closed) { return place }
      if machine.contactor.feedback == .closed { return place }
      if machine.isInSession { return place }
    }
    if let live = connectors.first(where: { machines[$0].contactor.feedback == .closed }) { return live }
    if let inSession = connectors.first(where: { machines[$0].isInSession }) { return inSession }
    if let place = evses[index].occupant, machines[place].isConnected == true { return place }
    return connectors.first { machines[$0].isConnected == true }
  }

  /// Every contactor of an EVSE is commanded open and shows it.
  func isConfirmedOpen(_ index: Int) -> Bool {
    evses[index].connectors.allSatisfy { machines[$0].contactor.isConfirmedOpen }
  }

  /// Another connector of the EVSE has its turn, or its contactor is or shows closed: nothing is closed beside it.
  private func otherIsInUse(beside place: Int, evse index: Int) -> Bool {
    if let occupant = evses[index].occupant, occupant != place { return true }
    return evses[index].connectors.contains {
      $0 != place && (machines[$0].contactor.command == .closed || machines[$0].contactor.feedback == .closed)
    }
  }

  func surroundings(of place: Int, evse index: Int, limit: Current) -> ConnectorStateMachine.Surroundings {
    let timing = configuration.timing
    let id = evses[index].id
    let isOccupant = evses[index].occupant == place
    var faults = evses[index].faults(at: now, timing: timing).union(inputs.faults(for: id))
    if isOccupant, let overCurrent = evses[index].overCurrent { faults.formUnion(overCurrent.faults) }
    let isFresh = evses[index].meter.isFresh(at: now, timing: timing)
    let isTested = evses[index].residualCurrent?.isTested ?? true
    return ConnectorStateMachine.Surroundings(
      limit: limit, faults: faults,
      driversAreAlive: evses[index].driversAreAlive(at: now, timing: timing) && inputs.areReadable(for: id),
      meterIsFresh: isFresh && evses[index].meter.register != nil,
      otherConnectorIsInUse: otherIsInUse(beside: place, evse: index),
      residualCurrentIsUntested: evses[index].testsResidualCurrent && !isTested,
      phasesAreSwitching: evses[index].phaseSwitch?.isSwitching ?? false,
      mainsIsReturning: evses[index].mainsReturnsAt != nil, isShuttingDown: isShuttingDown,
      measuredCurrent: isFresh ? evses[index].meter.current : nil,
      measuredAt: isFresh ? evses[index].meter.newestAt : nil)
  }

  // MARK: What the EVSE does for its connectors

  /// The limits that the lane finds itself, by what is plugged in and how hot it is.
  mutating func setOwnLimits(of index: Int) {
    let connectedPhases = evses[index].connectedPhases
    let temperatureLimit = evses[index].temperature?.limit
    evses[index].limits.setPhasesInUse(connectedPhases)
    evses[index].limits[.temperature] = temperatureLimit
    let connectors = evses[index].connectors
    let place = evses[index].occupant ?? (connectors.count == 1 ? connectors.lowerBound : nil)
    guard let place else {
      evses[index].limits[.cable] = nil
      evses[index].limits[.board] = nil
      evses[index].limits[.vehicle] = nil
      return
    }
    let machine = machines[place]
    evses[index].limits[.cable] = machine.hasFixedCable ? machine.rating : machine.proximity?.rating
    evses[index].limits[.board] = machine.hasFixedCable ? nil : machine.rating
    evses[index].limits[.vehicle] = machine.vehicleLimit
  }

  mutating func switchPhases(of index: Int) {
    guard evses[index].phaseSwitch != nil else { return }
    let isQuiet = evses[index].connectors.allSatisfy {
      machines[$0].contactor.isConfirmedOpen && !machines[$0].output.isOffer
    }
    let phases = min(evses[index].limits.phases, evses[index].wiredPhases)
    evses[index].phaseSwitch?.want(phases: phases)
    evses[index].phaseSwitch?.evaluate(isQuiet: isQuiet, at: now, timing: configuration.timing)
  }

  /// A session's first closing waits for the test; it is begun when a vehicle has its permit and nothing can flow.
  mutating func testResidualCurrent(of index: Int) {
    guard evses[index].testsResidualCurrent, let place = evses[index].occupant, machines[place].isInSession,
      isConfirmedOpen(index)
    else { return }
    evses[index].residualCurrent?.requestTest(at: now)
  }

  /// When the mains is back each EVSE waits a time of its own, so that not all contactors of a street close at once.
  mutating func spreadMainsReturn(of index: Int) {
    guard evses[index].mainsWasLost, inputs.isMainsPresent(for: evses[index].id) else { return }
    evses[index].mainsWasLost = false
    let delay = RandomDelay.draw(
      upTo: configuration.timing.mainsReturnSpread, seed: configuration.randomSeed, place: machines.count + index,
      at: now)
    if delay > .zero { evses[index].mainsReturnsAt = now + delay }
  }

  /// Compares what the vehicle draws with what it is offered from this instant on. A reading from before the contactor
  /// closed, or of an open one, is none of the vehicle's.
  mutating func noteOffer(of index: Int) {
    guard evses[index].overCurrent != nil else { return }
    var measured: Current?
    var offered: Current?
    if let place = evses[index].occupant {
      offered = machines[place].output.offeredCurrent
      if machines[place].mayDraw, evses[index].meter.isFresh(at: now, timing: configuration.timing),
        let closedAt = machines[place].closedAt, let takenAt = evses[index].meter.newestAt, takenAt >= closedAt
      {
        measured = evses[index].meter.current
      }
    }
    evses[index].overCurrent?.take(measured: measured, offered: offered, at: now)
    evses[index].overCurrent?.evaluate(at: now, timing: configuration.timing)
  }

  // MARK: The supply

  /// Divides what limits the station as a whole, and puts each EVSE's share among its limits.
  mutating func divideSupply() {
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
    for index in evses.indices { tellSupply(of: index) }
    supply?.divide(at: now, timing: configuration.timing)
    guard let supply else { return }
    for index in evses.indices where supply.shares.indices.contains(index) {
      // One that wants nothing could have all that its other limits leave.
      let share = supply.shares[index]
      let granted = share.wants ? share.granted : supply.total
      evses[index].limits.setOwn(.supply, Current(milliamperes: granted), owner: total.owner)
    }
  }

  private mutating func tellSupply(of index: Int) {
    let cap = evses[index].limits.winnerBesideShare?.limit ?? .zero
    var wants = false
    var isConnected = false
    var mayDraw = false
    for place in evses[index].connectors {
      let surroundings = surroundings(of: place, evse: index, limit: cap)
      let conditions = machines[place].conditions(in: surroundings, at: now, timing: configuration.timing)
      // A vehicle that is being woken keeps its share.
      if conditions.allowOfferAfterWaking { wants = true }
      guard machines[place].isConnected != false else { continue }
      isConnected = true
      if machines[place].mayDraw { mayDraw = true }
    }
    supply?.update(index, wants: wants, isConnected: isConnected, cap: cap, mayDraw: mayDraw, at: now)
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
}
