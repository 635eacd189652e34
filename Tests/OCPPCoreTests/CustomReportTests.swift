import ChargerBase
import OCPPCore
import OCPPJSON
import OCPPTypes
import SimulationSupport
import Testing

@Suite("B08 Get Custom Report")
struct CustomReportTests {
  /// Components of a board, with the states that the criteria ask for.
  private static let board: [ChargePointConfiguration.DeviceModelEntry] = [
    .init(key: VariableKey("CoolingSystem", "Active"), value: "true"),
    .init(key: VariableKey("CoolingSystem", "Temperature"), value: "21.5"),
    .init(key: VariableKey("Heater", "Active"), value: "false"),
    .init(key: VariableKey("Heater", "Available"), value: "false"),
    .init(key: VariableKey("Heater", "Enabled"), value: "false"),
    .init(key: VariableKey("Heater", "Problem"), value: "true"),
    .init(key: VariableKey("Heater", "Temperature"), value: "5"),
    .init(key: VariableKey("Fan", "FanSpeed", componentInstance: "left", evse: 1), value: "900"),
    .init(key: VariableKey("Fan", "FanSpeed", componentInstance: "right", evse: 1), value: "901"),
    .init(key: VariableKey("Fan", "FanSpeed", evse: 2), value: "902"),
  ]

  private func station(_ evses: Int32 = 2) -> EngineHarness {
    var configuration = EngineHarness.standardConfiguration(evses: evses, deviceModel: Self.board)
    configuration.evses[0].connectors = [.init(number: 1), .init(number: 2)]
    return EngineHarness(configuration: configuration).start()
  }

  private func components(_ report: ReceivedReport) -> Set<String> {
    Set(report.data.compactMap { $0["component"]?["name"]?.string })
  }

  @Test("B08.FR.01, FR.03, FR.04, FR.12, FR.14, TC_B_17_CS: one variable of one EVSE, with its characteristics")
  func oneVariable() {
    let harness = station()
    let report = harness.customReport([item("EVSE", "AvailabilityState", evse: 1)], requestID: 7)
    #expect(report.status == "Accepted")
    #expect(report.parts.count == 1)
    #expect(report.parts.first?["requestId"] == 7)
    #expect(report.parts.first?["seqNo"] == 0)
    #expect(report.parts.first?["tbc"] == false)
    #expect(report.names == ["EVSE#1.AvailabilityState"])
    let character = report.data.first?["variableCharacteristics"]
    #expect(character?["dataType"] == "OptionList")
    #expect(character?["valuesList"] == "Available,Occupied,Reserved,Unavailable,Faulted")
    #expect(report.data.first?["variableAttribute"]?[0]?["mutability"] == "ReadOnly")
    #expect(harness.violations.isEmpty, "\(harness.violations)")
  }

  @Test("B08.FR.03, B08.FR.14: a long report comes in numbered parts, without the value of what is WriteOnly")
  func manyParts() {
    let harness = station(32)
    let report = harness.customReport()
    #expect(report.parts.count > 1)
    #expect(report.parts.map { $0["seqNo"]?.int } == report.parts.indices.map { $0 })
    #expect(report.parts.map { $0["tbc"]?.bool } == report.parts.indices.map { $0 < report.parts.count - 1 })
    #expect(report.names == harness.baseReport("FullInventory").names)
    let password = report.data.first { $0["variable"]?["name"] == "BasicAuthPassword" }
    #expect(password != nil && password?["variableAttribute"]?[0]?["value"] == nil)
  }

