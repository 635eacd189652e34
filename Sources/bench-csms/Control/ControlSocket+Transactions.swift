import JSONRPC
import OCPPJSON

extension ControlSocket {
  private static let maximumPage: Int32 = 1_000

  /// `{limit?, after?}`: the stations, in the order in which they first came.
  func stations(_ params: JSONRPCParameters) throws(JSONRPCError) -> JSONValue {
    try params.allow(["limit", "after"])
    let limit = try params.optionalInteger("limit", in: 1...Self.maximumPage) ?? Self.maximumPage
    let after = Int(try params.optionalInteger("after") ?? 0)
    let stations = csms.ledger.stations
    return [
      "count": JSONValue(stations.count), "misbehaviour": misbehaviour,
      "stations": .array(Self.page(stations.dropFirst(after).lazy.map(\.json), maximum: Int(limit))),
    ]
  }

  /// `{station?, open?, limit?, after?, withTokens?}`: the newest ones, or those that follow the one of number `after`.
  func transactions(_ params: JSONRPCParameters) throws(JSONRPCError) -> JSONValue {
    try params.allow(["station", "open", "limit", "after", "withTokens"])
    let station = try params.optionalString("station")
    let isOpen = try params.optionalBool("open") ?? false
    let limit = Int(try params.optionalInteger("limit", in: 1...Self.maximumPage) ?? 100)
    let view = csms.ledger.view(at: csms.now, tellsTokens: try params.optionalBool("withTokens") ?? false)
    let records = csms.ledger.transactions.records.filter {
      (station == nil || $0.station == station) && !(isOpen && $0.hasEnded)
    }
    func json(_ record: TransactionRecord) -> JSONValue {
      view.json(record, station: csms.ledger.station(record.station))
    }
    let page: [JSONValue]
    if let after = try params.optionalInteger("after") {
      page = Self.page(records.lazy.filter { $0.number > after }.map(json), maximum: limit)
    } else {
      page = Self.page(records.suffix(limit).reversed().lazy.map(json), maximum: limit).reversed()
    }
    return [
      "count": JSONValue(records.count), "forgotten": JSONValue(csms.ledger.transactions.forgotten),
      "transactions": .array(page), "prices": csms.ledger.answers.prices.json, "misbehaviour": misbehaviour,
    ]
  }

  /// `{id, station?, withTokens?}`: one transaction, named by the beginning of its id, and its events.
  func transaction(_ params: JSONRPCParameters) throws(JSONRPCError) -> JSONValue {
    try params.allow(["id", "station", "withTokens"])
    let id = try params.string("id", maximum: 144)
    let found = csms.ledger.transactions.find(id, station: try params.optionalString("station"))
    guard let record = found.first else { throw .refused("no transaction's id begins with \(id)") }
    guard found.count == 1 else {
      let names = found.prefix(5).map { "\($0.transactionID) of \($0.station)" }.joined(separator: ", ")
      throw .refused("\(found.count) transactions' ids begin with \(id): \(names)\(found.count > 5 ? " …" : "")")
    }
    let view = csms.ledger.view(at: csms.now, tellsTokens: try params.optionalBool("withTokens") ?? false)
    let tokens = csms.ledger.answers.tokens
    return [
      "transaction": view.json(record, station: csms.ledger.station(record.station)),
      "events": .array(record.notes.map { $0.json(tokens.words) }), "leftOut": JSONValue(record.notesLeftOut),
      "prices": csms.ledger.answers.prices.json, "misbehaviour": misbehaviour,
    ]
  }
}
