import ChargerBase
import EVSEControl

/// One reason why an EVSE gives no energy, from the machine's own state: a stable code, a sentence, and what helps.
public struct NoEnergyReason: Sendable, Equatable {
  public var code: String
  public var text: String
  public var remedy: String
}

/// "Why is it not charging?" — the answer for one EVSE; no reasons while energy flows.
public struct EnergyExplanation: Sendable, Equatable {
  public var evse: EVSEID
  public var isCharging: Bool
  public var reasons: [NoEnergyReason]

  /// Reads the chain of reasons off the connectors of one EVSE; a connector in use speaks for it, else the first.
  package init(evse: EVSEID, connectors: [ConnectorSnapshot], linkIsUp: Bool, canBill: Bool = true) {
    self.evse = evse
    let inUse = connectors.first { !$0.blockers.contains(.noVehicle) && !$0.blockers.contains(.otherConnectorInUse) }
    guard let snapshot = inUse ?? connectors.first else {
      isCharging = false
      reasons = [
        NoEnergyReason(code: "starting", text: "The control lane has not reported yet.", remedy: "Wait a second.")
      ]
      return
    }
    isCharging = snapshot.phase == .charging && snapshot.blockers.isEmpty
    reasons = isCharging ? [] : Self.reasons(of: snapshot, linkIsUp: linkIsUp, canBill: canBill)
  }

  // The order is the order of helpfulness: what must be mended first comes first.
  private static func reasons(of snapshot: ConnectorSnapshot, linkIsUp: Bool, canBill: Bool) -> [NoEnergyReason] {
    let blockers = snapshot.blockers
    var reasons: [NoEnergyReason] = []
    func add(_ code: String, _ text: String, _ remedy: String) {
      reasons.append(NoEnergyReason(code: code, text: text, remedy: remedy))
    }
    for fault in snapshot.faults.faults {
      let entry = FaultCatalogue.entry(for: fault)
      let code = FaultCatalogue.technicianCode(for: fault).map { " (\($0))" } ?? ""
      add(entry.code, entry.text, "For the technician: \(entry.code)\(code).")
    }
    if blockers.contains(.driverSilent), snapshot.faults.isEmpty {
      add("driverSilent", "A part on the energy path does not answer.", "Check the wiring and supply of that part.")
    }
    if blockers.contains(.shuttingDown) {
      add("shuttingDown", "The station is stopping.", "Wait until it has started again.")
    }
    if blockers.contains(.inoperative) {
      add("inoperative", "The connector is out of service.", "The operator can make it operative again.")
    }
    if blockers.contains(.otherConnectorInUse) {
      add("otherConnectorInUse", "The EVSE's other connector is in use.", "Unplug the other vehicle.")
    }
    if blockers.contains(.noVehicle) {
      add("noVehicle", "No vehicle is plugged in.", "Plug in at both ends.")
    }
    if !canBill {
      add(
        "outboxFull", "The station's memory is full or cannot be written, so a new session could not be billed.",
        "Free space in the state directory, or restore the connection so that what waits can be sent.")
    }
    if blockers.contains(.permitExpired) {
      add(
        "permitExpired", "The permission to charge has run out without being renewed.",
        "The station renews it by itself; if this stays, restart it.")
    } else if blockers.contains(.noPermit) {
      add(
        "noPermit", "Nobody has been authorized to charge here.",
        linkIsUp
          ? "Present a card, or start from the operator's side."
          : "Present a card; the operator's system is not reachable, so unknown cards may be refused.")
    }
    if blockers.contains(.energyBudgetUsed) {
      add("energyBudgetUsed", "The energy allowed for this session is used.", "Start a new session.")
    }
    if blockers.contains(.limitBelowMinimum) {
      add(
        "limitBelowMinimum",
        "The limit is \(snapshot.limit) (from \(snapshot.limitSource)), less than a vehicle can use.",
        "It goes on by itself when the limit rises to 6 A.")
    }
    if blockers.contains(.ventilationMissing), !snapshot.faults.contains(.ventilationMissing) {
      add("ventilationMissing", "The vehicle asks for ventilation, and this post has none.", "Use another post.")
    }
    if blockers.contains(.vehicleNotReady) {
      add(
        "vehicleNotReady", "The vehicle is plugged in but does not ask for energy.",
        "It may be full, timed or locked: look at its display.")
    }
    if blockers.contains(.contactorMoving) {
      add("contactorMoving", "The contactor is switching.", "Wait a second.")
    }
    if reasons.isEmpty {
      add("settling", "Energy is about to flow.", "Wait a second.")
    }
    return reasons
  }
}
