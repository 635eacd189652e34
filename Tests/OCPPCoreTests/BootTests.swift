import ChargerBase
import OCPPCore
import OCPPJSON
import OCPPPorts
import OCPPTypes
import SimulationSupport
import Testing

@Suite("B01–B03 Cold boot")
struct BootTests {
  @Test("B01.FR.01, B01.FR.09 The station registers with its identity and the reason of its boot")
  func registers() throws {
    let harness = EngineHarness().start(.watchdog)
    let boot = try #require(harness.csms.calls.first)
    #expect(boot.action == .bootNotification)
    let request = try BootNotificationRequest.decode(boot.payload, version: .v201)
    #expect(request.reason == .watchdog)
    #expect(request.chargingStation.model == "Dual")
    #expect(request.chargingStation.vendorName == "Example")
    #expect(request.chargingStation.serialNumber == "SN-1")
    #expect(harness.chargePoint.status.isAccepted)
    #expect(harness.violations.isEmpty, "\(harness.violations)")
  }

  @Test(
    "B01.FR.08, B02.FR.02, B01.FR.05 A SecurityError to an accepted station: it registers anew, and sends nothing before that is accepted"
  )
  func forgottenRegistration() {
    let harness = EngineHarness().start()
    harness.run(for: .seconds(60))
    harness.csms.forgetCalls()
    var refusals = 0
    harness.csms.script = { call in
      guard call.action == .securityEventNotification, refusals == 0 else { return .standard }
      refusals += 1
      return .error("SecurityError")
    }
    harness.csms.bootAnswers = [(.pending, 60), (.accepted, 300)]
    harness.chargePoint.securityEvent("TamperDetectionActivated")
    harness.run(for: .seconds(50))
    #expect(harness.csms.calls.map { $0.action } == [.securityEventNotification, .bootNotification])
    #expect(harness.csms.calls.last?.json["reason"] == "Unknown")
    #expect(!harness.chargePoint.status.isAccepted && harness.chargePoint.status.isConnected)
    harness.run(for: .seconds(120))
    #expect(harness.csms.connections == 1)
    #expect(harness.csms.calls(.bootNotification).count == 2)
    #expect(harness.csms.calls(.statusNotification).count == 2)
    #expect(harness.csms.calls(.securityEventNotification).count == 2)
    #expect(harness.chargePoint.waitingRecords == 0)
    #expect(harness.violations.isEmpty, "\(harness.violations)")
  }

  @Test(
    "E13.FR.02 A CSMS that refuses one message with SecurityError and accepts the station: attempts are counted, and the rest flows"
  )
  func refusedMessage() {
    let harness = EngineHarness().start()
    harness.run(for: .seconds(60))
    harness.csms.forgetCalls()
    harness.csms.script = { $0.json["type"] == "TamperDetectionActivated" ? .error("SecurityError") : .standard }
    harness.chargePoint.securityEvent("TamperDetectionActivated")
    harness.chargePoint.securityEvent("MaintenanceLoginFailed")
    harness.run(for: .seconds(3_600))
    let refused = harness.csms.calls(.securityEventNotification).filter {
      $0.json["type"] == "TamperDetectionActivated"
    }
    #expect(refused.count == 5)
    #expect(harness.csms.calls(.bootNotification).count <= refused.count)
    #expect(harness.csms.calls(.securityEventNotification).contains { $0.json["type"] == "MaintenanceLoginFailed" })
    #expect(harness.chargePoint.outboxStatus.deadLetters == 1 && harness.chargePoint.waitingRecords == 0)
    #expect(harness.chargePoint.status.isAccepted)
    #expect(harness.violations.isEmpty, "\(harness.violations)")
  }

  @Test("B01.FR.05 Once accepted, the status of each connector is reported")
  func reportsConnectors() throws {
    let harness = EngineHarness().start()
    let reports = try harness.csms.calls(.statusNotification).map {
      try StatusNotificationRequest.decode($0.payload, version: .v201)
    }
    #expect(reports.map { $0.evseId } == [1, 2])
    #expect(reports.allSatisfy { $0.connectorStatus == .available && $0.connectorId == 1 })
  }

