import JSONRPC
import NIOCore
import OCPPJSON
import OCPPTypes

/// The CSMS's own socket: newline-delimited JSON-RPC 2.0.
final class ControlSocket {
  private static let messageTopic = "messages"
  private static let eventTopic = "events"

  private let csms: CSMS
  private let server: JSONRPCServer

  init(path: String, csms: CSMS) {
    self.csms = csms
    server = JSONRPCServer(configuration: .init(path: path), eventLoop: csms.eventLoop)
  }

  /// Throws `SocketError`.
  func start() throws {
    let server = server
    server.onCall = { [self] call in serve(call) }
    csms.publish = { method, event in
      let topic = method == "csms.message" ? Self.messageTopic : Self.eventTopic
      server.notify(method, event) { $0.topics.contains(topic) }
    }
    try server.start()
  }

  private func serve(_ call: JSONRPCCall) {
    switch call.method {
    case "csms.send": send(call)
    case "csms.sendRaw": call.answer { () throws(JSONRPCError) in try sendRaw(call.params) }
    case "csms.stations": call.succeed(["stations": .array(csms.ledger.stations.map(\.json))])
    case "csms.transactions": call.answer { () throws(JSONRPCError) in try transactions(call.params) }
    case "csms.problems": call.succeed(csms.ledger.problems.json)
    case "csms.verdict": call.succeed(csms.ledger.verdict)
    case "csms.subscribe": call.answer { () throws(JSONRPCError) in try subscribe(call) }
    case "csms.behave": call.answer { () throws(JSONRPCError) in try behave(call.params) }
    case "csms.tokens": call.answer { () throws(JSONRPCError) in try tokens(call.params) }
    case "csms.disconnect": call.answer { () throws(JSONRPCError) in try disconnect(call.params) }
    case "csms.refuse": call.answer { () throws(JSONRPCError) in try refuse(call.params) }
    default:
      call.fail(
        .unknownMethod(
          "\(call.method): not known; known are csms.behave, disconnect, problems, refuse, send, sendRaw, stations, "
            + "subscribe, tokens, transactions, verdict"))
    }
  }

  /// `{station, action, payload?, timeoutMs?}` gives `{"answer": payload}` or `{"error": {code, description, details}}`.
  private func send(_ call: JSONRPCCall) {
    do throws(JSONRPCError) {
      let params = call.params
      try params.allow(["station", "action", "payload", "timeoutMs"])
      let station = try station(params)
      guard let action = OCPPAction(wireName: try params.string("action"), version: .v201) else {
        throw params.wrong("action", "no action of OCPP 2.0.1")
      }
      let payload = params.optional("payload") ?? [:]
      let timeout = try params.optionalInteger("timeoutMs", in: 1...600_000) ?? 30_000
      csms.send(action, payload, to: station, timeout: .milliseconds(Int64(timeout))) { outcome in
        switch outcome {
        case .result(let answer): call.succeed(["answer": (try? JSONValue(parsing: answer)) ?? .null])
        case .error(let code, let description, let details):
          call.succeed([
            "error": [
              "code": .string(code), "description": .string(description),
              "details": (try? JSONValue(parsing: details)) ?? .null,
            ]
          ])
        case .timedOut: call.fail(.refused("\(station) did not answer within \(timeout) ms"))
        case .disconnected: call.fail(.refused("\(station) disconnected before it answered"))
        case nil: call.fail(.refused("too many calls wait for \(station)"))
        }
      }
    } catch {
      call.fail(error)
    }
  }

  /// `{station, text}`: a frame as it stands, for hostile tests.
  private func sendRaw(_ params: JSONRPCParameters) throws(JSONRPCError) -> JSONValue {
    try params.allow(["station", "text"])
    let text = try params.string("text", maximum: StationConnection.maximumMessageBytes)
    let connection = csms.connection(try station(params))
    connection?.hasRawCalls = true
    connection?.write(Array(text.utf8))
    return [:]
  }

  private func station(_ params: JSONRPCParameters) throws(JSONRPCError) -> String {
    let station = try params.string("station", maximum: Admission.maximumIdentityBytes)
    guard csms.connection(station) != nil else { throw .refused("\(station) is not connected") }
    return station
  }

  private func transactions(_ params: JSONRPCParameters) throws(JSONRPCError) -> JSONValue {
    try params.allow(["station", "limit"])
    let station = try params.optionalString("station")
    let limit = try params.optionalInteger("limit", in: 1...1_000) ?? 100
    let records = csms.ledger.transactions.records.filter { station == nil || $0.station == station }
    return ["count": JSONValue(records.count), "transactions": .array(records.suffix(Int(limit)).map(\.json))]
  }

  /// `{messages?: bool}`: `csms.event` notifications, and `csms.message` with every payload when asked for.
  private func subscribe(_ call: JSONRPCCall) throws(JSONRPCError) -> JSONValue {
    try call.params.allow(["messages"])
    call.peer.topics = [Self.eventTopic]
    if try call.params.optionalBool("messages") == true { call.peer.topics.append(Self.messageTopic) }
    return [:]
  }

  /// `{clear: true}` or `{station?, action?, delayMs?, silent?, error?, answer?, count?}`.
  private func behave(_ params: JSONRPCParameters) throws(JSONRPCError) -> JSONValue {
    try params.allow(["clear", "station", "action", "delayMs", "silent", "error", "answer", "count"])
    if try params.optionalBool("clear") == true { csms.behaviour.clear() }
    var rule = BehaviourRule()
    rule.station = try params.optionalString("station")
    rule.action = try params.optionalString("action")
    rule.delayMilliseconds = Int64(try params.optionalInteger("delayMs", in: 0...600_000) ?? 0)
    rule.isSilent = try params.optionalBool("silent") ?? false
    rule.errorCode = try params.optionalString("error", maximum: 50)
    rule.answer = params.optional("answer")
    rule.remaining = try params.optionalInteger("count", in: 1...Int32.max).map { Int($0) }
    if rule.delayMilliseconds > 0 || rule.isSilent || rule.errorCode != nil || rule.answer != nil {
      guard csms.behaviour.add(rule) else { throw .refused("more than \(BehaviourRule.maximumRules) rules") }
    }
    return ["rules": JSONValue(csms.behaviour.rules.count)]
  }

  /// `{blocked: [idToken]}` replaces the blocked cards.
  private func tokens(_ params: JSONRPCParameters) throws(JSONRPCError) -> JSONValue {
    try params.allow(["blocked"])
    let blocked = try params.optionalArray("blocked", maximum: 1_000) ?? []
    csms.ledger.answers.tokens.blocked = blocked.compactMap(\.string)
    return ["blocked": JSONValue(csms.ledger.answers.tokens.blocked.count)]
  }

  /// `{station, hard?}`: a WebSocket close, or the end of the connection without one.
  private func disconnect(_ params: JSONRPCParameters) throws(JSONRPCError) -> JSONValue {
    try params.allow(["station", "hard"])
    let connection = csms.connection(try station(params))
    if try params.optionalBool("hard") == true {
      connection?.channel.close(promise: nil)
    } else {
      connection?.close(.goingAway)
    }
    return [:]
  }

  /// `{on: bool}`: new connections get HTTP 503.
  private func refuse(_ params: JSONRPCParameters) throws(JSONRPCError) -> JSONValue {
    try params.allow(["on"])
    csms.isRefusing = try params.bool("on")
    return [:]
  }
}
