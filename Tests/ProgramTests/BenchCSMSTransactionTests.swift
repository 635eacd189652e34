import ChargerBase
import OCPPJSON
import OCPPTypes
import Testing

@testable import bench_csms

@Suite("Transactions of bench-csms as a person reads them")
final class BenchCSMSTransactionTests {
  var ledger = CSMSLedger(answers: StationAnswers(tokens: TokenBook(), heartbeatInterval: 60))
  let now = WallTime(millisecondsSinceEpoch: 1_800_000_000_000)

  private func event(
    _ kind: String, _ number: Int, id: String = "T1", evse: Int = 1, card: String? = nil, state: String = "Charging",
    trigger: String = "Authorized", wattHours: Int? = nil, info: [JSONMember] = []
  ) -> JSONValue {
    let time = JSONValue(WallTime(millisecondsSinceEpoch: now.millisecondsSinceEpoch + Int64(number) * 60_000))
    var event: JSONValue = [
      "eventType": .string(kind), "timestamp": time, "triggerReason": .string(trigger), "seqNo": JSONValue(number),
      "transactionInfo": .object(
        [JSONMember("transactionId", .string(id)), JSONMember("chargingState", .string(state))] + info),
      "evse": ["id": JSONValue(evse), "connectorId": 1],
    ]
    if let card { event["idToken"] = ["idToken": .string(card), "type": "ISO14443"] }
    if let wattHours {
      event["meterValue"] = [["timestamp": time, "sampledValue": [["value": JSONValue(wattHours)]]]]
    }
    return event
  }

  @discardableResult
  private func hear(_ event: JSONValue, from station: String = "CS-1") -> CSMSLedger.Heard {
    ledger.hear("TransactionEvent", payload: event.bytes[...], from: station, at: now)
  }

  private func view(tellsTokens: Bool = false) throws -> JSONValue {
    let record = try #require(ledger.transactions.records.last)
    let later = WallTime(millisecondsSinceEpoch: now.millisecondsSinceEpoch + 600_000)
    return ledger.view(at: later, tellsTokens: tellsTokens).json(record, station: ledger.station(record.station))
  }

  @Test("Who, where, how long, how much and why it ended; another card of the group that ended it is told")
  func wholeStory() throws {
    var anna = TokenEntry(idToken: "04AAA")
    anna.name = "Anna"
    anna.group = "FAMILY"
    var ben = TokenEntry(idToken: "04BBB")
    ben.name = "Ben"
    _ = ledger.answers.tokens.set(anna)
    _ = ledger.answers.tokens.set(ben)
    hear(event("Started", 0, state: "EVConnected", trigger: "CablePluggedIn", wattHours: 1_000))
    hear(event("Updated", 1, card: "04AAA", wattHours: 1_000))
    hear(event("Updated", 2, trigger: "MeterValuePeriodic", wattHours: 2_500))
    let open = try view()
    #expect(open["name"] == "Anna" && open["card"] == "ISO14443 04…" && open["group"] == "FAMILY")
    #expect(open["ended"] == false && open["seconds"] == 600 && open["energyWh"] == 1_500)
    hear(
      event(
        "Ended", 3, card: "04BBB", trigger: "StopAuthorized", wattHours: 4_250,
        info: [JSONMember("stoppedReason", "Local"), JSONMember("timeSpentCharging", 120)]))
    let ended = try view()
    #expect(ended["seconds"] == 180 && ended["chargingSeconds"] == 120 && ended["energyWh"] == 3_250)
    #expect(ended["meterStartWh"] == 1_000 && ended["meterEndWh"] == 4_250)
    #expect(ended["stoppedReason"] == "Local" && ended["endedBy"] == "Ben (ISO14443 04…)")
    #expect(ended["complete"] == true && ended["correct"] == true && ended["missing"] == [])
    // Whole numbers only for who asks for them.
    #expect(!ended.description.contains("04AAA") && !ended.description.contains("04BBB"))
    #expect(try view(tellsTokens: true)["idToken"] == "04AAA")
    #expect(ledger.transactions.records.last?.notes.map(\.sequenceNumber) == [0, 1, 2, 3])
  }

