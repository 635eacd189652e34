import ChargerBase
import OCPPCore
import OCPPJSON
import OCPPPorts
import OCPPTypes
import SimulationSupport
import Testing

@Suite("F06 Trigger message")
struct TriggerMessageTests {
  private func trigger(_ harness: EngineHarness, _ message: String, evse: JSONValue? = nil) -> String? {
    var members = [JSONMember("requestedMessage", .string(message))]
    if let evse { members.append(JSONMember("evse", evse)) }
    let id = harness.csms.call(.triggerMessage, .object(members))
    harness.run(for: .seconds(2))
    return harness.csms.result(id)?["status"]?.string
  }

  @Test("TC_F_20, 23_CS, F06.FR.04, FR.05, FR.10 Heartbeat and a connector's status come after the answer")
  func sendsAfterAnswer() {
    let harness = EngineHarness().start()
    harness.csms.forgetCalls()
    #expect(trigger(harness, "Heartbeat") == "Accepted")
    #expect(trigger(harness, "StatusNotification", evse: ["id": 2, "connectorId": 1]) == "Accepted")
    #expect(harness.csms.calls.map { $0.action } == [.heartbeat, .statusNotification])
    #expect(harness.csms.calls.last?.json["evseId"] == 2)
    #expect(harness.violations.isEmpty, "\(harness.violations)")
  }

  @Test("F06.FR.12 A status is asked for by connector; F06.FR.08 what is not built is NotImplemented")
  func refuses() {
    let harness = EngineHarness().start()
    harness.csms.forgetCalls()
    #expect(trigger(harness, "StatusNotification") == "Rejected")
    #expect(trigger(harness, "StatusNotification", evse: ["id": 1]) == "Rejected")
    #expect(trigger(harness, "StatusNotification", evse: ["id": 9, "connectorId": 1]) == "Rejected")
    #expect(trigger(harness, "SignV2GCertificate") == "NotImplemented")
    #expect(trigger(harness, "LogStatusNotification") == "NotImplemented")
    #expect(harness.csms.calls.isEmpty)
  }

  @Test("F06.FR.17 BootNotification is Rejected once accepted, and comes at once while Pending (B02.FR.04)")
  func triggersBoot() {
    let harness = EngineHarness()
    harness.csms.bootAnswers = [(.pending, 600), (.accepted, 300)]
    harness.start()
    #expect(trigger(harness, "Heartbeat") == "Accepted")
    #expect(harness.csms.calls(.heartbeat).count == 1)
    #expect(trigger(harness, "StatusNotification", evse: ["id": 1, "connectorId": 1]) == "Accepted")
    #expect(harness.csms.calls(.statusNotification).count == 1)
    #expect(trigger(harness, "BootNotification") == "Accepted")
    #expect(harness.csms.calls(.bootNotification).map { $0.json["reason"] } == ["PowerUp", "Triggered"])
    #expect(harness.chargePoint.status.isAccepted)
    #expect(trigger(harness, "BootNotification") == "Rejected")
    #expect(harness.violations.isEmpty, "\(harness.violations)")
  }
}
