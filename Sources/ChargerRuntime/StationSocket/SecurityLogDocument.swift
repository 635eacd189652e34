import OCPPCore
import OCPPJSON

/// `station.securityLog`: the security events that the station keeps, oldest first.
enum SecurityLogDocument {
  static func make(_ lane: NetworkLane) -> JSONValue { document(lane.chargePoint?.securityLog ?? []) }

  static func document(_ entries: [SecurityLogEntry]) -> JSONValue {
    .object([
      JSONMember(
        "events",
        .array(
          entries.map { entry in
            .object([
              JSONMember("number", JSONValue(entry.number)),
              JSONMember("time", entry.time.map { JSONValue($0) } ?? .null),
              JSONMember("type", JSONValue(entry.type)),
              JSONMember("information", entry.information.map { JSONValue($0) } ?? .null),
              JSONMember("critical", JSONValue(entry.isCritical)),
            ])
          }))
    ])
  }
}
