import ChargerBase
import OCPPCore
import OCPPJSON
import OCPPPorts
import OCPPTypes
import SimulationSupport
import Testing

@Suite("P Custom data")
struct CustomDataConformance {
  private static let custom: JSONValue = ["vendorId": "com.example", "anything": ["nested": [1, 2, 3]]]

  private func ask(_ harness: EngineHarness, _ action: OCPPAction, _ payload: JSONValue) -> JSONValue? {
    let id = harness.csms.call(action, payload)
    harness.run(for: .seconds(1))
    return harness.csms.result(id)
  }

  @Test("TC_P_03_CS Custom data of a vendor, at every level of a message, changes nothing in what it does")
  func isAccepted() {
    let harness = EngineHarness().start()
    let component: JSONValue = ["name": "OCPPCommCtrlr", "customData": Self.custom]
    let variable: JSONValue = ["name": "OfflineThreshold", "customData": Self.custom]
    let set = ask(
      harness, .setVariables,
      [
        "customData": Self.custom,
        "setVariableData": [
          [
            "component": component, "variable": variable, "attributeValue": "200", "attributeType": "Actual",
            "customData": Self.custom,
          ]
        ],
      ])
    #expect(set?["setVariableResult"]?[0]?["attributeStatus"] == "Accepted")
    let get = ask(
      harness, .getVariables,
      ["getVariableData": [["component": component, "variable": variable, "attributeType": "Actual"]]])
    #expect(get?["getVariableResult"]?[0]?["attributeStatus"] == "Accepted")
    #expect(get?["getVariableResult"]?[0]?["attributeValue"] == "200")
    #expect(harness.violations.isEmpty, "\(harness.violations)")
  }

  @Test("TC_P_03_CS Custom data in the CSMS's answers is no fault either")
  func isAcceptedInAnswers() {
    let harness = EngineHarness()
    harness.csms.script = { call in
      switch call.action {
      case .heartbeat:
        .result(["currentTime": .string(harness.clock.wall.rfc3339), "customData": Self.custom])
      case .statusNotification: .result(["customData": Self.custom])
      default: .standard
      }
    }
    harness.start()
    harness.run(for: .seconds(700))
    #expect(harness.csms.calls(.heartbeat).count >= 2)
    #expect(harness.chargePoint.status.isAccepted)
    #expect(!harness.delegate.noted(.security, "InvalidMessages"))
    #expect(harness.violations.isEmpty, "\(harness.violations)")
  }
}