  @Test("B01.FR.04, G02.FR.01 The interval of the answer becomes the heartbeat interval and stays after a restart")
  func adoptsInterval() {
    let harness = EngineHarness()
    harness.csms.bootAnswers = [(.accepted, 77)]
    harness.start()
    #expect(harness.chargePoint.requestValue(VariableKey("OCPPCommCtrlr", "HeartbeatInterval")) == "77")
    harness.csms.bootAnswers = [(.accepted, 0)]
    harness.restart(.kill)
    #expect(harness.chargePoint.requestValue(VariableKey("OCPPCommCtrlr", "HeartbeatInterval")) == "77")
  }

  @Test("B01.FR.06 The clock follows the CSMS, corrected by half of the round trip")
  func followsClock() throws {
    let harness = EngineHarness()
    harness.csms.clockError = .seconds(3_600)
    harness.csms.answerDelay = .zero
    harness.link.latency = .seconds(2)
    harness.start()
    harness.run(for: .seconds(10))
    let (wall, instant) = try #require(harness.delegate.times.first)
    let truth = harness.clock.epoch + .nanoseconds(instant.nanoseconds) + .seconds(3_600)
    #expect(wall == truth)
    harness.run(for: .seconds(10))
    let now = harness.chargePoint.requestValue(VariableKey("ClockCtrlr", "DateTime"))
    #expect(now == (harness.clock.wall + .seconds(3_600)).rfc3339)
  }

  @Test("B01.FR.08, T-6 Until the CSMS accepts, nothing but BootNotification is sent, records of earlier runs included")
  func staysSilentUntilAccepted() {
    let harness = EngineHarness()
    harness.csms.refusal = LinkFailure(.refused, detail: "closed")
    harness.start()
    harness.restart(.kill)  // leaves a security event of the first run
    harness.csms.refusal = nil
    harness.csms.bootAnswers = [(.pending, 60), (.accepted, 300)]
    #expect(harness.run(upTo: .seconds(600)) { harness.chargePoint.status.isConnected })
    harness.run(for: .seconds(50))
    #expect(harness.csms.calls.map { $0.action } == [.bootNotification])
    harness.run(for: .seconds(20))
    #expect(harness.csms.calls(.securityEventNotification).count == 2)
    #expect(harness.violations.isEmpty, "\(harness.violations)")
  }

  @Test(
    "B02.FR.06, B02.FR.08, B03.FR.06, T-10 An interval above 0 is kept exactly, with the reason of the boot",
    arguments: [
      RegistrationStatus.pending, .rejected,
    ])
  func keepsRetryInterval(status: RegistrationStatus) throws {
    let harness = EngineHarness()
    harness.csms.bootAnswers = [(status, 137), (.accepted, 300)]
    harness.start(.firmwareUpdate)
    harness.run(for: .seconds(136))
    #expect(harness.csms.calls.count == 1)
    harness.run(for: .seconds(3))
    let boots = harness.csms.calls(.bootNotification)
    #expect(boots.count == 2)
    let wait = boots[1].at - boots[0].at
    #expect(wait >= .seconds(137) && wait < .seconds(138))
    #expect(boots.allSatisfy { $0.json["reason"] == "FirmwareUpdate" })
    #expect(harness.csms.connections == 1)  // B02.FR.06
    #expect(harness.violations.isEmpty, "\(harness.violations)")
  }

