import ChargerBase
import HAL

/// One connector: what its pilot says, what the station offers, and the contactor between them (IEC 61851-1 Annex A).
///
/// Every input goes the same way: `observe` finds out what it means, `conditions` states what holds, `act` decides.
package struct ConnectorStateMachine: Hashable, Sendable {
  /// What is known of the vehicle's kind of pilot (IEC 61851-1 Annex A).
  package enum Vehicle: UInt8, Sendable {
    /// None, or not seen yet.
    case unknown
    /// It has shown state B.
    case standard
    /// It went from A to C or D at once: it has no switch S2, and cannot tell when it is ready.
    case simplified
  }

  /// How the contactor was told of to the upper side.
  enum PowerPath: UInt8, Sendable { case open, closing, closed }

  package let id: ConnectorID
  package let hasVentilation: Bool
  package let hasDigitalCommunication: Bool
  package let hasFixedCable: Bool
  /// What the connector's own cable or board carries; nil: as much as the EVSE.
  package let rating: Current?
  /// What a simplified vehicle may draw; nil where it is refused.
  package let simplifiedVehicleLimit: Current?

  // MARK: Parts

  package internal(set) var pilot: PilotReader
  package internal(set) var contactor: ContactorSupervisor
  package internal(set) var permit = PermitLease()
  /// Nil where the connector has none.
  package internal(set) var lock: LockSupervisor?
  package internal(set) var proximity: ProximityReader?
  package internal(set) var wakeUp: WakeUpSequence
  package internal(set) var gates = SessionGates()

  // MARK: What the upper side has said

  package internal(set) var isOperative = true
  package internal(set) var isPaused = false
  /// The plug stays locked without a permit.
  package internal(set) var isKeptLocked = false
  package internal(set) var usesDigitalCommunication = false

  /// The command to unlock that waits for its answer.
  var unlockNumber: UInt32?

  // MARK: What was observed

  /// Nil until the pilot was first read; kept while it cannot be read (state F, silence).
  package internal(set) var isConnected: Bool?
  package internal(set) var vehicle = Vehicle.unknown
  /// The vehicle has left since the last call; whoever keeps something for it forgets it now.
  package internal(set) var vehicleHasJustLeft = false
  /// Since when the pilot of a connected vehicle cannot be read: state F, or silence.
  var unreadableSince: MonotonicInstant?
  /// Faults that stay until their cause is gone and the vehicle has left.
  package internal(set) var heldFaults = FaultSet()

  // MARK: What was decided

  /// The signal that the station puts on the pilot.
  package internal(set) var output = PilotOutput.steadyPositive
  package internal(set) var blockers = EnergyBlockers()
  package internal(set) var faults = FaultSet()
  package internal(set) var phase: ChargingPhase?
  /// When the offer was withdrawn from under a closed contactor.
  package internal(set) var withdrawnAt: MonotonicInstant?
  /// When the contactor was last commanded closed.
  var closedAt: MonotonicInstant?
  var offerChangedAt: MonotonicInstant?
  /// When the program was started; nil once its first session has come, or it came too late to be an earlier one.
  var startedAt: MonotonicInstant?
  var hasStarted = false
  var toldPowerPath = PowerPath.open
  var toldLock: LockPosition?

  /// What the station around the connector contributes.
  package struct Surroundings: Hashable, Sendable {
    package var limit: Current
    /// What the EVSE and the station suffer from, as far as this connector is concerned.
    package var faults: FaultSet
    /// Every driver of the EVSE and of the station on the energy path speaks and was read.
    package var driversAreAlive: Bool
    /// The meter has a fresh reading, with a register to count by.
    package var meterIsFresh: Bool
    package var otherConnectorIsInUse: Bool
    package var residualCurrentIsUntested: Bool
    package var phasesAreSwitching: Bool
    package var mainsIsReturning: Bool
    package var isShuttingDown: Bool
    /// The largest current of any phase, and when it was measured; nil without a fresh reading.
    package var measuredCurrent: Current?
    package var measuredAt: MonotonicInstant?
  }

  package init(_ configuration: ConnectorControlConfiguration, at now: MonotonicInstant) {
    id = configuration.id
    hasVentilation = configuration.hasVentilation
    hasDigitalCommunication = configuration.hasDigitalCommunication
    hasFixedCable = configuration.cable == .fixed
    rating = configuration.cableRating
    simplifiedVehicleLimit = configuration.simplifiedVehicleLimit
    pilot = PilotReader(at: now)
    contactor = ContactorSupervisor(operations: configuration.contactorOperations, at: now)
    lock = configuration.hasLock ? LockSupervisor(at: now) : nil
    proximity = configuration.hasProximity ? ProximityReader(at: now) : nil
    wakeUp = WakeUpSequence(configuration.wakeUp)
    startedAt = now
  }

  /// Energy flows, or may flow, through the contactor: it is not certainly open.
  package var mayDraw: Bool { !contactor.isConfirmedOpen }

  /// A vehicle is connected under a permit.
  package var isInSession: Bool { isConnected == true && permit.isInForce }

  /// What this vehicle's kind allows; nil for no limit.
  package var vehicleLimit: Current? { vehicle == .simplified ? simplifiedVehicleLimit : nil }

  /// When the last of the gates opens that hold the start back; nil when none does.
  package func startsAt(mainsReturnsAt: MonotonicInstant?) -> MonotonicInstant? {
    guard contactor.command == .open else { return nil }
    guard let gate = gates.opensAt else { return mainsReturnsAt }
    return mainsReturnsAt.map { max($0, gate) } ?? gate
  }

  // MARK: Observation

  /// Takes in what the inputs mean, before anything is decided.
  package mutating func observe(
    at now: MonotonicInstant, place: Int, configuration: ControlConfiguration, into effects: inout ControlEffects
  ) {
    let former = pilot.state
    pilot.evaluate(at: now, timing: configuration.timing, thresholds: configuration.thresholds)
    contactor.evaluate(at: now, timing: configuration.timing)
    recogniseVehicle(former: former)
    switch pilot.state {
    case .a: connected(false, at: now, into: &effects)
    case .b, .c, .d: connected(true, at: now, into: &effects)
    case .unknown, .e, .f: break
    }
    lock?.evaluate(at: now, timing: configuration.timing)
    proximity?.evaluate(
      at: now, timing: configuration.timing, bands: configuration.proximityBands,
      vehicleIsConnected: isConnected == true)
    let isReadable = pilot.state != .f && pilot.state != .unknown
    if isReadable || isConnected != true {
      unreadableSince = nil
    } else if unreadableSince == nil {
      unreadableSince = now
    }
    permit.evaluate(at: now, energyFlows: contactor.command == .closed, policy: configuration.leaseExpiry)
    if let startedAt, isInSession || now >= startedAt + configuration.timing.unlockAfterStateF { self.startedAt = nil }
    if isInSession && !gates.hasBegun {
      let delay = RandomDelay.draw(
        upTo: configuration.randomStartDelay, seed: configuration.randomSeed, place: place, at: now)
      gates.begin(delay: delay, at: now)
    }
    gates.evaluate(at: now)
  }

  private mutating func recogniseVehicle(former: PilotState) {
    guard pilot.state != former else { return }
    switch pilot.state {
    case .a: vehicle = .unknown
    case .b: vehicle = .standard
    // Out of a state that could not be read nothing is known of how the vehicle has come: it is not taken for
    // simplified, for most that charge after a restart are not.
    case .c, .d: if former == .a { vehicle = .simplified }
    case .unknown, .e, .f: break
    }
  }

  private mutating func connected(_ new: Bool, at now: MonotonicInstant, into effects: inout ControlEffects) {
    guard new != isConnected else { return }
    if isConnected == true {
      permit.vehicleLeft()
      gates.vehicleLeft()
      wakeUp.vehicleLeft()
      lock?.vehicleLeft()
      isPaused = false
      vehicleHasJustLeft = true
    }
    isConnected = new
    effects.tell(.connected(id, new, at: now))
  }

  // MARK: Conditions

  package func conditions(
    in surroundings: Surroundings, at now: MonotonicInstant, timing: TimingTable
  ) -> EnergyConditions {
    let meterIsMissed = permit.needsRegister && !surroundings.meterIsFresh
    let isOpen = contactor.command == .open
    return EnergyConditions(
      pilotState: pilot.state, isConnected: isConnected == true, diode: pilot.diode,
      pilotIsWavering: isOpen && !pilot.isSettled, hasVentilation: hasVentilation,
      isRefusedAsSimplified: vehicle == .simplified && simplifiedVehicleLimit == nil, permit: permit.status,
      faults: heldFaults.union(causes(in: surroundings, at: now, timing: timing)), isOperative: isOperative,
      limit: surroundings.limit,
      driversAreAlive: pilot.isAlive && contactor.isAlive && contactor.feedback != nil && !meterIsMissed
        && surroundings.driversAreAlive,
      contactorIsMoving: contactor.isMoving || contactor.isResting(at: now, timing: timing),
      offerIsResting: offerIsResting(at: now, timing: timing),
      lockIsMissing: lockIsMissing,
      residualCurrentIsUntested: surroundings.residualCurrentIsUntested && (isInSession || !isOpen),
      cableIsUnknown: isConnected == true && proximity.map { $0.rating == nil } ?? false,
      otherConnectorIsInUse: surroundings.otherConnectorIsInUse, isPaused: isPaused,
      usesDigitalCommunication: usesDigitalCommunication, phasesAreSwitching: surroundings.phasesAreSwitching,
      startIsDelayed: isOpen && gates.isClosed, mainsIsReturning: isOpen && surroundings.mainsIsReturning,
      isWakingVehicle: isOpen && wakeUp.isWaking, isShuttingDown: surroundings.isShuttingDown)
  }

  /// The offer was withdrawn a moment ago, and does not come back before `offerRaiseInterval` is over.
  private func offerIsResting(at now: MonotonicInstant, timing: TimingTable) -> Bool {
    guard !output.isOffer, let offerChangedAt else { return false }
    return now < offerChangedAt + timing.offerRaiseInterval
  }

  /// The faults whose causes are there now.
  func causes(in surroundings: Surroundings, at now: MonotonicInstant, timing: TimingTable) -> FaultSet {
    var found = contactor.latched.union(surroundings.faults)
    if pilot.state == .e { found.insert(FaultSet(.pilotShort)) }
    if pilot.state == .f && output != .steadyNegative { found.insert(FaultSet(.pilotOutOfRange)) }
    if pilot.diode == .missing { found.insert(FaultSet(.diodeMissing)) }
    if pilot.state == .d && !hasVentilation { found.insert(FaultSet(.ventilationMissing)) }
    if let lock { found.formUnion(lock.faults) }
    if let proximity { found.formUnion(proximity.faults) }
    if !pilot.isAlive { found.insert(FaultSet(.pilotDriverSilent)) }
    if !contactor.isAlive { found.insert(FaultSet(.contactorDriverSilent)) }
    return found
  }

  /// Keeps the faults that only an unplugging ends (`ControlFault.clearing`).
  mutating func holdFaults(_ causes: FaultSet) {
    heldFaults.formUnion(causes.intersection(.clearedByUnplugging))
    if isConnected != true { heldFaults.formIntersection(causes) }
  }

  /// Service has been there; what is still there comes back.
  package mutating func clearLatchedFaults() {
    contactor.clearLatchedFaults()
    lock?.clearFaults()
    heldFaults = []
  }

  // MARK: Instants

  package func deadlines(_ soonest: inout Deadline, timing: TimingTable) {
    pilot.deadlines(&soonest, timing: timing)
    contactor.deadlines(&soonest, timing: timing)
    permit.deadlines(&soonest)
    wakeUp.deadlines(&soonest)
    gates.deadlines(&soonest)
    lock?.deadlines(&soonest, timing: timing)
    proximity?.deadlines(&soonest, timing: timing)
    if let startedAt, lock != nil { soonest.add(startedAt + timing.unlockAfterStateF) }
    if let unreadableSince { soonest.add(unreadableSince + timing.unlockAfterStateF) }
    if let withdrawnAt { soonest.add(withdrawnAt + timing.openUnderLoadAfterWithdrawal) }
    if let offerChangedAt { soonest.add(offerChangedAt + timing.offerRaiseInterval) }
  }

  /// Forgets what no later decision reads, so that what behaves alike is equal; for exhaustive exploration.
  package mutating func forgetPast(at now: MonotonicInstant, timing: TimingTable) {
    pilot.forgetPast(at: now, timing: timing)
    contactor.forgetPast(at: now, timing: timing)
    permit.forgetPast(at: now, timing: timing)
    lock?.forgetPast(at: now, timing: timing)
    proximity?.forgetPast(at: now, timing: timing)
    if lock == nil {
      startedAt = .longAgo
      if unreadableSince != nil { unreadableSince = .longAgo }
    }
    startedAt.forget(after: timing.unlockAfterStateF, at: now)
    unreadableSince.forget(after: timing.unlockAfterStateF, at: now)
    if let changed = offerChangedAt, now >= changed + timing.offerRaiseInterval { offerChangedAt = nil }
    if contactor.isConfirmedOpen { closedAt = nil }
  }

  package mutating func visitInstants(_ visit: (inout MonotonicInstant) -> Void) {
    pilot.visitInstants(visit)
    contactor.visitInstants(visit)
    permit.visitInstants(visit)
    wakeUp.visitInstants(visit)
    gates.visitInstants(visit)
    lock?.visitInstants(visit)
    proximity?.visitInstants(visit)
    startedAt.visitInstant(visit)
    unreadableSince.visitInstant(visit)
    withdrawnAt.visitInstant(visit)
    closedAt.visitInstant(visit)
    offerChangedAt.visitInstant(visit)
  }
}

extension FaultSet {
  /// The faults that only an unplugging ends.
  package static let clearedByUnplugging = ControlFault.allCases.reduce(into: FaultSet()) { found, fault in
    if fault.clearing == .afterUnplugging { found.insert(FaultSet(fault)) }
  }
}
