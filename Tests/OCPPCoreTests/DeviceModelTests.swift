import ChargerBase
import OCPPCore
import OCPPJSON
import OCPPPorts
import OCPPTypes
import SimulationSupport
import Testing

@Suite("B05–B07 Variables and reports")
struct DeviceModelTests {
  private func item(
    _ component: String, _ variable: String, _ value: String? = nil, instance: String? = nil, attribute: String? = nil,
    evse: Int? = nil
  ) -> JSONValue {
    var componentJSON: [JSONMember] = [JSONMember("name", .string(component))]
    if let evse { componentJSON.append(JSONMember("evse", ["id": JSONValue(evse)])) }
    var variableJSON: [JSONMember] = [JSONMember("name", .string(variable))]
    if let instance { variableJSON.append(JSONMember("instance", .string(instance))) }
    var members = [JSONMember("component", .object(componentJSON)), JSONMember("variable", .object(variableJSON))]
    if let value { members.append(JSONMember("attributeValue", .string(value))) }
    if let attribute { members.append(JSONMember("attributeType", .string(attribute))) }
    return .object(members)
  }

  private func set(_ harness: EngineHarness, _ items: [JSONValue]) -> [JSONValue] {
    let id = harness.csms.call(.setVariables, ["setVariableData": .array(items)])
    harness.run(for: .seconds(1))
    return harness.csms.result(id)?["setVariableResult"]?.array ?? []
  }

  private func get(_ harness: EngineHarness, _ items: [JSONValue]) -> [JSONValue] {
    let id = harness.csms.call(.getVariables, ["getVariableData": .array(items)])
    harness.run(for: .seconds(1))
    return harness.csms.result(id)?["getVariableResult"]?.array ?? []
  }

