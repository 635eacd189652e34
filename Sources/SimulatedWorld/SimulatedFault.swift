/// Faults that the bench knows by name.
public enum SimulatedFault: String, Sendable, CaseIterable {
  case groundFault, overCurrent, overVoltage, underVoltage, overTemperature
  case contactorWelded, contactorStuck, lockFailure
  case meterSilent, readerSilent, pilotSilent, contactorSilent
  case pilotFault, diodeMissing, proximityFault
  case emergencyStop, powerLoss

  /// The code of the ChargeX "minimum required error codes", as CharIN lists them; nil where they have none.
  public var minimumRequiredErrorCode: String? {
    switch self {
    case .lockFailure: "CX001"
    case .groundFault: "CX002"
    case .overTemperature: "CX003"
    case .overCurrent: "CX004"
    case .overVoltage: "CX005"
    case .underVoltage: "CX006"
    case .emergencyStop: "CX008"
    case .pilotFault, .diodeMissing, .pilotSilent: "CX014"
    case .powerLoss: "CX015"
    case .contactorWelded, .contactorStuck, .contactorSilent: "CX017"
    case .proximityFault: "CX023"
    case .meterSilent, .readerSilent: nil
    }
  }

  /// What a fault belongs to.
  public enum Scope: Sendable { case station, evse, connector }

  public var scope: Scope {
    switch self {
    case .powerLoss, .readerSilent, .emergencyStop, .overTemperature: .station
    case .meterSilent, .overVoltage, .underVoltage, .groundFault: .evse
    default: .connector
    }
  }

  /// Why the world cannot show the fault yet; nil when it can.
  public var missingPart: String? {
    switch self {
    case .groundFault: "comes with a residual current monitor in the simulated station"
    case .overTemperature: "comes with a temperature sensor in the simulated station"
    case .lockFailure: "comes with a connector lock in the simulated station"
    case .proximityFault: "comes with a proximity contact in the simulated station"
    case .emergencyStop: "comes with an emergency stop input in the simulated station"
    default: nil
    }
  }
}