  @Test("B08.FR.20: without a variable every variable of the component is told")
  func everyVariable() {
    let report = station().customReport([item("Connector", nil, evse: 1, connector: 2)])
    #expect(
      report.names == [
        "Connector#1.2.AvailabilityState", "Connector#1.2.Available", "Connector#1.2.ConnectorType",
        "Connector#1.2.SupplyPhases", "Connector#1.2.Problem",
      ])
  }

  @Test("B08.FR.21, TC_B_54, 55_CS: without an instance every instance of a variable is told, with one that one")
  func everyInstance() {
    let harness = station()
    #expect(
      harness.customReport([item("DeviceDataCtrlr", "ItemsPerMessage")]).names == [
        "DeviceDataCtrlr.ItemsPerMessage[GetReport]", "DeviceDataCtrlr.ItemsPerMessage[GetVariables]",
        "DeviceDataCtrlr.ItemsPerMessage[SetVariables]",
      ])
    #expect(
      harness.customReport([item("DeviceDataCtrlr", "ItemsPerMessage", instance: "GetReport")]).names == [
        "DeviceDataCtrlr.ItemsPerMessage[GetReport]"
      ])
  }

  @Test("B08.FR.22, B08.FR.23, TC_B_56_CS: without a connector every connector, without an EVSE every EVSE is told")
  func everyPlace() {
    let harness = station()
    #expect(
      harness.customReport([item("Connector", "SupplyPhases", evse: 1)]).names == [
        "Connector#1.1.SupplyPhases", "Connector#1.2.SupplyPhases",
      ])
    #expect(
      harness.customReport([item("Connector", "SupplyPhases")]).names == [
        "Connector#1.1.SupplyPhases", "Connector#1.2.SupplyPhases", "Connector#2.1.SupplyPhases",
      ])
    #expect(
      harness.customReport([item("EVSE", "AvailabilityState")]).names == [
        "EVSE#1.AvailabilityState", "EVSE#2.AvailabilityState",
      ])
    #expect(harness.customReport([item("ChargingStation", "SupplyPhases")]).names == ["ChargingStation.SupplyPhases"])
  }

  @Test("B08.FR.24, B08.FR.25: a component's instance is that one; without one every instance and the one without")
  func everyComponentInstance() {
    let harness = station()
    #expect(
      harness.customReport([item("Fan", "FanSpeed")]).names == [
        "Fan[left]#1.FanSpeed", "Fan[right]#1.FanSpeed", "Fan#2.FanSpeed",
      ])
    #expect(harness.customReport([item("Fan", nil, componentInstance: "LEFT")]).names == ["Fan[left]#1.FanSpeed"])
    #expect(
      harness.customReport([item("Fan", nil, evse: 1)]).names == ["Fan[left]#1.FanSpeed", "Fan[right]#1.FanSpeed"])
    #expect(harness.customReport([item("Fan", nil, evse: 2, componentInstance: "left")]).status == "EmptyResultSet")
  }

  @Test("B08.FR.05: several names are told together, each entry once and in the model's order")
  func severalNames() {
    let report = station().customReport([
      item("Heater", "Temperature"), item("EVSE", "Available", evse: 2), item("Heater", nil), item("NoSuch", nil),
      item("EVSE", "Available"),
    ])
    #expect(
      report.names == [
        "EVSE#1.Available", "EVSE#2.Available", "Heater.Active", "Heater.Available", "Heater.Enabled",
        "Heater.Problem", "Heater.Temperature",
      ])
  }

  @Test("B08.FR.07, B08.FR.08, B08.FR.09: active, available and enabled are components that say so or do not say")
  func stateCriteria() {
    let harness = station()
    for criterion in ["Active", "Available", "Enabled"] {
      let report = harness.customReport(criteria: [criterion])
      #expect(report.status == "Accepted")
      #expect(!components(report).contains("Heater"), "\(criterion)")
      #expect(components(report).contains("CoolingSystem") && components(report).contains("Fan"), "\(criterion)")
      // All of a component that meets it is told.
      #expect(report.names.contains("CoolingSystem.Temperature"))
    }
    let available = components(harness.customReport(criteria: ["Available"]))
    #expect(!available.contains("ReservationCtrlr"))
    #expect(available.contains("EVSE"))
  }

  @Test("TC_B_16_CS: whatever is Enabled in the full inventory is in the report of what is enabled, and reads the same")
  func enabledReport() {
    let harness = station()
    let full = harness.baseReport("FullInventory")
    let enabled = zip(full.names, full.data).filter {
      $0.0.contains(".Enabled") && $0.1["variableAttribute"]?[0]?["value"] == "true"
    }.map { $0.0 }
    let report = harness.customReport(criteria: ["Enabled"])
    #expect(!enabled.isEmpty)
    for name in enabled { #expect(report.names.contains(name), "\(name)") }
    for (name, entry) in zip(report.names, report.data) where name.contains(".Enabled") {
      #expect(entry["variableAttribute"]?[0]?["value"] == "true", "\(name)")
    }
  }

  @Test("B08.FR.10: Problem picks components that have one, and none that do not say")
  func problemCriterion() {
    let report = station().customReport(criteria: ["Problem"])
    #expect(components(report) == ["Heater"])
    #expect(report.names.count == 5)
  }

  @Test("B08.FR.13: of several criteria one is enough")
  func severalCriteria() {
    let harness = station()
    let both = components(harness.customReport(criteria: ["Problem", "Active"]))
    #expect(both.contains("Heater") && both.contains("CoolingSystem"))
  }

  @Test("B08.FR.05, B08.FR.15, TC_B_18_CS: criteria and names hold both; nothing left is EmptyResultSet and no report")
  func criteriaAndNames() {
    let harness = station()
    let state = item("EVSE", "AvailabilityState", evse: 1)
    #expect(harness.customReport([state], criteria: ["Available"]).names == ["EVSE#1.AvailabilityState"])
    let none = harness.customReport([state], criteria: ["Problem"])
    #expect(none.status == "EmptyResultSet")
    #expect(none.parts.isEmpty)
    #expect(harness.customReport([item("NoSuch", nil)]).status == "EmptyResultSet")
    #expect(harness.customReport([item("EVSE", nil, evse: 9)]).status == "EmptyResultSet")
    #expect(harness.violations.isEmpty, "\(harness.violations)")
  }

  @Test("T-62, B08.FR.17, B08.FR.18: too many names and too many bytes are refused with the code for each")
  func limitsSize() {
    let harness = station()
    let name = item("EVSE", nil)
    let many = harness.csms.call(
      .getReport, ["requestId": 1, "componentVariable": .array(Array(repeating: name, count: 65))])
    let padding = String(repeating: " ", count: 65_536)
    let large = harness.csms.callRaw(
      "GetReport", "{\"requestId\":2,\"componentVariable\":[\(name)\(padding)]}", as: .getReport)
    let unknown = harness.csms.callRaw(
      "GetReport", "{\"requestId\":3,\"componentCriteria\":[\"Lonely\"]}", as: .getReport)
    harness.run(for: .seconds(5))
    #expect(harness.csms.errorCode(many) == "OccurrenceConstraintViolation")
    #expect(harness.csms.errorCode(large) == "FormatViolation")
    #expect(harness.csms.errorCode(unknown) == "PropertyConstraintViolation")
    #expect(harness.csms.calls(.notifyReport).isEmpty)
  }

  @Test("B02.FR.02: a custom report is sent while the registration is pending")
  func whilePending() {
    let harness = EngineHarness()
    harness.csms.bootAnswers = [(.pending, 300)]
    harness.start()
    #expect(harness.customReport([item("EVSE", "Available")]).names.count == 2)
    #expect(harness.violations.isEmpty, "\(harness.violations)")
  }
}
