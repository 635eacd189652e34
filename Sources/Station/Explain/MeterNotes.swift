import ChargerBase
import OCPPCore

extension Station {
  /// What a meter whose register cannot be believed has to do with the session that is there, or was there last.
  func meterNotes(of evse: EVSEID) -> [EnergyReason] {
    let note: EnergyReason
    switch chargePoint?.registerDoubt(at: evse) {
    case nil: return []
    case .catchingUp:
      note = EnergyReason(
        code: "meterRegister",
        text: "The energy meter shows less than before; what it shows is not used until it has caught up.",
        remedy: "The session goes on by itself. If this stays, call service: the meter may have lost its register.")
    case .endedSession:
      note = EnergyReason(
        code: "meterRegister",
        text:
          "The last session was ended because another energy meter is there, or one that has lost its register; it is billed by what the meter showed before.",
        remedy: "A card begins a new session. If nobody has exchanged the meter, call service.")
    }
    return [note.with("evse", Decimal(Int64(evse.number)))]
  }
}
