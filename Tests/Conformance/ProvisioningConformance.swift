import ChargerBase
import OCPPCore
import OCPPJSON
import OCPPPorts
import OCPPTypes
import SimulationSupport
import Testing

/// Certification cases of block B (Part 6) on the whole engine, session controller included.
@Suite("Certification, B Provisioning")
struct ProvisioningConformance {
  private let connector = ConnectorID(evse: EVSEID(1), number: 1)

  private func statuses(_ harness: EngineHarness) -> [String] {
    harness.csms.calls(.statusNotification).map {
      "\($0.json["evseId"]?.int ?? 0) \($0.json["connectorStatus"]?.string ?? "")"
    }
  }

  /// Plug, card, energy.
  private func charge(_ harness: EngineHarness, _ evse: Int32 = 1) {
    let connector = ConnectorID(evse: EVSEID(evse), number: 1)
    let token = IdToken(idToken: "CARD\(evse)", type: .iso14443)
    harness.csms.tokens["CARD\(evse)"] = .accepted
    harness.chargePoint.handle(.connected(connector, true, at: harness.clock.now))
    harness.run(for: .seconds(1))
    harness.chargePoint.handle(.tokenPresented(PresentedIdToken(idToken: token), evses: [EVSEID(evse)]))
    harness.run(for: .seconds(1))
    harness.chargePoint.handle(.powerPath(connector, closed: true, at: harness.clock.now))
    harness.run(for: .seconds(1))
    harness.chargePoint.handle(.charging(connector, .charging, at: harness.clock.now))
    harness.run(for: .seconds(1))
  }

  private func stop(_ harness: EngineHarness, _ evse: Int32 = 1) {
    let connector = ConnectorID(evse: EVSEID(evse), number: 1)
    let token = IdToken(idToken: "CARD\(evse)", type: .iso14443)
    harness.chargePoint.handle(.tokenPresented(PresentedIdToken(idToken: token), evses: [EVSEID(evse)]))
    harness.run(for: .seconds(1))
    harness.chargePoint.handle(.charging(connector, .evConnected, at: harness.clock.now))
    harness.chargePoint.handle(.powerPath(connector, closed: false, at: harness.clock.now))
    harness.run(for: .seconds(1))
    harness.chargePoint.handle(.connected(connector, false, at: harness.clock.now))
    harness.run(for: .seconds(2))
  }

  private func result(_ harness: EngineHarness, _ action: OCPPAction, _ payload: JSONValue) -> JSONValue? {
    let id = harness.csms.call(action, payload)
    harness.run(for: .seconds(2))
    return harness.csms.result(id)
  }

  @Test("TC_B_01_CS Cold boot, accepted")
  func coldBootAccepted() {
    let harness = EngineHarness().start()
    #expect(harness.csms.calls.first?.json["reason"] == "PowerUp")
    #expect(statuses(harness) == ["1 Available", "2 Available"])
    #expect(harness.violations.isEmpty, "\(harness.violations)")
  }

  @Test("TC_B_02_CS Cold boot, pending: configuration, report, refused start, triggered boot")
  func coldBootPending() {
    let harness = EngineHarness()
    harness.csms.bootAnswers = [(.pending, 300), (.accepted, 300)]
    harness.start()
    let threshold: JSONValue = ["name": "OfflineThreshold"]
    let controller: JSONValue = ["name": "OCPPCommCtrlr"]
    let set = result(
      harness, .setVariables,
      ["setVariableData": [["component": controller, "variable": threshold, "attributeValue": "300"]]])
    #expect(set?["setVariableResult"]?[0]?["attributeStatus"] == "Accepted")
    let get = result(harness, .getVariables, ["getVariableData": [["component": controller, "variable": threshold]]])
    #expect(get?["getVariableResult"]?[0]?["attributeValue"] == "300")
    #expect(result(harness, .getBaseReport, ["requestId": 1, "reportBase": "FullInventory"])?["status"] == "Accepted")
    harness.run(for: .seconds(5))
    #expect(harness.csms.calls(.notifyReport).last?.json["tbc"] == false)
    let start = result(
      harness, .requestStartTransaction, ["remoteStartId": 1, "idToken": ["idToken": "A", "type": "Central"]])
    #expect(start?["status"] == "Rejected")
    #expect(statuses(harness).isEmpty)
    #expect(result(harness, .triggerMessage, ["requestedMessage": "BootNotification"])?["status"] == "Accepted")
    #expect(harness.csms.calls(.bootNotification).last?.json["reason"] == "Triggered")
    #expect(statuses(harness).count == 2)
    #expect(harness.violations.isEmpty, "\(harness.violations)")
  }