  @Test("B06.FR.01–FR.11, FR.14, FR.15 Each item gets its own result, in order")
  func getsVariables() {
    let harness = EngineHarness().start()
    let results = get(
      harness,
      [
        item("OCPPCommCtrlr", "OfflineThreshold"), item("ocppcommctrlr", "OFFLINETHRESHOLD", attribute: "Actual"),
        item("NoSuchCtrlr", "OfflineThreshold"), item("OCPPCommCtrlr", "NoSuch"),
        item("OCPPCommCtrlr", "OfflineThreshold", attribute: "Target"), item("SecurityCtrlr", "BasicAuthPassword"),
        item("OCPPCommCtrlr", "MessageAttempts", instance: "TransactionEvent"),
        item("OCPPCommCtrlr", "MessageAttempts"),
        item("EVSE", "Power", evse: 1), item("EVSE", "Power", evse: 3),
        item("OCPPCommCtrlr", "OfflineThreshold", instance: ""),
      ])
    #expect(
      results.map { $0["attributeStatus"]?.string } == [
        "Accepted", "Accepted", "UnknownComponent", "UnknownVariable", "NotSupportedAttributeType", "Rejected",
        "Accepted", "UnknownVariable", "Accepted", "UnknownComponent", "Accepted",
      ])
    #expect(results[0]["attributeValue"] == "60")
    #expect(results[0]["attributeType"] == "Actual")
    #expect(results[1]["component"]?["name"] == "ocppcommctrlr")
    #expect(results[2]["attributeValue"] == nil)
    #expect(results[8]["attributeValue"] == "")  // B06.FR.13
    #expect(harness.violations.isEmpty, "\(harness.violations)")
  }

  @Test("B05.FR.01–FR.10, FR.12 Each item is set or refused on its own, in order, duplicates too")
  func setsVariables() {
    let harness = EngineHarness().start()
    let results = set(
      harness,
      [
        item("OCPPCommCtrlr", "OfflineThreshold", "100"), item("OCPPCommCtrlr", "OfflineThreshold", "101"),
        item("OCPPCommCtrlr", "OfflineThreshold", "-1"), item("OCPPCommCtrlr", "OfflineThreshold", "12a"),
        item("OCPPCommCtrlr", "OfflineThreshold", "99999999999"), item("NoSuchCtrlr", "OfflineThreshold", "1"),
        item("OCPPCommCtrlr", "NoSuch", "1"), item("OCPPCommCtrlr", "OfflineThreshold", "1", attribute: "MaxSet"),
        item("SecurityCtrlr", "SecurityProfile", "3"), item("TxCtrlr", "StopTxOnInvalidId", "TRUE"),
        item("TxCtrlr", "TxStopPoint", "DataSigned"), item("TxCtrlr", "TxStopPoint", "Authorized,Authorized"),
        item("TxCtrlr", "TxStartPoint", ""), item("OCPPCommCtrlr", "NetworkConfigurationPriority", "7"),
        item("OCPPCommCtrlr", "NetworkConfigurationPriority", "1"),
      ])
    #expect(
      results.map { $0["attributeStatus"]?.string } == [
        "Accepted", "Accepted", "Rejected", "Rejected", "Rejected", "UnknownComponent", "UnknownVariable",
        "NotSupportedAttributeType", "Rejected", "Rejected", "Rejected", "Rejected", "Rejected", "Rejected",
        "RebootRequired",
      ])
    #expect(results.allSatisfy { $0["attributeType"] != nil })
    #expect(get(harness, [item("OCPPCommCtrlr", "OfflineThreshold")]).first?["attributeValue"] == "101")
    #expect(harness.violations.isEmpty, "\(harness.violations)")
  }

  @Test(
    "What the CSMS wrote survives a power cut, and wins over the configuration's value",
    arguments: [
      EngineHarness.End.kill, .powerCut, .clean,
    ])
  func keepsValues(end: EngineHarness.End) {
    let harness = EngineHarness().start()
    _ = set(harness, [item("OCPPCommCtrlr", "OfflineThreshold", "100")])
    harness.configuration.deviceModel = [EngineHarness.setting("OCPPCommCtrlr", "OfflineThreshold", "7")]
    harness.restart(end)
    #expect(get(harness, [item("OCPPCommCtrlr", "OfflineThreshold")]).first?["attributeValue"] == "100")
  }

  @Test("B05.FR.09 A value that cannot be stored is Rejected, and the old one stays")
  func refusesWithoutStore() {
    let harness = EngineHarness().start()
    harness.store.failure = StoreFailure(.full, detail: "no space")
    let results = set(harness, [item("OCPPCommCtrlr", "OfflineThreshold", "100")])
    #expect(results.first?["attributeStatus"] == "Rejected")
    #expect(get(harness, [item("OCPPCommCtrlr", "OfflineThreshold")]).first?["attributeValue"] == "60")
  }

  @Test("B06.FR.16, B06.FR.17 Too many items and too many bytes are refused with the code for each")
  func limitsSize() {
    let harness = EngineHarness().start()
    let many = harness.csms.call(
      .getVariables,
      ["getVariableData": .array(Array(repeating: item("OCPPCommCtrlr", "OfflineThreshold"), count: 65))])
    let padding = String(repeating: " ", count: 70_000)
    let large = harness.csms.callRaw(
      "GetVariables", "{\"getVariableData\":[\(item("OCPPCommCtrlr", "OfflineThreshold"))\(padding)]}",
      as: .getVariables)
    let manySettings = harness.csms.call(
      .setVariables,
      ["setVariableData": .array(Array(repeating: item("OCPPCommCtrlr", "OfflineThreshold", "1"), count: 65))])
    harness.run(for: .seconds(1))
    #expect(harness.csms.errorCode(many) == "OccurrenceConstraintViolation")
    #expect(harness.csms.errorCode(large) == "FormatViolation")
    #expect(harness.csms.errorCode(manySettings) == "OccurrenceConstraintViolation")
    let full = get(harness, Array(repeating: item("OCPPCommCtrlr", "OfflineThreshold"), count: 64))
    #expect(full.count == 64)
  }

  private func report(_ harness: EngineHarness, _ base: String) -> (
    status: String?, data: [JSONValue], parts: [JSONValue]
  ) {
    harness.csms.forgetCalls()
    let id = harness.csms.call(.getBaseReport, ["requestId": 42, "reportBase": .string(base)])
    harness.run(for: .seconds(10))
    let parts = harness.csms.calls(.notifyReport).map { $0.json }
    return (harness.csms.result(id)?["status"]?.string, parts.flatMap { $0["reportData"]?.array ?? [] }, parts)
  }

  @Test("B07.FR.01–FR.04, FR.08, FR.10 FullInventory reports every variable once, in numbered parts")
  func reportsEverything() throws {
    let harness = EngineHarness(configuration: EngineHarness.standardConfiguration(evses: 32)).start()
    let (status, data, parts) = report(harness, "FullInventory")
    #expect(status == "Accepted")
    #expect(parts.count > 1)
    #expect(parts.map { $0["seqNo"]?.int } == (0..<parts.count).map { $0 })
    #expect(parts.allSatisfy { $0["requestId"] == 42 })
    #expect(parts.map { $0["tbc"]?.bool } == parts.indices.map { $0 < parts.count - 1 })
    #expect(parts.map { $0["generatedAt"] }.allSatisfy { $0 == parts[0]["generatedAt"] })
    #expect(Set(data).count == data.count)
    #expect(data.count > 300)
    #expect(harness.violations.isEmpty, "\(harness.violations)")
  }

  @Test("B07.FR.07 ConfigurationInventory reports what can be set; a WriteOnly value stays in the station")
  func reportsConfiguration() {
    let harness = EngineHarness().start()
    _ = set(harness, [item("SecurityCtrlr", "BasicAuthPassword", "correct horse battery")])
    harness.run(for: .seconds(30))
    let data = report(harness, "ConfigurationInventory").data
    #expect(!data.isEmpty)
    #expect(data.allSatisfy { $0["variableAttribute"]?[0]?["mutability"] != "ReadOnly" })
    let password = data.first { $0["variable"]?["name"] == "BasicAuthPassword" }
    #expect(password != nil)
    #expect(password?["variableAttribute"]?[0]?["value"] == nil)
    #expect(!harness.delegate.notes.contains { $0.text.contains("horse") })
  }

  @Test("B07.FR.09 SummaryInventory reports availability and condition")
  func reportsSummary() {
    let harness = EngineHarness().start()
    let data = report(harness, "SummaryInventory").data
    #expect(data.contains { $0["component"]?["name"] == "ChargingStation" })
    #expect(data.filter { $0["variable"]?["name"] == "AvailabilityState" }.count == 5)
  }

  @Test("B07.FR.13 A second report while one is being sent is Rejected")
  func oneReportAtATime() {
    let harness = EngineHarness().start()
    harness.csms.answerDelay = .seconds(2)
    let first = harness.csms.call(.getBaseReport, ["requestId": 1, "reportBase": "FullInventory"])
    let second = harness.csms.call(.getBaseReport, ["requestId": 2, "reportBase": "FullInventory"])
    harness.run(for: .seconds(60))
    #expect(harness.csms.result(first)?["status"] == "Accepted")
    #expect(harness.csms.result(second)?["status"] == "Rejected")
    #expect(harness.csms.calls(.notifyReport).allSatisfy { $0.json["requestId"] == 1 })
  }

  @Test("A01.FR.02 A new password counts from the next connection, which is made at once, and stays")
  func usesNewPassword() {
    let harness = EngineHarness().start()
    let results = set(harness, [item("SecurityCtrlr", "BasicAuthPassword", "a-password-of-20-chr")])
    #expect(results.first?["attributeStatus"] == "Accepted")
    harness.run(for: .seconds(2))
    #expect(harness.link.dials.last?.target.basicAuthPassword == Array("a-password-of-20-chr".utf8))
    #expect(harness.chargePoint.status.isAccepted)
    harness.restart(.powerCut)
    #expect(harness.link.dials.last?.target.basicAuthPassword == Array("a-password-of-20-chr".utf8))
    #expect(set(harness, [item("SecurityCtrlr", "BasicAuthPassword", "short")]).first?["attributeStatus"] == "Rejected")
  }

  @Test("Members 37, 38 and 42: the firmware reads and sets in the same way, read-only variables too")
  func servesFirmware() {
    let harness = EngineHarness().start()
    var results: [SetVariableResult] = []
    harness.chargePoint.setVariables([
      SetVariableData(
        attributeValue: "250", component: Component(name: "OCPPCommCtrlr"), variable: Variable(name: "OfflineThreshold")
      ),
      SetVariableData(
        attributeValue: "Org", component: Component(name: "SecurityCtrlr"), variable: Variable(name: "OrganizationName")
      ),
      SetVariableData(attributeValue: "x", component: Component(name: "None"), variable: Variable(name: "None")),
    ]) { results = $0 }
    harness.run(for: .seconds(1))
    #expect(results.map { $0.attributeStatus } == [.accepted, .accepted, .unknownComponent])
    #expect(harness.chargePoint.requestValue(VariableKey("OCPPCommCtrlr", "OfflineThreshold")) == "250")
    #expect(harness.chargePoint.requestValue(VariableKey("SecurityCtrlr", "BasicAuthPassword")) == nil)
    #expect(harness.chargePoint.requestValue(VariableKey("None", "None")) == nil)
  }

  @Test("The board's own entries are shown and cannot be set; nonsense among them is named in the log")
  func takesBoardEntries() {
    var entries = [
      ChargePointConfiguration.DeviceModelEntry(
        key: VariableKey("CPPWMController", "State", evse: 1), value: "A", mutability: .readOnly),
      EngineHarness.setting("OCPPCommCtrlr", "OfflineThreshold", "many"),
    ]
    entries.append(.init(key: VariableKey("VendorCtrlr", "Magic"), value: "1", mutability: .readWrite))
    entries.append(.init(key: VariableKey("OCPPCommCtrlr", "ResetRetries"), value: "9", mutability: .readOnly))
    let harness = EngineHarness(configuration: EngineHarness.standardConfiguration(deviceModel: entries)).start()
    let results = get(
      harness,
      [
        item("CPPWMController", "State", evse: 1), item("OCPPCommCtrlr", "OfflineThreshold"),
        item("VendorCtrlr", "Magic"), item("OCPPCommCtrlr", "ResetRetries"),
      ])
    #expect(results.map { $0["attributeValue"]?.string } == ["A", "60", "1", "9"])
    // Nobody obeys it: it is shown, and stays as it is.
    #expect(set(harness, [item("VendorCtrlr", "Magic", "2")]).first?["attributeStatus"] == "Rejected")
    #expect(set(harness, [item("OCPPCommCtrlr", "ResetRetries", "1")]).first?["attributeStatus"] == "Rejected")
    #expect(harness.delegate.noted(.configuration, "VendorCtrlr.Magic"))
    #expect(harness.delegate.noted(.configuration, "OfflineThreshold"))
  }
}
