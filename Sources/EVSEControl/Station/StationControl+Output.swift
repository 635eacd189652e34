import ChargerBase
import HAL

extension StationControl {
  /// The next instant at which `.time` must be handled, unless another input comes first; `distantFuture` for none.
  public var nextDeadline: MonotonicInstant {
    var deadline = Deadline(after: now)
    for machine in machines { machine.deadlines(&deadline, timing: configuration.timing) }
    for evse in evses { evse.deadlines(&deadline, timing: configuration.timing) }
    inputs.deadlines(&deadline, timing: configuration.timing)
    stationLimits.deadlines(&deadline)
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
    snapshot.details = details(of: machine, evse: index, winner: winner)
    return snapshot
  }

  private func details(
    of machine: ConnectorStateMachine, evse index: Int, winner: CurrentLimits.Winner
  ) -> ConnectorSnapshot.Details {
    let evse = evses[index]
    var details = ConnectorSnapshot.Details()
    details.lock = machine.lock?.position
    details.isLockWanted = machine.lock?.isWanted == .locked
    details.cableRating = machine.proximity == nil ? machine.rating : machine.proximity?.rating
    details.residualCurrent = evse.residualCurrent?.state
    details.temperature = evse.temperature?.highest
    details.phases = evse.connectedPhases
    details.startsAt = machine.startsAt(mainsReturnsAt: evse.mainsReturnsAt)
    let isFresh = evse.meter.isFresh(at: now, timing: configuration.timing)
    details.measuredCurrent = isFresh ? evse.meter.current : nil
    details.voltage = isFresh ? evse.meter.voltage : nil
    details.contactorOperations = machine.contactor.operations
    details.limitOwner = winner.owner
    details.limits = evse.limits.all
    return details
  }
}
