import ChargerBase
import OCPPCore
import OCPPJSON
import OCPPPorts
import OCPPTypes
import SimulationSupport
import Testing

/// Members 13, 14, 18 and 20–26 of the ChargePoint contract.
@Suite("What the firmware tells of its connectors")
struct StatusMemberTests {
  private let first = ConnectorID(evse: EVSEID(1), number: 1)
  private let second = ConnectorID(evse: EVSEID(2), number: 1)
  private static let fault = StationFault(
    code: "lockFailure", component: "ConnectorPlugRetentionLock", variable: "Problem", text: "It does not lock.",
    technicianCode: "CX001")

  private func reports(_ harness: EngineHarness) -> [String] {
    harness.csms.calls(.statusNotification).map {
      "\($0.json["evseId"]?.int ?? 0) \($0.json["connectorStatus"]?.string ?? "")"
    }
  }

  private func state(_ harness: EngineHarness) -> String? {
    harness.chargePoint.requestValue(VariableKey("Connector", "AvailabilityState", evse: 1, connector: 1))
  }

  @Test("M-13, M-14 Occupied and Available are told when they change, and the device model knows them offline too")
  func sessions() throws {
    let harness = EngineHarness().start()
    harness.csms.forgetCalls()
    try harness.chargePoint.sessionStarted(first)
    try harness.chargePoint.sessionStarted(first)
    harness.run(for: .seconds(1))
    #expect(reports(harness) == ["1 Occupied"])
    harness.link.drop()
    try harness.chargePoint.sessionFinished(first)
    #expect(state(harness) == "Available")
    harness.run(for: .seconds(60))
    #expect(reports(harness) == ["1 Occupied", "1 Available"])
    #expect(harness.violations.isEmpty, "\(harness.violations)")
  }

  @Test("M-13, M-14, M-18, M-20, M-21, M-22, M-23, M-24, M-25 A place that there is not is a typed error, and no trap")
  func unknownPlaces() {
    let harness = EngineHarness().start()
    harness.csms.forgetCalls()
    let evse = ConnectorID(evse: EVSEID(9), number: 1)
    let connector = ConnectorID(evse: EVSEID(1), number: 7)
    for (place, error) in [
      (evse, ChargePointError.unknownEVSE(EVSEID(9))), (connector, .unknownConnector(connector)),
      (ConnectorID(evse: EVSEID(.min), number: .max), .unknownEVSE(EVSEID(.min))),
    ] {
      let point = harness.chargePoint
      #expect(throws: error) { try point.sessionStarted(place) }
      #expect(throws: error) { try point.sessionFinished(place) }
      #expect(throws: error) { try point.chargingStateChanged(place, to: .charging) }
      #expect(throws: error) { try point.unavailable(place) }
      #expect(throws: error) { try point.enabled(place) }
      #expect(throws: error) { try point.faulted(Self.fault, at: place) }
      #expect(throws: error) { try point.faultCleared(Self.fault, at: place) }
      #expect(throws: error) { try point.reserved(place) }
      #expect(throws: error) { try point.reservationCleared(place) }
    }
    harness.run(for: .seconds(1))
    #expect(harness.csms.calls.isEmpty)
  }

  @Test("M-13 Before the start there is nothing to tell: an error, and nothing is queued")
  func beforeStart() {
    let harness = EngineHarness()
    #expect(throws: ChargePointError.notRunning) { try harness.chargePoint.sessionStarted(first) }
    #expect(harness.chargePoint.report([ComponentEvent(VariableKey("RCD", "Problem"), actualValue: "true")]).isEmpty)
  }

  @Test("M-18 A charging state is told once, and not at all without a transaction")
  func chargingState() throws {
    let harness = EngineHarness().start()
    harness.csms.tokens["CARD"] = .accepted
    try harness.chargePoint.chargingStateChanged(second, to: .charging)
    try harness.chargePoint.sessionStarted(first)
    harness.chargePoint.handle(
      .tokenPresented(
        PresentedIdToken(idToken: IdToken(idToken: "CARD", type: .iso14443)), evses: [EVSEID(1)]))
    harness.run(for: .seconds(2))
    #expect(harness.chargePoint.transactionID(at: EVSEID(1)) != nil)
    harness.csms.forgetCalls()
    for state in [ChargingState.suspendedEV, .suspendedEV, .suspendedEV] {
      try harness.chargePoint.chargingStateChanged(first, to: state)
      harness.run(for: .seconds(1))
    }
    let states = harness.csms.calls(.transactionEvent).map { $0.json["transactionInfo"]?["chargingState"]?.string }
    #expect(states == ["SuspendedEV"])
  }

