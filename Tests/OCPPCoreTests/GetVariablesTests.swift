import ChargerBase
import OCPPCore
import OCPPJSON
import OCPPTypes
import SimulationSupport
import Testing

@Suite("B06 Get Variables")
struct GetVariablesTests {
  private func statuses(_ results: [JSONValue]) -> [String?] { results.map { $0["attributeStatus"]?.string } }

  @Test("B06.FR.01–FR.04, FR.10, FR.11, TC_B_06_CS, TC_B_07_CS: each item gets its own result, in order, twice too")
  func getsEachItem() {
    let harness = EngineHarness().start()
    let threshold = item("OCPPCommCtrlr", "OfflineThreshold")
    let results = harness.get([
      threshold, item("ocppcommctrlr", "OFFLINETHRESHOLD", attribute: "Actual"), item("NoSuch", "NoSuch"), threshold,
      item("EVSE", "AvailabilityState", evse: 2), item("Connector", "ConnectorType", evse: 1, connector: 1),
    ])
    #expect(
      statuses(results) == ["Accepted", "Accepted", "UnknownComponent", "Accepted", "Accepted", "Accepted"])
    #expect(results.map { $0["attributeValue"]?.string } == ["60", "60", nil, "60", "Available", "sType2"])
    #expect(results.allSatisfy { $0["attributeType"] == "Actual" })
    #expect(results[1]["component"]?["name"] == "ocppcommctrlr")
    #expect(results[1]["variable"]?["name"] == "OFFLINETHRESHOLD")
    #expect(results[5]["component"]?["evse"]?["connectorId"] == 1)
    #expect(harness.violations.isEmpty, "\(harness.violations)")
  }

  @Test("B06.FR.06–FR.09, TC_B_32, 33, 34_CS: what is unknown, unsupported or secret says so and gives no value")
  func tellsWhatIsMissing() {
    let harness = EngineHarness().start()
    let results = harness.get([
      item("NoSuchCtrlr", "OfflineThreshold"), item("OCPPCommCtrlr", "NoSuch"),
      item("OCPPCommCtrlr", "OfflineThreshold", attribute: "Target"),
      item("OCPPCommCtrlr", "OfflineThreshold", attribute: "MaxSet"), item("SecurityCtrlr", "BasicAuthPassword"),
      item("EVSE", "Power", evse: 3), item("EVSE", "NoSuch", evse: 1), item("EVSE", "AvailabilityState"),
    ])
    #expect(
      statuses(results) == [
        "UnknownComponent", "UnknownVariable", "NotSupportedAttributeType", "NotSupportedAttributeType", "Rejected",
        "UnknownComponent", "UnknownVariable", "UnknownComponent",
      ])
    #expect(results.allSatisfy { $0["attributeValue"] == nil })
    #expect(results[2]["attributeType"] == "Target")
    #expect(results[4]["attributeStatusInfo"]?["reasonCode"] == "WriteOnly")
  }

  @Test("B06.FR.13: an attribute that is supported and was never set is an empty text")
  func emptyAttribute() {
    let harness = EngineHarness().start()
    let key = VariableKey("CoolingSystem", "FanSpeed", evse: 1)
    var definition = VariableDefinition(
      key, VariableCharacter(.decimal, unit: "RPM", minimum: 0, maximum: 3_000), .readOnly, "1200")
    definition.kinds = [.actual, .target]
    #expect(harness.chargePoint.deviceModel.register(definition) != nil)
    let results = harness.get([
      item(key), item(key, attribute: "Target"), item(key, attribute: "MinSet"), item("EVSE", "Power", evse: 1),
    ])
    #expect(statuses(results) == ["Accepted", "Accepted", "NotSupportedAttributeType", "Accepted"])
    #expect(results.map { $0["attributeValue"]?.string } == ["1200", "", nil, ""])
    let report = harness.customReport([item("CoolingSystem", nil)])
    #expect(report.data.first?["variableAttribute"]?.array?.map { $0["type"]?.string } == ["Actual", "Target"])
  }

  @Test("B06.FR.14, B06.FR.15: an instance is that instance; none, or an empty one, is the variable without instance")
  func instances() {
    let entry = ChargePointConfiguration.DeviceModelEntry(
      key: VariableKey("FiscalMetering", "EnergyImport", componentInstance: "Main", evse: 1), value: "12.5")
    let harness = EngineHarness(configuration: EngineHarness.standardConfiguration(deviceModel: [entry])).start()
    let results = harness.get([
      item("OCPPCommCtrlr", "MessageAttempts", instance: "TransactionEvent"),
      item("OCPPCommCtrlr", "MessageAttempts", instance: "TRANSACTIONEVENT"), item("OCPPCommCtrlr", "MessageAttempts"),
      item("OCPPCommCtrlr", "MessageAttempts", instance: ""), item("OCPPCommCtrlr", "OfflineThreshold", instance: ""),
      item("OCPPCommCtrlr", "OfflineThreshold", instance: "Other"),
      item("FiscalMetering", "EnergyImport", evse: 1, componentInstance: "Main"),
      item("FiscalMetering", "EnergyImport", evse: 1),
    ])
    #expect(
      statuses(results) == [
        "Accepted", "Accepted", "UnknownVariable", "UnknownVariable", "Accepted", "UnknownVariable", "Accepted",
        "UnknownComponent",
      ])
    #expect(results[6]["attributeValue"] == "12.5")
    #expect(results[6]["component"]?["instance"] == "Main")
  }

  @Test("T-62, B06.FR.16, B06.FR.17: too many items and too many bytes are refused with the code for each")
  func limitsSize() {
    let harness = EngineHarness().start()
    let threshold = item("OCPPCommCtrlr", "OfflineThreshold")
    let many = harness.csms.call(
      .getVariables, ["getVariableData": .array(Array(repeating: threshold, count: 65))])
    let padding = String(repeating: " ", count: 65_536)
    let large = harness.csms.callRaw(
      "GetVariables", "{\"getVariableData\":[\(threshold)\(padding)]}", as: .getVariables)
    harness.run(for: .seconds(1))
    #expect(harness.csms.errorCode(many) == "OccurrenceConstraintViolation")
    #expect(harness.csms.errorCode(large) == "FormatViolation")
    #expect(harness.get(Array(repeating: threshold, count: 64)).count == 64)
    let value = harness.value(of: item("DeviceDataCtrlr", "BytesPerMessage", instance: "GetVariables"))
    #expect(value == "65536")
    #expect(harness.value(of: item("DeviceDataCtrlr", "ItemsPerMessage", instance: "GetVariables")) == "64")
  }

  @Test("A station that takes smaller frames states smaller messages")
  func bytesFollowFrames() {
    var configuration = EngineHarness.standardConfiguration()
    configuration.maximumFrameBytes = 32_768
    let harness = EngineHarness(configuration: configuration).start()
    for name in ["GetVariables", "SetVariables", "GetReport"] {
      #expect(harness.value(of: item("DeviceDataCtrlr", "BytesPerMessage", instance: name)) == "32768")
    }
  }

  @Test("M-37: the firmware gets one result for each item in their order, and no secret")
  func firmwareReads() {
    let harness = EngineHarness().start()
    func data(_ component: String, _ variable: String, _ kind: AttributeKind? = nil) -> GetVariableData {
      GetVariableData(component: Component(name: component), variable: Variable(name: variable), attributeType: kind)
    }
    let results = harness.chargePoint.getVariables([
      data("OCPPCommCtrlr", "OfflineThreshold"), data("SecurityCtrlr", "BasicAuthPassword"), data("None", "None"),
      data("OCPPCommCtrlr", "None"), data("OCPPCommCtrlr", "OfflineThreshold", .target),
      data("OCPPCommCtrlr", "OfflineThreshold"), data("SecurityCtrlr", "Identity"),
    ])
    #expect(
      results.map { $0.attributeStatus } == [
        .accepted, .rejected, .unknownComponent, .unknownVariable, .notSupportedAttributeType, .accepted, .accepted,
      ])
    #expect(results.map { $0.attributeValue } == ["60", nil, nil, nil, nil, "60", "CS-1"])
    #expect(results[0].attributeType == .actual)
  }

  @Test("M-42: the firmware reads one value; what is missing or secret has none")
  func firmwareReadsOne() {
    let harness = EngineHarness().start()
    #expect(harness.chargePoint.requestValue(VariableKey("OCPPCommCtrlr", "OfflineThreshold")) == "60")
    #expect(harness.chargePoint.requestValue(VariableKey("ocppCommCtrlr", "offlinethreshold")) == "60")
    #expect(
      harness.chargePoint.requestValue(VariableKey("OCPPCommCtrlr", "OfflineThreshold"), attribute: .target) == nil)
    #expect(harness.chargePoint.requestValue(VariableKey("SecurityCtrlr", "BasicAuthPassword")) == nil)
    #expect(harness.chargePoint.requestValue(VariableKey("None", "None")) == nil)
    #expect(harness.chargePoint.requestValue(VariableKey("EVSE", "SupplyPhases", evse: 2)) == "3")
  }
}
