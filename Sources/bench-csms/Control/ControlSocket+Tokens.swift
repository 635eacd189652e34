import ChargerBase
import JSONRPC
import OCPPJSON

extension ControlSocket {
  private static let maximumPage: Int32 = 2_000

  /// `{limit?, after?, idToken?}`: the token book, in its order; with `idToken` only the entries of that number.
  func tokens(_ params: JSONRPCParameters) throws(JSONRPCError) -> JSONValue {
    try params.allow(["limit", "after", "idToken"])
    let limit = try params.optionalInteger("limit", in: 1...Self.maximumPage) ?? Self.maximumPage
    let after = Int(try params.optionalInteger("after") ?? 0)
    let book = csms.ledger.answers.tokens
    let wanted = try params.optionalString("idToken")?.lowercased()
    let entries = wanted.map { wanted in book.entries.filter { $0.idToken.lowercased() == wanted } } ?? book.entries
    return [
      "count": JSONValue(entries.count), "policy": book.policy.json,
      "blocked": JSONValue(book.blocked.count),
      "tokens": .array(Self.page(entries.dropFirst(after).lazy.map(\.json), maximum: Int(limit))),
    ]
  }

  /// The members of a token, and `mode`: `add` (it must be new), `change` (it must be there) or either.
  func setToken(_ params: JSONRPCParameters) throws(JSONRPCError) -> JSONValue {
    let mode = try params.optionalString("mode")
    var value = params.value
    value["mode"] = nil
    let params = JSONRPCParameters(value, path: params.path)
    let idToken = try params.string("idToken")
    let known = try find(idToken, params)
    if mode == "add", let known { throw .refused("\(known.idToken) of type \(known.type) is in the book already") }
    if mode == "change", known == nil { throw .refused("\(idToken) is not in the book") }
    var entry = known ?? TokenEntry(idToken: idToken)
    // The book's own spelling stays.
    let spelling = known?.idToken
    try entry.change(params)
    if let spelling { entry.idToken = spelling }
    if known == nil, csms.ledger.answers.tokens.entries.count >= TokenBook.maximumTokens {
      throw .refused("the book holds \(TokenBook.maximumTokens) tokens already")
    }
    try change { _ = $0.tokens.set(entry) }
    return ["token": entry.json, "isNew": .bool(known == nil)]
  }

  /// `{idToken, type?}`.
  func removeToken(_ params: JSONRPCParameters) throws(JSONRPCError) -> JSONValue {
    try params.allow(["idToken", "type"])
    let idToken = try params.string("idToken")
    guard let entry = try find(idToken, params) else { throw .refused("\(idToken) is not in the book") }
    try change { _ = $0.tokens.remove(entry.idToken, type: entry.type) }
    return ["token": entry.json]
  }

  /// The entry that is meant: of the type that is named, else the only one of that idToken.
  private func find(_ idToken: String, _ params: JSONRPCParameters) throws(JSONRPCError) -> TokenEntry? {
    let book = csms.ledger.answers.tokens
    if let type = try params.optionalString("type") { return book.find(idToken, type: type) }
    return book.find(idToken) ?? book.find(idToken, type: TokenEntry(idToken: idToken).type)
  }

  /// Changes what is named; answers what holds.
  func tokenPolicy(_ params: JSONRPCParameters) throws(JSONRPCError) -> JSONValue {
    var policy = csms.ledger.answers.tokens.policy
    try policy.change(params)
    if policy != csms.ledger.answers.tokens.policy { try change { $0.tokens.policy = policy } }
    return policy.json
  }

  /// Changes what is named; null takes a price away; answers what holds.
  func prices(_ params: JSONRPCParameters) throws(JSONRPCError) -> JSONValue {
    var prices = csms.ledger.answers.prices
    try prices.change(params)
    if prices != csms.ledger.answers.prices { try change { $0.prices = prices } }
    return prices.json
  }

  private func change(_ body: (inout StationAnswers) -> Void) throws(JSONRPCError) {
    if let words = csms.changeBook(body) { throw .internalError("changed for this run, but not kept: \(words)") }
  }

  // MARK: - Local lists

  /// What each station was last given, `{}`.
  func localLists(_ params: JSONRPCParameters) throws(JSONRPCError) -> JSONValue {
    try params.allow([])
    return [
      "lists": .array(
        csms.localLists.lists.map {
          [
            "station": .string($0.station), "version": JSONValue($0.version), "entries": JSONValue($0.entries.count),
            "changesWaiting": JSONValue(LocalListKeeper.difference(csms.ledger.answers.tokens, since: $0).count),
          ]
        })
    ]
  }

  /// `{station, update: "Full"|"Differential", version?}`.
  func sendLocalList(_ call: JSONRPCCall) {
    do throws(JSONRPCError) {
      try call.params.allow(["station", "update", "version"])
      let sender = LocalListSender(
        csms: csms, station: try station(call.params),
        kind: try call.params.choice("update", LocalListSender.Kind.self),
        forcedVersion: try call.params.optionalInteger("version", in: Int32.min...Int32.max)
      ) { call.succeed($0.json) }
      sender.start()
    } catch {
      call.fail(error)
    }
  }
}
