import ChargerBase
import EVSEControl
import HAL
import OCPPCore
import OCPPJSON
import Station

/// `station.status` as the schema file has it.
enum StatusDocument {
  static func make(_ lane: NetworkLane) -> JSONValue {
    let station = lane.station
    let evses = lane.profile.evses.map { evse -> JSONValue in
      let reading = station?.readings.first { $0.evse == evse.id }?.reading
      let connectors = (station?.snapshots ?? []).filter { $0.connector.evse == evse.id }
      return .object([
        JSONMember("id", JSONValue(evse.id.number)),
        JSONMember("transaction", transaction(lane, evse.id)),
        JSONMember("meter", meter(reading)),
        JSONMember("connectors", .array(connectors.map { connector($0, reading, lane) })),
      ])
    }
    let link = station?.link ?? LinkStatus()
    return .object([
      JSONMember("identity", JSONValue(lane.identity)),
      JSONMember("model", JSONValue("\(lane.profile.vendorName) \(lane.profile.model)")),
      JSONMember("version", JSONValue(Version.text)),
      JSONMember("uptimeS", JSONValue((lane.time.now - lane.startedAt).wholeSeconds)),
      JSONMember(
        "link",
        .object([
          JSONMember("connected", JSONValue(link.isConnected)),
          JSONMember("accepted", JSONValue(link.isAccepted)),
          JSONMember("slot", optional(link.configurationSlot)),
          JSONMember("version", link.version.map { JSONValue($0.subprotocol) } ?? .null),
          JSONMember("url", link.url.map { JSONValue($0) } ?? .null),
          JSONMember("lastFailure", link.lastFailure.map { JSONValue($0) } ?? .null),
        ])),
      JSONMember("outbox", OutboxDocument.summary(lane)),
      JSONMember("evses", .array(evses)),
    ])
  }

  private static func transaction(_ lane: NetworkLane, _ evse: EVSEID) -> JSONValue {
    guard let transaction = lane.chargePoint?.openTransaction(at: evse) else { return .null }
    var members = [
      JSONMember("id", JSONValue(transaction.id)),
      JSONMember("seqNo", JSONValue(transaction.nextSequenceNumber)),
    ]
    members.append(JSONMember("energyWh", transaction.energyWh.map { JSONValue($0) } ?? .null))
    members.append(JSONMember("startedAt", transaction.startedAt.map { JSONValue($0) } ?? .null))
    members.append(JSONMember("idToken", transaction.maskedToken.map { JSONValue($0) } ?? .null))
    return .object(members)
  }

  private static func meter(_ reading: MeterReading?) -> JSONValue {
    guard let reading else { return .null }
    let currents = [reading.current.l1, reading.current.l2, reading.current.l3].compactMap { $0 }
    return .object([
      JSONMember("energyWh", quantity(reading.importRegister)),
      JSONMember("powerW", quantity(reading.power.total)),
      JSONMember("currentA", .array(currents.map { JSONValue($0.decimal) })),
    ])
  }

  private static func connector(_ snapshot: ConnectorSnapshot, _ reading: MeterReading?, _ lane: NetworkLane)
    -> JSONValue
  {
    let largest = [reading?.current.l1, reading?.current.l2, reading?.current.l3].compactMap { $0 }.max()
    let permit: JSONValue =
      snapshot.permit.map { permit in
        .object([
          JSONMember("number", JSONValue(permit.number)),
          JSONMember("reason", JSONValue("\(permit.reason)")),
          JSONMember("expiresInS", JSONValue((permit.expiry - lane.time.now).wholeSeconds)),
          JSONMember("energyBudgetWh", quantity(permit.energyBudget)),
        ])
      } ?? .null
    return .object([
      JSONMember("id", JSONValue(snapshot.connector.number)),
      JSONMember("pilot", JSONValue(pilotName(snapshot))),
      JSONMember("offer", JSONValue(snapshot.offeredCurrent != nil)),
      JSONMember("offeredA", quantity(snapshot.offeredCurrent)),
      JSONMember("measuredA", quantity(largest)),
      JSONMember(
        "contactor",
        .object([
          JSONMember("command", JSONValue("\(snapshot.contactorCommand)")),
          JSONMember("feedback", snapshot.contactorFeedback.map { JSONValue("\($0)") } ?? .null),
        ])),
      JSONMember("lock", .null),
      JSONMember("permit", permit),
      JSONMember("limitA", quantity(snapshot.limit)),
      JSONMember("limitSource", JSONValue("\(snapshot.limitSource)")),
      JSONMember("blockers", .array(blockerNames(snapshot.blockers).map { JSONValue($0) })),
      JSONMember("faults", .array(snapshot.faults.faults.map { JSONValue("\($0)") })),
      JSONMember("phase", snapshot.phase.map { JSONValue("\($0)") } ?? .null),
      JSONMember(
        "status", lane.chargePoint?.connectorStatus(snapshot.connector).map { JSONValue($0.rawName) } ?? .null),
    ])
  }

  /// `B2`: the vehicle's state, and 2 while a current is offered (IEC 61851-1 Table A.2).
  private static func pilotName(_ snapshot: ConnectorSnapshot) -> String {
    let isOffering = if case .pulseWidth = snapshot.pilotOutput { true } else { false }
    switch snapshot.pilotState {
    case .unknown: return "unknown"
    case .a, .b, .c, .d: return "\(snapshot.pilotState)".uppercased() + (isOffering ? "2" : "1")
    case .e, .f: return "\(snapshot.pilotState)".uppercased()
    }
  }

  private static func blockerNames(_ blockers: EnergyBlockers) -> [String] {
    let names: [(EnergyBlockers, String)] = [
      (.noVehicle, "noVehicle"), (.vehicleNotReady, "vehicleNotReady"), (.noPermit, "noPermit"),
      (.permitExpired, "permitExpired"), (.energyBudgetUsed, "energyBudgetUsed"), (.faulted, "faulted"),
      (.inoperative, "inoperative"), (.limitBelowMinimum, "limitBelowMinimum"), (.driverSilent, "driverSilent"),
      (.ventilationMissing, "ventilationMissing"), (.contactorMoving, "contactorMoving"),
      (.shuttingDown, "shuttingDown"), (.otherConnectorInUse, "otherConnectorInUse"),
    ]
    return names.filter { blockers.contains($0.0) }.map(\.1)
  }

  private static func quantity(_ value: (some ThousandthsQuantity)?) -> JSONValue {
    value.map { JSONValue($0.decimal) } ?? .null
  }

  private static func optional(_ value: Int32?) -> JSONValue { value.map { JSONValue($0) } ?? .null }
}