  @Test("TC_B_03_CS Cold boot, rejected: silence, then the same boot again")
  func coldBootRejected() {
    let harness = EngineHarness()
    harness.csms.bootAnswers = [(.rejected, 90), (.accepted, 300)]
    harness.start()
    harness.run(for: .seconds(88))
    #expect(harness.csms.calls.count == 1)
    harness.run(for: .seconds(5))
    #expect(statuses(harness).count == 2)
    #expect(harness.violations.isEmpty, "\(harness.violations)")
  }

  @Test("TC_B_30_CS Requests while not accepted get SecurityError", arguments: [RegistrationStatus.pending, .rejected])
  func securityErrorBeforeAccepted(status: RegistrationStatus) {
    let harness = EngineHarness()
    harness.csms.bootAnswers = [(status, 300)]
    harness.start()
    let id = harness.csms.call(.getTransactionStatus, [:])
    harness.run(for: .seconds(1))
    #expect(harness.csms.errorCode(id) == "SecurityError")
  }

  @Test("TC_B_06, 07, 32, 33, 34, 09, 10, 35, 36, 37, 39_CS Reading and writing variables")
  func variables() {
    let harness = EngineHarness().start()
    func component(_ name: String) -> JSONValue { ["name": .string(name)] }
    let get = result(
      harness, .getVariables,
      [
        "getVariableData": [
          ["component": component("OCPPCommCtrlr"), "variable": component("OfflineThreshold")],
          ["component": component("AuthCtrlr"), "variable": component("AuthorizeRemoteStart")],
          ["component": component("UnknownComponent"), "variable": component("OfflineThreshold")],
          ["component": component("OCPPCommCtrlr"), "variable": component("UnknownVariable")],
          [
            "component": component("OCPPCommCtrlr"), "variable": component("OfflineThreshold"),
            "attributeType": "Target",
          ],
        ]
      ])
    #expect(
      (0..<5).map { get?["getVariableResult"]?[$0]?["attributeStatus"]?.string } == [
        "Accepted", "Accepted", "UnknownComponent", "UnknownVariable", "NotSupportedAttributeType",
      ])
    let set = result(
      harness, .setVariables,
      [
        "setVariableData": [
          [
            "component": component("OCPPCommCtrlr"), "variable": component("OfflineThreshold"), "attributeValue": "123",
          ],
          [
            "component": component("AuthCtrlr"), "variable": component("AuthorizeRemoteStart"),
            "attributeValue": "false",
          ],
          [
            "component": component("UnknownComponent"), "variable": component("OfflineThreshold"),
            "attributeValue": "1",
          ],
          ["component": component("OCPPCommCtrlr"), "variable": component("UnknownVariable"), "attributeValue": "1"],
          [
            "component": component("OCPPCommCtrlr"), "variable": component("OfflineThreshold"), "attributeValue": "1",
            "attributeType": "Target",
          ],
          [
            "component": component("OCPPCommCtrlr"), "variable": component("FileTransferProtocols"),
            "attributeValue": "FTP",
          ],
        ]
      ])
    #expect(
      (0..<6).map { set?["setVariableResult"]?[$0]?["attributeStatus"]?.string } == [
        "Accepted", "Accepted", "UnknownComponent", "UnknownVariable", "NotSupportedAttributeType", "Rejected",
      ])
    #expect(harness.violations.isEmpty, "\(harness.violations)")
  }

  @Test(
    "TC_B_12, 13, 14_CS, B07.FR.12 Base reports",
    arguments: ["ConfigurationInventory", "FullInventory", "SummaryInventory"])
  func baseReports(base: String) {
    let harness = EngineHarness().start()
    #expect(result(harness, .getBaseReport, ["requestId": 77, "reportBase": .string(base)])?["status"] == "Accepted")
    harness.run(for: .seconds(10))
    let parts = harness.csms.calls(.notifyReport)
    #expect(parts.map { $0.json["seqNo"]?.int } == parts.indices.map { $0 })
    #expect(parts.allSatisfy { $0.json["requestId"] == 77 })
    #expect(harness.violations.isEmpty, "\(harness.violations)")
  }

  @Test("TC_B_20_CS Reset of an idle station")
  func resetIdle() {
    let harness = EngineHarness().start()
    #expect(result(harness, .reset, ["type": "OnIdle"])?["status"] == "Accepted")
    harness.run(for: .seconds(5))
    #expect(harness.delegate.resets == [.station])
    harness.csms.forgetCalls()
    harness.restart(.kill)
    #expect(harness.csms.calls.first?.json["reason"] == "RemoteReset")
    #expect(statuses(harness) == ["1 Available", "2 Available"])
  }

  @Test("TC_B_21, TC_B_41_CS Reset OnIdle waits for every transaction")
  func resetOnIdle() {
    let harness = EngineHarness().start()
    charge(harness, 1)
    charge(harness, 2)
    #expect(result(harness, .reset, ["type": "OnIdle"])?["status"] == "Scheduled")
    stop(harness, 1)
    #expect(harness.delegate.resets.isEmpty)
    stop(harness, 2)
    harness.run(for: .seconds(10))
    #expect(harness.delegate.resets == [.station])
    #expect(harness.csms.transactions.books.count == 2)
    #expect(harness.csms.transactions.books.allSatisfy { $0.isEnded && $0.isGapless })
    harness.csms.forgetCalls()
    harness.restart(.kill)
    harness.run(for: .seconds(5))
    #expect(harness.csms.calls.first?.json["reason"] == "ScheduledReset")
    #expect(harness.csms.calls(.securityEventNotification).map { $0.json["type"] } == ["ResetOrReboot"])
    #expect(harness.violations.isEmpty, "\(harness.violations)")
  }

  @Test("TC_B_22_CS Immediate reset ends the transaction with ImmediateReset")
  func resetImmediate() throws {
    let harness = EngineHarness().start()
    charge(harness)
    #expect(result(harness, .reset, ["type": "Immediate"])?["status"] == "Accepted")
    harness.run(for: .seconds(40))
    let ended = try #require(harness.csms.transactions.books.first?.ended)
    #expect(ended.triggerReason == .resetCommand)
    #expect(ended.transactionInfo.stoppedReason == .immediateReset)
    #expect(ended.idToken == nil)
    #expect(harness.delegate.resets == [.station])
    harness.csms.forgetCalls()
    harness.restart(.kill)
    #expect(harness.csms.calls.first?.json["reason"] == "RemoteReset")
    #expect(harness.violations.isEmpty, "\(harness.violations)")
  }

  @Test("TC_B_23_CS, TC_G_21_CS Unavailable survives a reset")
  func unavailableSurvivesReset() {
    let harness = EngineHarness().start()
    #expect(result(harness, .changeAvailability, ["operationalStatus": "Inoperative"])?["status"] == "Accepted")
    #expect(result(harness, .reset, ["type": "Immediate"])?["status"] == "Accepted")
    harness.run(for: .seconds(5))
    harness.csms.forgetCalls()
    harness.restart(.kill)
    #expect(statuses(harness) == ["1 Unavailable", "2 Unavailable"])
  }

  @Test("TC_B_28, TC_B_29_CS An EVSE that cannot be reset alone")
  func resetEVSENotSupported() {
    let harness = EngineHarness().start()
    #expect(result(harness, .reset, ["type": "OnIdle", "evseId": 1])?["status"] == "Rejected")
    charge(harness)
    #expect(result(harness, .reset, ["type": "Immediate", "evseId": 1])?["status"] == "Rejected")
    #expect(harness.delegate.resets.isEmpty)
  }

  @Test("TC_B_51, TC_B_52_CS A status that changed offline is told after it", arguments: [true, false])
  func statusAfterOffline(isLong: Bool) {
    let harness = EngineHarness(
      configuration: EngineHarness.standardConfiguration(deviceModel: [
        EngineHarness.setting("OCPPCommCtrlr", "OfflineThreshold", isLong ? "8" : "60"),
        EngineHarness.setting("OCPPCommCtrlr", "RetryBackOffRandomRange", "0"),
      ])
    ).start()
    harness.csms.forgetCalls()
    harness.csms.close()
    harness.run(for: .milliseconds(100))
    harness.chargePoint.handle(.connected(connector, true, at: harness.clock.now))
    harness.run(for: .seconds(15))
    #expect(statuses(harness) == (isLong ? ["1 Occupied", "2 Available"] : ["1 Occupied"]))
  }

  @Test("TC_B_57_CS Reconnection with growing waits")
  func reconnection() {
    let harness = EngineHarness(
      configuration: EngineHarness.standardConfiguration(deviceModel: [
        EngineHarness.setting("OCPPCommCtrlr", "RetryBackOffRepeatTimes", "2"),
        EngineHarness.setting("OCPPCommCtrlr", "RetryBackOffRandomRange", "0"),
        EngineHarness.setting("OCPPCommCtrlr", "RetryBackOffWaitMinimum", "5"),
      ])
    ).start()
    harness.csms.close()
    harness.run(for: .seconds(6))
    #expect(harness.csms.isConnected)
    harness.csms.refusal = LinkFailure(.refused, detail: "refused")
    harness.csms.close()
    harness.run(for: .seconds(6))
    harness.csms.refusal = nil
    harness.run(for: .seconds(12))
    #expect(harness.csms.isConnected)
    let dials = harness.link.dials.map { $0.at }
    let waits = zip(dials, dials.dropFirst()).map { ($1 - $0).wholeSeconds }
    #expect(waits == [6, 6, 10] || waits.last == 10)
  }
}
