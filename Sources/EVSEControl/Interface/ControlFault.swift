/// Faults that the control lane finds by itself.
public enum ControlFault: UInt8, Sendable, CaseIterable {
  /// Contactor confirmed closed although commanded open.
  case contactorWelded = 0
  /// Contactor did not close in time, or fell out.
  case contactorStuck = 1
  /// Pilot in state E: short to earth, or no supply.
  case pilotShort = 2
  /// The low part of the pilot is not near −12 V: no diode, so no vehicle.
  case diodeMissing = 3
  /// A pilot voltage that belongs to no state.
  case pilotOutOfRange = 4
  case pilotDriverSilent = 5
  case contactorDriverSilent = 6
  case meterSilent = 7
  /// State D, and the station has no ventilation.
  case ventilationMissing = 8
  /// The lock did not reach its position after all retries, or was opened by hand while energy might flow.
  case lockFailure = 9
  case lockDriverSilent = 10
  /// A residual current was found.
  case residualCurrent = 11
  /// The self-test of the residual current detection failed.
  case residualCurrentTest = 12
  case residualCurrentDriverSilent = 13
  /// The vehicle draws more than it is offered.
  case overCurrent = 14
  case overVoltage = 15
  case underVoltage = 16
  case overTemperature = 17
  case temperatureDriverSilent = 18
  case emergencyStop = 19
  case doorOpen = 20
  case tilted = 21
  /// No mains behind the contactor.
  case mainsLost = 22
  case safetyInputSilent = 23
  /// The proximity contact shows no cable rating although a vehicle is connected, or a short.
  case proximityInvalid = 24
  case proximityDriverSilent = 25
  /// The phase switch did not reach its position, or moved by itself.
  case phaseSwitchFailure = 26
  case phaseSwitchDriverSilent = 27

  /// What ends a fault once its cause is gone.
  public enum Clearing: UInt8, Sendable {
    /// Nothing more.
    case byItself
    /// The vehicle has left too: the same driver cannot go on as if nothing had been.
    case afterUnplugging
    /// Service clears it (`ControlCommand.clearLatchedFaults`), or a restart; one that is still there comes back.
    case byService
  }

  public var clearing: Clearing {
    switch self {
    case .contactorWelded, .contactorStuck, .residualCurrent, .residualCurrentTest, .tilted, .phaseSwitchFailure:
      .byService
    case .overCurrent, .lockFailure, .emergencyStop: .afterUnplugging
    case .pilotShort, .diodeMissing, .pilotOutOfRange, .pilotDriverSilent, .contactorDriverSilent, .meterSilent,
      .ventilationMissing, .lockDriverSilent, .residualCurrentDriverSilent, .overVoltage, .underVoltage,
      .overTemperature, .temperatureDriverSilent, .doorOpen, .mainsLost, .safetyInputSilent, .proximityInvalid,
      .proximityDriverSilent, .phaseSwitchDriverSilent:
      .byItself
    }
  }

  /// Stays until it is cleared by service or restart, whatever the input does.
  public var isLatched: Bool { clearing == .byService }

  /// What a fault takes out of use.
  public enum Scope: UInt8, Sendable {
    case connector, evse, station
  }

  /// The widest place that the fault can concern; a safety input of one EVSE concerns that EVSE only.
  public var scope: Scope {
    switch self {
    case .emergencyStop, .doorOpen, .tilted, .mainsLost, .safetyInputSilent: .station
    case .meterSilent, .residualCurrent, .residualCurrentTest, .residualCurrentDriverSilent, .overCurrent, .overVoltage,
      .underVoltage, .overTemperature, .temperatureDriverSilent, .phaseSwitchFailure, .phaseSwitchDriverSilent:
      .evse
    case .contactorWelded, .contactorStuck, .pilotShort, .diodeMissing, .pilotOutOfRange, .pilotDriverSilent,
      .contactorDriverSilent, .ventilationMissing, .lockFailure, .lockDriverSilent, .proximityInvalid,
      .proximityDriverSilent:
      .connector
    }
  }
}

/// A set of control faults.
public struct FaultSet: OptionSet, Sendable, Hashable {
  public let rawValue: UInt64
  public init(rawValue: UInt64) { self.rawValue = rawValue }
  public init(_ fault: ControlFault) { self.init(rawValue: 1 << UInt64(fault.rawValue)) }

  public func contains(_ fault: ControlFault) -> Bool { contains(FaultSet(fault)) }

  /// In the order of `ControlFault`.
  public var faults: [ControlFault] { ControlFault.allCases.filter { contains($0) } }
}