  @Test(
    "B02.FR.07, B03.FR.05, T-10 With interval 0 the station chooses a wait that floods nobody",
    arguments: [
      RegistrationStatus.pending, .rejected,
    ])
  func choosesRetryInterval(status: RegistrationStatus) {
    let harness = EngineHarness()
    harness.csms.bootAnswers = [(status, 0)]
    harness.start()
    harness.run(for: .seconds(600))
    let boots = harness.csms.calls(.bootNotification)
    #expect(boots.count >= 3 && boots.count <= 21)
    for (earlier, later) in zip(boots, boots.dropFirst()) { #expect(later.at - earlier.at >= .seconds(30)) }
  }

  @Test("B01.FR.01 A BootNotification that is refused or not answered is sent again")
  func repeatsFailedBoot() {
    let harness = EngineHarness()
    var answers: [SimulatedCSMS.Reply] = [.error("InternalError"), .silent, .result(["status": "Accepted"]), .standard]
    harness.csms.script = { call in
      call.action == .bootNotification && !answers.isEmpty ? answers.removeFirst() : .standard
    }
    harness.start()
    harness.run(for: .seconds(300))
    #expect(harness.chargePoint.status.isAccepted)
    #expect(harness.csms.calls(.bootNotification).count == 4)
    #expect(harness.violations.isEmpty, "\(harness.violations)")
  }

  @Test("B02.FR.01, FR.02, FR.05, T-7, T-8 While Pending the CSMS may read, write and get reports; starts are Rejected")
  func answersWhilePending() throws {
    let harness = EngineHarness()
    harness.csms.bootAnswers = [(.pending, 600)]
    harness.start()
    let variable: JSONValue = ["component": ["name": "OCPPCommCtrlr"], "variable": ["name": "OfflineThreshold"]]
    var setting = variable
    setting = [
      "component": ["name": "OCPPCommCtrlr"], "variable": ["name": "OfflineThreshold"], "attributeValue": "300",
    ]
    let set = harness.csms.call(.setVariables, ["setVariableData": [setting]])
    let get = harness.csms.call(.getVariables, ["getVariableData": [variable]])
    let start = harness.csms.call(
      .requestStartTransaction, ["remoteStartId": 1, "idToken": ["idToken": "A", "type": "Central"]])
    let stop = harness.csms.call(.requestStopTransaction, ["transactionId": "x"])
    let reset = harness.csms.call(.reset, ["type": "Immediate"])
    harness.run(for: .seconds(1))
    #expect(harness.csms.result(set)?["setVariableResult"]?[0]?["attributeStatus"] == "Accepted")
    #expect(harness.csms.result(get)?["getVariableResult"]?[0]?["attributeStatus"] == "Accepted")
    #expect(harness.csms.result(start)?["status"] == "Rejected")
    #expect(harness.csms.result(stop)?["status"] == "Rejected")
    #expect(harness.csms.errorCode(reset) == "SecurityError")
    let report = harness.csms.call(.getBaseReport, ["requestId": 5, "reportBase": "FullInventory"])
    harness.run(for: .seconds(5))
    #expect(harness.csms.result(report)?["status"] == "Accepted")
    #expect(harness.csms.calls(.notifyReport).last?.json["tbc"] == false)
    #expect(harness.violations.isEmpty, "\(harness.violations)")
  }

  @Test("B03.FR.02, B03.FR.08, T-9 While Rejected the station is silent and answers with SecurityError")
  func silentWhileRejected() {
    let harness = EngineHarness()
    harness.csms.bootAnswers = [(.rejected, 600)]
    harness.start()
    let get = harness.csms.call(
      .getVariables,
      ["getVariableData": [["component": ["name": "OCPPCommCtrlr"], "variable": ["name": "OfflineThreshold"]]]])
    let start = harness.csms.call(
      .requestStartTransaction, ["remoteStartId": 1, "idToken": ["idToken": "A", "type": "Central"]])
    let unknown = harness.csms.callRaw("Nonsense", "{}")
    harness.run(for: .seconds(500))
    #expect(harness.csms.errorCode(get) == "SecurityError")
    #expect(harness.csms.errorCode(start) == "SecurityError")
    #expect(harness.csms.errorCode(unknown) == "SecurityError")
    #expect(harness.csms.calls.count == 1)
  }
}
