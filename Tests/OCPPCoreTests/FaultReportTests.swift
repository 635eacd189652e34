import ChargerBase
import OCPPCore
import OCPPJSON
import OCPPPorts
import OCPPTypes
import SimulationSupport
import Testing

@Suite("N07, G05 NotifyEvent of faults and of the firmware's own events")
struct FaultReportTests {
  private let first = ConnectorID(evse: EVSEID(1), number: 1)
  private let second = ConnectorID(evse: EVSEID(2), number: 1)
  private static let lock = StationFault(
    code: "lockFailure", component: "ConnectorPlugRetentionLock", variable: "Problem", text: "It does not lock.",
    technicianCode: "CX001", severity: 4)
  private static let door = StationFault(
    code: "doorOpen", component: "CaseAccessSensor", variable: "Active", text: "A door is open.", tier: .station)
  private static let tooHigh = StationFault(
    code: "overVoltage", component: "ElectricalFeed", variable: "Problem", text: "Too high.", tier: .evse)
  private static let tooLow = StationFault(
    code: "underVoltage", component: "ElectricalFeed", variable: "Problem", text: "Too low.", tier: .evse)

  private func tell(_ harness: EngineHarness, _ fault: StationFault, _ isActive: Bool, at place: ConnectorID?) {
    harness.chargePoint.handle(.fault(place, fault, active: isActive, at: harness.clock.now))
    harness.run(for: .seconds(1))
  }

  private func events(_ harness: EngineHarness) -> [JSONValue] {
    harness.csms.calls(.notifyEvent).flatMap { $0.json["eventData"]?.array ?? [] }
  }

  private func story(_ harness: EngineHarness) -> [String] {
    events(harness).map { event in
      let component = event["component"]
      let place = component?["evse"]
      return [
        component?["name"]?.string ?? "?", place?["id"]?.int.map { "\($0)" } ?? "-",
        place?["connectorId"]?.int.map { "\($0)" } ?? "-", event["variable"]?["name"]?.string ?? "?",
        event["actualValue"]?.string ?? "?", event["cleared"] == true ? "cleared" : "",
      ].joined(separator: " ")
    }
  }

  @Test("G05.FR.02, TC_G_20_CS, TC_N_21_CS A lock that fails is told by component, variable, value and code")
  func lockFailure() throws {
    let harness = EngineHarness().start()
    harness.csms.forgetCalls()
    tell(harness, Self.lock, true, at: first)
    let request = try #require(harness.csms.calls(.notifyEvent).first?.json)
    #expect(request["seqNo"] == 0 && request["tbc"] == nil && request["generatedAt"]?.string != nil)
    let event = try #require(request["eventData"]?[0])
    #expect(event["trigger"] == "Delta")
    #expect(event["component"]?["name"] == "ConnectorPlugRetentionLock")
    #expect(event["component"]?["evse"]?["id"] == 1 && event["component"]?["evse"]?["connectorId"] == 1)
    #expect(event["variable"]?["name"] == "Problem" && event["actualValue"] == "true")
    #expect(event["eventNotificationType"] == "HardWiredNotification")
    #expect(event["techCode"] == "CX001" && event["techInfo"] == "lockFailure: It does not lock.")
    #expect(event["cleared"] == nil && event["variableMonitoringId"] == nil)
    #expect(harness.violations.isEmpty, "\(harness.violations)")
  }

