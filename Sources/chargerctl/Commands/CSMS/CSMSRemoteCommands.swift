import ArgumentParser
import OCPPJSON

struct CSMSRemoteStart: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "remote-start", abstract: "Starts a transaction for a card, as an app's button would.")
  @OptionGroup var options: CSMSStationOptions
  @Argument(help: "The card's number; its type and group come from the token book.") var idToken: String
  @Option(name: .long, help: "The EVSE; without it the station chooses.") var evse: Int32?
  @Option(name: .long, help: "The card's type, when the book does not know it.") var type = "Central"
  @Option(name: .customLong("id"), help: "The remote start's number; else a random one.") var remoteStartID: Int32?

  func run() throws {
    try Terminal.run { () throws(Failure) in
      let connection = try options.csms.connect()
      let known = try connection.call("csms.tokens", ["idToken": .string(idToken)])["tokens"]?[0]
      let number = remoteStartID ?? Int32.random(in: 1...(.max))
      let payload = Self.payload(idToken, type: type, known: known, evse: evse, number: number)
      let answer = try options.ask("RequestStartTransaction", payload, on: connection)
      let outcome = CSMSAnswerText.outcome("RequestStartTransaction", answer) { answer in
        let id = answer["transactionId"]?.string.map { " Its transaction is \(Text.printable($0))." } ?? ""
        return "Accepted: the station starts by remote start \(number).\(id)"
      }
      let text = options.csms.json ? answer.description : outcome.text
      guard outcome.isGood else { throw .refused(text) }
      Terminal.writeLine(text)
    }
  }

  static func payload(
    _ idToken: String, type: String, known: JSONValue?, evse: Int32?, number: Int32
  ) -> JSONValue {
    csmsMembers([
      ("evseId", evse.map { JSONValue($0) }), ("remoteStartId", JSONValue(number)),
      (
        "idToken",
        [
          "idToken": .string(known?["idToken"]?.string ?? idToken), "type": .string(known?["type"]?.string ?? type),
        ]
      ), ("groupIdToken", known?["group"].map { ["idToken": $0, "type": "Central"] }),
    ])
  }
}

struct CSMSRemoteStop: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "remote-stop", abstract: "Stops a transaction.")
  @OptionGroup var options: CSMSStationOptions
  @Argument(help: "The beginning of the transaction's id, as far as it is needed.") var transaction: String

  func run() throws {
    try Terminal.run { () throws(Failure) in
      let connection = try options.csms.connect()
      let found = try connection.call("csms.transaction", ["id": .string(transaction)])["transaction"]
      guard let id = found?["transactionId"], let station = found?["station"] else {
        throw .refused("no transaction \(transaction)")
      }
      let params: JSONValue = [
        "station": station, "action": "RequestStopTransaction", "payload": ["transactionId": id],
        "timeoutMs": JSONValue(options.timeout * 1_000),
      ]
      let answer = try connection.call("csms.send", params, timeout: .seconds(Int64(options.timeout) + 5))
      let outcome = CSMSAnswerText.outcome("RequestStopTransaction", answer)
      let text = options.csms.json ? answer.description : outcome.text
      guard outcome.isGood else { throw .refused(text) }
      Terminal.writeLine(text)
    }
  }
}

struct CSMSReset: ParsableCommand {
  enum Kind: String, EnumerableFlag { case immediate, onIdle }

  static let configuration = CommandConfiguration(
    commandName: "reset", abstract: "Restarts a station, or one EVSE: at once, or when nobody charges.")
  @OptionGroup var options: CSMSStationOptions
  @Flag(help: "At once, ending what goes on, or when nothing goes on any more.") var kind: Kind = .onIdle
  @Option(name: .long, help: "One EVSE only.") var evse: Int32?

  func run() throws {
    let payload = csmsMembers([
      ("type", kind == .immediate ? "Immediate" : "OnIdle"), ("evseId", evse.map { JSONValue($0) }),
    ])
    try options.perform("Reset", payload)
  }
}

