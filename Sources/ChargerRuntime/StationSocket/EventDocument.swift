import ChargerBase
import OCPPJSON
import Station

/// `station.event`: one thing that happened, in words.
enum EventDocument {
  static func make(_ event: StationEvent, at wall: WallTime) -> JSONValue {
    .object([
      JSONMember("time", JSONValue(wall)),
      JSONMember("kind", JSONValue(event.kind)),
      JSONMember("evse", event.evse.map { JSONValue($0.number) } ?? .null),
      JSONMember("connector", event.connector.map { JSONValue($0) } ?? .null),
      JSONMember("text", JSONValue(event.text)),
    ])
  }
}
