import CLinux
import ChargerBase
import NIOCore
import OCPPJSON
import OCPPTypes

/// The CSMS on its event loop: what comes from stations goes to the ledger, what the ledger says goes back.
///
/// `@unchecked Sendable`: after the start every member is used on `eventLoop` alone.
final class CSMS: @unchecked Sendable {
  private static let messageIDPrefix = "csms-"
  /// Stations that are connected at once.
  static let maximumConnections = 2_048
  let eventLoop: any EventLoop
  var ledger: CSMSLedger
  var behaviour = Behaviour()
  private(set) var flood: Flood?
  private(set) var localLists: LocalListKeeper
  /// New connections get 503.
  var isRefusing = false
  /// Tells subscribers of the control socket.
  var publish: (_ method: String, _ event: JSONValue) -> Void = { _, _ in }
  private let output: Output
  private let file: TransactionFile?
  private var hasToldFileIsFull = false
  private let documents: Documents
  private var connections: [String: StationConnection] = [:]
  private var lastMessageNumber: UInt64 = 0

  init(
    eventLoop: any EventLoop, ledger: CSMSLedger, output: Output, file: TransactionFile?,
    documents: Documents = Documents(), localLists: LocalListKeeper = LocalListKeeper()
  ) {
    self.eventLoop = eventLoop
    self.ledger = ledger
    self.output = output
    self.file = file
    self.documents = documents
    self.localLists = localLists
  }

  var connectionCount: Int { connections.count }

  var now: WallTime { WallTime(millisecondsSinceEpoch: linux_realtime_ms()) }

  private func tell(_ words: String, of station: String) {
    output.say("\(station) \(words)")
    publish("csms.event", ["station": .string(station), "time": JSONValue(now), "words": .string(words)])
  }

  private func problem(_ words: String, of station: String) {
    ledger.addProblem(words, station: station, at: now)
    tell("PROBLEM: \(words)", of: station)
  }

  private func publish(_ direction: String, _ action: String, _ payload: JSONValue, of station: String) {
    publish(
      "csms.message",
      [
        "station": .string(station), "time": JSONValue(now), "direction": .string(direction), "action": .string(action),
        "payload": payload,
      ])
  }

  // MARK: - Connections

  func connected(_ connection: StationConnection) {
    let station = connection.identity
    if let old = connections[station] {
      old.close(.policyViolation)
      old.ended()
    }
    connections[station] = connection
    let time = now
    ledger.with(station) {
      $0.isConnected = true
      $0.connections += 1
      $0.connectedSince = time
    }
    tell("connected", of: station)
  }

  func disconnected(_ connection: StationConnection) {
    connection.ended()
    guard connections[connection.identity] === connection else { return }
    connections[connection.identity] = nil
    ledger.with(connection.identity) {
      $0.isConnected = false
      $0.connectedSince = nil
    }
    tell("disconnected", of: connection.identity)
  }

  func connection(_ station: String) -> StationConnection? { connections[station] }

  // MARK: - Messages

  func received(_ bytes: [UInt8], from connection: StationConnection) {
    let station = connection.identity
    let frame: OCPPFrame
    do throws(FrameError) {
      frame = try OCPPFrame(parsing: bytes, version: .v201, limits: JSONLimits(maximumBytes: bytes.count + 1))
    } catch {
      problem("sent a frame that cannot be read: \(error)", of: station)
      if let code = error.answer {
        connection.write(
          OCPPFrame.encodedCallError(
            messageID: error.messageID, code: code, description: error.detail, path: error.path))
      }
      return
    }
    switch frame {
    case .call(let id, let action, let payload): receivedCall(id, action, payload, from: connection)
    case .callResult(let id, let payload): receivedAnswer(id, .result(payload), from: connection)
    case .callError(let id, let code, let description, let details):
      receivedAnswer(id, .error(code: code, description: description, details: details), from: connection)
    case .send, .callResultError: problem("sent a frame of OCPP 2.1", of: station)
    }
  }

  private func receivedCall(
    _ id: String, _ action: String, _ payload: ArraySlice<UInt8>, from connection: StationConnection
  ) {
    let station = connection.identity
    if connection.messageIDs.contains(id) { problem("used the message id \(id) twice", of: station) }
    if connection.messageIDs.count >= CSMSLedger.maximumMessageIDs { connection.messageIDs.removeFirst() }
    connection.messageIDs.append(id)
    if connection.unansweredID != nil { problem("sent \(action) while its last call was unanswered", of: station) }
    let rule = behaviour.rule(station: station, action: action)
    let value = try? JSONValue(parsing: payload)
    publish("received", action, value ?? .null, of: station)
    if rule?.closes == true { return connection.channel.close(promise: nil) }
    if let code = rule?.errorCode {
      return answer(id, Self.errorFrame(id, code), after: rule?.delayMilliseconds, on: connection)
    }
    if rule?.isSilent == true { return }
    let heard = ledger.hear(action, payload: payload, from: station, at: now, override: rule?.answer)
    if action == "TransactionEvent", case .result = heard.reply, let value {
      append(["time": JSONValue(now), "station": .string(station), "event": value])
    }
    for words in heard.words { tell(words, of: station) }
    for words in heard.problems { tell("PROBLEM: \(words)", of: station) }
    let frame: [UInt8]
    switch heard.reply {
    case .result(let answer):
      frame = OCPPFrame.encodedCallResult(messageID: id) { answer.encode(into: &$0) }
      publish("answered", action, answer, of: station)
    case .error(let code, let description, let path):
      frame = OCPPFrame.encodedCallError(messageID: id, code: code, description: description, path: path)
    }
    for frame in rule?.spoiling?.spoilt(frame, messageID: id) ?? [frame] {
      answer(id, frame, after: rule?.delayMilliseconds, on: connection)
    }
  }

