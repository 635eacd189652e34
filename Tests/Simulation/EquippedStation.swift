import BoardProfile
import ChargerBase
import EVSEControl
import OCPPJSON
import OCPPTypes
import SimulatedWorld
import SimulationSupport
import Station
import Testing

/// A station that has everything: sockets with lock and proximity contact, residual current detection, a temperature
/// sensor, a phase switch, and all safety contacts.
enum EquippedStation {
  private static func evse(_ number: Int) -> String {
    """
    {"id": \(number), "maximumCurrentA": 32, "phases": 3, "meter": {"driver": "simulated"},
     "residualCurrent": {"driver": "simulated"}, "temperatureSensors": [{"driver": "simulated"}],
     "phaseSwitch": {"driver": "simulated"}, "light": {"driver": "simulated"},
     "connectors": [{"id": 1, "cable": "socket", "connectorType": "sType2", "pilot": {"driver": "simulated"},
       "contactor": {"driver": "simulated"}, "lock": {"driver": "simulated"}, "proximity": {"driver": "simulated"}}]}
    """
  }

  private static let profile = """
    {"name": "equipped", "purpose": "bench", "vendorName": "Open Charger", "model": "Equipped",
     "evses": [\(evse(1)), \(evse(2))],
     "safetyInputs": [{"kind": "emergencyStop", "driver": "simulated"}, {"kind": "door", "driver": "simulated"},
       {"kind": "tilt", "driver": "simulated"}, {"kind": "mainsLoss", "driver": "simulated"}],
     "readers": [{"name": "front", "driver": "simulated"}], "display": {"driver": "simulated"},
     "deadMan": {"means": "simulatedWorld", "withinMilliseconds": 500}, "leaseExpiry": "finishSession",
     "leaseSeconds": 60, "resetAction": "restart", "csms": {"url": "ws://127.0.0.1:9310/ocpp", "securityProfile": 0}}
    """

  static func make(_ settings: [(String, String, String)] = []) throws -> WholeStation {
    WholeStation(
      profile: try BoardProfile.load(bytes: Array(profile.utf8), fileName: "equipped"), settings: settings)
  }

  /// Started, with a car that charges at the first EVSE for half a minute.
  static func charging(_ settings: [(String, String, String)] = []) throws -> WholeStation {
    let station = try make(settings).start()
    station.plugIn()
    station.tap(evses: [1])
    #expect(station.run(upTo: .seconds(20)) { station.isClosed() }, "\(station.why())")
    station.run(for: .seconds(30))
    #expect(station.why() == [])
    return station
  }
}

extension WholeStation {
  func explanation(_ evse: Int32 = 1) -> EnergyExplanation? {
    station?.explain(at: clock.now).first { $0.evse.number == evse }
  }

  /// The codes of the reasons why an EVSE does not charge.
  func why(_ evse: Int32 = 1) -> [String] { explanation(evse)?.reasons.map(\.code) ?? ["dead"] }

  func snapshot(_ evse: Int32 = 1) -> ConnectorSnapshot? {
    station?.snapshots.first { $0.connector == Self.connector(evse) }
  }

  /// Names of the security events that the CSMS was told.
  var securityEvents: [String] {
    csms.calls(.securityEventNotification).compactMap {
      (try? SecurityEventNotificationRequest.decode($0.payload, version: .v201))?.type
    }
  }

  /// The status that the CSMS gets for an UnlockConnector.
  func unlock(_ evse: Int32 = 1, within limit: Duration = .seconds(20)) -> String? {
    let id = csms.call(
      .unlockConnector, UnlockConnectorRequest(evseId: evse, connectorId: 1).encode(version: .v201))
    run(upTo: limit) { csms.answers[id] != nil }
    return csms.result(id)?["status"]?.string
  }
}
