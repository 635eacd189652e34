import JSONRPC
import OCPPJSON
import OCPPTypes

extension ControlSocket {
  /// `{clear: true}`, `{remove: number}` or `{station?, action?, delayMs?, silent?, error?, answer?, spoil?, close?,
  /// count?}`.
  func behave(_ params: JSONRPCParameters) throws(JSONRPCError) -> JSONValue {
    try params.allow([
      "clear", "remove", "station", "action", "delayMs", "silent", "error", "answer", "spoil", "close", "count",
    ])
    if try params.optionalBool("clear") == true { csms.behaveAgain() }
    if let number = try params.optionalInteger("remove"), !csms.behaviour.remove(Int(number)) {
      throw .refused("there is no rule \(number)")
    }
    var rule = BehaviourRule()
    rule.station = try params.optionalString("station", maximum: Admission.maximumIdentityBytes)
    rule.action = try params.optionalString("action", maximum: 50)
    rule.delayMilliseconds = Int64(try params.optionalInteger("delayMs", in: 0...600_000) ?? 0)
    rule.isSilent = try params.optionalBool("silent") ?? false
    rule.errorCode = try params.optionalString("error", maximum: 50)
    rule.answer = params.optional("answer")
    rule.spoiling = try params.optionalChoice("spoil")
    rule.closes = try params.optionalBool("close") ?? false
    rule.remaining = try params.optionalInteger("count", in: 1...Int32.max).map { Int($0) }
    if rule.doesSomething {
      if let action = rule.action {
        guard let known = OCPPAction(wireName: action, version: .v201), known.isInitiatedByStation else {
          throw params.wrong("action", "\(action) is nothing that a station sends in OCPP 2.0.1")
        }
      }
      guard csms.behaviour.add(rule) != nil else { throw .refused("more than \(BehaviourRule.maximumRules) rules") }
    }
    return ["rules": JSONValue(csms.behaviour.rules.count), "misbehaviour": misbehaviour]
  }

  /// `{station, action?, payload?, perSecond, count?}`.
  func flood(_ params: JSONRPCParameters) throws(JSONRPCError) -> JSONValue {
    try params.allow(["station", "action", "payload", "perSecond", "count"])
    let name = try params.optionalString("action") ?? "GetLocalListVersion"
    guard let action = OCPPAction(wireName: name, version: .v201) else {
      throw params.wrong("action", "\(name) is no action of OCPP 2.0.1")
    }
    csms.begin(
      Flood(
        station: try station(params), action: action, payload: params.optional("payload") ?? [:],
        perSecond: Int(try params.integer("perSecond", in: 1...Int32(Flood.maximumPerSecond))),
        count: try params.optionalInteger("count", in: 1...Int32.max).map { Int($0) }))
    return ["misbehaviour": misbehaviour]
  }
}
