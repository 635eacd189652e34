import ChargerBase
import HAL

/// One connector: what its pilot says, what the station offers, and the contactor between them (IEC 61851-1 Annex A).
package struct ConnectorStateMachine: Hashable, Sendable {
  package let id: ConnectorID
  package let hasVentilation: Bool
  package internal(set) var pilot: PilotReader
  package internal(set) var contactor: ContactorSupervisor
  package internal(set) var permit = PermitLease()
  package internal(set) var isOperative = true
  /// Nil until the pilot was first read; kept while it cannot be read (state F, silence).
  package private(set) var isConnected: Bool?
  /// The signal that the station puts on the pilot.
  package private(set) var output = PilotOutput.steadyPositive
  package private(set) var blockers = EnergyBlockers()
  package private(set) var faults = FaultSet()
  package private(set) var phase: ChargingPhase?
  /// When the offer was withdrawn from under a closed contactor.
  package private(set) var withdrawnAt: MonotonicInstant?

  private var hasStarted = false
  private var offerChangedAt: MonotonicInstant?
  private var toldPowerPath = false

  /// What the station around the connector contributes.
  package struct Surroundings: Hashable, Sendable {
    package var limit: Current
    package var otherConnectorIsInUse: Bool
    package var meterIsFresh: Bool
    package var meterIsNeeded: Bool
    package var meterIsSilent: Bool
    package var isShuttingDown: Bool
  }

  package init(_ configuration: ConnectorControlConfiguration, at now: MonotonicInstant) {
    id = configuration.id
    hasVentilation = configuration.hasVentilation
    pilot = PilotReader(at: now)
    contactor = ContactorSupervisor(at: now)
  }

  /// Energy flows, or may flow, through the contactor: it is not certainly open.
  package var mayDraw: Bool { !contactor.isConfirmedOpen }

  // MARK: Observation

  /// Takes in what the inputs mean, before anything is decided.
  package mutating func observe(
    at now: MonotonicInstant, configuration: ControlConfiguration, into effects: inout ControlEffects
  ) {
    pilot.evaluate(at: now, timing: configuration.timing, thresholds: configuration.thresholds)
    contactor.evaluate(at: now, timing: configuration.timing)
    switch pilot.state {
    case .a: connected(false, at: now, into: &effects)
    case .b, .c, .d: connected(true, at: now, into: &effects)
    case .unknown, .e, .f: break
    }
    permit.evaluate(at: now, energyFlows: contactor.command == .closed, policy: configuration.leaseExpiry)
  }

  private mutating func connected(_ new: Bool, at now: MonotonicInstant, into effects: inout ControlEffects) {
    guard new != isConnected else { return }
    if isConnected == true { permit.vehicleLeft() }
    isConnected = new
    effects.tell(.connected(id, new, at: now))
  }

  package func conditions(in surroundings: Surroundings) -> EnergyConditions {
    let meterIsMissed = (surroundings.meterIsNeeded || permit.needsRegister) && !surroundings.meterIsFresh
    return EnergyConditions(
      pilotState: pilot.state, isConnected: isConnected == true, diode: pilot.diode, hasVentilation: hasVentilation,
      permit: permit.status, faults: presentFaults(in: surroundings), isOperative: isOperative,
      limit: surroundings.limit,
      driversAreAlive: pilot.isAlive && contactor.isAlive && contactor.feedback != nil && !meterIsMissed,
      contactorIsMoving: contactor.isMoving, otherConnectorIsInUse: surroundings.otherConnectorIsInUse,
      isShuttingDown: surroundings.isShuttingDown)
  }

  private func presentFaults(in surroundings: Surroundings) -> FaultSet {
    var found = contactor.latched
    if pilot.state == .e { found.insert(FaultSet(.pilotShort)) }
    if pilot.state == .f && output != .steadyNegative { found.insert(FaultSet(.pilotOutOfRange)) }
    if pilot.diode == .missing { found.insert(FaultSet(.diodeMissing)) }
    if pilot.state == .d && !hasVentilation { found.insert(FaultSet(.ventilationMissing)) }
    if !pilot.isAlive { found.insert(FaultSet(.pilotDriverSilent)) }
    if !contactor.isAlive { found.insert(FaultSet(.contactorDriverSilent)) }
    if surroundings.meterIsNeeded && surroundings.meterIsSilent { found.insert(FaultSet(.meterSilent)) }
    return found
  }

  // MARK: Decision

  /// Decides pilot and contactor, and tells what has changed.
  package mutating func act(
    in surroundings: Surroundings, place: Int, at now: MonotonicInstant, timing: TimingTable,
    into effects: inout ControlEffects
  ) {
    let conditions = conditions(in: surroundings)
    tellFaults(conditions.faults, at: now, into: &effects)
    if !hasStarted {
      hasStarted = true
      effects.apply(output, at: place)
      effects.command(.open, at: place)
    }
    openIfNeeded(conditions.blockers, place: place, at: now, timing: timing, into: &effects)
    decideOutput(conditions, place: place, at: now, timing: timing, into: &effects)
    if contactor.command == .closed {
      // An offer that is back in time ends the withdrawal.
      if output.isOffer { withdrawnAt = nil } else if withdrawnAt == nil { withdrawnAt = now }
    } else {
      withdrawnAt = nil
      let mayClose = conditions.blockers.subtracting(.contactorMoving).isEmpty && permit.status == .valid
      if mayClose && output.isOffer && contactor.close(at: now, timing: timing) {
        effects.command(.closed, at: place)
      }
    }
    blockers = self.conditions(in: surroundings).blockers
    tellPowerPath(at: now, into: &effects)
    tellPhase(at: now, into: &effects)
    if let end = permit.takeUntoldEnd(), let number = permit.permit?.number {
      effects.tell(.permitEnded(id, number: number, end, at: now))
    }
  }

  private mutating func openIfNeeded(
    _ blockers: EnergyBlockers, place: Int, at now: MonotonicInstant, timing: TimingTable,
    into effects: inout ControlEffects
  ) {
    guard contactor.command == .closed else { return }
    let atOnce = !blockers.isDisjoint(with: EnergyConditions.openingAtOnce)
    // Sequence 10.2: the vehicle has not reacted to the withdrawn offer.
    let underLoad = withdrawnAt.map { now >= $0 + timing.openUnderLoadAfterWithdrawal } ?? false
    guard atOnce || underLoad, contactor.open(at: now) else { return }
    permit.energyEnded()
    effects.command(.open, at: place)
  }

  private mutating func decideOutput(
    _ conditions: EnergyConditions, place: Int, at now: MonotonicInstant, timing: TimingTable,
    into effects: inout ControlEffects
  ) {
    let new = wantedOutput(conditions, at: now, timing: timing)
    guard new != output else { return }
    if new.isOffer || output.isOffer { offerChangedAt = now }
    output = new
    pilot.outputChanged(to: new, contactorIsOpen: contactor.command == .open, at: now)
    effects.apply(new, at: place)
  }

  private func wantedOutput(
    _ conditions: EnergyConditions, at now: MonotonicInstant, timing: TimingTable
  ) -> PilotOutput {
    if isOutOfService { return .steadyNegative }
    guard conditions.allowOffer, let duty = DutyCycle(offering: conditions.limit) else { return .steadyPositive }
    let mayRaise = offerChangedAt.map { now >= $0 + timing.offerRaiseInterval } ?? true
    switch output {
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

  // MARK: Telling

  private mutating func tellFaults(_ new: FaultSet, at now: MonotonicInstant, into effects: inout ControlEffects) {
    guard new != faults else { return }
    let changed = new.symmetricDifference(faults)
    faults = new
    for fault in Self.allFaults where changed.contains(fault) {
      effects.tell(.fault(id, fault, active: new.contains(fault), at: now))
    }
  }

  private static let allFaults = ControlFault.allCases

  private mutating func tellPowerPath(at now: MonotonicInstant, into effects: inout ControlEffects) {
    guard contactor.isConfirmedClosed != toldPowerPath else { return }
    toldPowerPath = contactor.isConfirmedClosed
    effects.tell(.powerPath(id, closed: toldPowerPath, at: now))
  }

  private mutating func tellPhase(at now: MonotonicInstant, into effects: inout ControlEffects) {
    let new = presentPhase
    guard new != phase else { return }
    phase = new
    if let new { effects.tell(.charging(id, new, at: now)) }
  }

  private var presentPhase: ChargingPhase? {
    guard isConnected == true else { return nil }
    guard permit.isInForce else { return .connected }
    guard output.isOffer else { return .suspendedByStation }
    return contactor.command == .closed && contactor.isConfirmedClosed ? .charging : .suspendedByVehicle
  }

  package mutating func visitInstants(_ visit: (inout MonotonicInstant) -> Void) {
    pilot.visitInstants(visit)
    contactor.visitInstants(visit)
    permit.visitInstants(visit)
    withdrawnAt.visitInstant(visit)
    offerChangedAt.visitInstant(visit)
  }

  package func deadlines(_ soonest: inout Deadline, timing: TimingTable) {
    pilot.deadlines(&soonest, timing: timing)
    contactor.deadlines(&soonest, timing: timing)
    permit.deadlines(&soonest)
    if let withdrawnAt { soonest.add(withdrawnAt + timing.openUnderLoadAfterWithdrawal) }
    if let offerChangedAt { soonest.add(offerChangedAt + timing.offerRaiseInterval) }
  }
}