  @Test("Each fault is told when it comes and when it is gone, once, with the value that its variable has then")
  func comesAndGoes() {
    let harness = EngineHarness().start()
    harness.csms.forgetCalls()
    tell(harness, Self.tooHigh, true, at: first)
    tell(harness, Self.tooHigh, true, at: first)
    tell(harness, Self.tooLow, true, at: first)
    tell(harness, Self.tooHigh, false, at: first)
    tell(harness, Self.tooHigh, false, at: first)
    tell(harness, Self.tooLow, false, at: first)
    #expect(
      story(harness) == [
        "ElectricalFeed 1 - Problem true ", "ElectricalFeed 1 - Problem true ",
        "ElectricalFeed 1 - Problem true cleared", "ElectricalFeed 1 - Problem false cleared",
      ])
    let ids = events(harness).compactMap { $0["eventId"]?.int }
    #expect(ids == ids.sorted() && Set(ids).count == 4)
    #expect(events(harness).allSatisfy { $0["trigger"] == "Alerting" })
  }

  @Test("What concerns the whole station is one event, however many connectors see it")
  func stationWide() {
    let harness = EngineHarness().start()
    harness.csms.forgetCalls()
    tell(harness, Self.door, true, at: first)
    tell(harness, Self.door, true, at: second)
    tell(harness, Self.door, false, at: first)
    #expect(story(harness) == ["CaseAccessSensor - - Active true "])
    tell(harness, Self.door, false, at: second)
    #expect(story(harness) == ["CaseAccessSensor - - Active true ", "CaseAccessSensor - - Active false cleared"])
  }

  @Test(
    "N07.FR.04 A fault of the boot, long before the registration, is held and told: a charger says why it is faulted")
  func heldBeforeRegistration() {
    let harness = EngineHarness()
    harness.csms.bootAnswers = [(.rejected, 20), (.pending, 20), (.accepted, 300)]
    harness.csms.refusal = LinkFailure(.network, detail: "no route")
    harness.start()
    tell(harness, Self.lock, true, at: first)
    harness.run(for: .seconds(120))
    harness.csms.refusal = nil
    harness.run(for: .seconds(200))
    #expect(harness.chargePoint.status.isAccepted)
    #expect(story(harness) == ["ConnectorPlugRetentionLock 1 1 Problem true "])
    #expect(harness.violations.isEmpty, "\(harness.violations)")
  }

  @Test(
    "N07.FR.14 A power cut loses no event; what is gone afterwards is told as cleared, what is still there not again")
  func survivesPowerCut() {
    let harness = EngineHarness().start()
    harness.csms.forgetCalls()
    harness.link.drop()
    harness.csms.refusal = LinkFailure(.network, detail: "no route")
    tell(harness, Self.lock, true, at: first)
    tell(harness, Self.tooHigh, true, at: second)
    harness.csms.refusal = nil
    harness.restart(.powerCut)
    tell(harness, Self.tooHigh, true, at: second)
    harness.run(for: .seconds(30))
    let both = ["ConnectorPlugRetentionLock 1 1 Problem true ", "ElectricalFeed 2 - Problem true "]
    #expect(story(harness).sorted() == both)
    harness.run(for: .seconds(90))
    #expect(story(harness).dropFirst(2) == ["ConnectorPlugRetentionLock 1 1 Problem false cleared"])
    let ids = events(harness).compactMap { $0["eventId"]?.int }
    #expect(Set(ids).count == 3)
    harness.restart(.powerCut)
    harness.run(for: .seconds(120))
    #expect(story(harness).last == "ElectricalFeed 2 - Problem false cleared")
    #expect(harness.violations.isEmpty, "\(harness.violations)")
  }

  @Test("A fault that comes and goes all the time fills no queue, and the CSMS ends with the truth")
  func isBounded() {
    let harness = EngineHarness().start()
    harness.csms.forgetCalls()
    harness.link.drop()
    harness.csms.refusal = LinkFailure(.network, detail: "no route")
    for _ in 0..<3_000 {
      for isActive in [true, false] {
        harness.chargePoint.handle(.fault(first, Self.lock, active: isActive, at: harness.clock.now))
        harness.run(for: .milliseconds(50))
      }
    }
    harness.chargePoint.handle(.fault(first, Self.lock, active: true, at: harness.clock.now))
    harness.run(for: .seconds(1))
    #expect(harness.chargePoint.waitingRecords < 50)
    harness.csms.refusal = nil
    harness.run(for: .seconds(600))
    #expect(harness.chargePoint.waitingRecords == 0)
    #expect(events(harness).count < 50)
    #expect(events(harness).last?["actualValue"] == "true")
    #expect(harness.violations.isEmpty, "\(harness.violations)")
  }

  @Test("A fault that flaps for an hour is told ten times, then once a minute, and the CSMS ends with the truth")
  func flapping() {
    let harness = EngineHarness().start()
    harness.csms.forgetCalls()
    for second in 0..<3_600 {
      tell(harness, Self.lock, second % 2 == 0, at: first)
    }
    tell(harness, Self.lock, true, at: first)
    #expect((50...80).contains(events(harness).count), "\(events(harness).count)")
    harness.run(for: .seconds(130))
    #expect(events(harness).last?["actualValue"] == "true")
    tell(harness, Self.lock, false, at: first)
    harness.run(for: .seconds(700))
    // Calm again: told at once.
    let before = events(harness).count
    tell(harness, Self.lock, true, at: first)
    tell(harness, Self.lock, false, at: first)
    #expect(events(harness).count == before + 2)
    let values = story(harness)
    #expect(zip(values, values.dropFirst()).allSatisfy { $0 != $1 }, "each tells the contrary of the one before")
  }

  @Test("An event the CSMS answers with errors is tried again, and a poisoned one holds up no other place")
  func poisoned() {
    let harness = EngineHarness().start()
    harness.csms.forgetCalls()
    harness.csms.script = { call in
      call.action == .notifyEvent && "\(call.json)".contains("ConnectorPlugRetentionLock")
        ? .error("InternalError") : .standard
    }
    tell(harness, Self.lock, true, at: first)
    tell(harness, Self.tooLow, true, at: second)
    #expect(story(harness).contains("ElectricalFeed 2 - Problem true "))
    harness.csms.script = { _ in .standard }
    harness.run(for: .seconds(300))
    #expect(story(harness).filter { $0.hasPrefix("ConnectorPlug") }.count == 2)
    #expect(harness.chargePoint.waitingRecords == 0)
  }

  @Test("M-28, N07.FR.05, FR.06, FR.07 Events of the firmware go out in one report with cause, monitor and transaction")
  func ownEvents() throws {
    let harness = EngineHarness().start()
    harness.csms.forgetCalls()
    let key = VariableKey("TemperatureSensor", "Temperature", componentInstance: "Inlet", evse: 2)
    let causes = harness.chargePoint.report([ComponentEvent(VariableKey("CoolingFan", "Problem"), actualValue: "true")])
    harness.run(for: .seconds(1))
    harness.chargePoint.report([
      ComponentEvent(
        key, actualValue: "81.5", notification: .customMonitor, cause: causes.first, transactionID: "T1",
        monitorID: 12),
      ComponentEvent(VariableKey("Secret", "Key"), actualValue: ""),
    ])
    harness.run(for: .seconds(1))
    let requests = harness.csms.calls(.notifyEvent).map(\.json)
    #expect(requests.count == 2 && requests.allSatisfy { $0["seqNo"] == 0 })
    let event = try #require(requests.last?["eventData"]?[0])
    #expect(event["cause"]?.int == causes.first.map { Int($0) } && event["variableMonitoringId"] == 12)
    #expect(event["component"]?["instance"] == "Inlet" && event["transactionId"] == "T1")
    #expect(event["eventNotificationType"] == "CustomMonitor")
    #expect(requests.last?["eventData"]?[1]?["actualValue"] == "")
    #expect(harness.violations.isEmpty, "\(harness.violations)")
  }

  @Test(
    "M-28, N07.FR.07 A long report is split by size: counted from 0, all but the last to be continued, nothing lost")
  func splits() {
    let harness = EngineHarness().start()
    harness.csms.forgetCalls()
    harness.chargePoint.report(
      (0..<200).map {
        ComponentEvent(
          VariableKey("Sensor", "Value", instance: "\($0)"), actualValue: String(repeating: "\"é", count: 800))
      })
    harness.run(for: .seconds(30))
    let requests = harness.csms.calls(.notifyEvent)
    #expect(requests.count > 5)
    #expect(requests.map { $0.json["seqNo"]?.int } == Array(requests.indices))
    #expect(requests.dropLast().allSatisfy { $0.json["tbc"] == true } && requests.last?.json["tbc"] == nil)
    #expect(requests.allSatisfy { $0.payload.count <= 34 * 1024 })
    #expect(events(harness).compactMap { $0["variable"]?["instance"]?.string } == (0..<200).map { "\($0)" })
    #expect(harness.violations.isEmpty, "\(harness.violations)")
  }
}
