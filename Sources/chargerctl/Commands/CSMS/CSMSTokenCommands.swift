import ArgumentParser
import ChargerBase
import OCPPJSON

struct CSMSToken: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "token", abstract: "The cards that the CSMS knows, and what it says about them.",
    subcommands: [
      CSMSTokenList.self, CSMSTokenAdd.self, CSMSTokenSet.self, CSMSTokenRemove.self, CSMSTokenPolicy.self,
    ],
    defaultSubcommand: CSMSTokenList.self)
}

struct CSMSTokenList: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "list", abstract: "The token book.")
  @OptionGroup var options: CSMSOptions

  func run() throws {
    try Terminal.run { () throws(Failure) in
      let connection = try options.connect()
      var tokens: [JSONValue] = []
      while true {
        var answer = try connection.call("csms.tokens", ["after": JSONValue(tokens.count)])
        let page = answer["tokens"]?.array ?? []
        tokens += page
        guard page.isEmpty || tokens.count >= answer["count"]?.int ?? 0 else { continue }
        answer["tokens"] = .array(tokens)
        return Terminal.writeLine(options.json ? answer.description : CSMSText.tokens(answer))
      }
    }
  }
}

/// What is said about a card. An option that is not given leaves the card as it is; `none` takes a value away.
struct CSMSTokenDetails: ParsableArguments {
  @Option(name: .long, help: "Central, eMAID, ISO14443 (a new card's), ISO15693, KeyCode, Local, MacAddress.")
  var type: String?
  @Option(name: .long, help: "Whose it is.") var name: String?
  @Option(
    name: .long,
    help:
      "accepted, blocked, expired, invalid, unknown, noCredit, notAllowedTypeEVSE, notAtThisLocation, notAtThisTime.")
  var status: String?
  @Option(name: .long, help: "Its group: cards of one group end each other's transactions.") var group: String?
  @Flag(inversion: .prefixedNo, help: "It belongs to the master pass group: ends others' transactions, starts none.")
  var masterPass: Bool?
  @Option(name: .long, help: "From then on it is Expired: 2026-12-31T23:00:00Z.") var expires: String?
  @Option(name: .customLong("evse"), help: "Only there; more than once for more. 0: everywhere.") var evses: [Int32] =
    []
  @Option(name: .long, help: "Language of its driver, as en or de-CH.") var language1: String?
  @Option(name: .long, help: "The second choice.") var language2: String?
  @Option(name: .long, help: "A line for its driver on the display.") var message: String?
  @Option(name: .long, help: "Charging priority, -9…9.") var priority: String?
  @Option(name: .long, help: "What a second transaction at the same time gets: accepted or concurrentTx.")
  var concurrent: String?
  @Flag(inversion: .prefixedNo, help: "Whether it stands on local lists.") var listed: Bool?

  var members: [JSONMember] {
    var members: [JSONMember] = []
    func text(_ name: String, _ value: String?, _ convert: (String) -> String = { $0 }) {
      guard let value else { return }
      members.append(JSONMember(name, value == "none" ? .null : .string(convert(value))))
    }
    if let type { members.append(JSONMember("type", .string(type))) }
    text("name", name)
    text("status", status, CSMSText.wireStatus)
    text("group", group)
    if let masterPass { members.append(JSONMember("masterPass", .bool(masterPass))) }
    text("expires", expires)
    if !evses.isEmpty { members.append(JSONMember("evses", .array(evses.filter { $0 != 0 }.map { JSONValue($0) }))) }
    text("language1", language1)
    text("language2", language2)
    text("message", message)
    if let priority {
      let number = Decimal(priority).map { JSONValue($0) } ?? .string(priority)
      members.append(JSONMember("priority", priority == "none" ? .null : number))
    }
    text("concurrent", concurrent, CSMSText.wireStatus)
    if let listed { members.append(JSONMember("listed", .bool(listed))) }
    return members
  }
}

struct CSMSTokenAdd: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "add", abstract: "Puts a new card into the book.")
  @OptionGroup var options: CSMSOptions
  @Argument(help: "Its number.") var idToken: String
  @OptionGroup var details: CSMSTokenDetails

  func run() throws {
    let params: [JSONMember] = [JSONMember("idToken", .string(idToken)), JSONMember("mode", "add")] + details.members
    try options.show("csms.setToken", .object(params)) { "In the book now: \(CSMSText.token($0["token"] ?? .null))." }
  }
}

struct CSMSTokenSet: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "set", abstract: "Changes what is said about a card of the book.")
  @OptionGroup var options: CSMSOptions
  @Argument(help: "Its number.") var idToken: String
  @OptionGroup var details: CSMSTokenDetails

  func run() throws {
    let params: [JSONMember] =
      [JSONMember("idToken", .string(idToken)), JSONMember("mode", "change")] + details.members
    try options.show("csms.setToken", .object(params)) { "In the book now: \(CSMSText.token($0["token"] ?? .null))." }
  }
}