  @Test("M-20, M-21 Hardware out of use is Unavailable, whatever the CSMS has set, and the other way round")
  func usability() throws {
    let harness = EngineHarness().start()
    harness.csms.forgetCalls()
    try harness.chargePoint.unavailable(first)
    harness.run(for: .seconds(1))
    harness.csms.call(.changeAvailability, ["operationalStatus": "Operative", "evse": ["id": 1]])
    harness.run(for: .seconds(1))
    #expect(state(harness) == "Unavailable")
    harness.csms.call(.changeAvailability, ["operationalStatus": "Inoperative", "evse": ["id": 1]])
    harness.run(for: .seconds(1))
    try harness.chargePoint.enabled(first)
    harness.run(for: .seconds(1))
    #expect(state(harness) == "Unavailable")
    harness.csms.call(.changeAvailability, ["operationalStatus": "Operative", "evse": ["id": 1]])
    harness.run(for: .seconds(1))
    #expect(reports(harness) == ["1 Unavailable", "1 Available"])
  }

  @Test("M-22, M-23, M-28 One call tells the status and the cause, and one both of their end")
  func faults() throws {
    let harness = EngineHarness().start()
    harness.csms.forgetCalls()
    try harness.chargePoint.faulted(Self.fault, at: first)
    harness.run(for: .seconds(1))
    #expect(Set(harness.csms.calls.map(\.action)) == [.statusNotification, .notifyEvent])
    try harness.chargePoint.faultCleared(Self.fault, at: first)
    harness.run(for: .seconds(1))
    #expect(reports(harness) == ["1 Faulted", "1 Available"])
    let events = harness.csms.calls(.notifyEvent).compactMap { $0.json["eventData"]?[0] }
    #expect(events.map { $0["actualValue"]?.string } == ["true", "false"])
    #expect(events.last?["cleared"] == true)
    #expect(harness.violations.isEmpty, "\(harness.violations)")
  }

  @Test(
    "M-24, M-25, G01.FR.06, G01.FR.09, G03.FR.09 Reserved outranks a stranger's plug, and is Occupied once it is used")
  func reservations() throws {
    let harness = EngineHarness().start()
    harness.csms.forgetCalls()
    try harness.chargePoint.reserved(first)
    harness.run(for: .seconds(1))
    try harness.chargePoint.sessionStarted(first)
    harness.run(for: .seconds(1))
    #expect(reports(harness) == ["1 Reserved"])
    try harness.chargePoint.faulted(Self.fault, at: first)
    harness.run(for: .seconds(1))
    try harness.chargePoint.faultCleared(Self.fault, at: first)
    harness.run(for: .seconds(1))
    // The driver has shown the token that it was kept for.
    try harness.chargePoint.reservationCleared(first)
    harness.run(for: .seconds(1))
    #expect(reports(harness) == ["1 Reserved", "1 Faulted", "1 Reserved", "1 Occupied"])
    #expect(harness.violations.isEmpty, "\(harness.violations)")
  }

  @Test("M-26 What became of a reservation is not lost offline, nor in a power cut")
  func reservationStatus() {
    let harness = EngineHarness().start()
    harness.csms.forgetCalls()
    harness.link.drop()
    harness.chargePoint.reservationStatus(17, .expired)
    harness.run(for: .milliseconds(200))
    harness.restart(.powerCut)
    harness.run(for: .seconds(60))
    let updates = harness.csms.calls(.reservationStatusUpdate)
    #expect(updates.map { $0.json["reservationId"] } == [17])
    #expect(updates.last?.json["reservationUpdateStatus"] == "Expired")
    #expect(harness.violations.isEmpty, "\(harness.violations)")
  }
}
