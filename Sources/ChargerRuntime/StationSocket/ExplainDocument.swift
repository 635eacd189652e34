import ChargerBase
import JSONRPC
import OCPPJSON
import Station

/// `station.explain`: "why is it not charging?", one object per EVSE.
enum ExplainDocument {
  static func make(_ lane: NetworkLane, evse: Int32?, _ params: JSONRPCParameters) throws(JSONRPCError) -> JSONValue {
    let now = lane.time.now
    let answers = (lane.station?.explain(at: now) ?? []).filter { evse == nil || $0.evse.number == evse }
    guard !answers.isEmpty else { throw params.wrong("evse", "no such EVSE") }
    return .array(answers.map { document($0, at: now) })
  }

  static func document(_ answer: EnergyExplanation, at now: MonotonicInstant) -> JSONValue {
    .object([
      JSONMember("evse", JSONValue(answer.evse.number)),
      JSONMember("connector", answer.connector.map { JSONValue($0) } ?? .null),
      JSONMember("charging", JSONValue(answer.isCharging)),
      JSONMember("reasons", .array(answer.reasons.map(reason))),
      JSONMember("current", answer.current.map(reason) ?? .null),
      JSONMember("limits", .array(answer.limits.map { LimitDocument.make($0, at: now) })),
      JSONMember("notes", .array(answer.notes.map(reason))),
    ])
  }

  private static func reason(_ reason: EnergyReason) -> JSONValue {
    .object([
      JSONMember("code", JSONValue(reason.code)),
      JSONMember("text", JSONValue(reason.text)),
      JSONMember("remedy", JSONValue(reason.remedy)),
      JSONMember(
        "values",
        .object(
          reason.details.map { detail in
            switch detail.value {
            case .number(let number): JSONMember(detail.name, JSONValue(number))
            case .text(let text): JSONMember(detail.name, JSONValue(text))
            }
          })),
    ])
  }
}
