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
    #expect(trigger(harness, "FirmwareStatusNotification") == "NotImplemented")
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

  @Test("F06.FR.03 An EVSE that does not matter to the message is ignored, also one that there is not")
  func ignoresEVSE() {
    let harness = EngineHarness().start()
    harness.csms.forgetCalls()
    #expect(trigger(harness, "Heartbeat", evse: ["id": 1]) == "Accepted")
    #expect(trigger(harness, "Heartbeat", evse: ["id": 99, "connectorId": 7]) == "Accepted")
    #expect(trigger(harness, "LogStatusNotification", evse: ["id": 99]) == "Accepted")
    #expect(harness.csms.calls.map(\.action) == [.heartbeat, .heartbeat, .logStatusNotification])
  }

  @Test(
    "F06.FR.10, T-41 Everything that was accepted is sent, each after its answer, also when it is asked for in a row")
  func sendsAll() {
    let harness = EngineHarness().start()
    harness.csms.forgetCalls()
    harness.csms.answerDelay = .seconds(1)
    let ids = (0..<3).map { _ in
      harness.csms.call(
        .triggerMessage, ["requestedMessage": "StatusNotification", "evse": ["id": 1, "connectorId": 1]])
    }
    var isAnsweredFirst: Bool?
    harness.csms.script = { _ in
      isAnsweredFirst = isAnsweredFirst ?? (harness.csms.result(ids[0]) != nil)
      return .standard
    }
    harness.run(for: .seconds(10))
    #expect(ids.allSatisfy { harness.csms.result($0)?["status"] == "Accepted" })
    #expect(isAnsweredFirst == true)
    #expect(harness.csms.calls(.statusNotification).count == 3)
    #expect(harness.violations.isEmpty, "\(harness.violations)")
  }

  @Test("F06.FR.14, F06.FR.15, TC_F_15_CS, M-30 A triggered log status is Idle, or Uploading with its request")
  func logStatus() {
    let harness = EngineHarness().start()
    harness.csms.forgetCalls()
    #expect(trigger(harness, "LogStatusNotification") == "Accepted")
    harness.chargePoint.logStatus(.uploading, requestID: 7)
    harness.run(for: .seconds(1))
    #expect(trigger(harness, "LogStatusNotification") == "Accepted")
    harness.chargePoint.logStatus(.uploaded, requestID: 7)
    harness.run(for: .seconds(1))
    #expect(trigger(harness, "LogStatusNotification") == "Accepted")
    let calls = harness.csms.calls(.logStatusNotification).map(\.json)
    #expect(calls.map { $0["status"] } == ["Idle", "Uploading", "Uploading", "Uploaded", "Idle"])
    #expect(calls.map { $0["requestId"]?.int } == [nil, 7, 7, 7, nil])
    #expect(harness.violations.isEmpty, "\(harness.violations)")
  }

  @Test("M-30 The status of an upload is not lost offline, nor in a power cut")
  func logStatusSurvives() {
    let harness = EngineHarness().start()
    harness.csms.forgetCalls()
    harness.link.drop()
    harness.chargePoint.logStatus(.uploadFailure, requestID: 3)
    harness.run(for: .milliseconds(200))
    harness.restart(.powerCut)
    harness.run(for: .seconds(60))
    #expect(harness.csms.calls(.logStatusNotification).map { $0.json["status"] } == ["UploadFailure"])
  }

  @Test(
    "B02.FR.02, F06.FR.10 While Pending MeterValues are sent when asked for; a TransactionEvent could not be: Rejected")
  func pendingMeterValues() {
    let harness = EngineHarness()
    harness.csms.bootAnswers = [(.pending, 600)]
    harness.start()
    harness.chargePoint.handle(
      .meter(
        EVSEID(1),
        MeterSample(
          takenAt: harness.clock.now,
          values: [MeasuredValue(measurand: .energyActiveImportRegister, value: 12_345)])))
    #expect(trigger(harness, "MeterValues", evse: ["id": 1]) == "Accepted")
    #expect(harness.csms.calls(.meterValues).count == 1)
    #expect(trigger(harness, "MeterValues", evse: ["id": 9]) == "Rejected")
    #expect(trigger(harness, "TransactionEvent") == "Rejected")
    #expect(harness.chargePoint.statistics.timeouts == 0)
  }
}
