import ChargerBase
import HAL

/// What the upper side tells the control lane. Values only; they travel through a bounded queue.
public enum ControlCommand: Sendable, Equatable {
  /// Grants or renews (same number, later expiry).
  case grant(ConnectorID, EnergyPermit)
  /// Ends the permit now: the offer is withdrawn, and the contactor opens as the standard's sequence 10 has it.
  case revoke(ConnectorID)
  /// Sets a limit in place of an earlier one of the same source and owner. For `EVSEID.station` it is one of the whole
  /// station: of the current, or the power, of all its EVSEs together.
  case setLimit(EVSEID, CurrentLimit)
  /// Lifts the limit of this source and owner.
  case liftLimit(EVSEID, LimitSource, owner: String)
  /// Withdraws the offer without ending the session, or puts it back.
  case pause(ConnectorID, Bool)
  /// No energy before this instant, whatever else holds; nil lifts the gate, the random start delay included.
  case startNotBefore(ConnectorID, MonotonicInstant?)
  /// Makes a connector operative, or takes it out of service (pilot state F once no vehicle draws energy).
  case setOperative(ConnectorID, Bool)
  /// Unlocks the plug once the contactor is confirmed open; the answer is the fact `unlocked`. Ends the permit.
  case unlock(ConnectorID, number: UInt32)
  /// Keeps a plug that is locked locked although no permit is in force, until this is withdrawn, the plug is unlocked by
  /// command or by hand, or the mains is lost: its owner has yet to come (OCPP 2.0.1 E05.FR.11, E09.FR.03, E10.FR.01).
  case keepLocked(ConnectorID, Bool)
  /// Clears the latched faults of a connector and of its EVSE after service; a fault that is still there comes back.
  case clearLatchedFaults(ConnectorID)
  /// Begins anew with one EVSE (OCPP 2.0.1 B11, B12): its permits end and its latched faults are cleared, as after a start
  /// of the program; a fault that is still there comes back. What holds for the whole station, and limits, pauses and
  /// start gates, stay as they are.
  case reset(EVSEID)
  /// The pilot shows 5 % for a higher-level stack, or offers by duty cycle again; refused where the connector has none.
  case digitalCommunication(ConnectorID, Bool)
  /// Asks the EVSE's meter for a signed reading; the answer is the fact `signedReading`.
  case signReading(EVSEID, SignedReadingRequest)
  /// Ends all energy in order and admits no new permit: the program is about to stop.
  case shutDown

  /// Sets or, with nil, lifts the nameless limit of one source, in amperes per phase.
  public static func limit(_ evse: EVSEID, source: LimitSource, _ current: Current?) -> ControlCommand {
    guard let current else { return .liftLimit(evse, source, owner: "") }
    return .setLimit(evse, CurrentLimit(source, .perPhase(current)))
  }
}

extension EVSEID {
  /// The whole station, as OCPP has it (EVSE 0).
  public static let station = EVSEID(0)
}
