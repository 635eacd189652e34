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
        JSONMember("lastSession", lastSession(lane, evse.id)),
        JSONMember("meter", reading.map { .object(meter($0, at: lane.time.now)) } ?? .null),
        JSONMember("connectors", .array(connectors.map { connector($0, reading, lane) })),
      ])
    }
    let link = station?.link ?? LinkStatus()
    return .object([
      JSONMember("identity", JSONValue(lane.identity)),
      JSONMember("model", JSONValue("\(lane.profile.vendorName) \(lane.profile.model)")),
      JSONMember("version", JSONValue(Version.text)),
      JSONMember("uptimeS", JSONValue((lane.time.now - lane.startedAt).wholeSeconds)),
      JSONMember("time", lane.civilTime.map { JSONValue($0) } ?? .null),
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
          JSONMember("lastFailureAt", link.lastFailureAt.map { JSONValue($0) } ?? .null),
          JSONMember("registration", link.registration.map { JSONValue($0.rawName) } ?? .null),
        ])),
      JSONMember("outbox", OutboxDocument.summary(lane)),
      JSONMember("mainMeter", station?.mainMeterState.map { mainMeter($0, at: lane.time.now) } ?? .null),
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

  private static func lastSession(_ lane: NetworkLane, _ evse: EVSEID) -> JSONValue {
    guard let session = lane.chargePoint?.lastSession(at: evse) else { return .null }
    return .object([
      JSONMember("transactionId", JSONValue(session.transactionID)),
      JSONMember("endedAt", session.endedAt.map { JSONValue($0) } ?? .null),
      JSONMember("energyWh", session.energyWh.map { JSONValue($0) } ?? .null),
      JSONMember("stoppedReason", session.stoppedReason.map { JSONValue($0) } ?? .null),
    ])
  }

  private static func meter(_ reading: MeterReading?, at now: MonotonicInstant) -> [JSONMember] {
    let currents = [reading?.current.l1, reading?.current.l2, reading?.current.l3].compactMap { $0 }
    return [
      JSONMember("energyWh", quantity(reading?.importRegister)),
      JSONMember("powerW", quantity(reading?.power.total)),
      JSONMember("currentA", .array(currents.map { JSONValue($0.decimal) })),
      JSONMember("ageS", reading.map { JSONValue((now - $0.takenAt).wholeSeconds) } ?? .null),
    ]
  }

  static func mainMeter(_ state: MainMeterState, at now: MonotonicInstant) -> JSONValue {
    let silence = state.silentSince.map { JSONValue((now - $0).wholeSeconds) } ?? .null
    return .object(meter(state.reading, at: now) + [JSONMember("silentForS", silence)])
  }

  private static func connector(
    _ snapshot: ConnectorSnapshot, _ reading: MeterReading?, _ lane: NetworkLane
  ) -> JSONValue {
    let permit: JSONValue =
      snapshot.permit.map { permit in
        .object([
          JSONMember("reason", JSONValue("\(permit.reason)")),
          JSONMember("expiresInS", JSONValue((permit.expiry - lane.time.now).wholeSeconds)),
          JSONMember("energyBudgetWh", quantity(permit.energyBudget)),
        ])
      } ?? .null
    return .object(
      [
        JSONMember("id", JSONValue(snapshot.connector.number)),
        JSONMember("pilot", JSONValue(pilotName(snapshot.pilotState))),
        JSONMember("offer", JSONValue(offerName(snapshot.pilotOutput))),
        JSONMember("offeredA", quantity(snapshot.offeredCurrent)),
        JSONMember("measuredA", quantity(measured(snapshot, reading, lane))),
        JSONMember(
          "contactor",
          .object([
            JSONMember("command", JSONValue("\(snapshot.contactorCommand)")),
            JSONMember("feedback", snapshot.contactorFeedback.map { JSONValue("\($0)") } ?? .null),
          ])),
        JSONMember("lock", snapshot.details.lock.map { JSONValue("\($0)") } ?? .null),
        JSONMember("permit", permit),
        JSONMember("limitA", quantity(snapshot.limit)),
        JSONMember("limitSource", JSONValue("\(snapshot.limitSource)")),
      ]
        + details(snapshot, service: lane.profile.contactorService(of: snapshot.connector), at: lane.time.now) + [
          JSONMember("blockers", .array(BlockerNames.names(of: snapshot.blockers).map { JSONValue($0) })),
          JSONMember("faults", .array(snapshot.faults.faults.map { JSONValue("\($0)") })),
          JSONMember("phase", snapshot.phase.map { JSONValue("\($0)") } ?? .null),
          JSONMember(
            "status", lane.chargePoint?.connectorStatus(snapshot.connector).map { JSONValue($0.rawName) } ?? .null),
        ])
  }

  private static func details(
    _ snapshot: ConnectorSnapshot, service: ContactorOperations, at now: MonotonicInstant
  ) -> [JSONMember] {
    let details = snapshot.details
    let startsIn = details.startsAt.flatMap { $0 > now && $0 != .distantFuture ? ($0 - now).wholeSeconds : nil }
    return [
      JSONMember("limitOwner", JSONValue(details.limitOwner)),
      JSONMember("limits", .array(details.limits.map { LimitDocument.make($0, at: now) })),
      JSONMember("lockWanted", JSONValue(details.isLockWanted)),
      JSONMember("cableA", quantity(details.cableRating)),
      JSONMember("residualCurrent", details.residualCurrent.map { JSONValue("\($0)") } ?? .null),
      JSONMember("temperatureC", quantity(details.temperature)),
      JSONMember("voltageV", quantity(details.voltage)),
      JSONMember("phases", JSONValue(Int32(details.phases))),
      JSONMember("startsInS", startsIn.map { JSONValue($0) } ?? .null),
      JSONMember("paused", JSONValue(snapshot.blockers.contains(.paused))),
      JSONMember(
        "contactorOperations",
        .object([
          JSONMember("withoutLoad", JSONValue(Int64(details.contactorOperations.withoutLoad))),
          JSONMember("underLoad", JSONValue(Int64(details.contactorOperations.underLoad))),
          JSONMember("serviceDue", JSONValue(details.contactorOperations.isDue(after: service))),
        ])),
    ]
  }

  /// The largest current of a phase while the connector is in use; an old reading says nothing about now.
  private static func measured(
    _ snapshot: ConnectorSnapshot, _ reading: MeterReading?, _ lane: NetworkLane
  ) -> Current? {
    guard !snapshot.blockers.contains(.noVehicle), !snapshot.blockers.contains(.otherConnectorInUse) else { return nil }
    guard let reading, lane.time.now - reading.takenAt < lane.profile.timing.meterSilence else { return nil }
    return snapshot.details.measuredCurrent
      ?? [reading.current.l1, reading.current.l2, reading.current.l3].compactMap { $0 }.max()
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

  private static func quantity(_ value: (some ThousandthsQuantity)?) -> JSONValue {
    value.map { JSONValue($0.decimal) } ?? .null
  }

  private static func optional(_ value: Int32?) -> JSONValue { value.map { JSONValue($0) } ?? .null }
}
