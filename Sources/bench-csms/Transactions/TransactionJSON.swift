import ChargerBase
import OCPPJSON

/// What the control socket tells of a transaction needs more than the transaction: the book, the prices, the clock.
struct TransactionView {
  var tokens: TokenBook
  var prices: Prices
  var now: WallTime
  /// Whole idTokens, for an operator's export.
  var tellsTokens = false

  func json(_ record: TransactionRecord, station: StationRecord?) -> JSONValue {
    var members: [JSONMember] = [
      JSONMember("number", JSONValue(record.number)), JSONMember("station", .string(record.station)),
      JSONMember("transactionId", .string(record.transactionID)),
    ]
    func add(_ name: String, _ value: JSONValue?) { if let value { members.append(JSONMember(name, value)) } }
    func energy(_ value: Int64?) -> JSONValue? { value.map { .number(Decimal(thousandths: $0)) } }
    add("evse", record.evse.map { JSONValue($0) })
    add("connector", record.connector.map { JSONValue($0) })
    addCards(record, to: &members)
    add("startedAt", record.started.map { JSONValue($0) })
    add("endedAt", record.ended.map { JSONValue($0) })
    add("lastEventAt", record.lastTime.map { JSONValue($0) })
    add("lastHeardAt", record.lastHeard.map { JSONValue($0) })
    add("seconds", record.seconds(at: now).map { JSONValue($0) })
    add("chargingSeconds", record.timeSpentCharging.map { JSONValue($0) })
    add("ended", .bool(record.hasEnded))
    add("chargingState", record.chargingState.map { .string($0) })
    add("lastTrigger", record.lastTrigger.map { .string($0) })
    add("stoppedReason", record.stoppedReason.map { .string($0) })
    add("energyWh", energy(record.energy))
    add("meterStartWh", energy(record.firstRegister))
    add("meterEndWh", energy(record.lastRegister))
    add("remoteStartId", record.remoteStartID.map { JSONValue($0) })
    add("refused", record.refusal.map { .string($0) })
    add("events", JSONValue(record.digests.count))
    add("repetitions", JSONValue(record.repetitions))
    add("offlineEvents", JSONValue(record.offlineEvents))
    add(
      "missing", .array(record.gaps().map { ["from": JSONValue($0.lowerBound), "to": JSONValue($0.upperBound)] }))
    add("complete", .bool(record.isComplete))
    add("correct", .bool(record.isCorrect))
    add("problemCount", JSONValue(record.problemCount))
    add("problems", .array(record.problems.map { .string($0) }))
    add("stationConnected", .bool(station?.isConnected ?? false))
    if let seconds = record.seconds(at: now),
      let cost = prices.cost(milliwattHours: record.energy ?? 0, seconds: seconds)
    {
      add("cost", Decimal(significand: cost, places: 2).map { .number($0) })
      add("currency", .string(prices.currency))
    }
    return .object(members)
  }

  private func addCards(_ record: TransactionRecord, to members: inout [JSONMember]) {
    func add(_ name: String, _ value: JSONValue?) { if let value { members.append(JSONMember(name, value)) } }
    if let token = record.token {
      let entry = tokens.find(token["idToken"]?.string ?? "", type: token["type"]?.string ?? "")
      add("card", .string(TokenBook.masked(token)))
      add("name", entry?.name.map { .string($0) })
      add("group", entry?.group.map { .string($0) })
      if tellsTokens { add("idToken", token["idToken"]) }
    }
    if let token = record.endToken { add("endedBy", .string(tokens.words(token))) }
  }
}
