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
  package var hasVentilation: Bool
  package var permit: PermitLease.Status
  package var faults: FaultSet
  package var isOperative: Bool
  package var limit: Current
  /// Pilot, contactor feedback and, where it is needed, the meter speak.
  package var driversAreAlive: Bool
  package var contactorIsMoving: Bool
  package var otherConnectorIsInUse: Bool
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
    if otherConnectorIsInUse { found.insert(.otherConnectorInUse) }
    if isShuttingDown { found.insert(.shuttingDown) }
    return found
  }

  /// Blockers after which the contactor opens at once, under load if need be: the vehicle has stopped or left, or
  /// something is wrong.
  package static let openingAtOnce: EnergyBlockers = [
    .noVehicle, .vehicleNotReady, .faulted, .driverSilent, .ventilationMissing,
  ]

  /// Blockers after which the offer is withdrawn first, and the vehicle has the time of sequence 10.2 to stop drawing.
  package static let withdrawingFirst: EnergyBlockers = [
    .noPermit, .permitExpired, .energyBudgetUsed, .inoperative, .limitBelowMinimum, .otherConnectorInUse,
    .shuttingDown,
  ]

  /// Blockers under which the offer stays on the pilot: the vehicle decides when to answer it.
  package static let leavingTheOffer: EnergyBlockers = [.vehicleNotReady, .contactorMoving]

  /// Whether current may be offered on the pilot.
  package var allowOffer: Bool {
    switch pilotState {
    case .b, .c, .d: blockers.subtracting(Self.leavingTheOffer).isEmpty
    case .unknown, .a, .e, .f: false
    }
  }
}
