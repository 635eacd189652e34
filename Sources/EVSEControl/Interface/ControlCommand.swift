import ChargerBase

/// What the upper side tells the control lane. Values only; they travel through a bounded queue.
public enum ControlCommand: Sendable, Equatable {
  /// Grants or renews (same number, later expiry).
  case grant(ConnectorID, EnergyPermit)
  /// Ends the permit now: the offer is withdrawn, and the contactor opens as the standard's sequence 10 has it.
  case revoke(ConnectorID)
  /// Sets or, with nil, lifts one source's limit for an EVSE.
  case limit(EVSEID, source: LimitSource, Current?)
  /// Makes a connector operative, or takes it out of service (pilot state F once no vehicle draws energy).
  case setOperative(ConnectorID, Bool)
  /// Clears the latched faults of a connector after service; a fault that is still there comes back.
  case clearLatchedFaults(ConnectorID)
  /// Ends all energy in order and admits no new permit: the program is about to stop.
  case shutDown
}

/// Where a current limit comes from. The smallest wins, and the winner is told.
public enum LimitSource: UInt8, Sendable, CaseIterable {
  case hardware, cable, installer, supply, evse, chargingProfile, external, temperature
}
