import ChargerBase
import HAL

/// What the control lane tells the upper side: edges and readings, in the order in which they happened. Values only;
/// fixed in size, so that telling them allocates nothing.
public enum ControlFact: Sendable, Equatable {
  /// A vehicle has been connected (pilot left state A), or has gone.
  case connected(ConnectorID, Bool, at: MonotonicInstant)
  /// The power path: contactor confirmed closed, or no longer.
  case powerPath(ConnectorID, closed: Bool, at: MonotonicInstant)
  /// How far charging has come while a vehicle is connected.
  case charging(ConnectorID, ChargingPhase, at: MonotonicInstant)
  case meter(EVSEID, MeterReading)
  case fault(ConnectorID, ControlFault, active: Bool, at: MonotonicInstant)
  /// The permit ended without a revocation.
  case permitEnded(ConnectorID, number: UInt32, PermitEnd, at: MonotonicInstant)
}

/// Why the control lane has let a permit end by itself.
public enum PermitEnd: UInt8, Sendable {
  case leaseExpired, energyBudgetUsed
}

/// The stages of OCPP's charging state that the control lane can see.
public enum ChargingPhase: UInt8, Sendable {
  /// Connected, no permit in force.
  case connected
  /// Offered, but the vehicle does not draw (states B with an offer, or C before its first draw).
  case suspendedByVehicle
  /// The vehicle would charge, the station does not offer: limit, pause, fault.
  case suspendedByStation
  /// Contactor closed in state C or D with an offer.
  case charging
}

/// Faults that the control lane finds by itself.
public enum ControlFault: UInt8, Sendable, CaseIterable {
  /// Contactor confirmed closed although commanded open.
  case contactorWelded
  /// Contactor did not close in time.
  case contactorStuck
  /// Pilot in state E: short to earth, or no supply.
  case pilotShort
  /// The low part of the pilot is not near −12 V: no diode, so no vehicle.
  case diodeMissing
  /// A pilot voltage that belongs to no state.
  case pilotOutOfRange
  case pilotDriverSilent
  case contactorDriverSilent
  case meterSilent
  /// State D, and the station has no ventilation.
  case ventilationMissing

  /// Stays until it is cleared by service or restart, whatever the input does.
  public var isLatched: Bool {
    switch self {
    case .contactorWelded, .contactorStuck: true
    default: false
    }
  }
}
