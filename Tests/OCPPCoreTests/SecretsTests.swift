import ChargerBase
import OCPPCore
import OCPPJSON
import OCPPPorts
import OCPPTypes
import SimulationSupport
import Testing

@Suite("Passwords that the CSMS sets are for the dialer alone")
struct SecretsTests {
  private static let secrets = ["correct horse battery", "apn-secret-1", "vpn-secret-1", "vpn-key-1"]

  private func containsSecret(_ text: String) -> Bool { Self.secrets.contains { text.contains($0) } }

  @Test("They are in no report, no answer, no note, no log and no inventory; only the dialer gets them")
  func nowhere() throws {
    let harness = EngineHarness()
    harness.delegate.validateNetwork = { _ in true }
    harness.start()
    harness.csms.call(
      .setVariables,
      [
        "setVariableData": [
          [
            "component": ["name": "SecurityCtrlr"], "variable": ["name": "BasicAuthPassword"],
            "attributeValue": "correct horse battery",
          ]
        ]
      ])
    // The new password makes a new connection.
    harness.run(for: .seconds(120))
    let profile: JSONValue = [
      "ocppVersion": "OCPP20", "ocppTransport": "JSON", "ocppCsmsUrl": "ws://other.example/ocpp", "messageTimeout": 30,
      "securityProfile": 1, "ocppInterface": "Wireless0",
      "apn": ["apn": "internet", "apnUserName": "u", "apnPassword": "apn-secret-1", "apnAuthentication": "AUTO"],
      "vpn": [
        "server": "vpn.example", "user": "u", "password": "vpn-secret-1", "key": "vpn-key-1", "type": "IKEv2",
      ],
    ]
    let set = harness.csms.call(.setNetworkProfile, ["configurationSlot": 2, "connectionData": profile])
    harness.run(for: .seconds(5))
    #expect(harness.csms.result(set)?["status"] == "Accepted")
    harness.csms.forgetCalls()
    let get = harness.csms.call(
      .getVariables,
      [
        "getVariableData": [
          ["component": ["name": "SecurityCtrlr"], "variable": ["name": "BasicAuthPassword"]]
        ]
      ])
    harness.run(for: .seconds(5))
    #expect(harness.csms.result(get)?["getVariableResult"]?[0]?["attributeStatus"] == "Rejected")
    #expect(harness.csms.result(get)?["getVariableResult"]?[0]?["attributeValue"] == nil)
    for base in ["FullInventory", "ConfigurationInventory", "SummaryInventory"] {
      harness.csms.call(.getBaseReport, ["requestId": 1, "reportBase": .string(base)])
      harness.run(for: .seconds(60))
    }
    #expect(harness.csms.calls(.notifyReport).count >= 3)
    for call in harness.csms.calls { #expect(!containsSecret(String(decoding: call.payload, as: UTF8.self))) }
    #expect(!harness.delegate.notes.contains { containsSecret($0.text) })
    #expect(!harness.chargePoint.securityLog.contains { containsSecret($0.information ?? "") })
    let listed = harness.chargePoint.inventory { _ in true }
    #expect(!listed.contains { containsSecret($0.value ?? "") })
    #expect(
      listed.contains { $0.key.variable == "BasicAuthPassword" && $0.value == nil && $0.mutability == .writeOnly })
    #expect(harness.chargePoint.networkProfile(slot: 2)?.vpn?.password == "vpn-secret-1")
  }
}
