import ChargerBase
import HAL

/// What the control lane tells the upper side: edges and readings, in the order in which they happened. Values only;
/// fixed in size, so that telling them allocates nothing.
public enum ControlFact: Sendable, Equatable {
  /// A vehicle has been connected (pilot left state A), or has gone.
  case connected(ConnectorID, Bool, at: MonotonicInstant)
  /// The power path: contactor confirmed closed, or no longer.
  case powerPath(ConnectorID, closed: Bool, at: MonotonicInstant)
  /// The contactor was commanded closed and is on its way; `powerPath` follows with what becomes of it.
  case powerPathClosing(ConnectorID, at: MonotonicInstant)
  /// How far charging has come while a vehicle is connected.
  case charging(ConnectorID, ChargingPhase, at: MonotonicInstant)
  case meter(EVSEID, MeterReading)
  case fault(ConnectorID, ControlFault, active: Bool, at: MonotonicInstant)
  /// The permit ended without a revocation.
  case permitEnded(ConnectorID, number: UInt32, PermitEnd, at: MonotonicInstant)
  /// What became of a command to unlock.
  case unlocked(ConnectorID, number: UInt32, UnlockResult, at: MonotonicInstant)
  /// The plug was locked, or is unlocked, by the position contact.
  case lock(ConnectorID, LockPosition, at: MonotonicInstant)
  case signedReading(EVSEID, SignedReadingAnswer)
  /// The contactor has been opened; the counts are its service counters.
  case contactorOperated(ConnectorID, ContactorOperations)
}

/// The answer to a command to unlock.
public enum UnlockResult: UInt8, Sendable {
  case unlocked
  /// The lock did not move.
  case failed
  /// The connector has no lock of the station's: a fixed cable, or a socket without one.
  case noLock
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
