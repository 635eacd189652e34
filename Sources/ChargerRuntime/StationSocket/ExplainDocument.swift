import JSONRPC
import OCPPJSON
import Station

/// `station.explain`: "why is it not charging?", one object per EVSE.
enum ExplainDocument {
  static func make(_ lane: NetworkLane, evse: Int32?, _ params: JSONRPCParameters) throws(JSONRPCError) -> JSONValue {
    let answers = (lane.station?.explain() ?? []).filter { evse == nil || $0.evse.number == evse }
    guard !answers.isEmpty else { throw params.wrong("evse", "no such EVSE") }
    return .array(
      answers.map { answer in
        .object([
          JSONMember("evse", JSONValue(answer.evse.number)),
          JSONMember("charging", JSONValue(answer.isCharging)),
          JSONMember(
            "reasons",
            .array(
              answer.reasons.map { reason in
                .object([
                  JSONMember("code", JSONValue(reason.code)),
                  JSONMember("text", JSONValue(reason.text)),
                  JSONMember("remedy", JSONValue(reason.remedy)),
                ])
              })),
        ])
      })
  }
}