  @Test("Gaps in the sequence numbers are told as ranges, however far they reach")
  func gaps() throws {
    hear(event("Started", 0))
    hear(event("Updated", 3))
    hear(event("Ended", Int(Int32.max)))
    #expect(
      try view()["missing"] == [["from": 1, "to": 2], ["from": 4, "to": JSONValue(Int32.max - 1)]])
    #expect(try view()["complete"] == false)
  }

  @Test("A card that is refused after the start is told with the transaction")
  func refused() throws {
    ledger.answers.tokens.policy.unknown = .invalid
    let heard = hear(event("Started", 0, card: "04AAA"))
    #expect(heard.reply == .result(["idTokenInfo": ["status": "Invalid"]]))
    #expect(heard.words.last == "ISO14443 04…: Invalid")
    #expect(try view()["refused"] == "Invalid")
  }

  @Test("One card in two transactions at once is noticed; its end and its second telling are not")
  func concurrent() {
    ledger.answers.tokens.policy.concurrent = .concurrentTx
    hear(event("Started", 0, card: "04AAA"))
    #expect(hear(event("Started", 0, card: "04AAA")).reply == .result(["idTokenInfo": ["status": "Accepted"]]))
    let second = hear(event("Started", 0, id: "T2", evse: 2, card: "04aaa"))
    #expect(second.reply == .result(["idTokenInfo": ["status": "ConcurrentTx"]]))
    #expect(second.words.last == "ISO14443 04… is used in two transactions at once")
    let end = hear(event("Ended", 1, id: "T2", evse: 2, card: "04AAA"))
    #expect(end.reply == .result(["idTokenInfo": ["status": "Accepted"]]))
    hear(event("Ended", 1, card: "04AAA"))
    #expect(
      hear(event("Started", 0, id: "T3", card: "04AAA")).reply == .result(["idTokenInfo": ["status": "Accepted"]]))
    // At another station too.
    let elsewhere = hear(event("Started", 0, id: "T3", card: "04AAA"), from: "CS-2")
    #expect(elsewhere.reply == .result(["idTokenInfo": ["status": "ConcurrentTx"]]))
  }

  @Test("The cost is told with the transaction when there are prices")
  func cost() throws {
    ledger.answers.prices.perKilowattHour = 1
    hear(event("Started", 0, wattHours: 0))
    hear(event("Ended", 1, wattHours: 12_345))
    #expect(try view()["cost"] == .number(try #require(Decimal("12.35"))))
    #expect(try view()["currency"] == "EUR")
  }

  @Test("A long transaction keeps its beginning and its end, and counts what it leaves out")
  func longStory() throws {
    for number in 0..<1_500 { hear(event(number == 0 ? "Started" : "Updated", number, wattHours: number)) }
    let record = try #require(ledger.transactions.records.last)
    #expect(record.notes.count == TransactionRecord.maximumNotes && record.notesLeftOut == 500)
    #expect(record.notes.first?.sequenceNumber == 0 && record.notes.last?.sequenceNumber == 1_499)
    #expect(record.energy == 1_499_000)
  }

  @Test("The tables of transactions are bounded: the oldest ended ones are forgotten, open ones last")
  func bounds() {
    var book = TransactionBook(maximumTransactions: 100)
    for number in 0..<1_000 {
      let isOpen = number % 50 == 0
      let kinds = isOpen ? ["Started"] : ["Started", "Ended"]
      for (place, kind) in kinds.enumerated() {
        _ = book.take(event(kind, place, id: "T\(number)", evse: number + 1), station: "CS-1", heard: now)
      }
    }
    #expect(book.records.count <= 100)
    #expect(book.forgotten + book.records.count == 1_000)
    #expect(book.records.filter { !$0.hasEnded }.count == 20)
    #expect(book.records.last?.transactionID == "T999")
    #expect(book.find("t99", station: nil).count == 10)
    #expect(book.find("T999", station: "CS-2").isEmpty)
  }

  @Test("Problems of a transaction are kept up to a bound and counted beyond it")
  func problems() throws {
    hear(event("Started", 0))
    for number in 0..<200 { hear(event("Started", 300 - number, wattHours: number)) }
    let record = try #require(ledger.transactions.records.last)
    #expect(record.problems.count == TransactionRecord.maximumProblems)
    #expect(record.problemCount > 200)
  }

  @Test("Whatever a station sends is answered or refused: no input ends the program")
  func hostileInput() {
    let huge = String(repeating: "9", count: 400)
    let deep = String(repeating: "[", count: 5_000)
    let texts = [
      "", "{", "[]", "null", "7", deep, "{\"eventType\":\"Started\"}", "{\"a\":\(huge)}", "{\"seqNo\":-2147483648}",
      "{\"eventType\":\"Ended\",\"timestamp\":\"9999-12-31T23:59:59.999Z\",\"triggerReason\":\"Trigger\",\"seqNo\":2147483647,\"transactionInfo\":{\"transactionId\":\"X\"},\"meterValue\":[{\"timestamp\":\"0001-01-01T00:00:00Z\",\"sampledValue\":[{\"value\":99999999999999999,\"unitOfMeasure\":{\"multiplier\":2147483647}},{\"value\":-99999999999999999}]}]}",
      "{\"eventType\":\"Started\",\"timestamp\":\"0001-01-01T00:00:00Z\",\"triggerReason\":\"Trigger\",\"seqNo\":-2147483648,\"transactionInfo\":{\"transactionId\":\"X\",\"timeSpentCharging\":-2147483648},\"meterValue\":[{\"timestamp\":\"9999-12-31T23:59:59Z\",\"sampledValue\":[{\"value\":9223372036854775807},{\"value\":1e400}]}]}",
      "{\"evseId\":-5,\"connectorId\":99999999999,\"timestamp\":\"x\",\"connectorStatus\":7}",
    ]
    for action in OCPPAction.allCases.map(\.rawName) + ["", "\u{0}", huge] {
      for text in texts { _ = ledger.hear(action, payload: Array(text.utf8)[...], from: "CS-1", at: now) }
    }
    let view = ledger.view(at: now)
    for record in ledger.transactions.records { _ = view.json(record, station: nil).description }
    #expect(ledger.problems.count > 0)
  }
}
