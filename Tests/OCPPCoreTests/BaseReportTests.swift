import ChargerBase
import OCPPCore
import OCPPJSON
import OCPPTypes
import SimulationSupport
import Testing

@Suite("B07 Get Base Report")
struct BaseReportTests {
  @Test("B07.FR.01, FR.03, FR.04, FR.08, FR.10, FR.12, TC_B_13_CS: FullInventory tells every variable once, in parts")
  func reportsEverything() {
    let harness = EngineHarness(configuration: EngineHarness.standardConfiguration(evses: 32)).start()
    let report = harness.baseReport("FullInventory")
    #expect(report.status == "Accepted")
    #expect(report.parts.count > 1)
    #expect(report.parts.map { $0["seqNo"]?.int } == report.parts.indices.map { $0 })
    #expect(report.parts.allSatisfy { $0["requestId"] == 42 })
    #expect(report.parts.map { $0["tbc"]?.bool } == report.parts.indices.map { $0 < report.parts.count - 1 })
    #expect(report.parts.allSatisfy { $0["generatedAt"] == report.parts.first?["generatedAt"] })
    var listed: [String] = []
    for listing in harness.chargePoint.inventory(where: { _ in true }) where listing.attribute == .actual {
      listed.append("\(listing.key)")
    }
    #expect(report.names == listed)
    #expect(Set(report.names).count == report.names.count)
    #expect(report.data.allSatisfy { $0["variableCharacteristics"]?["dataType"] != nil })
    #expect(harness.violations.isEmpty, "\(harness.violations)")
  }

  @Test("A part holds no more items and bytes than its bound")
  func partsAreBounded() {
    var entries: [ChargePointConfiguration.DeviceModelEntry] = []
    for number in 0..<300 { entries.append(.init(key: VariableKey("Sensor", "S\(number)"), value: "1")) }
    for number in 0..<20 {
      entries.append(.init(key: VariableKey("Text", "T\(number)"), value: String(repeating: "ä", count: 2_500)))
    }
    let harness = EngineHarness(configuration: EngineHarness.standardConfiguration(deviceModel: entries)).start()
    let report = harness.baseReport("FullInventory")
    #expect(report.parts.last?["tbc"] == false)
    #expect(report.parts.allSatisfy { ($0["reportData"]?.array ?? []).count <= 100 })
    #expect(report.parts.contains { $0["reportData"]?.array?.count == 100 })
    #expect(harness.csms.calls(.notifyReport).allSatisfy { $0.payload.count <= 32 * 1024 + 8 * 1024 })
    #expect(report.names.filter { $0.hasPrefix("Sensor") }.count == 300)
    #expect(report.names.filter { $0.hasPrefix("Text") }.count == 20)
    #expect(harness.violations.isEmpty, "\(harness.violations)")
  }

  @Test("B07.FR.07, B07.FR.12, TC_B_12_CS: ConfigurationInventory tells what can be set, all of it, and nothing else")
  func reportsConfiguration() {
    let harness = EngineHarness().start()
    let report = harness.baseReport("ConfigurationInventory")
    #expect(report.status == "Accepted")
    var listed: [String] = []
    for listing in harness.chargePoint.inventory(where: { _ in true }) where listing.mutability != .readOnly {
      listed.append("\(listing.key)")
    }
    #expect(report.names == listed)
    #expect(report.names.contains("SecurityCtrlr.BasicAuthPassword"))
    #expect(report.data.allSatisfy { $0["variableCharacteristics"] != nil })
  }

  @Test("B07.FR.09, TC_B_14_CS: SummaryInventory tells availability, and all of a component that has a problem")
  func reportsSummary() {
    let entries = [
      ChargePointConfiguration.DeviceModelEntry(key: VariableKey("TokenReader", "Problem"), value: "false"),
      .init(key: VariableKey("TokenReader", "Model"), value: "R-1"),
      .init(key: VariableKey("PowerContactor", "Tripped", evse: 1), value: "false"),
    ]
    let harness = EngineHarness(configuration: EngineHarness.standardConfiguration(deviceModel: entries)).start()
    let availability = [
      "ChargingStation.AvailabilityState", "EVSE#1.AvailabilityState", "Connector#1.1.AvailabilityState",
      "EVSE#2.AvailabilityState", "Connector#2.1.AvailabilityState",
    ]
    #expect(harness.baseReport("SummaryInventory").names == availability)
    #expect(harness.chargePoint.deviceModel.set(VariableKey("TokenReader", "Problem"), "true"))
    #expect(harness.chargePoint.deviceModel.set(VariableKey("PowerContactor", "Tripped", evse: 1), "true"))
    let names = harness.baseReport("SummaryInventory").names
    #expect(names == availability + ["TokenReader.Problem", "TokenReader.Model", "PowerContactor#1.Tripped"])
  }

