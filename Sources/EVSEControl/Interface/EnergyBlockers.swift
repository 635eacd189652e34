/// The conditions of DESIGN §5 that do not hold, each a reason why no energy flows.
public struct EnergyBlockers: OptionSet, Sendable, Hashable {
  public let rawValue: UInt32
  public init(rawValue: UInt32) { self.rawValue = rawValue }

  public static let noVehicle = EnergyBlockers(rawValue: 1 << 0)
  /// The vehicle is connected but does not ask for energy (state B).
  public static let vehicleNotReady = EnergyBlockers(rawValue: 1 << 1)
  public static let noPermit = EnergyBlockers(rawValue: 1 << 2)
  public static let permitExpired = EnergyBlockers(rawValue: 1 << 3)
  public static let energyBudgetUsed = EnergyBlockers(rawValue: 1 << 4)
  public static let faulted = EnergyBlockers(rawValue: 1 << 5)
  public static let inoperative = EnergyBlockers(rawValue: 1 << 6)
  /// The smallest limit is under the least current that can be offered.
  public static let limitBelowMinimum = EnergyBlockers(rawValue: 1 << 7)
  public static let driverSilent = EnergyBlockers(rawValue: 1 << 8)
  public static let ventilationMissing = EnergyBlockers(rawValue: 1 << 9)
  /// The contactor is on its way, or rests before it may close again, or the offer rests before it comes back.
  public static let contactorMoving = EnergyBlockers(rawValue: 1 << 10)
  public static let shuttingDown = EnergyBlockers(rawValue: 1 << 11)
  /// Another connector of the same EVSE is in use.
  public static let otherConnectorInUse = EnergyBlockers(rawValue: 1 << 12)
  /// The plug is not confirmed locked, where the connector has a lock.
  public static let lockNotConfirmed = EnergyBlockers(rawValue: 1 << 13)
  /// The residual current detection has not passed its test for this session yet.
  public static let residualCurrentUntested = EnergyBlockers(rawValue: 1 << 14)
  /// A random or commanded start delay runs.
  public static let startDelayed = EnergyBlockers(rawValue: 1 << 15)
  /// The mains is back; this EVSE waits for its turn, so that not all of them switch at once.
  public static let mainsReturning = EnergyBlockers(rawValue: 1 << 16)
  /// The EVSE changes between one and three phases.
  public static let phasesSwitching = EnergyBlockers(rawValue: 1 << 17)
  /// The socket's proximity contact has not told the cable's rating yet.
  public static let cableUnknown = EnergyBlockers(rawValue: 1 << 18)
  /// The offer is withdrawn for a moment to wake the vehicle.
  public static let wakingVehicle = EnergyBlockers(rawValue: 1 << 19)
  /// The pilot shows 5 %: the current is agreed on by a higher-level stack, which has not allowed energy.
  public static let digitalCommunication = EnergyBlockers(rawValue: 1 << 20)
  /// Paused by command; the session goes on when it is resumed.
  public static let paused = EnergyBlockers(rawValue: 1 << 21)
  /// The vehicle has gone from state A to C at once, as one without state B of its own, and such are not served here.
  public static let simplifiedVehicle = EnergyBlockers(rawValue: 1 << 22)
}
