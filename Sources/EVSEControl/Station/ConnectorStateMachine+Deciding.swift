import ChargerBase
import HAL

extension ConnectorStateMachine {
  /// Decides pilot and contactor, and tells what has changed.
  package mutating func act(
    in surroundings: Surroundings, place: Int, at now: MonotonicInstant, timing: TimingTable,
    into effects: inout ControlEffects
  ) {
    if !hasStarted {
      hasStarted = true
      effects.apply(output, at: place)
      effects.command(.open, at: place)
    }
    holdFaults(causes(in: surroundings, at: now, timing: timing))
    wakeVehicle(conditions(in: surroundings, at: now, timing: timing), at: now)
    var conditions = conditions(in: surroundings, at: now, timing: timing)
    tellFaults(conditions.faults, at: now, into: &effects)
    if openIfNeeded(
      conditions.blockers, in: surroundings, place: place, at: now, timing: timing, into: &effects)
    {
      // A session that only went on past its expiry has ended with it.
      conditions = self.conditions(in: surroundings, at: now, timing: timing)
    }
    moveLock(in: surroundings, place: place, at: now, timing: timing, into: &effects)
    conditions.lockIsMissing = lockIsMissing
    if decideOutput(conditions, place: place, at: now, timing: timing, into: &effects) {
      // Under a new offer the vehicle's diode is looked at anew.
      conditions = self.conditions(in: surroundings, at: now, timing: timing)
    }
    closeIfAllowed(conditions, place: place, at: now, timing: timing, into: &effects)
    holdFaults(causes(in: surroundings, at: now, timing: timing))
    conditions = self.conditions(in: surroundings, at: now, timing: timing)
    wakeVehicle(conditions, at: now)
    blockers = conditions.blockers
    // What was decided may end a fault: a lock that is wanted elsewhere now, a pilot that cannot be judged any more.
    tellFaults(conditions.faults, at: now, into: &effects)
    tellPowerPath(at: now, into: &effects)
    tellPhase(at: now, into: &effects)
    tellPermitEnd(at: now, into: &effects)
  }

  private mutating func wakeVehicle(_ conditions: EnergyConditions, at now: MonotonicInstant) {
    let isWaiting = conditions.allowOfferAfterWaking && pilot.state == .b && contactor.command == .open
    wakeUp.evaluate(isWaiting: isWaiting, isOffering: output.isOffer, at: now)
  }

  // MARK: Contactor

  private mutating func openIfNeeded(
    _ blockers: EnergyBlockers, in surroundings: Surroundings, place: Int, at now: MonotonicInstant,
    timing: TimingTable, into effects: inout ControlEffects
  ) -> Bool {
    guard contactor.command == .closed else { return false }
    let atOnce = !blockers.isDisjoint(with: EnergyConditions.openingAtOnce)
    // Sequence 10.2: the vehicle has not reacted to the withdrawn offer.
    let isIgnored = withdrawnAt.map { now >= $0 + timing.openUnderLoadAfterWithdrawal } ?? false
    guard atOnce || isIgnored,
      contactor.open(at: now, isUnderLoad: isUnderLoad(measured: surroundings))
    else { return false }
    // Sequence 8: it has stopped by itself, and is not woken for it.
    if pilot.state == .b && output.isOffer { wakeUp.vehicleStopped() }
    permit.energyEnded()
    effects.command(.open, at: place)
    effects.tell(.contactorOperated(id, contactor.operations))
    return true
  }

  /// Whether an opening now breaks a current. A vehicle that opens S2 has ended its current before (IEC 61851-1 Annex A,
  /// sequence 8), and the newest reading may be older than that; in any other state the meter says it where it has
  /// measured since the closing, and without a measurement a current is assumed.
  private func isUnderLoad(measured surroundings: Surroundings) -> Bool {
    if pilot.state == .b { return false }
    if let current = surroundings.measuredCurrent, let takenAt = surroundings.measuredAt, let closedAt,
      takenAt >= closedAt
    {
      return current > Self.leastLoad
    }
    return true
  }

  private static let leastLoad = Current(amperes: 1)

  private mutating func closeIfAllowed(
    _ conditions: EnergyConditions, place: Int, at now: MonotonicInstant, timing: TimingTable,
    into effects: inout ControlEffects
  ) {
    guard contactor.command == .open else {
      // An offer that is back in time ends the withdrawal.
      if output.isOffer { withdrawnAt = nil } else if withdrawnAt == nil { withdrawnAt = now }
      return
    }
    withdrawnAt = nil
    guard conditions.blockers.subtracting(.contactorMoving).isEmpty, permit.status == .valid, output.isOffer,
      contactor.close(at: now, timing: timing)
    else { return }
    closedAt = now
    effects.command(.closed, at: place)
  }

  // MARK: Pilot

  private mutating func decideOutput(
    _ conditions: EnergyConditions, place: Int, at now: MonotonicInstant, timing: TimingTable,
    into effects: inout ControlEffects
  ) -> Bool {
    let new = wantedOutput(conditions, at: now, timing: timing)
    guard new != output else { return false }
    if new.isPulsing || output.isPulsing { offerChangedAt = now }
    if output.isOffer && !new.isOffer && !wakeUp.isWaking { wakeUp.offerWithdrawn() }
    output = new
    pilot.outputChanged(to: new, contactorIsOpen: contactor.command == .open, at: now)
    effects.apply(new, at: place)
    return true
  }

  private func wantedOutput(
    _ conditions: EnergyConditions, at now: MonotonicInstant, timing: TimingTable
  ) -> PilotOutput {
    if isOutOfService { return .steadyNegative }
    let mayRaise = offerChangedAt.map { now >= $0 + timing.offerRaiseInterval } ?? true
    if conditions.allowDigitalCommunication && contactor.isConfirmedOpen {
      // From an offer to 5 % and back the signal rests in between, so that no vehicle takes one for the other.
      let mayBegin = mayRaise && output == .steadyPositive
      return output.meansDigitalCommunication || mayBegin ? .pulseWidth(.digitalCommunication) : .steadyPositive
    }
    guard conditions.allowOffer, let duty = DutyCycle(offering: conditions.limit) else { return .steadyPositive }
    switch output {
    case .pulseWidth where output.meansDigitalCommunication: return .steadyPositive
    case .pulseWidth(let present): return duty < present || mayRaise ? .pulseWidth(duty) : output
    case .steadyPositive: return mayRaise ? .pulseWidth(duty) : .steadyPositive
    case .steadyNegative: return .steadyPositive
    }
  }

  /// State F: out of service and no energy flows, or the contactor is welded. After a contactor that did not close the
  /// pilot stays readable until the vehicle has left.
  private var isOutOfService: Bool {
    if contactor.latched.contains(.contactorWelded) { return true }
    guard contactor.command == .open, contactor.feedback != .closed else { return false }
    return !isOperative || (contactor.latched.contains(.contactorStuck) && isConnected != true)
  }
}
