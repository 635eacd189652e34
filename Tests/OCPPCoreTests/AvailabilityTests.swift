import ChargerBase
import OCPPCore
import OCPPJSON
import OCPPPorts
import OCPPTypes
import SimulationSupport
import Testing

@Suite("G01, G03, G04 Availability")
struct AvailabilityTests {
  private let first = ConnectorID(evse: EVSEID(1), number: 1)
  private let second = ConnectorID(evse: EVSEID(2), number: 1)

  private func change(_ harness: EngineHarness, _ status: String, evse: JSONValue? = nil) -> String? {
    var members = [JSONMember("operationalStatus", .string(status))]
    if let evse { members.append(JSONMember("evse", evse)) }
    let id = harness.csms.call(.changeAvailability, .object(members))
    harness.run(for: .seconds(1))
    return harness.csms.result(id)?["status"]?.string
  }

  private func reports(_ harness: EngineHarness) -> [String] {
    harness.csms.calls(.statusNotification).map {
      "\($0.json["evseId"]?.int ?? 0) \($0.json["connectorStatus"]?.string ?? "")"
    }
  }

  private static let fault = StationFault(
    code: "GroundFailure", component: "Connector", variable: "Problem", text: "residual current")

  @Test("G01.FR.03, G01.FR.04, M-13, M-14 Plugging in makes a connector Occupied, unplugging Available")
  func reportsPlugging() throws {
    let harness = EngineHarness().start()
    harness.csms.forgetCalls()
    try harness.chargePoint.sessionStarted(first)
    harness.run(for: .seconds(1))
    #expect(harness.chargePoint.requestValue(VariableKey("EVSE", "AvailabilityState", evse: 1)) == "Occupied")
    try harness.chargePoint.sessionFinished(first)
    harness.run(for: .seconds(1))
    try harness.chargePoint.sessionFinished(first)
    harness.run(for: .seconds(1))
    #expect(reports(harness) == ["1 Occupied", "1 Available"])
    #expect(
      harness.chargePoint.requestValue(VariableKey("Connector", "AvailabilityState", evse: 1, connector: 1))
        == "Available")
  }

  @Test("G01.FR.01, M-20, M-21 Faulted outranks Unavailable, which outranks Occupied; each fault has to go")
  func ranksStatuses() {
    let harness = EngineHarness().start()
    harness.csms.forgetCalls()
    func tell(_ fact: StationFact) {
      harness.chargePoint.handle(fact)
      harness.run(for: .seconds(1))
    }
    var other = Self.fault
    other.code = "OverTemperature"
    tell(.connected(first, true, at: harness.clock.now))
    tell(.usable(first, false, at: harness.clock.now))
    tell(.fault(first, Self.fault, active: true, at: harness.clock.now))
    tell(.fault(ConnectorID(evse: EVSEID(1), number: 0), other, active: true, at: harness.clock.now))
    tell(.fault(first, Self.fault, active: false, at: harness.clock.now))
    tell(.fault(ConnectorID(evse: EVSEID(1), number: 0), other, active: false, at: harness.clock.now))
    tell(.usable(first, true, at: harness.clock.now))
    tell(.connected(first, false, at: harness.clock.now))
    #expect(
      reports(harness) == ["1 Occupied", "1 Unavailable", "1 Faulted", "1 Unavailable", "1 Occupied", "1 Available"])
  }

  @Test("A station fault makes every connector Faulted")
  func stationFault() {
    let harness = EngineHarness().start()
    harness.csms.forgetCalls()
    harness.chargePoint.handle(.fault(nil, Self.fault, active: true, at: harness.clock.now))
    harness.run(for: .seconds(1))
    #expect(reports(harness) == ["1 Faulted", "2 Faulted"])
    #expect(harness.chargePoint.requestValue(VariableKey("ChargingStation", "AvailabilityState")) == "Faulted")
  }

  @Test("A fact about a connector that the station does not have is noted, and harms nothing")
  func ignoresUnknownConnector() {
    let harness = EngineHarness().start()
    harness.chargePoint.handle(.connected(ConnectorID(evse: EVSEID(7), number: 3), true, at: harness.clock.now))
    #expect(harness.delegate.noted(.status, "does not have"))
  }

  @Test("G01.FR.07, G03.FR.01–FR.04, FR.06, FR.07 An EVSE becomes Unavailable and comes back as it was")
  func changesEVSE() {
    let harness = EngineHarness().start()
    harness.chargePoint.handle(.connected(second, true, at: harness.clock.now))
    harness.run(for: .seconds(1))
    harness.csms.forgetCalls()
    #expect(change(harness, "Inoperative", evse: ["id": 2]) == "Accepted")
    #expect(harness.delegate.operative == [first: true, second: false])
    #expect(change(harness, "Inoperative", evse: ["id": 2]) == "Accepted")
    #expect(change(harness, "Operative", evse: ["id": 2]) == "Accepted")
    #expect(reports(harness) == ["2 Unavailable", "2 Occupied"])
    #expect(harness.delegate.operative == [first: true, second: true])
  }

  @Test(
    "DESIGN §4 A ChangeAvailability that the store takes longer for than the CSMS waits is not carried out, now or later",
    arguments: ["Inoperative", "Operative"])
  func lateChange(status: String) {
    let harness = EngineHarness().start()
    let wasOperative = status == "Inoperative"
    if !wasOperative { #expect(change(harness, "Inoperative", evse: ["id": 1]) == "Accepted") }
    harness.csms.forgetCalls()
    harness.store.latency = .seconds(25)
    let id = harness.csms.call(
      .changeAvailability, ["operationalStatus": .string(status), "evse": ["id": 1]])
    harness.run(for: .seconds(22))
    guard case .error("InternalError", _)? = harness.csms.answers[id] else {
      return #expect(Bool(false), "\(String(describing: harness.csms.answers[id]))")
    }
    harness.run(for: .seconds(10))
    harness.store.latency = .milliseconds(1)
    harness.run(for: .seconds(120))
    #expect(reports(harness).isEmpty && harness.delegate.operative[first] == wasOperative)
    harness.restart(.powerCut)
    #expect(harness.delegate.operative[first] == wasOperative, "the store has forgotten it too")
    #expect(change(harness, status, evse: ["id": 1]) == "Accepted")
    #expect(harness.delegate.operative[first] != wasOperative)
  }

  @Test("DESIGN §4 Of two orders about one place, of which only the first came too late, the second stands")
  func lateThenInTime() {
    let harness = EngineHarness().start()
    harness.store.latency = .seconds(15)
    harness.csms.call(.setVariables, Self.someVariable)
    harness.run(for: .milliseconds(100))
    // Behind a commit of 15 s the first is answered after 20 s, the second in time.
    let late = harness.csms.call(.changeAvailability, ["operationalStatus": "Inoperative", "evse": ["id": 1]])
    harness.run(for: .seconds(12))
    let second = harness.csms.call(.changeAvailability, ["operationalStatus": "Inoperative", "evse": ["id": 1]])
    harness.run(for: .seconds(60))
    #expect(harness.csms.result(late) == nil && harness.csms.result(second)?["status"] == "Accepted")
    harness.store.latency = .milliseconds(1)
    harness.run(for: .seconds(60))
    harness.restart(.powerCut)
    #expect(harness.delegate.operative[first] == false)
  }

  private static let someVariable: JSONValue = [
    "setVariableData": [
      [
        "component": ["name": "TxCtrlr"], "variable": ["name": "EVConnectionTimeOut"], "attributeValue": "77",
      ]
    ]
  ]

  @Test("G04.FR.01–FR.05, FR.07, FR.08 The whole station, and each EVSE's own setting stays its own")
  func changesStation() {
    let harness = EngineHarness().start()
    #expect(change(harness, "Inoperative", evse: ["id": 1, "connectorId": 1]) == "Accepted")
    harness.csms.forgetCalls()
    #expect(change(harness, "Inoperative") == "Accepted")
    #expect(change(harness, "Inoperative") == "Accepted")
    #expect(reports(harness) == ["2 Unavailable"])
    #expect(harness.chargePoint.requestValue(VariableKey("ChargingStation", "AvailabilityState")) == "Unavailable")
    #expect(change(harness, "Operative") == "Accepted")
    #expect(reports(harness) == ["2 Unavailable", "2 Available"])
    #expect(harness.chargePoint.connectorStatus(first) == .unavailable)
  }

  @Test("G03.FR.05, G01.FR.05, T-44 During a transaction the change is Scheduled and happens when it has ended")
  func schedules() {
    let station = StubbedStation()
    station.harness.start()
    station.harness.chargePoint.handle(.connected(first, true, at: station.harness.clock.now))
    station.act { $0.begin(1, id: "T1") }
    station.harness.run(for: .seconds(1))
    station.harness.csms.forgetCalls()
    #expect(change(station.harness, "Inoperative", evse: ["id": 1]) == "Scheduled")
    #expect(change(station.harness, "Inoperative", evse: ["id": 2]) == "Accepted")
    #expect(reports(station.harness) == ["2 Unavailable"])
    station.act { $0.end(EVSEID(1)) }
    station.harness.run(for: .seconds(1))
    #expect(reports(station.harness) == ["2 Unavailable", "1 Unavailable"])
    station.harness.chargePoint.handle(.connected(first, false, at: station.harness.clock.now))
    station.harness.run(for: .seconds(1))
    #expect(reports(station.harness).count == 2)
    #expect(station.harness.violations.isEmpty, "\(station.harness.violations)")
  }

  @Test("A scheduled change is taken back by Operative")
  func cancelsSchedule() {
    let station = StubbedStation()
    station.harness.start()
    station.act { $0.begin(1, id: "T1") }
    #expect(change(station.harness, "Inoperative") == "Scheduled")
    #expect(change(station.harness, "Operative") == "Accepted")
    station.act { $0.end(EVSEID(1)) }
    station.harness.run(for: .seconds(1))
    #expect(station.harness.chargePoint.connectorStatus(first) == .available)
  }

  @Test(
    "G03.FR.08, G04.FR.09, B11.FR.02, B01.FR.07, G01.FR.02, T-44 What was set, or scheduled, survives a power cut",
    arguments: [
      JSONValue.null, ["id": 1], ["id": 1, "connectorId": 1],
    ])
  func persists(scope: JSONValue) {
    let evse: JSONValue? = scope.isNull ? Optional.none : .some(scope)
    let harness = EngineHarness().start()
    #expect(change(harness, "Inoperative", evse: evse) == "Accepted")
    harness.csms.forgetCalls()
    harness.restart(.powerCut)
    harness.run(for: .seconds(1))
    #expect(reports(harness) == ["1 Unavailable", scope.isNull ? "2 Unavailable" : "2 Available"])
    #expect(harness.delegate.operative[first] == false)
    #expect(change(harness, "Operative", evse: evse) == "Accepted")
    harness.restart(.powerCut)
    #expect(harness.chargePoint.connectorStatus(first) == .available)
  }

  @Test("A place that the station does not have is Rejected; what cannot be stored too")
  func refuses() {
    let harness = EngineHarness().start()
    #expect(change(harness, "Inoperative", evse: ["id": 3]) == "Rejected")
    #expect(change(harness, "Inoperative", evse: ["id": 1, "connectorId": 2]) == "Rejected")
    harness.store.failure = StoreFailure(.full, detail: "no space")
    #expect(change(harness, "Inoperative") == "Rejected")
    #expect(harness.chargePoint.connectorStatus(first) == .available)
  }

  @Test(
    "MinimumStatusDuration: what does not last is not told, the device model follows at once, and a trigger says it")
  func waitsForStability() {
    let harness = EngineHarness().start()
    harness.csms.call(
      .setVariables,
      [
        "setVariableData": [
          [
            "component": ["name": "ChargingStation"], "variable": ["name": "MinimumStatusDuration"],
            "attributeValue": "10",
          ]
        ]
      ])
    harness.run(for: .seconds(1))
    harness.csms.forgetCalls()
    func plug(_ isPlugged: Bool, for seconds: Int64) {
      harness.chargePoint.handle(.connected(first, isPlugged, at: harness.clock.now))
      harness.run(for: .seconds(seconds))
    }
    plug(true, for: 5)
    #expect(
      harness.chargePoint.requestValue(VariableKey("Connector", "AvailabilityState", evse: 1, connector: 1))
        == "Occupied")
    plug(false, for: 30)
    #expect(reports(harness).isEmpty)
    plug(true, for: 9)
    #expect(reports(harness).isEmpty)
    harness.run(for: .seconds(2))
    #expect(reports(harness) == ["1 Occupied"])
    plug(false, for: 5)
    harness.csms.call(
      .triggerMessage, ["requestedMessage": "StatusNotification", "evse": ["id": 1, "connectorId": 1]])
    harness.run(for: .seconds(30))
    #expect(reports(harness) == ["1 Occupied", "1 Available"])
  }

  @Test("G01.FR.08 Plugging in at one connector of an EVSE tells nothing of the other one")
  func otherConnector() {
    var configuration = EngineHarness.standardConfiguration()
    configuration.evses[0].connectors = [.init(number: 1), .init(number: 2)]
    let harness = EngineHarness(configuration: configuration).start()
    #expect(reports(harness).count == 3)
    harness.csms.forgetCalls()
    harness.chargePoint.handle(.connected(first, true, at: harness.clock.now))
    harness.run(for: .seconds(2))
    #expect(harness.csms.calls(.statusNotification).map { $0.json["connectorId"]?.int } == [1])
    #expect(harness.chargePoint.requestValue(VariableKey("EVSE", "AvailabilityState", evse: 1)) == "Occupied")
  }

  @Test("G04.FR.06, G03.FR.08, T-44 What was Scheduled survives a power cut, and idle EVSEs do not wait for the others")
  func scheduleSurvives() {
    let station = StubbedStation()
    station.harness.start()
    station.act { $0.begin(1, id: "T1") }
    station.harness.run(for: .seconds(1))
    station.harness.csms.forgetCalls()
    #expect(change(station.harness, "Inoperative") == "Scheduled")
    #expect(reports(station.harness) == ["2 Unavailable"])
    #expect(station.harness.delegate.operative == [first: true, second: false])
    station.harness.restart(.powerCut)
    station.harness.run(for: .seconds(5))
    // The stub has forgotten its transaction: nothing waits any more.
    #expect(station.harness.chargePoint.connectorStatus(first) == .unavailable)
    #expect(change(station.harness, "Operative") == "Accepted")
    #expect(station.harness.chargePoint.connectorStatus(first) == .available)
  }

  @Test("T-44, G03.FR.07, G04.FR.08 Becoming Operative gives every EVSE and connector back what was set for it alone")
  func restoresOwnStates() {
    var configuration = EngineHarness.standardConfiguration()
    configuration.evses[0].connectors = [.init(number: 1), .init(number: 2)]
    let harness = EngineHarness(configuration: configuration).start()
    let other = ConnectorID(evse: EVSEID(1), number: 2)
    #expect(change(harness, "Inoperative", evse: ["id": 1, "connectorId": 2]) == "Accepted")
    #expect(change(harness, "Inoperative", evse: ["id": 2]) == "Accepted")
    #expect(change(harness, "Inoperative", evse: ["id": 1]) == "Accepted")
    #expect(change(harness, "Inoperative") == "Accepted")
    // Its own state changes, while that above hides it.
    #expect(change(harness, "Operative", evse: ["id": 1]) == "Accepted")
    #expect(harness.chargePoint.connectorStatus(first) == .unavailable)
    harness.restart(.powerCut)
    #expect(change(harness, "Operative") == "Accepted")
    #expect(harness.chargePoint.connectorStatus(first) == .available)
    #expect(harness.chargePoint.connectorStatus(other) == .unavailable)
    #expect(harness.chargePoint.connectorStatus(second) == .unavailable)
    #expect(change(harness, "Operative", evse: ["id": 2]) == "Accepted")
    #expect(change(harness, "Operative", evse: ["id": 1, "connectorId": 2]) == "Accepted")
    #expect(harness.chargePoint.connectorStatus(other) == .available)
    #expect(harness.chargePoint.connectorStatus(second) == .available)
  }

  @Test("G03.FR.06, G04.FR.07 A faulted connector stays Faulted when its station becomes Inoperative")
  func faultedStaysFaulted() {
    let harness = EngineHarness().start()
    harness.chargePoint.handle(.fault(first, Self.fault, active: true, at: harness.clock.now))
    harness.run(for: .seconds(1))
    harness.csms.forgetCalls()
    #expect(change(harness, "Inoperative") == "Accepted")
    #expect(reports(harness) == ["2 Unavailable"])
    harness.chargePoint.handle(.fault(first, Self.fault, active: false, at: harness.clock.now))
    harness.run(for: .seconds(1))
    #expect(reports(harness) == ["2 Unavailable", "1 Unavailable"])
  }

  @Test("The firmware hears of every operative state at start and when it changes: station, EVSE and connector")
  func tellsOperative() {
    let harness = EngineHarness().start()
    #expect(harness.delegate.stationOperative == [true])
    #expect(harness.delegate.evseOperative.map { "\($0.0.number) \($0.1)" } == ["1 true", "2 true"])
    #expect(change(harness, "Inoperative", evse: ["id": 2]) == "Accepted")
    #expect(change(harness, "Inoperative") == "Accepted")
    #expect(harness.delegate.stationOperative == [true, false])
    #expect(
      harness.delegate.evseOperative.map { "\($0.0.number) \($0.1)" } == ["1 true", "2 true", "2 false", "1 false"])
    #expect(harness.delegate.operative == [first: false, second: false])
  }
}