struct CSMSUnlock: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "unlock", abstract: "Unlocks a cable that is stuck in a socket.")
  @OptionGroup var options: CSMSStationOptions
  @Argument(help: "The EVSE.") var evse: Int32
  @Argument(help: "The connector.") var connector: Int32 = 1

  func run() throws {
    try options.perform("UnlockConnector", ["evseId": JSONValue(evse), "connectorId": JSONValue(connector)])
  }
}

struct CSMSAvailability: ParsableCommand {
  enum State: String, ExpressibleByArgument, CaseIterable { case operative, inoperative }

  static let configuration = CommandConfiguration(
    commandName: "availability", abstract: "Takes a station, an EVSE or a connector out of use, or back into it.")
  @OptionGroup var options: CSMSStationOptions
  @Argument(help: "operative or inoperative.") var state: State
  @Option(name: .long, help: "One EVSE.") var evse: Int32?
  @Option(name: .long, help: "One connector of it.") var connector: Int32?

  func validate() throws {
    if connector != nil, evse == nil { throw ValidationError("--connector needs --evse.") }
  }

  func run() throws {
    let place = evse.map { evse in
      csmsMembers([("id", JSONValue(evse)), ("connectorId", connector.map { JSONValue($0) })])
    }
    let status: JSONValue = state == .operative ? "Operative" : "Inoperative"
    try options.perform("ChangeAvailability", csmsMembers([("operationalStatus", status), ("evse", place)]))
  }
}

struct CSMSTrigger: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "trigger", abstract: "Asks a station to send a message.")
  @OptionGroup var options: CSMSStationOptions
  @Argument(
    help: "BootNotification, Heartbeat, MeterValues, StatusNotification, TransactionEvent, LogStatusNotification …")
  var message: String
  @Option(name: .long, help: "For one EVSE.") var evse: Int32?
  @Option(name: .long, help: "For one connector of it.") var connector: Int32?

  func run() throws {
    let place = evse.map { evse in
      csmsMembers([("id", JSONValue(evse)), ("connectorId", connector.map { JSONValue($0) })])
    }
    try options.perform("TriggerMessage", csmsMembers([("requestedMessage", .string(message)), ("evse", place)]))
  }
}

struct CSMSClearCache: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "clear-cache", abstract: "Lets a station forget the cards that it has seen.")
  @OptionGroup var options: CSMSStationOptions

  func run() throws { try options.perform("ClearCache", [:]) }
}

struct CSMSDataTransfer: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "data-transfer", abstract: "Sends a vendor's own message.")
  @OptionGroup var options: CSMSStationOptions
  @Argument(help: "The vendor's name.") var vendor: String
  @Option(name: .long, help: "The vendor's name of the message.") var message: String?
  @Option(name: .long, help: "What is sent: JSON, or text that is sent as such.") var data: String?

  func run() throws {
    let content = data.map { (try? JSONValue(parsing: $0)) ?? .string($0) }
    let payload = csmsMembers([
      ("vendorId", .string(vendor)), ("messageId", message.map { .string($0) }), ("data", content),
    ])
    try options.perform("DataTransfer", payload) { answer in
      "Accepted\(answer["data"].map { ": \(Text.printable($0.string ?? $0.description))" } ?? "")."
    }
  }
}

struct CSMSTransactionStatus: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "transaction-status", abstract: "Asks a station whether it has still something to tell.")
  @OptionGroup var options: CSMSStationOptions
  @Argument(help: "A transaction's whole id; without it, about all.") var transaction: String?

  func run() throws {
    let payload = csmsMembers([("transactionId", transaction.map { .string($0) })])
    try options.perform("GetTransactionStatus", payload) { answer in
      let rest =
        answer["messagesInQueue"]?.bool == true
        ? "messages about it wait at the station" : "the station has told everything"
      switch answer["ongoingIndicator"]?.bool {
      case true?: return "The transaction goes on; \(rest)."
      case false?: return "The transaction does not go on; \(rest)."
      case nil: return "\(rest.prefix(1).uppercased())\(rest.dropFirst())."
      }
    }
  }
}
