import ChargerBase
import JSONRPC
import OCPPJSON
import OCPPTypes

/// All tokens that the CSMS knows, and what it answers about them.
struct TokenBook {
  static let maximumTokens = 100_000

  var policy = TokenPolicy()
  /// Cards that may not charge whatever their kind: those of the command line, for one run.
  var blocked: [String] = []
  private(set) var entries: [TokenEntry] = []
  /// Looked up, never iterated.
  private var places: [String: Int] = [:]

  init(blocked: [String] = []) { self.blocked = blocked }

  /// idTokens do not differ by case (Part 2, identifierString).
  static func key(_ idToken: String, _ type: String) -> String { "\(idToken.lowercased())\n\(type)" }

  // MARK: - Editing

  func find(_ idToken: String, type: String) -> TokenEntry? {
    places[Self.key(idToken, type)].flatMap { entries.indices.contains($0) ? entries[$0] : nil }
  }

  /// The one entry of that idToken whatever its kind; nil when there is none or more than one.
  func find(_ idToken: String) -> TokenEntry? {
    let wanted = idToken.lowercased()
    let found = entries.filter { $0.idToken.lowercased() == wanted }
    return found.count == 1 ? found.first : nil
  }

  /// Puts an entry in the place of the one with its idToken and kind. False when the book is full.
  mutating func set(_ entry: TokenEntry) -> Bool {
    let key = Self.key(entry.idToken, entry.type)
    if let place = places[key] {
      entries[place] = entry
      return true
    }
    guard entries.count < Self.maximumTokens else { return false }
    places[key] = entries.count
    entries.append(entry)
    return true
  }

  mutating func remove(_ idToken: String, type: String) -> TokenEntry? {
    guard let place = places[Self.key(idToken, type)] else { return nil }
    let entry = entries.remove(at: place)
    places = [:]
    for (index, entry) in entries.enumerated() { places[Self.key(entry.idToken, entry.type)] = index }
    return entry
  }

  // MARK: - Answers

  /// The `idTokenInfo` for a token; `isInUse`: another transaction that has not ended was authorized by it.
  func info(of token: JSONValue?, at now: WallTime, isInUse: Bool = false) -> JSONValue {
    guard let idToken = token?["idToken"]?.string, let type = token?["type"]?.string else {
      return ["status": .string(AuthorizationStatus.invalid.rawName)]
    }
    // Whoever starts without a card was let in by the station, which has authorization switched off (C15, C02).
    if type == "NoAuthorization" { return ["status": .string(AuthorizationStatus.accepted.rawName)] }
    let entry = find(idToken, type: type)
    var status = entry?.status ?? policy.unknown
    if blocked.contains(where: { $0.lowercased() == idToken.lowercased() }) { status = .blocked }
    if status == .accepted, let expires = entry?.expires, expires <= now { status = .expired }
    if status == .accepted, isInUse { status = entry?.concurrent ?? policy.concurrent }
    guard let entry else { return ["status": .string(status.rawName)] }
    return info(of: entry, status: status)
  }

  /// The `idTokenInfo` of an entry, as a local list holds it.
  func info(of entry: TokenEntry) -> JSONValue { info(of: entry, status: entry.status) }

  private func info(of entry: TokenEntry, status: AuthorizationStatus) -> JSONValue {
    var members = [JSONMember("status", .string(status.rawName))]
    func add(_ name: String, _ value: JSONValue?) { if let value { members.append(JSONMember(name, value)) } }
    add("cacheExpiryDateTime", entry.expires.map { JSONValue($0) })
    add("chargingPriority", entry.priority.map { JSONValue($0) })
    add("language1", entry.language1.map { .string($0) })
    // C01.FR.20: told only when some are left out.
    if !entry.evses.isEmpty, status == .accepted { add("evseId", .array(entry.evses.map { JSONValue($0) })) }
    if let group = entry.isMasterPass ? policy.masterPassGroup : entry.group {
      add("groupIdToken", ["idToken": .string(group), "type": "Central"])
    }
    add("language2", entry.language2.map { .string($0) })
    if let message = entry.message {
      var content: JSONValue = ["format": "UTF8", "content": .string(message)]
      if let language = entry.language1 { content["language"] = .string(language) }
      add("personalMessage", content)
    }
    return .object(members)
  }

  // MARK: - Words

  /// Enough to recognise a card, not enough to copy it: the owner's name where the book has one.
  func words(_ token: JSONValue?) -> String {
    guard let idToken = token?["idToken"]?.string, let type = token?["type"]?.string else { return Self.masked(token) }
    guard let name = find(idToken, type: type)?.name else { return Self.masked(token) }
    return "\(name) (\(Self.masked(token)))"
  }

  /// Without the owner's name: the first four characters, as the station itself shows them, of a short number half.
  static func masked(_ token: JSONValue?) -> String {
    let text = token?["idToken"]?.string ?? ""
    let type = token?["type"]?.string ?? "?"
    switch type {
    case "NoAuthorization": return "no card"
    // A code is short: nothing of it is told.
    case "KeyCode": return "key code …"
    default: return "\(type) \(text.prefix(min(4, text.count / 2)))…"
    }
  }

  // MARK: - JSON

  var json: JSONValue {
    ["policy": policy.json, "tokens": .array(entries.map(\.json))]
  }

  /// Reads what `json` has written or a person has edited.
  mutating func take(_ document: JSONRPCParameters) throws(JSONRPCError) {
    try document.allow(["policy", "tokens", "prices"])
    if let policy = try document.optionalObject("policy") { try self.policy.change(policy) }
    for (index, value) in (try document.optionalArray("tokens", maximum: Self.maximumTokens) ?? []).enumerated() {
      let path = JSONPath(document.path.components + [.name("tokens"), .index(index)])
      let entry = try TokenEntry(JSONRPCParameters(value, path: path))
      guard find(entry.idToken, type: entry.type) == nil else {
        throw .badParameter(path, "\(entry.idToken) of type \(entry.type) stands in the book twice")
      }
      _ = set(entry)
    }
  }
}
