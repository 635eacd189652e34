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
        JSONMember(
          "operationalStatus",
          JSONValue(connectors.contains { $0.isOperative } ? "Operative" : "Inoperative")),
        JSONMember("transaction", transaction(lane, evse.id)),
        JSONMember("meter", meter(reading, lane)),
        JSONMember("connectors", .array(connectors.map { connector($0, reading, lane) })),
      ])
    }
    let link = station?.link ?? LinkStatus()
    return .object([
      JSONMember("identity", JSONValue(lane.identity)),
      JSONMember("model", JSONValue("\(lane.profile.vendorName) \(lane.profile.model)")),
      JSONMember("version", JSONValue(Version.text)),
      JSONMember("uptimeS", JSONValue((lane.time.now - lane.startedAt).wholeSeconds)),
      JSONMember("acceptsTransactions", JSONValue(lane.chargePoint?.acceptsNewTransactions ?? false)),
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
    return .object([
      JSONMember("id", JSONValue(transaction.id)),
      JSONMember("seqNo", JSONValue(transaction.lastSequenceNumber)),
      JSONMember("energyWh", transaction.energyWh.map { JSONValue($0) } ?? .null),
      JSONMember("startedAt", transaction.startedAt.map { JSONValue($0) } ?? .null),
      JSONMember("idToken", transaction.redactedToken.map { JSONValue($0) } ?? .null),
    ])
  }

  private static func meter(_ reading: MeterReading?, _ lane: NetworkLane) -> JSONValue {
    guard let reading else { return .null }
    let currents = [reading.current.l1, reading.current.l2, reading.current.l3].compactMap { $0 }
    return .object([
      JSONMember("energyWh", quantity(reading.importRegister)),
      JSONMember("powerW", quantity(reading.power.total)),
      JSONMember("currentA", .array(currents.map { JSONValue($0.decimal) })),
      JSONMember("ageS", JSONValue((lane.time.now - reading.takenAt).wholeSeconds)),
    ])
  }

  private static func connector(
    _ snapshot: ConnectorSnapshot, _ reading: MeterReading?, _ lane: NetworkLane
  ) -> JSONValue {
    let largest = [reading?.current.l1, reading?.current.l2, reading?.current.l3].compactMap { $0 }.max()
    // An old reading says nothing about now.
    let isFresh = reading.map { lane.time.now - $0.takenAt < lane.profile.timing.meterSilence } ?? false
    let isInUse =
      isFresh && !snapshot.blockers.contains(.noVehicle) && !snapshot.blockers.contains(.otherConnectorInUse)
    let permit: JSONValue =
      snapshot.permit.map { permit in
        .object([
          JSONMember("reason", JSONValue("\(permit.reason)")),
          JSONMember("expiresInS", JSONValue((permit.expiry - lane.time.now).wholeSeconds)),
          JSONMember("energyBudgetWh", quantity(permit.energyBudget)),
        ])
      } ?? .null
    return .object([
      JSONMember("id", JSONValue(snapshot.connector.number)),
      JSONMember("pilot", JSONValue(pilotName(snapshot.pilotState))),
      JSONMember("offer", JSONValue(offerName(snapshot.pilotOutput))),
      JSONMember("offeredA", quantity(snapshot.offeredCurrent)),
      JSONMember("measuredA", isInUse ? quantity(largest) : .null),
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

  private static func pilotName(_ state: PilotState) -> String {
    state == .unknown ? "unknown" : "\(state)".uppercased()
  }

  private static func offerName(_ output: PilotOutput) -> String {
    switch output {
    case .steadyPositive: "none"
    case .pulseWidth: "current"
    case .steadyNegative: "notAvailable"
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
