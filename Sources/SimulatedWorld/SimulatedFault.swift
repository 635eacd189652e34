/// Faults that the bench knows by name.
public enum SimulatedFault: String, Sendable, CaseIterable {
  // At a connector.
  case overCurrent
  case contactorWelded, contactorStuck, contactorSilent, contactorSlow, contactorBounces, contactorFallsOut
  case contactorWornOut, contactorFeedbackStuck
  case lockFailure, lockSticks, lockSlow, lockSilent
  case pilotFault, pilotSilent, pilotBounces, diodeMissing
  case proximityFault, proximityOpen, proximitySilent, cableCut
  // At an EVSE.
  case groundFault, residualCurrentTestFailure, residualCurrentSticks, residualCurrentSilent
  case overTemperature, temperatureSilent
  case overVoltage, underVoltage, phaseLoss
  case meterSilent, meterSlow, meterNoisy, meterDrifts, meterJumpsBack, meterJumpsAhead, meterStuck
  case meterPhasesSwapped, meterValuesMissing, meterRegistersMissing
  case signingFailure, signingBusy, signingSlow, signingSilent
  case phaseSwitchStuck, phaseSwitchSilent
  case parkingBaySilent
  // At the station.
  case readerSilent, keypadSilent, startButtonSilent, mainMeterSilent, powerLoss
  case emergencyStop, door, tilt, safetyContactSilent

  /// The code of the ChargeX "minimum required error codes", as CharIN lists them; nil where they have none.
  public var minimumRequiredErrorCode: String? {
    switch self {
    case .lockFailure, .lockSticks, .lockSlow, .lockSilent: "CX001"
    case .groundFault, .residualCurrentTestFailure, .residualCurrentSticks, .residualCurrentSilent: "CX002"
    case .overTemperature: "CX003"
    case .overCurrent: "CX004"
    case .overVoltage: "CX005"
    case .underVoltage: "CX006"
    case .emergencyStop: "CX008"
    case .pilotFault, .diodeMissing, .pilotSilent, .pilotBounces: "CX014"
    case .powerLoss, .phaseLoss: "CX015"
    case .contactorWelded, .contactorStuck, .contactorSilent, .contactorSlow, .contactorBounces, .contactorFallsOut,
      .contactorWornOut, .contactorFeedbackStuck:
      "CX017"
    case .proximityFault, .proximityOpen, .proximitySilent: "CX023"
    case .cableCut: "CX026"
    case .meterSilent, .meterSlow, .meterNoisy, .meterDrifts, .meterJumpsBack, .meterJumpsAhead, .meterStuck,
      .meterPhasesSwapped, .meterValuesMissing, .meterRegistersMissing, .signingFailure, .signingBusy, .signingSlow,
      .signingSilent,
      .temperatureSilent, .phaseSwitchStuck, .phaseSwitchSilent, .readerSilent, .keypadSilent,
      .startButtonSilent, .mainMeterSilent, .parkingBaySilent, .door, .tilt, .safetyContactSilent:
      nil
    }
  }

  /// What a fault belongs to.
  public enum Scope: String, Sendable { case station, evse, connector }

  public var scope: Scope {
    switch self {
    case .powerLoss, .readerSilent, .keypadSilent, .startButtonSilent, .mainMeterSilent, .emergencyStop, .door, .tilt,
      .safetyContactSilent:
      .station
    case .groundFault, .residualCurrentTestFailure, .residualCurrentSticks, .residualCurrentSilent, .overTemperature,
      .temperatureSilent, .overVoltage, .underVoltage, .phaseLoss, .meterSilent, .meterSlow, .meterNoisy, .meterDrifts,
      .meterJumpsBack, .meterJumpsAhead, .meterStuck, .meterPhasesSwapped, .meterValuesMissing, .meterRegistersMissing,
      .signingFailure,
      .signingBusy, .signingSlow, .signingSilent, .phaseSwitchStuck, .phaseSwitchSilent,
      .parkingBaySilent:
      .evse
    case .overCurrent, .contactorWelded, .contactorStuck, .contactorSilent, .contactorSlow, .contactorBounces,
      .contactorFallsOut, .contactorWornOut, .contactorFeedbackStuck, .lockFailure, .lockSticks, .lockSlow,
      .lockSilent, .pilotFault, .pilotSilent, .pilotBounces, .diodeMissing, .proximityFault, .proximityOpen,
      .proximitySilent, .cableCut:
      .connector
    }
  }

  /// Parts that not every station has.
  public enum Part: String, Sendable {
    case lock = "connector lock"
    case proximity = "proximity contact"
    case residualCurrentMonitor = "residual current monitor"
    case temperatureSensor = "temperature sensor"
    case signingMeter = "meter that signs"
    case phaseSwitch = "phase switch"
    case emergencyStop = "emergency stop"
    case door = "door contact"
    case tilt = "tilt switch"
    case safetyContact = "safety contact"
    case keypad = "keypad"
    case startButton = "start button"
    case parkingBay = "parking bay sensor"
    case mainMeter = "main meter"
  }

  /// The part that shows the fault, where not every station has one.
  public var part: Part? {
    switch self {
    case .lockFailure, .lockSticks, .lockSlow, .lockSilent: .lock
    case .proximityFault, .proximityOpen, .proximitySilent: .proximity
    case .groundFault, .residualCurrentTestFailure, .residualCurrentSticks, .residualCurrentSilent:
      .residualCurrentMonitor
    case .overTemperature, .temperatureSilent: .temperatureSensor
    case .signingFailure, .signingBusy, .signingSlow, .signingSilent: .signingMeter
    case .phaseSwitchStuck, .phaseSwitchSilent: .phaseSwitch
    case .emergencyStop: .emergencyStop
    case .door: .door
    case .tilt: .tilt
    case .safetyContactSilent: .safetyContact
    case .keypadSilent: .keypad
    case .startButtonSilent: .startButton
    case .parkingBaySilent: .parkingBay
    case .mainMeterSilent: .mainMeter
    default: nil
    }
  }
}
