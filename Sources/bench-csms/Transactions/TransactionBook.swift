import ChargerBase
import OCPPJSON

/// All transactions, in the order in which they were first heard of.
struct TransactionBook {
  /// Beyond either, a tenth of them is forgotten: the oldest ended ones, then the oldest.
  static let maximumTransactions = 100_000
  static let maximumEvents = 2_000_000

  private(set) var records: [TransactionRecord] = []
  /// Looked up, never iterated.
  private var places: [String: Int] = [:]
  private var lastNumber = 0
  private var eventCount = 0
  private(set) var forgotten = 0
  private let maximumTransactions: Int

  init(maximumTransactions: Int = TransactionBook.maximumTransactions) {
    self.maximumTransactions = maximumTransactions
  }

  /// Takes a `TransactionEvent`; answers the record as it is now and what is wrong with the event.
  mutating func take(
    _ event: JSONValue, station: String, heard: WallTime, refusal: String? = nil
  ) -> (record: TransactionRecord, problems: [String]) {
    let id = event["transactionInfo"]?["transactionId"]?.string ?? ""
    let key = "\(station)\n\(id)"
    let place: Int
    var found: [String] = []
    if let known = places[key] {
      place = known
    } else {
      found += newTransaction(id, event, station)
      place = records.count
      lastNumber += 1
      records.append(TransactionRecord(number: lastNumber, station: station, transactionID: id))
      places[key] = place
    }
    records[place].add(problems: found)
    if let refusal { records[place].refusal = refusal }
    found += records[place].take(event, heard: heard)
    eventCount = eventCount.addingSaturating(1)
    let record = records[place]
    if records.count > maximumTransactions || eventCount > Self.maximumEvents { forgetOldest() }
    return (record, found)
  }

  private func newTransaction(_ id: String, _ event: JSONValue, _ station: String) -> [String] {
    guard let evse = event["evse"]?["id"]?.int,
      let other = records.last(where: { !$0.hasEnded && $0.evse == evse && $0.station == station })
    else { return [] }
    return ["began on EVSE \(evse) while \(other.transactionID) is open there"]
  }

  private mutating func forgetOldest() {
    var left = max(1, records.count / 10)
    let count = records.count
    var kept: [TransactionRecord] = []
    for record in records {
      if left > 0, record.hasEnded { left -= 1 } else { kept.append(record) }
    }
    if kept.count == count { kept.removeFirst(min(left, kept.count)) }
    forgotten += count - kept.count
    records = kept
    eventCount = kept.reduce(0) { $0.addingSaturating($1.digests.count) }
    places = [:]
    for (index, record) in records.enumerated() { places["\(record.station)\n\(record.transactionID)"] = index }
  }

  /// Whether a token authorizes a transaction that has not ended, other than `id` of `station`.
  func isInUse(_ token: JSONValue, otherThan id: String, of station: String) -> Bool {
    guard let idToken = token["idToken"]?.string, let type = token["type"]?.string, type != "NoAuthorization" else {
      return false
    }
    let key = TokenBook.key(idToken, type)
    return records.contains { record in
      guard !record.hasEnded, let used = record.token else { return false }
      guard record.transactionID != id || record.station != station else { return false }
      return TokenBook.key(used["idToken"]?.string ?? "", used["type"]?.string ?? "") == key
    }
  }

  /// The transactions whose id begins with `prefix`, case not heeded; the whole id is one alone.
  func find(_ prefix: String, station: String?) -> [TransactionRecord] {
    let wanted = prefix.lowercased()
    let found = records.filter {
      (station == nil || $0.station == station) && $0.transactionID.lowercased().hasPrefix(wanted)
    }
    let whole = found.filter { $0.transactionID == prefix }
    return whole.isEmpty ? found : whole
  }
}