struct CSMSTokenRemove: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "remove", abstract: "Takes a card out of the book.")
  @OptionGroup var options: CSMSOptions
  @Argument(help: "Its number.") var idToken: String
  @Option(name: .long, help: "Its type, when there are several of this number.") var type: String?

  func run() throws {
    let params = csmsMembers([("idToken", .string(idToken)), ("type", type.map { .string($0) })])
    try options.show("csms.removeToken", params) { "Out of the book: \(CSMSText.token($0["token"] ?? .null))." }
  }
}

struct CSMSTokenPolicy: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "policy", abstract: "What holds for all cards; without options, shows it.")
  @OptionGroup var options: CSMSOptions
  @Option(name: .long, help: "What a card gets that the book does not know: accepted, unknown, invalid …")
  var unknown: String?
  @Option(name: .long, help: "What a card's second transaction at the same time gets: accepted or concurrentTx.")
  var concurrent: String?
  @Option(name: .long, help: "The master pass group; stations know theirs as AuthCtrlr.MasterPassGroupId.")
  var masterPassGroup: String?

  func run() throws {
    let params = csmsMembers([
      ("unknown", unknown.map { .string(CSMSText.wireStatus($0)) }),
      ("concurrent", concurrent.map { .string(CSMSText.wireStatus($0)) }),
      ("masterPassGroup", masterPassGroup.map { .string($0) }),
    ])
    try options.show("csms.tokenPolicy", params, as: CSMSText.policy)
  }
}

struct CSMSPrices: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "prices", abstract: "What charging costs in the bench's own arithmetic; no station is told.",
    discussion: "Without options, shows the prices. 'none' takes a price away. Minutes run from start to end.")
  @OptionGroup var options: CSMSOptions
  @Option(name: .customLong("per-kwh"), help: "A kilowatt-hour.") var perKWh: String?
  @Option(name: .long, help: "A minute.") var perMinute: String?
  @Option(name: .long, help: "A transaction.") var perTransaction: String?
  @Option(name: .long, help: "Three letters, as EUR.") var currency: String?

  func run() throws {
    func price(_ text: String?) throws -> JSONValue? {
      guard let text else { return nil }
      if text == "none" { return .null }
      guard let number = Decimal(text) else { throw ValidationError("\(text) is no price: give a number as 0.49") }
      return .number(number)
    }
    let params = csmsMembers([
      ("perKilowattHour", try price(perKWh)), ("perMinute", try price(perMinute)),
      ("perTransaction", try price(perTransaction)), ("currency", currency.map { .string($0) }),
    ])
    try options.show("csms.prices", params, as: CSMSText.prices)
  }
}

struct CSMSLocalList: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "local-list", abstract: "Stations' local lists of cards, made from the token book.",
    subcommands: [CSMSLocalListShow.self, CSMSLocalListSend.self, CSMSLocalListVersion.self],
    defaultSubcommand: CSMSLocalListShow.self)
}

struct CSMSLocalListShow: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Which list each station was last given, and what has changed since.")
  @OptionGroup var options: CSMSOptions

  func run() throws { try options.show("csms.localLists", as: CSMSText.localLists) }
}

struct CSMSLocalListSend: ParsableCommand {
  enum Kind: String, EnumerableFlag { case full, differential }

  static let configuration = CommandConfiguration(
    commandName: "send", abstract: "Gives a station the token book as its local list.",
    discussion: """
      In as many messages as the station's limits ask for. A difference that the station refuses, or that cannot be \
      made because nobody knows what it holds, becomes the whole list. With --version exactly that is sent, and the \
      station's answer told.
      """)
  @OptionGroup var options: CSMSStationOptions
  @Flag(help: "The whole list, or what has changed since the last one.") var kind: Kind
  @Option(name: .long, help: "This version number, right or wrong.") var version: Int32?

  func run() throws {
    try Terminal.run { () throws(Failure) in
      let connection = try options.csms.connect()
      let params = csmsMembers([
        ("station", .string(try options.identity(connection))),
        ("update", kind == .full ? "Full" : "Differential"), ("version", version.map { JSONValue($0) }),
      ])
      let answer = try connection.call("csms.sendLocalList", params, timeout: .seconds(600))
      let text = options.csms.json ? answer.description : CSMSText.localListSteps(answer)
      guard answer["done"]?.bool == true else { throw .refused(text) }
      Terminal.writeLine(text)
    }
  }
}

struct CSMSLocalListVersion: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "version", abstract: "Asks a station for the version of its list.")
  @OptionGroup var options: CSMSStationOptions

  func run() throws {
    try options.perform("GetLocalListVersion", [:]) { answer in
      let version = answer["versionNumber"]?.int ?? 0
      return version == 0
        ? "The station has no local list, or has it switched off (LocalAuthListCtrlr.Enabled)."
        : "The station's local list has version \(version)."
    }
  }
}