  @Test("A faulted connector is a problem of its EVSE and its station, and is none any more once it is cleared")
  func tellsProblems() {
    let harness = EngineHarness().start()
    let connector = ConnectorID(evse: EVSEID(2), number: 1)
    let fault = StationFault(code: "contactorWelded", component: "PowerContactor", variable: "Problem", text: "welded")
    func problems() -> [String?] {
      [
        item("ChargingStation", "Problem"), item("EVSE", "Problem", evse: 1), item("EVSE", "Problem", evse: 2),
        item("Connector", "Problem", evse: 2, connector: 1),
      ].map { harness.value(of: $0) }
    }
    #expect(problems() == ["false", "false", "false", "false"])
    harness.chargePoint.handle(.fault(connector, fault, active: true, at: harness.clock.now))
    #expect(problems() == ["true", "false", "true", "true"])
    #expect(harness.baseReport("SummaryInventory").names.contains("EVSE#2.Problem"))
    harness.chargePoint.handle(.fault(connector, fault, active: false, at: harness.clock.now))
    #expect(problems() == ["false", "false", "false", "false"])
  }

  @Test("B07.FR.11: every attribute that is supported is told, without a value too")
  func reportsEmptyAttributes() {
    let harness = EngineHarness().start()
    var definition = VariableDefinition(
      VariableKey("CoolingSystem", "FanSpeed"), VariableCharacter(.decimal, unit: "RPM", maximum: 3_000), .readOnly, "0"
    )
    definition.kinds = [.actual, .target, .minSet, .maxSet]
    harness.chargePoint.deviceModel.register(definition)
    let entry = harness.baseReport("FullInventory").data.last
    let attributes = entry?["variableAttribute"]?.array ?? []
    #expect(attributes.map { $0["type"]?.string } == ["Actual", "Target", "MinSet", "MaxSet"])
    #expect(attributes.map { $0["value"]?.string } == ["0", "", "", ""])
    #expect(harness.violations.isEmpty, "\(harness.violations)")
  }

  @Test("Several reports at once are sent one after the other, in the order in which they were asked for")
  func severalReports() {
    let harness = EngineHarness().start()
    harness.csms.answerDelay = .seconds(1)
    let bases = ["FullInventory", "SummaryInventory", "ConfigurationInventory"]
    let ids = bases.indices.map { index in
      harness.csms.call(.getBaseReport, ["requestId": JSONValue(index + 1), "reportBase": .string(bases[index])])
    }
    harness.run(for: .seconds(60))
    #expect(ids.map { harness.csms.result($0)?["status"]?.string } == ["Accepted", "Accepted", "Accepted"])
    let parts = harness.csms.calls(.notifyReport).map { $0.json }
    let order = parts.compactMap { $0["requestId"]?.int }
    #expect(order == order.sorted())
    for request in 1...3 {
      let own = parts.filter { $0["requestId"]?.int == request }
      #expect(own.map { $0["seqNo"]?.int } == own.indices.map { $0 })
      #expect(own.map { $0["tbc"]?.bool } == own.indices.map { $0 < own.count - 1 })
    }
    #expect(harness.violations.isEmpty, "\(harness.violations)")
  }

  @Test("B07.FR.13, B08.FR.16: more reports than the station can hold are Rejected; later ones are taken again")
  func tooManyReports() {
    let harness = EngineHarness().start()
    harness.csms.answerDelay = .seconds(1)
    func ask(_ request: Int) -> String {
      request % 2 == 0
        ? harness.csms.call(.getReport, ["requestId": JSONValue(request)])
        : harness.csms.call(.getBaseReport, ["requestId": JSONValue(request), "reportBase": "SummaryInventory"])
    }
    let ids = (1...6).map { ask($0) }
    harness.run(for: .seconds(120))
    #expect(
      ids.map { harness.csms.result($0)?["status"]?.string } == [
        "Accepted", "Accepted", "Accepted", "Accepted", "Rejected", "Rejected",
      ])
    #expect(!harness.csms.calls(.notifyReport).contains { ($0.json["requestId"]?.int ?? 0) > 4 })
    let later = ask(7)
    harness.run(for: .seconds(60))
    #expect(harness.csms.result(later)?["status"] == "Accepted")
    #expect(harness.csms.calls(.notifyReport).last?.json["requestId"] == 7)
  }

  @Test("A report whose part the CSMS refuses is broken off, and the next one is sent; a lost link ends them all")
  func brokenOff() {
    let harness = EngineHarness().start()
    harness.csms.script = {
      $0.json["requestId"] == 1 && $0.action == .notifyReport ? .error("InternalError") : .standard
    }
    harness.csms.call(.getBaseReport, ["requestId": 1, "reportBase": "FullInventory"])
    harness.csms.call(.getBaseReport, ["requestId": 2, "reportBase": "FullInventory"])
    harness.run(for: .seconds(10))
    let parts = harness.csms.calls(.notifyReport).map { $0.json }
    #expect(parts.filter { $0["requestId"] == 1 }.count == 1)
    #expect(parts.last?["requestId"] == 2 && parts.last?["tbc"] == false)
    #expect(harness.delegate.noted(.configuration, "report 1 was broken off"))
    harness.csms.script = { _ in .standard }
    harness.csms.answerDelay = .seconds(2)
    harness.csms.call(.getBaseReport, ["requestId": 3, "reportBase": "FullInventory"])
    harness.csms.call(.getBaseReport, ["requestId": 4, "reportBase": "FullInventory"])
    harness.run(for: .seconds(3))
    harness.link.drop()
    harness.run(for: .seconds(60))
    #expect(!harness.csms.calls(.notifyReport).contains { $0.json["requestId"] == 4 })
    harness.csms.answerDelay = .milliseconds(10)
    #expect(harness.baseReport("FullInventory", requestID: 5).parts.last?["tbc"] == false)
  }
}
