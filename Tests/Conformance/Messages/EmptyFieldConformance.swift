import ChargerBase
import OCPPCore
import OCPPJSON
import OCPPPorts
import OCPPTypes
import SimulationSupport
import Testing

/// Part 4 §4.1.5: a field that has nothing to say is left out.
@Suite("Nothing empty is sent")
struct EmptyFieldConformance {
  /// Paths below `value` at which there is null, an empty object or an empty array.
  private func hollow(_ value: JSONValue, _ path: String) -> [String] {
    switch value {
    case .null: return [path]
    case .array(let items):
      return items.isEmpty ? [path] : items.enumerated().flatMap { hollow($1, "\(path)[\($0)]") }
    case .object(let members):
      return members.isEmpty ? [path] : members.flatMap { hollow($0.value, "\(path).\($0.name)") }
    default: return []
    }
  }

  @Test("T-3 P01.FR.01 P02.FR.02 In a day of all kinds nothing hollow is sent, and nothing as DataTransfer")
  func nothingHollow() {
    let station = ChargingStation([("SampledDataCtrlr", "TxUpdatedInterval", "10")], evses: 2)
    station.plugIn()
    station.tap("CARD")
    station.wait(25)
    var asked: [String] = []
    func ask(_ action: OCPPAction, _ payload: JSONValue) {
      asked.append(station.harness.csms.call(action, payload))
      station.wait(2)
    }
    ask(.getBaseReport, ["requestId": 1, "reportBase": "FullInventory"])
    ask(.getBaseReport, ["requestId": 2, "reportBase": "SummaryInventory"])
    ask(.getVariables, ["getVariableData": [["component": ["name": "EVSE"], "variable": ["name": "Power"]]]])
    ask(.getTransactionStatus, [:])
    ask(.triggerMessage, ["requestedMessage": "MeterValues"])
    ask(.triggerMessage, ["requestedMessage": "TransactionEvent"])
    ask(
      .requestStartTransaction, ["idToken": ["idToken": "APP", "type": "Central"], "remoteStartId": 1, "evseId": 2])
    ask(.dataTransfer, ["vendorId": "nobody"])
    station.chargePoint.handle(
      .fault(
        station.connector(2),
        StationFault(code: "GroundFailure", component: "Connector", variable: "Problem", text: ""),
        active: true, at: station.now))
    station.chargePoint.securityEvent("TamperDetectionActivated", info: nil)
    station.tap("CARD")
    station.wait(3)
    station.plugOut()
    station.wait(310)
    let calls = station.harness.csms.calls
    let kinds = Set(calls.map { $0.action })
    #expect(kinds.isSuperset(of: [.transactionEvent, .notifyReport, .meterValues, .statusNotification, .heartbeat]))
    #expect(!kinds.contains(.dataTransfer), "OCPP has messages for all of it")
    for call in calls where call.action != .heartbeat {
      #expect(hollow(call.json, "\(call.action)").isEmpty, "\(call.json)")
    }
    for id in asked {
      if let result = station.harness.csms.result(id) { #expect(hollow(result, id).isEmpty, "\(result)") }
    }
    #expect(station.harness.violations.isEmpty, "\(station.harness.violations)")
  }
}
