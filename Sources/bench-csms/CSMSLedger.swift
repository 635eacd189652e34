import ChargerBase
import OCPPJSON
import OCPPTypes

/// The CSMS without its sockets: hears messages, answers them, judges them.
struct CSMSLedger {
  /// Message ids of a connection that are remembered, to see one used twice.
  static let maximumMessageIDs = 1_024

  enum Reply: Equatable {
    case result(JSONValue)
    case error(OCPPErrorCode, String, path: String?)
  }

  struct Heard: Equatable {
    var reply: Reply
    /// Lines for people, without the station's name.
    var words: [String] = []
    var problems: [String] = []
  }

  var answers: StationAnswers
  private(set) var transactions = TransactionBook()
  private(set) var problems = Problems()
  private(set) var stations: [StationRecord] = []

  init(answers: StationAnswers) { self.answers = answers }

  // MARK: - Messages

  /// A CALL of a station. `override` replaces the answer's payload.
  mutating func hear(
    _ actionName: String, payload: ArraySlice<UInt8>, from identity: String, at now: WallTime,
    override: JSONValue? = nil
  ) -> Heard {
    with(identity) { $0.messages += 1 }
    guard let action = OCPPAction(wireName: actionName, version: .v201) else {
      return wrong(
        .error(.notImplemented, "no such action", path: nil), "sent the unknown action \(actionName)", identity, now)
    }
    if let violation = SchemaCheck.violation(inRequest: action, payload) {
      return wrong(
        .error(violation.code, violation.detail, path: violation.path),
        "\(action) breaks its schema at \(violation.path): \(violation.detail)", identity, now)
    }
    let request = (try? JSONValue(parsing: payload)) ?? .null
    let isInUse = isTokenInUse(action, request, identity)
    guard var answer = answers.answer(action, request, at: now, isInUse: isInUse) else {
      return wrong(
        .error(.notSupported, "not for a CSMS", path: nil), "sent \(action), which a CSMS does not take", identity, now)
    }
    if let override { answer = override }
    var heard = Heard(reply: .result(answer))
    let registration = station(identity)?.registration
    if registration == "Rejected", action != .bootNotification {
      // B03.FR.02: a rejected station is silent until it tries to boot again.
      heard.problems.append("sent \(action) after its registration was rejected")
    }
    note(action, request, answer, identity, now)
    if action == .transactionEvent {
      let status = answer["idTokenInfo"]?["status"]?.string
      let refusal = status == "Accepted" ? nil : status
      let (record, found) = transactions.take(request, station: identity, heard: now, refusal: refusal)
      heard.problems += found.map { "transaction \(record.transactionID): \($0)" }
      heard.words.append(Narration.words(record, event: request))
      let card = answers.tokens.words(request["idToken"])
      if let refusal { heard.words.append("\(card): \(refusal)") }
      if isInUse { heard.words.append("\(card) is used in two transactions at once") }
    } else if let words = Narration.words(action, request, answer: answer, tokens: answers.tokens) {
      heard.words.append(words)
    }
    for problem in heard.problems { problems.add(problem, station: identity, at: now) }
    return heard
  }

  /// Whether another transaction that goes on was begun with the same token.
  private func isTokenInUse(_ action: OCPPAction, _ request: JSONValue, _ identity: String) -> Bool {
    guard action == .transactionEvent, let token = request["idToken"], request["eventType"]?.string != "Ended",
      request["triggerReason"]?.string != "StopAuthorized"
    else { return false }
    return transactions.isInUse(
      token, otherThan: request["transactionInfo"]?["transactionId"]?.string ?? "", of: identity)
  }

  private mutating func note(
    _ action: OCPPAction, _ request: JSONValue, _ answer: JSONValue, _ identity: String, _ now: WallTime
  ) {
    with(identity) { station in
      switch action {
      case .bootNotification:
        station.boot = StationRecord.shortened(boot: request)
        station.registration = answer["status"]?.string
      case .heartbeat: station.lastHeartbeat = now
      case .statusNotification: station.setStatus(request)
      default: break
      }
    }
  }

  private mutating func wrong(_ reply: Reply, _ problem: String, _ identity: String, _ now: WallTime) -> Heard {
    problems.add(problem, station: identity, at: now)
    return Heard(reply: reply, problems: [problem])
  }

  mutating func addProblem(_ words: String, station: String, at now: WallTime) {
    problems.add(words, station: station, at: now)
  }

  /// A `TransactionEvent` of an earlier run, from the file.
  mutating func remember(_ event: JSONValue, station identity: String, heard: WallTime) {
    with(identity) { _ in }
    _ = transactions.take(event, station: identity, heard: heard)
  }

  /// For the control socket.
  func view(at now: WallTime, tellsTokens: Bool = false) -> TransactionView {
    TransactionView(tokens: answers.tokens, prices: answers.prices, now: now, tellsTokens: tellsTokens)
  }

  // MARK: - Stations

  /// Stations that are remembered at most; further ones are not told apart.
  static let maximumStations = 10_000

  func station(_ identity: String) -> StationRecord? { stations.first { $0.identity == identity } }

  mutating func with(_ identity: String, _ body: (inout StationRecord) -> Void) {
    if let place = stations.firstIndex(where: { $0.identity == identity }) {
      body(&stations[place])
    } else if stations.count < Self.maximumStations {
      var station = StationRecord(identity: identity)
      body(&station)
      stations.append(station)
    }
  }

  // MARK: - Verdict

  /// Whether all that was heard is complete and correct.
  var verdict: JSONValue {
    let ended = transactions.records.filter(\.hasEnded)
    let energy = transactions.records.reduce(Int64(0)) { $0.addingSaturating($1.energy ?? 0) }
    let correct = ended.filter(\.isCorrect).count
    return [
      "transactions": JSONValue(transactions.records.count),
      "ended": JSONValue(ended.count),
      "complete": JSONValue(ended.filter(\.isComplete).count),
      "correct": JSONValue(correct),
      "open": JSONValue(transactions.records.count - ended.count),
      "energyWh": .number(Decimal(thousandths: energy)),
      "problems": JSONValue(problems.count),
      "allCorrect": .bool(!ended.isEmpty && correct == transactions.records.count && problems.count == 0),
    ]
  }
}
