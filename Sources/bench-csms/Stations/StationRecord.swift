import ChargerBase
import OCPPJSON

/// What the CSMS knows of a station, connected or not.
struct StationRecord {
  /// Connectors whose status is kept.
  static let maximumConnectors = 256

  struct Connector {
    var evse: Int
    var connector: Int
    var status: String
  }

  let identity: String
  var isConnected = false
  var connectedSince: WallTime?
  var connections = 0
  var messages = 0
  var lastHeartbeat: WallTime?
  var boot: JSONValue?
  /// Status of the last boot answer; nil while the station has not booted towards this CSMS.
  var registration: String?
  var connectors: [Connector] = []

  init(identity: String) { self.identity = identity }

  /// What is kept of a boot: a station may send much more.
  static func shortened(boot: JSONValue) -> JSONValue {
    let station = boot["chargingStation"]
    let names = ["model", "vendorName", "firmwareVersion", "serialNumber"]
    let kept = names.compactMap { name in station?[name].map { JSONMember(name, $0) } }
    return ["reason": boot["reason"] ?? .null, "chargingStation": .object(kept)]
  }

  mutating func setStatus(_ request: JSONValue) {
    let evse = request["evseId"]?.int ?? 0
    let connector = request["connectorId"]?.int ?? 0
    let status = request["connectorStatus"]?.string ?? "?"
    if let place = connectors.firstIndex(where: { $0.evse == evse && $0.connector == connector }) {
      connectors[place].status = status
    } else if connectors.count < Self.maximumConnectors {
      connectors.append(Connector(evse: evse, connector: connector, status: status))
      connectors.sort { ($0.evse, $0.connector) < ($1.evse, $1.connector) }
    }
  }

  var json: JSONValue {
    var members: [JSONMember] = [
      JSONMember("station", .string(identity)), JSONMember("connected", .bool(isConnected)),
      JSONMember("connections", JSONValue(connections)), JSONMember("messages", JSONValue(messages)),
      JSONMember(
        "connectors",
        .array(
          connectors.map {
            ["evse": JSONValue($0.evse), "connector": JSONValue($0.connector), "status": .string($0.status)]
          })),
    ]
    func add(_ name: String, _ value: JSONValue?) { if let value { members.append(JSONMember(name, value)) } }
    add("connectedSince", connectedSince.map { JSONValue($0) })
    add("lastHeartbeat", lastHeartbeat.map { JSONValue($0) })
    add("registration", registration.map { .string($0) })
    add("boot", boot)
    return .object(members)
  }
}
