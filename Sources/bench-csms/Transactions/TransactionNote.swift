import ChargerBase
import OCPPJSON

/// One event of a transaction's story.
struct TransactionNote {
  var sequenceNumber: Int
  var kind: String
  var trigger: String
  /// What the station wrote on it.
  var time: WallTime?
  /// When it came.
  var heard: WallTime
  var chargingState: String?
  /// The energy so far, in thousandths of a watt-hour; nil when the event tells no register.
  var energy: Int64?
  var isOffline = false
  /// The station's card reader saw this one.
  var token: JSONValue?

  func json(_ words: (JSONValue?) -> String) -> JSONValue {
    var members = [
      JSONMember("seqNo", JSONValue(sequenceNumber)), JSONMember("event", .string(kind)),
      JSONMember("trigger", .string(trigger)), JSONMember("heardAt", JSONValue(heard)),
      JSONMember("offline", .bool(isOffline)),
    ]
    func add(_ name: String, _ value: JSONValue?) { if let value { members.append(JSONMember(name, value)) } }
    add("time", time.map { JSONValue($0) })
    add("chargingState", chargingState.map { .string($0) })
    add("energyWh", energy.map { .number(Decimal(thousandths: $0)) })
    add("card", token.map { .string(words($0)) })
    return .object(members)
  }
}
