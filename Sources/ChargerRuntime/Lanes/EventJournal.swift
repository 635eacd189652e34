import ChargerBase
import OCPPJSON
import Station

/// The newest events in words, for the station socket: bounded, in memory, gone with the program.
package struct EventJournal {
  package static let capacity = 256
  private var ring = BoundedRing<JSONValue>(capacity: capacity)

  package init() {}

  /// Keeps an event and gives back the form in which it is told.
  package mutating func record(_ event: StationEvent, at wall: WallTime?) -> JSONValue {
    var members: [JSONMember] = []
    if let wall { members.append(JSONMember("time", JSONValue(wall))) }
    members.append(JSONMember("kind", JSONValue(event.kind)))
    if let evse = event.evse { members.append(JSONMember("evse", JSONValue(evse.number))) }
    if let connector = event.connector { members.append(JSONMember("connector", JSONValue(connector))) }
    members.append(JSONMember("text", JSONValue(event.text)))
    let value = JSONValue.object(members)
    ring.appendOverwriting(value)
    return value
  }

  package var events: JSONValue { .array(ring.elements) }
}
