import ChargerBase
import HAL

/// Everything that must hold while energy flows at one connector (DESIGN §5), in one value, judged by one function.
///
/// A further rule is a further field here and a further line in `blockers`; nothing else decides about energy.
package struct EnergyConditions: Hashable, Sendable {
  package var pilotState: PilotState
  /// Whether a vehicle is connected as far as the station knows, also while the pilot cannot be read.
  package var isConnected: Bool
  package var diode: PilotReader.Diode
  /// The newest measurement says something else than what counts, and nothing flows yet: nothing is begun now.
  package var pilotIsWavering: Bool
  package var hasVentilation: Bool
  /// The vehicle has no state B of its own, and this connector serves none of those.
  package var isRefusedAsSimplified: Bool
  package var permit: PermitLease.Status
  package var faults: FaultSet
  package var isOperative: Bool
  package var limit: Current
  /// Every driver on the energy path speaks and was read: pilot, contactor, and what the configuration says exists.
  package var driversAreAlive: Bool
  package var contactorIsMoving: Bool
  /// The offer was withdrawn a moment ago and is not back yet.
  package var offerIsResting: Bool
  /// There is a lock, it is needed, and its position contact does not confirm it.
  package var lockIsMissing: Bool
  /// There is a residual current detection that is tested before each session, and it has not passed yet.
  package var residualCurrentIsUntested: Bool
  /// The socket's proximity contact has not told what the cable carries.
  package var cableIsUnknown: Bool
  package var otherConnectorIsInUse: Bool
  package var isPaused: Bool
  /// The pilot belongs to a higher-level stack.
  package var usesDigitalCommunication: Bool
  package var phasesAreSwitching: Bool
  /// A start gate is closed: it holds back what has not begun.
  package var startIsDelayed: Bool
  package var mainsIsReturning: Bool
  package var isWakingVehicle: Bool
  package var isShuttingDown: Bool

  /// The conditions that do not hold.
  package var blockers: EnergyBlockers {
    var found = EnergyBlockers()
    switch pilotState {
    case .c: break
    case .d: if !hasVentilation { found.insert(.ventilationMissing) }
    case .b: found.insert(.vehicleNotReady)
    case .a: found.insert(.noVehicle)
    case .unknown, .e, .f: found.insert(isConnected ? .vehicleNotReady : .noVehicle)
    }
    // What draws current without a diode in the pilot is no vehicle; it is looked at under every new offer.
    if isConnected && diode != .present { found.insert(.vehicleNotReady) }
    if isConnected && pilotIsWavering { found.insert(.vehicleNotReady) }
    if isRefusedAsSimplified { found.insert(.simplifiedVehicle) }
    switch permit {
    case .valid, .finishing: break
    case .none, .departed: found.insert(.noPermit)
    case .expired: found.insert(.permitExpired)
    case .budgetUsed: found.insert(.energyBudgetUsed)
    }
    if !faults.isEmpty { found.insert(.faulted) }
    if !isOperative { found.insert(.inoperative) }
    if limit < DutyCycle.leastOffer { found.insert(.limitBelowMinimum) }
    if !driversAreAlive { found.insert(.driverSilent) }
    if contactorIsMoving { found.insert(.contactorMoving) }
    if lockIsMissing { found.insert(.lockNotConfirmed) }
    if residualCurrentIsUntested { found.insert(.residualCurrentUntested) }
    if cableIsUnknown { found.insert(.cableUnknown) }
    if otherConnectorIsInUse { found.insert(.otherConnectorInUse) }
    if isPaused { found.insert(.paused) }
    if usesDigitalCommunication { found.insert(.digitalCommunication) }
    if phasesAreSwitching { found.insert(.phasesSwitching) }
    if startIsDelayed { found.insert(.startDelayed) }
    if mainsIsReturning { found.insert(.mainsReturning) }
    if isWakingVehicle { found.insert(.wakingVehicle) }
    if isShuttingDown { found.insert(.shuttingDown) }
    // A reason only where there is no other.
    if offerIsResting && found.isEmpty { found.insert(.contactorMoving) }
    return found
  }

  /// Blockers after which the contactor opens at once, under load if need be: the vehicle has stopped or left, or
  /// something is wrong.
  package static let openingAtOnce: EnergyBlockers = [
    .noVehicle, .vehicleNotReady, .faulted, .driverSilent, .ventilationMissing, .lockNotConfirmed,
    .residualCurrentUntested, .cableUnknown,
  ]

  /// Blockers after which the offer is withdrawn first, and the vehicle has the time of sequence 10.2 to stop drawing.
  package static let withdrawingFirst: EnergyBlockers = [
    .noPermit, .permitExpired, .energyBudgetUsed, .inoperative, .limitBelowMinimum, .otherConnectorInUse,
    .shuttingDown, .paused, .digitalCommunication, .phasesSwitching, .simplifiedVehicle,
  ]

  /// Blockers that hold back the offer and the closing, but leave alone what already flows; the machine reports them
  /// only while its contactor is commanded open.
  package static let holdingBack: EnergyBlockers = [.startDelayed, .mainsReturning, .wakingVehicle]

  /// Blockers under which the offer stays on the pilot: the vehicle decides when to answer it.
  package static let leavingTheOffer: EnergyBlockers = [.vehicleNotReady, .contactorMoving]

  /// Blockers under which a higher-level stack may talk with the vehicle all the same: what it agrees on is decided later.
  package static let leavingTheCommunication: EnergyBlockers = [
    .vehicleNotReady, .contactorMoving, .digitalCommunication, .noPermit, .permitExpired, .energyBudgetUsed,
    .limitBelowMinimum, .lockNotConfirmed, .residualCurrentUntested, .cableUnknown, .paused, .startDelayed,
    .mainsReturning,
  ]

  /// Whether current may be offered on the pilot.
  package var allowOffer: Bool { isReadable && blockers.subtracting(Self.leavingTheOffer).isEmpty }

  /// Nothing but a sequence of the station's own, to wake the vehicle, keeps the offer from it.
  package var allowOfferAfterWaking: Bool {
    isReadable && blockers.subtracting(Self.leavingTheOffer).subtracting(.wakingVehicle).isEmpty
  }

  /// Whether the pilot may show 5 %.
  package var allowDigitalCommunication: Bool {
    usesDigitalCommunication && isReadable && blockers.subtracting(Self.leavingTheCommunication).isEmpty
  }

  private var isReadable: Bool {
    switch pilotState {
    case .b, .c, .d: true
    case .unknown, .a, .e, .f: false
    }
  }
}
