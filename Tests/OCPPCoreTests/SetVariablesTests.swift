import ChargerBase
import OCPPCore
import OCPPJSON
import OCPPPorts
import OCPPTypes
import SimulationSupport
import Testing

@Suite("B05 Set Variables")
struct SetVariablesTests {
  private let threshold = VariableKey("OCPPCommCtrlr", "OfflineThreshold")

  @Test("B05.FR.01–FR.10, FR.12, TC_B_09, 10, 35, 36, 37, 39_CS: each item is set or refused on its own, in order")
  func setsEachItem() {
    let harness = EngineHarness().start()
    let results = harness.set([
      item(threshold, "100"), item(threshold, "-1"), item(threshold, "12a"), item(threshold, "99999999999"),
      item("NoSuchCtrlr", "OfflineThreshold", "1"), item("OCPPCommCtrlr", "NoSuch", "1"),
      item(threshold, "1", attribute: "MaxSet"), item("SecurityCtrlr", "SecurityProfile", "3"),
      item("TxCtrlr", "StopTxOnInvalidId", "TRUE"), item("TxCtrlr", "TxStopPoint", "DataSigned"),
      item("TxCtrlr", "TxStopPoint", "Authorized,Authorized"), item("TxCtrlr", "TxStartPoint", ""),
      item("OCPPCommCtrlr", "MessageTimeout", "20", instance: "Default"), item("EVSE", "AllowReset", "true", evse: 1),
      item("TxCtrlr", "StopTxOnInvalidId", "false", attribute: "Actual"),
    ])
    #expect(
      results.map { $0["attributeStatus"]?.string } == [
        "Accepted", "Rejected", "Rejected", "Rejected", "UnknownComponent", "UnknownVariable",
        "NotSupportedAttributeType", "Rejected", "Rejected", "Rejected", "Rejected", "Rejected", "Rejected", "Rejected",
        "Accepted",
      ])
    #expect(
      results[0]["component"]?["name"] == "OCPPCommCtrlr" && results[0]["variable"]?["name"] == "OfflineThreshold")
    #expect(results.map { $0["attributeType"]?.string } == (0..<15).map { $0 == 6 ? "MaxSet" : "Actual" })
    #expect(results[1]["attributeStatusInfo"]?["reasonCode"] == "ValueOutOfRange")
    #expect(results[2]["attributeStatusInfo"]?["reasonCode"] == "InvalidValue")
    #expect(results[7]["attributeStatusInfo"]?["reasonCode"] == "ReadOnly")
    #expect(harness.value(of: item(threshold)) == "100")
    #expect(harness.violations.isEmpty, "\(harness.violations)")
  }

  @Test("TC_B_11_CS, B05.FR.07: a value of another form is Rejected, whatever the variable's type")
  func refusesForms() {
    let harness = EngineHarness().start()
    let present = harness.clock.wall.rfc3339
    for value in ["60.1", "true", present, "abc", "", "+5", "0x10"] {
      #expect(harness.status(ofSetting: item(threshold, value)) == "Rejected", "\(value)")
    }
    for value in ["60", "60.1", present, "abc", "", "1", "True"] {
      #expect(harness.status(ofSetting: item("AuthCtrlr", "AuthorizeRemoteStart", value)) == "Rejected", "\(value)")
    }
    #expect(harness.value(of: item(threshold)) == "60")
    #expect(harness.value(of: item("AuthCtrlr", "AuthorizeRemoteStart")) == "true")
  }

  @Test(
    "The same variable twice in one request: both are answered, in order, and the last one counts, after a restart too")
  func sameVariableTwice() {
    let harness = EngineHarness().start()
    let results = harness.set([item(threshold, "100"), item(threshold, "bad"), item(threshold, "101")])
    #expect(results.map { $0["attributeStatus"]?.string } == ["Accepted", "Rejected", "Accepted"])
    #expect(harness.value(of: item(threshold)) == "101")
    harness.restart(.powerCut)
    #expect(harness.value(of: item(threshold)) == "101")
  }

  @Test("T-62: SetVariables with too many items or too many bytes is refused with the code for each, and sets nothing")
  func limitsSize() {
    let harness = EngineHarness().start()
    let many = harness.csms.call(
      .setVariables, ["setVariableData": .array(Array(repeating: item(threshold, "100"), count: 65))])
    let padding = String(repeating: " ", count: 131_072)
    let large = harness.csms.callRaw(
      "SetVariables", "{\"setVariableData\":[\(item(threshold, "100"))\(padding)]}", as: .setVariables)
    harness.run(for: .seconds(1))
    #expect(harness.csms.errorCode(many) == "OccurrenceConstraintViolation")
    #expect(harness.csms.errorCode(large) == "FormatViolation")
    #expect(harness.value(of: item(threshold)) == "60")
    #expect(harness.set(Array(repeating: item(threshold, "100"), count: 64)).count == 64)
  }

  @Test("A request is one commit, on disk before it is answered, whatever it sets; one that sets nothing is none")
  func oneCommit() {
    let harness = EngineHarness().start()
    harness.run(for: .seconds(5))
    let before = harness.store.fullCommits
    harness.store.latency = .milliseconds(500)
    let id = harness.csms.call(
      .setVariables,
      [
        "setVariableData": [
          item(threshold, "100"), item("TxCtrlr", "StopTxOnInvalidId", "false"), item(threshold, "x"),
        ]
      ])
    harness.run(for: .milliseconds(400))
    #expect(harness.csms.answers[id] == nil)
    harness.run(for: .milliseconds(400))
    #expect(harness.csms.result(id)?["setVariableResult"]?.array?.count == 3)
    #expect(harness.store.fullCommits == before + 1)
    #expect(harness.status(ofSetting: item(threshold, "x")) == "Rejected")
    #expect(harness.store.fullCommits == before + 1)
  }

  @Test("B05.FR.09: a value that cannot be stored is Rejected, and the old one stays")
  func refusesWithoutStore() {
    let harness = EngineHarness().start()
    harness.store.failure = StoreFailure(.full, detail: "no space")
    #expect(harness.status(ofSetting: item(threshold, "100")) == "Rejected")
    #expect(harness.value(of: item(threshold)) == "60")
  }

  @Test("M-38: RebootRequired is told for what counts from the next start, for no other")
  func rebootRequired() {
    var configuration = EngineHarness.standardConfiguration()
    configuration.networkProfiles = [
      .init(slot: 1, url: "ws://first", identity: "CS"), .init(slot: 2, url: "ws://second", identity: "CS"),
    ]
    let harness = EngineHarness(configuration: configuration).start()
    let results = harness.set([
      item("OCPPCommCtrlr", "NetworkConfigurationPriority", "2,1"), item(threshold, "7"),
      item("OCPPCommCtrlr", "NetworkConfigurationPriority", "9"),
    ])
    #expect(results.map { $0["attributeStatus"]?.string } == ["RebootRequired", "Accepted", "Rejected"])
    #expect(harness.link.dials.last?.target.url == "ws://first")
    harness.restart(.clean)
    #expect(harness.link.dials.last?.target.url == "ws://second")
  }

  @Test("M-38: the firmware sets read-only variables too; results keep their order and duplicates")
  func firmwareSets() {
    let harness = EngineHarness().start()
    func data(_ component: String, _ variable: String, _ value: String) -> SetVariableData {
      SetVariableData(
        attributeValue: value, component: Component(name: component), variable: Variable(name: variable))
    }
    var results: [SetVariableResult] = []
    harness.chargePoint.setVariables([
      data("OCPPCommCtrlr", "OfflineThreshold", "250"), data("SecurityCtrlr", "OrganizationName", "Org"),
      data("None", "None", "x"), data("OCPPCommCtrlr", "OfflineThreshold", "-5"),
      data("OCPPCommCtrlr", "OfflineThreshold", "251"), data("OCPPCommCtrlr", "NetworkConfigurationPriority", "1"),
    ]) { results = $0 }
    #expect(results.isEmpty)  // Not before it is on disk.
    harness.run(for: .seconds(1))
    #expect(
      results.map { $0.attributeStatus } == [
        .accepted, .accepted, .unknownComponent, .rejected, .accepted, .rebootRequired,
      ])
    #expect(results.map { $0.variable.name }.first == "OfflineThreshold")
    #expect(harness.chargePoint.requestValue(threshold) == "251")
    #expect(harness.chargePoint.requestValue(VariableKey("SecurityCtrlr", "OrganizationName")) == "Org")
  }

  @Test("A password is 16 to 64 characters of any kind, is never reported or logged, and is used at once")
  func password() {
    let harness = EngineHarness().start()
    let key = VariableKey("SecurityCtrlr", "BasicAuthPassword")
    #expect(harness.status(ofSetting: item(key, "fifteen-letters")) == "Rejected")
    #expect(harness.status(ofSetting: item(key, String(repeating: "x", count: 65))) == "Rejected")
    #expect(harness.status(ofSetting: item(key, "")) == "Rejected")
    #expect(harness.status(ofSetting: item(key, "Straße-Ωmega-16€")) == "Accepted")
    harness.run(for: .seconds(3))
    #expect(harness.link.dials.last?.target.basicAuthPassword == Array("Straße-Ωmega-16€".utf8))
    let entry = harness.baseReport("FullInventory").data.first { $0["variable"]?["name"] == "BasicAuthPassword" }
    #expect(entry?["variableAttribute"]?[0]?["mutability"] == "WriteOnly")
    #expect(entry?["variableAttribute"]?[0]?["value"] == nil)
    #expect(entry?["variableCharacteristics"]?["maxLimit"] == 64)
    let listings = harness.chargePoint.inventory { $0 == key }
    #expect(listings.count == 1 && listings.allSatisfy { $0.value == nil })
    #expect(!harness.delegate.notes.contains { $0.text.contains("Straße") })
  }
}
