import ChargerBase
import JSONRPC
import OCPPJSON
import OCPPTypes

/// One card, code or account of the token book.
struct TokenEntry: Equatable {
  /// The kinds of token of OCPP 2.0.1.
  static let kinds = [
    "Central", "eMAID", "ISO14443", "ISO15693", "KeyCode", "Local", "MacAddress", "NoAuthorization",
  ]
  /// Characters of an idToken or a group's (Part 2, IdTokenType).
  static let maximumTokenCharacters = 36
  /// Characters of a language tag (Part 2, IdTokenInfoType).
  static let maximumLanguageCharacters = 8
  /// Characters of a personal message (Part 2, MessageContentType).
  static let maximumMessageCharacters = 512
  /// EVSEs that one token can be restricted to.
  static let maximumEVSEs = 256
  static let members = [
    "idToken", "type", "name", "status", "group", "masterPass", "expires", "evses", "language1", "language2",
    "message", "priority", "concurrent", "listed",
  ]

  var idToken: String
  var type = "ISO14443"
  /// Who it belongs to, for people.
  var name: String?
  var status = AuthorizationStatus.accepted
  /// The idToken of its group.
  var group: String?
  /// It belongs to the group whose cards end the transactions of others.
  var isMasterPass = false
  /// From then on it is told as Expired.
  var expires: WallTime?
  /// Empty: it may charge everywhere.
  var evses: [Int32] = []
  var language1: String?
  var language2: String?
  var message: String?
  var priority: Int32?
  /// What its use in a second transaction at the same time gets; nil: what the book says.
  var concurrent: AuthorizationStatus?
  /// Whether local lists hold it.
  var isListed = true

  init(idToken: String) { self.idToken = idToken }

  init(_ params: JSONRPCParameters) throws(JSONRPCError) {
    self.init(idToken: try params.string("idToken"))
    try change(params)
  }

  /// Takes what the parameters name; null goes back to the default.
  mutating func change(_ params: JSONRPCParameters) throws(JSONRPCError) {
    try params.allow(Self.members)
    let defaults = TokenEntry(idToken: idToken)
    func isNamed(_ name: String) -> Bool { params.value[name] != nil }
    func text(_ name: String, _ maximum: Int) throws(JSONRPCError) -> String? {
      guard let text = try params.optionalString(name) else { return nil }
      guard !text.isEmpty else { throw params.wrong(name, "must not be empty") }
      guard text.count <= maximum else { throw params.wrong(name, "has at most \(maximum) characters") }
      return text
    }
    if isNamed("idToken") {
      guard let token = try text("idToken", Self.maximumTokenCharacters) else {
        throw params.wrong("idToken", "missing")
      }
      idToken = token
    }
    if isNamed("type") {
      type = try params.optionalString("type") ?? defaults.type
      guard Self.kinds.contains(type) else {
        throw params.wrong("type", "must be one of \(Self.kinds.joined(separator: ", "))")
      }
    }
    if isNamed("name") { name = try text("name", 100) }
    if isNamed("status") { status = try params.authorizationStatus("status") ?? defaults.status }
    if isNamed("group") { group = try text("group", Self.maximumTokenCharacters) }
    if isNamed("masterPass") { isMasterPass = try params.optionalBool("masterPass") ?? false }
    if isNamed("expires") {
      expires = nil
      if let text = try params.optionalString("expires") {
        guard let time = WallTime(rfc3339: text) else {
          throw params.wrong("expires", "must be a time as 2026-12-31T23:00:00Z")
        }
        expires = time
      }
    }
    if isNamed("evses") { evses = try Self.evses(params) }
    if isNamed("language1") { language1 = try text("language1", Self.maximumLanguageCharacters) }
    if isNamed("language2") { language2 = try text("language2", Self.maximumLanguageCharacters) }
    if isNamed("message") { message = try text("message", Self.maximumMessageCharacters) }
    if isNamed("priority") { priority = try params.optionalInteger("priority", in: -9...9) }
    if isNamed("concurrent") { concurrent = try params.authorizationStatus("concurrent") }
    if isNamed("listed") { isListed = try params.optionalBool("listed") ?? true }
    // C01.FR.10 and C01.FR.11.
    if language2 != nil, language1 == nil { throw params.wrong("language2", "needs language1") }
    if let language1, language1 == language2 { throw params.wrong("language2", "must differ from language1") }
  }

  private static func evses(_ params: JSONRPCParameters) throws(JSONRPCError) -> [Int32] {
    var found: [Int32] = []
    for value in try params.optionalArray("evses", maximum: maximumEVSEs) ?? [] {
      guard let number = value.int32, number > 0 else { throw params.wrong("evses", "must be numbers from 1 on") }
      if !found.contains(number) { found.append(number) }
    }
    return found
  }

  /// What the book's file and the control socket show.
  var json: JSONValue {
    var members = [JSONMember("idToken", .string(idToken)), JSONMember("type", .string(type))]
    func add(_ name: String, _ value: JSONValue?) { if let value { members.append(JSONMember(name, value)) } }
    add("name", name.map { .string($0) })
    add("status", .string(status.rawName))
    add("group", group.map { .string($0) })
    if isMasterPass { add("masterPass", true) }
    add("expires", expires.map { JSONValue($0) })
    if !evses.isEmpty { add("evses", .array(evses.map { JSONValue($0) })) }
    add("language1", language1.map { .string($0) })
    add("language2", language2.map { .string($0) })
    add("message", message.map { .string($0) })
    add("priority", priority.map { JSONValue($0) })
    add("concurrent", concurrent.map { .string($0.rawName) })
    if !isListed { add("listed", false) }
    return .object(members)
  }
}

extension JSONRPCParameters {
  /// Nil when it is missing or null.
  func authorizationStatus(_ name: String) throws(JSONRPCError) -> AuthorizationStatus? {
    guard let text = try optionalString(name) else { return nil }
    guard let status = AuthorizationStatus(wireName: text) else {
      throw wrong(
        name, "must be one of \(AuthorizationStatus.allCases.map(\.rawName).joined(separator: ", "))")
    }
    return status
  }
}
