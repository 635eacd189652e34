import ChargerBase
import EVSEControl
import OCPPJSON

/// One named limit, as `station.status` and `station.explain` show it.
enum LimitDocument {
  static func make(_ limit: CurrentLimit, at now: MonotonicInstant) -> JSONValue {
    var members = [
      JSONMember("source", JSONValue("\(limit.source)")), JSONMember("owner", JSONValue(limit.owner)),
    ]
    switch limit.value {
    case .perPhase(let current): members.append(JSONMember("limitA", JSONValue(current.decimal)))
    case .total(let power): members.append(JSONMember("limitW", JSONValue(power.decimal)))
    }
    members.append(JSONMember("phases", limit.phases.map { JSONValue(Int32($0)) } ?? .null))
    members.append(
      JSONMember("expiresInS", limit.expiry.map { JSONValue(max(0, ($0 - now).wholeSeconds)) } ?? .null))
    return .object(members)
  }
}
