import ChargerBase
import OCPPCore
import OCPPJSON
import OCPPPorts
import OCPPTypes
import SimulationSupport
import Testing

@Suite("F Trigger messages against a strict CSMS")
struct TriggerConformance {
  private func trigger(_ station: ChargingStation, _ message: String, evse: JSONValue? = nil) -> JSONValue? {
    var members = [JSONMember("requestedMessage", .string(message))]
    if let evse { members.append(JSONMember("evse", evse)) }
    let id = station.harness.csms.call(.triggerMessage, .object(members))
    station.wait(1)
    return station.harness.csms.result(id)?["status"]
  }

  @Test("TC_F_23, 24_CS The status of a connector, Available and Occupied, is sent once for each request")
  func status() {
    let station = ChargingStation(evses: 2)
    let place: JSONValue = ["id": 1, "connectorId": 1]
    func statuses() -> [JSONValue?] {
      station.harness.csms.calls(.statusNotification).map { $0.json["connectorStatus"] }
    }
    station.harness.csms.forgetCalls()
    #expect(trigger(station, "StatusNotification", evse: place) == "Accepted")
    #expect(statuses() == ["Available"])
    station.plugIn()
    station.harness.csms.forgetCalls()
    #expect(trigger(station, "StatusNotification", evse: place) == "Accepted")
    #expect(statuses() == ["Occupied"])
    #expect(station.harness.csms.calls(.statusNotification).allSatisfy { $0.json["evseId"] == 1 })
    #expect(station.harness.violations.isEmpty, "\(station.harness.violations)")
  }

  @Test("TC_F_26, 27_CS, F06.FR.08, FR.17 A boot that was accepted, and what is not built, are not triggered")
  func refused() {
    let station = ChargingStation()
    station.harness.csms.forgetCalls()
    #expect(trigger(station, "BootNotification") == "Rejected")
    #expect(trigger(station, "SignCombinedCertificate") == "NotImplemented")
    #expect(station.harness.csms.calls.isEmpty)
    #expect(station.harness.violations.isEmpty, "\(station.harness.violations)")
  }
}
