import ArgumentParser
import ChargerBase
import OCPPJSON

struct CSMSMisbehave: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "misbehave", abstract: "Lets the CSMS do wrong on purpose, to see what stations make of it.",
    discussion: "Each holds until 'off', or for --count messages. 'chargerctl csms status' tells what is on.",
    subcommands: [
      MisbehaveShow.self, MisbehaveOff.self, MisbehaveDelay.self, MisbehaveSilence.self, MisbehaveError.self,
      MisbehaveSpoil.self, MisbehaveAnswer.self, MisbehaveClose.self, MisbehaveRefuse.self, MisbehaveFlood.self,
    ], defaultSubcommand: MisbehaveShow.self)
}

/// Which messages are meant.
struct MisbehaveOptions: ParsableArguments {
  @OptionGroup var options: CSMSOptions
  @Option(name: .long, help: "Only this action of the station, as TransactionEvent.") var action: String?
  @Option(name: .long, help: "Only this station.") var station: String?
  @Option(name: .shortAndLong, help: "Only so many messages.") var count: Int32?

  func behave(_ members: [(String, JSONValue?)]) throws {
    let whom: [(String, JSONValue?)] = [
      ("action", action.map { .string($0) }), ("station", station.map { .string($0) }),
      ("count", count.map { JSONValue($0) }),
    ]
    try options.show("csms.behave", csmsMembers(members + whom), as: CSMSText.misbehaviour)
  }
}

struct MisbehaveShow: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "show", abstract: "What the CSMS does wrong now.")
  @OptionGroup var options: CSMSOptions

  func run() throws { try options.show("csms.behave", as: CSMSText.misbehaviour) }
}

struct MisbehaveOff: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "off", abstract: "Ends all misbehaviour, or one rule.")
  @OptionGroup var options: CSMSOptions
  @Option(name: .long, help: "The rule's number, as 'show' tells it.") var rule: Int32?

  func run() throws {
    let params: JSONValue = rule.map { ["remove": JSONValue($0)] } ?? ["clear": true]
    try options.show("csms.behave", params, as: CSMSText.misbehaviour)
  }
}

struct MisbehaveDelay: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "delay", abstract: "Answers late.")
  @OptionGroup var which: MisbehaveOptions
  @Argument(help: "Seconds, 0.001…600.") var seconds: String

  func run() throws {
    guard let milliseconds = Decimal(seconds)?.thousandths, (1...600_000).contains(milliseconds) else {
      throw ValidationError("a delay has 0.001…600 seconds, not \(seconds)")
    }
    try which.behave([("delayMs", JSONValue(milliseconds))])
  }
}

struct MisbehaveSilence: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "silence", abstract: "Does not answer. What was said is not heard either.")
  @OptionGroup var which: MisbehaveOptions

  func run() throws { try which.behave([("silent", true)]) }
}

struct MisbehaveError: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "error", abstract: "Answers with a CALLERROR. What was said is not heard.")
  @OptionGroup var which: MisbehaveOptions
  @Argument(help: "The code, as InternalError.") var code: String

  func run() throws { try which.behave([("error", .string(code))]) }
}

struct MisbehaveSpoil: ParsableCommand {
  enum Kind: String, ExpressibleByArgument, CaseIterable {
    case schema
    case messageID = "message-id"
    case twice, unparsable
  }

  static let configuration = CommandConfiguration(
    commandName: "spoil", abstract: "Answers wrongly. What was said is heard.",
    discussion: """
      schema: a payload that no schema allows. message-id: an answer to a message that nobody sent. twice: the same \
      answer two times. unparsable: no JSON.
      """)
  @OptionGroup var which: MisbehaveOptions
  @Argument(help: "schema, message-id, twice or unparsable.") var kind: Kind

  func run() throws {
    try which.behave([("spoil", .string(kind == .messageID ? "messageId" : kind.rawValue))])
  }
}

struct MisbehaveAnswer: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "answer", abstract: "Answers one action with a payload of your own.",
    discussion: """
      Example: chargerctl csms misbehave answer --action Authorize '{"idTokenInfo":{"status":"NotAtThisTime"}}'
      """)
  @OptionGroup var which: MisbehaveOptions
  @Argument(help: "The payload, a JSON object.") var payload: String

  func run() throws {
    guard let value = try? JSONValue(parsing: payload), value.members != nil else {
      throw ValidationError("the payload is no JSON object: \(payload)")
    }
    guard which.action != nil else { throw ValidationError("name the action with --action") }
    try which.behave([("answer", value)])
  }
}

struct MisbehaveClose: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "close", abstract: "Cuts the connection: now, or (with --action or --count) instead of an answer.")
  @OptionGroup var which: MisbehaveOptions
  @Flag(name: .long, help: "Now, with a WebSocket close frame instead of a cut.") var politely = false

  func run() throws {
    if which.action != nil || which.count != nil { return try which.behave([("close", true)]) }
    try Terminal.run { () throws(Failure) in
      let connection = try which.options.connect()
      let station: String
      if let named = which.station {
        station = named
      } else {
        station = try CSMSStationOptions.onlyStation(connection.call("csms.stations"))
      }
      _ = try connection.call("csms.disconnect", ["station": .string(station), "hard": .bool(!politely)])
      Terminal.writeLine("The connection of \(Text.printable(station)) was \(politely ? "closed" : "cut").")
    }
  }
}

struct MisbehaveRefuse: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "refuse", abstract: "Lets no new connection in (HTTP 503).")
  @OptionGroup var options: CSMSOptions

  func run() throws {
    try options.show("csms.refuse", ["on": true]) { _ in "New connections are refused with HTTP 503, until 'off'." }
  }
}

struct MisbehaveFlood: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "flood", abstract: "Asks a station again and again without waiting for its answers.")
  @OptionGroup var station: CSMSStationOptions
  @Option(name: .long, help: "Messages a second, 1…2000.") var perSecond: Int32 = 50
  @Option(name: .shortAndLong, help: "Only so many messages.") var count: Int32?
  @Argument(help: "The action.") var action = "GetLocalListVersion"
  @Argument(help: "The payload, a JSON object.") var payload = "{}"

  func run() throws {
    guard let value = try? JSONValue(parsing: payload) else {
      throw ValidationError("the payload is no JSON: \(payload)")
    }
    try Terminal.run { () throws(Failure) in
      let connection = try station.csms.connect()
      let params = csmsMembers([
        ("station", .string(try station.identity(connection))), ("action", .string(action)), ("payload", value),
        ("perSecond", JSONValue(perSecond)), ("count", count.map { JSONValue($0) }),
      ])
      let answer = try connection.call("csms.flood", params)
      Terminal.writeLine(station.csms.json ? answer.description : CSMSText.misbehaviour(answer))
    }
  }
}
