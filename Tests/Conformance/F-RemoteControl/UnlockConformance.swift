import ChargerBase
import OCPPCore
import OCPPJSON
import OCPPTypes
import SimulationSupport
import Testing

/// F05 on the whole engine, in every state that a connector can be in.
@Suite("Certification, F05 Unlock connector")
struct UnlockConformance {
  private func unlock(_ station: ChargingStation, _ evse: Int32 = 1, _ connector: Int32 = 1) -> String? {
    let request = UnlockConnectorRequest(evseId: evse, connectorId: connector)
    return station.csms(.unlockConnector, request.encode(version: .v201))?["status"]?.string
  }

  @Test(
    "T-43, F05.FR.01, F05.FR.02, F05.FR.04, F05.FR.06 Only an authorized transaction keeps the lock from being tried")
  func everyState() {
    let station = ChargingStation([("TxCtrlr", "TxStartPoint", "EVConnected,Authorized")])
    var attempts = 0
    func expectAttempt(_ state: Comment) {
      attempts += 1
      #expect(unlock(station) == "Unlocked", state)
      #expect(station.harness.delegate.unlocked.count == attempts, state)
    }
    expectAttempt("no cable")
    station.plugIn()
    #expect(station.transactionID != nil)
    expectAttempt("a transaction that nobody has authorized")
    station.tap("CARD")
    station.wait(2)
    #expect(unlock(station) == "OngoingAuthorizedTransaction")
    #expect(station.harness.delegate.unlocked.count == attempts)
    #expect(station.places[0].isClosed, "and the transaction goes on")
    station.plugOut()
    station.wait(5)
    attempts = station.harness.delegate.unlocked.count
    #expect(station.chargePoint.transactionID(at: EVSEID(1)) == nil)
    expectAttempt("after the session")
    station.harness.csms.call(.changeAvailability, ["operationalStatus": "Inoperative"])
    station.wait(1)
    expectAttempt("Unavailable")
    let fault = StationFault(
      code: "lockFailure", component: "ConnectorPlugRetentionLock", variable: "Problem", text: "It is stuck.")
    station.chargePoint.handle(.fault(station.connector(1), fault, active: true, at: station.now))
    station.wait(1)
    expectAttempt("Faulted")
    #expect(station.harness.violations.isEmpty, "\(station.harness.violations)")
  }

  @Test("F05.FR.03, F05.FR.05 An unknown connector, and a lock that fails or says nothing")
  func failures() {
    let station = ChargingStation()
    for (evse, connector) in [(1, 2), (2, 1), (0, 0), (-1, .max)] as [(Int32, Int32)] {
      #expect(unlock(station, evse, connector) == "UnknownConnector")
    }
    #expect(station.harness.delegate.unlocked.isEmpty)
    station.harness.unlockOutcome = .failed
    #expect(unlock(station) == "UnlockFailed")
    station.harness.unlockOutcome = nil
    let id = station.harness.csms.call(
      .unlockConnector, UnlockConnectorRequest(evseId: 1, connectorId: 1).encode(version: .v201))
    station.wait(20)
    #expect(station.harness.csms.result(id)?["status"] == "UnlockFailed")
    #expect(station.harness.violations.isEmpty, "\(station.harness.violations)")
  }
}