  private func answer(_ id: String, _ frame: [UInt8], after delay: Int64?, on connection: StationConnection) {
    guard let delay, delay > 0 else { return connection.write(frame) }
    connection.unansweredID = id
    let bound = NIOLoopBound(connection, eventLoop: eventLoop)
    eventLoop.scheduleTask(in: .milliseconds(delay)) {
      if bound.value.unansweredID == id { bound.value.unansweredID = nil }
      bound.value.write(frame)
    }
  }

  private func append(_ line: JSONValue) {
    guard let file, !file.append(line), !hasToldFileIsFull else { return }
    hasToldFileIsFull = true
    output.say("the transactions' file is full or cannot be written: what comes now is lost with this run")
  }

  private func receivedAnswer(_ id: String, _ outcome: StationConnection.Outcome, from connection: StationConnection) {
    let station = connection.identity
    if let call = connection.inFlight, call.messageID == id, case .result(let payload) = outcome {
      publish("answer", call.action.rawName, (try? JSONValue(parsing: payload)) ?? .null, of: station)
      if let violation = SchemaCheck.violation(inResponse: call.action, payload) {
        problem("its answer to \(call.action) breaks the schema at \(violation.path): \(violation.detail)", of: station)
      }
    }
    if connection.settle(id, outcome) { return }
    var isError = false
    if case .error = outcome { isError = true }
    if flood?.takes(id, isError: isError) == true { return }
    if connection.hasRawCalls || id.hasPrefix(Self.messageIDPrefix) {
      // To a frame that was sent as it stood, or too late.
      let payload: JSONValue
      switch outcome {
      case .result(let answer): payload = (try? JSONValue(parsing: answer)) ?? .null
      case .error(let code, let description, _):
        payload = ["code": .string(code), "description": .string(description)]
      case .timedOut, .disconnected: payload = .null
      }
      publish("strayAnswer", id, payload, of: station)
    } else {
      problem("answered a call that was not made (\(id))", of: station)
    }
  }

  private static func errorFrame(_ id: String, _ code: String) -> [UInt8] {
    var writer = JSONWriter()
    JSONValue.array([4, .string(id), .string(code), "asked to behave so", [:]]).encode(into: &writer)
    return writer.bytes
  }

  // MARK: - Misbehaviour

  /// A new flood takes the place of the last one.
  func begin(_ flood: Flood) {
    self.flood?.stop()
    self.flood = flood
    flood.start(on: eventLoop) { [self] in connections[flood.station] }
  }

  func behaveAgain() {
    behaviour.clear()
    flood?.stop()
    isRefusing = false
  }

  /// What the CSMS does wrong on purpose, one line each; empty while it behaves.
  var misbehaviour: [String] {
    var words = behaviour.rules.map { "rule \($0.number): \($0.words)" }
    if let flood, !flood.isOver { words.append(flood.words) }
    if isRefusing { words.append("refuses new connections with HTTP 503") }
    return words
  }

  // MARK: - Documents

  /// Changes the token book and the prices; the file has it before this returns. Words when it could not be written.
  func changeBook(_ body: (inout StationAnswers) -> Void) -> String? {
    body(&ledger.answers)
    return documents.saveBook(ledger.answers)
  }

  func keepLocalList(_ list: LocalListKeeper.List) {
    localLists.keep(list)
    saveLocalLists()
  }

  func forgetLocalList(of station: String) {
    localLists.forget(station)
    saveLocalLists()
  }

  private func saveLocalLists() {
    if let words = documents.saveLists(localLists) { output.say(words) }
  }

  // MARK: - Calls to a station

  /// The completion gets nil when the station is not connected, or too many calls wait.
  func send(
    _ action: OCPPAction, _ payload: JSONValue, to station: String, timeout: TimeAmount,
    completion: @escaping (StationConnection.Outcome?) -> Void
  ) {
    guard let connection = connections[station] else { return completion(nil) }
    lastMessageNumber &+= 1
    publish("sent", action.rawName, payload, of: station)
    let tellAnswer: (StationConnection.Outcome) -> Void = { [self] outcome in
      tell("asked \(action): \(Self.words(outcome))", of: station)
      completion(outcome)
    }
    let call = StationConnection.PendingCall(
      messageID: "\(Self.messageIDPrefix)\(lastMessageNumber)", action: action, payload: payload, timeout: timeout,
      completion: tellAnswer)
    if !connection.call(call) { completion(nil) }
  }

  private static func words(_ outcome: StationConnection.Outcome) -> String {
    switch outcome {
    case .result(let payload):
      let status = (try? JSONValue(parsing: payload))?["status"]?.string
      return status ?? "answered"
    case .error(let code, let description, _): return "error \(code) \(description)"
    case .timedOut: return "no answer"
    case .disconnected: return "disconnected before the answer"
    }
  }
}
