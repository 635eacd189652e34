import ChargerBase
import OCPPCore
import OCPPJSON
import OCPPPorts
import OCPPTypes
import SimulationSupport
import Testing

@Suite("F Remote control against a strict CSMS")
struct RemoteControlConformance {
  private func start(_ token: String, id: Int32, evse: Int32?) -> [UInt8] {
    RequestStartTransactionRequest(
      idToken: IdToken(idToken: token, type: .iso14443), remoteStartId: id, evseId: evse
    ).encode(version: .v201)
  }

  @Test("TC_F_01_CS F01.FR.19 Remote start with the cable plugged in")
  func plugFirst() {
    let station = ChargingStation()
    station.plugIn()
    #expect(station.csms(.requestStartTransaction, start("APP", id: 42, evse: 1)) == ["status": "Accepted"])
    station.wait(3)
    #expect(station.harness.csms.calls(.authorize).count == 1)
    #expect(station.story.prefix(2) == ["Started/RemoteStart", "Updated/ChargingStateChanged"])
    #expect(station.events[0].transactionInfo.remoteStartId == 42)
    #expect(station.harness.violations.isEmpty)
  }

  @Test(
    "TC_F_02_CS TC_F_03_CS F02.FR.09–FR.11 F02.FR.13 Remote start first, with and without Authorize",
    arguments: [true, false])
  func remoteFirst(_ isAuthorized: Bool) {
    let station = ChargingStation([
      ("AuthCtrlr", "AuthorizeRemoteStart", isAuthorized ? "true" : "false"), ("TxCtrlr", "TxStartPoint", "Authorized"),
    ])
    _ = station.csms(.requestStartTransaction, start("APP", id: 42, evse: 1))
    station.plugIn()
    station.wait(3)
    #expect(station.harness.csms.calls(.authorize).count == (isAuthorized ? 1 : 0))
    #expect(
      station.story == ["Started/RemoteStart", "Updated/CablePluggedIn", "Updated/ChargingStateChanged"])
    #expect(station.harness.violations.isEmpty)
  }

  @Test("A remote start that the store takes longer for than the CSMS waits is answered as failed, and begins nothing")
  func lateCommit() {
    let station = ChargingStation()
    station.plugIn()
    station.wait(3)
    station.harness.store.latency = .seconds(25)
    let id = station.harness.csms.call(.requestStartTransaction, start("APP", id: 42, evse: 1))
    station.wait(60)
    guard case .error("InternalError", _)? = station.harness.csms.answers[id] else {
      return #expect(Bool(false), "\(String(describing: station.harness.csms.answers[id]))")
    }
    station.harness.store.latency = .milliseconds(1)
    station.wait(60)
    #expect(station.events.isEmpty)
    #expect(station.csms(.requestStartTransaction, start("APP", id: 43, evse: 1)) == ["status": "Accepted"])
    station.wait(3)
    #expect(station.events.first?.transactionInfo.remoteStartId == 43)
    #expect(station.harness.violations.isEmpty)
  }

  @Test("F01.FR.24 A transaction that was authorized once is not started again from afar, with the same token neither")
  func startedOnce() {
    let station = ChargingStation([("TxCtrlr", "TxStopPoint", "EVConnected")])
    station.plugIn()
    station.tap("CARD")
    station.wait(10)
    station.tap("CARD")
    station.wait(10)
    #expect(station.transactionID != nil && station.events.last?.eventType == .updated)
    #expect(station.csms(.requestStartTransaction, start("CARD", id: 42, evse: 1)) == ["status": "Rejected"])
    station.wait(3)
    #expect(!station.events.contains { $0.transactionInfo.remoteStartId != nil })
    #expect(station.harness.violations.isEmpty)
  }

  @Test("TC_F_04_CS F02.FR.07 Remote start, and nobody plugs in")
  func timeout() {
    let station = ChargingStation([("TxCtrlr", "TxStartPoint", "Authorized"), ("TxCtrlr", "EVConnectionTimeOut", "15")])
    _ = station.csms(.requestStartTransaction, start("APP", id: 42, evse: 1))
    station.wait(17)
    #expect(station.story == ["Started/RemoteStart", "Ended/EVConnectTimeout"])
    #expect(station.events.last?.transactionInfo.stoppedReason == .timeout)
    #expect(station.harness.violations.isEmpty)
  }

  @Test(
    "TC_F_08_CS TC_E_21_CS TC_F_09_CS F03.FR.03 F03.FR.07–FR.09 Remote stop, and of a transaction that is not there")
  func remoteStop() throws {
    let station = ChargingStation()
    station.plugIn()
    station.tap("CARD")
    station.wait(10)
    let id = try #require(station.transactionID)
    let rejected = RequestStopTransactionRequest(transactionId: "another").encode(version: .v201)
    #expect(station.csms(.requestStopTransaction, rejected) == ["status": "Rejected"])
    let stop = RequestStopTransactionRequest(transactionId: id).encode(version: .v201)
    #expect(station.csms(.requestStopTransaction, stop) == ["status": "Accepted"])
    station.wait(3)
    #expect(station.story.last == "Ended/RemoteStop")
    #expect(station.events.last?.transactionInfo.stoppedReason == .remote)
    #expect(station.harness.violations.isEmpty)
  }

  @Test("TC_F_11_CS TC_F_12_CS TC_F_13_CS TC_F_14_CS Triggered MeterValues and TransactionEvents")
  func triggers() {
    let station = ChargingStation(evses: 2)
    func trigger(_ message: String, evse: JSONValue?) -> String? {
      var members = [JSONMember("requestedMessage", .string(message))]
      if let evse { members.append(JSONMember("evse", ["id": evse])) }
      let id = station.harness.csms.call(.triggerMessage, .object(members))
      station.wait(1)
      return station.harness.csms.result(id)?["status"]?.string
    }
    #expect(trigger("TransactionEvent", evse: nil) == "Rejected")
    #expect(trigger("MeterValues", evse: 2) == "Accepted")
    #expect(station.harness.csms.calls(.meterValues).count == 1)
    #expect(trigger("MeterValues", evse: nil) == "Accepted")
    #expect(station.harness.csms.calls(.meterValues).count == 3)
    station.plugIn()
    station.tap("CARD", evses: [1])
    station.wait(3)
    #expect(trigger("TransactionEvent", evse: 1) == "Accepted")
    #expect(station.story.last == "Updated/Trigger")
    #expect(station.events.last?.transactionInfo.chargingState == .charging)
    #expect(station.events.last?.meterValue?.first?.sampledValue.first?.context == .trigger)
    #expect(station.harness.violations.isEmpty, "\(station.harness.violations)")
  }

  @Test("TC_F_05_CS TC_F_06_CS TC_F_10_CS Unlocking a connector")
  func unlock() {
    let station = ChargingStation()
    func unlock(_ evse: Int32, _ connector: Int32) -> JSONValue? {
      station.csms(
        .unlockConnector, UnlockConnectorRequest(evseId: evse, connectorId: connector).encode(version: .v201))
    }
    #expect(unlock(1, 1) == ["status": "Unlocked"])
    #expect(station.harness.delegate.unlocked.count == 1)
    #expect(unlock(1, 3) == ["status": "UnknownConnector"])
    station.plugIn()
    station.tap("CARD")
    #expect(unlock(1, 1) == ["status": "OngoingAuthorizedTransaction"])
    #expect(station.harness.violations.isEmpty)
  }
}
