import ChargerBase
import OCPPJSON

/// All transactions, in the order in which they were first heard of.
struct TransactionBook {
  /// Beyond this the oldest ended one is forgotten.
  static let maximumTransactions = 100_000

  private(set) var records: [TransactionRecord] = []
  private var places: [String: Int] = [:]

  /// Takes a `TransactionEvent`; answers the record as it is now and what is wrong with the event.
  mutating func take(_ event: JSONValue, station: String) -> (record: TransactionRecord, problems: [String]) {
    let id = event["transactionInfo"]?["transactionId"]?.string ?? ""
    let key = "\(station)\n\(id)"
    let place: Int
    var found: [String] = []
    if let known = places[key] {
      place = known
    } else {
      found += newTransaction(id, event, station)
      place = records.count
      records.append(TransactionRecord(station: station, transactionID: id))
      places[key] = place
    }
    records[place].problems += found
    found += records[place].take(event)
    let record = records[place]
    if records.count > Self.maximumTransactions { forgetOldest() }
    return (record, found)
  }

  private func newTransaction(_ id: String, _ event: JSONValue, _ station: String) -> [String] {
    guard let evse = event["evse"]?["id"]?.int,
      let other = records.last(where: { $0.station == station && $0.evse == evse && !$0.hasEnded })
    else { return [] }
    return ["began on EVSE \(evse) while \(other.transactionID) is open there"]
  }

  private mutating func forgetOldest() {
    records.remove(at: records.firstIndex { $0.hasEnded } ?? 0)
    places = [:]
    for (index, record) in records.enumerated() { places["\(record.station)\n\(record.transactionID)"] = index }
  }

  func open(station: String, evse: Int) -> TransactionRecord? {
    records.last { $0.station == station && $0.evse == evse && !$0.hasEnded }
  }
}

extension TransactionRecord {
  /// For the control socket.
  var json: JSONValue {
    var members: [JSONMember] = [
      JSONMember("station", .string(station)), JSONMember("transactionId", .string(transactionID)),
      JSONMember("events", JSONValue(digests.count)), JSONMember("repetitions", JSONValue(repetitions)),
      JSONMember("offlineEvents", JSONValue(offlineEvents)), JSONMember("ended", .bool(hasEnded)),
      JSONMember("complete", .bool(isComplete)), JSONMember("correct", .bool(isCorrect)),
      JSONMember("problems", .array(problems.map { .string($0) })),
    ]
    func add(_ name: String, _ value: JSONValue?) { if let value { members.append(JSONMember(name, value)) } }
    add("evse", evse.map { JSONValue($0) })
    add("connector", connector.map { JSONValue($0) })
    add("startedAt", started.map { JSONValue($0) })
    add("endedAt", ended.map { JSONValue($0) })
    add("chargingState", chargingState.map { .string($0) })
    add("stoppedReason", stoppedReason.map { .string($0) })
    add("energyWh", energy.map { .number(Decimal(thousandths: $0)) })
    return .object(members)
  }
}
