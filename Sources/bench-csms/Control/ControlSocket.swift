import JSONRPC
import NIOCore
import OCPPJSON
import OCPPTypes

/// The CSMS's own socket: newline-delimited JSON-RPC 2.0.
final class ControlSocket {
  static let messageTopic = "messages"
  private static let eventTopic = "events"

  let csms: CSMS
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
    func answer(_ body: (JSONRPCParameters) throws(JSONRPCError) -> JSONValue) {
      call.answer { () throws(JSONRPCError) in try body(call.params) }
    }
    switch call.method {
    case "csms.status": call.succeed(status)
    case "csms.send": send(call)
    case "csms.sendRaw": answer(sendRaw)
    case "csms.stations": answer(stations)
    case "csms.transactions": answer(transactions)
    case "csms.transaction": answer(transaction)
    case "csms.problems": call.succeed(csms.ledger.problems.json)
    case "csms.verdict": call.succeed(csms.ledger.verdict)
    case "csms.subscribe": call.answer { () throws(JSONRPCError) in try subscribe(call) }
    case "csms.behave": answer(behave)
    case "csms.flood": answer(flood)
    case "csms.tokens": answer(tokens)
    case "csms.setToken": answer(setToken)
    case "csms.removeToken": answer(removeToken)
    case "csms.tokenPolicy": answer(tokenPolicy)
    case "csms.prices": answer(prices)
    case "csms.localLists": answer(localLists)
    case "csms.sendLocalList": sendLocalList(call)
    case "csms.disconnect": answer(disconnect)
    case "csms.refuse": answer(refuse)
    default:
      call.fail(
        .unknownMethod(
          "\(call.method): not known; known are csms.behave, disconnect, flood, localLists, prices, problems, refuse, "
            + "removeToken, send, sendLocalList, sendRaw, setToken, stations, status, subscribe, tokenPolicy, tokens, "
            + "transaction, transactions, verdict"))
    }
  }

  /// Answers of one line hold less than the line's limit, whatever stations have sent.
  private static let maximumPageBytes = JSONRPCLines.maximumBytes / 2

  /// The first values that fit into one answer.
  static func page(_ values: some Sequence<JSONValue>, maximum: Int) -> [JSONValue] {
    var bytes = 0
    var page: [JSONValue] = []
    for value in values {
      bytes += value.bytes.count
      if !page.isEmpty, bytes > maximumPageBytes || page.count >= maximum { break }
      page.append(value)
    }
    return page
  }

  private var status: JSONValue {
    let stations = csms.ledger.stations
    var status = csms.ledger.verdict
    status["stations"] = JSONValue(stations.count)
    status["connected"] = JSONValue(csms.connectionCount)
    status["tokens"] = JSONValue(csms.ledger.answers.tokens.entries.count)
    status["policy"] = csms.ledger.answers.tokens.policy.json
    status["misbehaviour"] = misbehaviour
    return status
  }

  var misbehaviour: JSONValue { .array(csms.misbehaviour.map { .string($0) }) }

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

  func station(_ params: JSONRPCParameters) throws(JSONRPCError) -> String {
    let station = try params.string("station", maximum: Admission.maximumIdentityBytes)
    guard csms.connection(station) != nil else { throw .refused("\(station) is not connected") }
    return station
  }

  /// `{messages?: bool}`: `csms.event` notifications, and `csms.message` with every payload when asked for.
  private func subscribe(_ call: JSONRPCCall) throws(JSONRPCError) -> JSONValue {
    try call.params.allow(["messages"])
    call.peer.topics = [Self.eventTopic]
    if try call.params.optionalBool("messages") == true { call.peer.topics.append(Self.messageTopic) }
    return [:]
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
