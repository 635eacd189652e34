import ChargerBase
import JSONRPC
import OCPPCore
import OCPPJSON

/// `station.history`: the sessions that are over, for people who ask what was charged, when and why it ended.
enum HistoryDocument {
  static func make(_ lane: NetworkLane, _ params: JSONRPCParameters) throws(JSONRPCError) -> JSONValue {
    try params.allow(["evse", "since", "limit"])
    let evse = try params.optionalInteger("evse", in: 1...Int32.max)
    guard evse == nil || lane.profile.evse(EVSEID(evse ?? 0)) != nil else {
      throw params.wrong("evse", "no such EVSE")
    }
    let capacity = ChargePoint.sessionHistoryCapacity
    let limit = try params.optionalInteger("limit", in: 1...Int32(clamping: capacity)).map { Int($0) } ?? capacity
    var since: WallTime?
    if let text = try params.optionalString("since", maximum: 64) {
      guard let time = WallTime(rfc3339: text) else { throw params.wrong("since", "is no time of RFC 3339") }
      since = time
    }
    let sessions = lane.chargePoint?.sessionHistory ?? []
    return document(sessions, evse: evse, since: since, limit: limit)
  }

  /// A session that ended when nobody knew the time is not left out by `since`.
  static func document(_ sessions: [FinishedSession], evse: Int32?, since: WallTime?, limit: Int) -> JSONValue {
    let wanted = sessions.filter { session in
      (evse == nil || session.evse.number == evse)
        && (session.endedAt.flatMap { ended in since.map { ended >= $0 } } ?? true)
    }
    return .object([
      JSONMember("capacity", JSONValue(ChargePoint.sessionHistoryCapacity)),
      JSONMember("sessions", .array(wanted.suffix(limit).map(session))),
    ])
  }

  private static func session(_ session: FinishedSession) -> JSONValue {
    .object([
      JSONMember("number", JSONValue(session.number)),
      JSONMember("transactionId", JSONValue(session.transactionID)),
      JSONMember("evse", JSONValue(session.evse.number)),
      JSONMember("connector", session.connector.map { JSONValue($0) } ?? .null),
      JSONMember("startedAt", session.startedAt.map { JSONValue($0) } ?? .null),
      JSONMember("endedAt", session.endedAt.map { JSONValue($0) } ?? .null),
      JSONMember("durationS", session.duration.map { JSONValue(max(0, $0.wholeSeconds)) } ?? .null),
      JSONMember("chargingS", session.secondsCharging.map { JSONValue($0) } ?? .null),
      JSONMember("energyWh", session.energyWh.map { JSONValue($0) } ?? .null),
      JSONMember("startRegisterWh", session.startRegisterWh.map { JSONValue($0) } ?? .null),
      JSONMember("endRegisterWh", session.endRegisterWh.map { JSONValue($0) } ?? .null),
      JSONMember("idToken", session.maskedToken.map { JSONValue($0) } ?? .null),
      JSONMember("tokenType", session.tokenType.map { JSONValue($0) } ?? .null),
      JSONMember("began", session.began.map { JSONValue($0) } ?? .null),
      JSONMember("ended", session.ended.map { JSONValue($0) } ?? .null),
      JSONMember("stoppedReason", session.stoppedReason.map { JSONValue($0) } ?? .null),
      JSONMember("remoteStartId", session.remoteStartID.map { JSONValue($0) } ?? .null),
      JSONMember("events", JSONValue(session.events)),
      JSONMember("report", JSONValue("\(session.report)")),
    ])
  }
}
