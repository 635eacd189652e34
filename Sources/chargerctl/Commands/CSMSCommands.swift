import ArgumentParser
import OCPPJSON

/// The operator's side of the bench: `bench-csms` sends what is asked and tells what it has seen.
struct CSMSCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "csms", abstract: "Speaks for the operator on the bench: sends OCPP messages, tells what was heard.",
    subcommands: [CSMSSend.self, CSMSTransactions.self, CSMSVerdict.self])
}

struct CSMSOptions: ParsableArguments {
  @Option(name: .long, help: "The CSMS's socket; else CHARGER_CSMS_SOCKET, else \(SocketKind.csms.defaultPath).")
  var csms: String?

  @Flag(name: .long, help: "Print the answer as JSON.")
  var json = false

  func connect() throws(Failure) -> Connection { try Connection(.csms, option: csms) }
}

struct CSMSSend: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "send", abstract: "Sends one of OCPP's actions to a station and prints its answer.",
    discussion: "Example: chargerctl csms send Reset '{\"type\":\"Immediate\"}'")
  @OptionGroup var options: CSMSOptions
  @Argument(help: "The action, as GetVariables.") var action: String
  @Argument(help: "The payload, a JSON object.") var payload = "{}"
  @Option(name: .long, help: "The station's identity; needed only when several are connected.") var station: String?

  func run() throws {
    guard let value = try? JSONValue(parsing: payload) else {
      throw ValidationError("the payload is no JSON: \(payload)")
    }
    try Terminal.run { () throws(Failure) in
      let connection = try options.connect()
      let identity: String
      if let station { identity = station } else { identity = try Self.onlyStation(connection.call("csms.stations")) }
      let params = [
        JSONMember("station", .string(identity)), JSONMember("action", .string(action)), JSONMember("payload", value),
      ]
      let answer = try connection.call("csms.send", .object(params))
      Terminal.writeLine((options.json ? answer : answer["answer"] ?? answer).description)
    }
  }
}

extension CSMSSend {
  /// The identity of the station that is meant when none was named.
  static func onlyStation(_ answer: JSONValue) throws(Failure) -> String {
    let identities = (answer.array ?? answer["stations"]?.array ?? []).compactMap {
      $0.string ?? $0["identity"]?.string ?? $0["station"]?.string
    }
    if identities.count == 1, let identity = identities.first { return identity }
    throw .refused(
      identities.isEmpty
        ? "No station has called this CSMS yet."
        : "Several stations have called: name one with --station. There are \(identities.joined(separator: ", ")).")
  }
}

struct CSMSTransactions: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "transactions", abstract: "The transactions that the CSMS has heard of.")
  @OptionGroup var options: CSMSOptions

  func run() throws {
    try Terminal.run { () throws(Failure) in
      let answer = try options.connect().call("csms.transactions")
      Terminal.writeLine(options.json ? answer.description : Self.sentences(answer))
    }
  }
}

extension CSMSTransactions {
  static func sentences(_ answer: JSONValue) -> String {
    let records = (answer.array ?? answer["transactions"]?.array) ?? []
    guard !records.isEmpty else { return "The CSMS has heard of no transaction." }
    return records.map(\.description).joined(separator: "\n")
  }
}

struct CSMSVerdict: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verdict",
    abstract: "Whether everything that the CSMS heard is complete and correct; exit status 1 when it is not.")
  @OptionGroup var options: CSMSOptions

  func run() throws {
    try Terminal.run { () throws(Failure) in
      let verdict = try options.connect().call("csms.verdict")
      let text = options.json ? verdict.description : Self.sentence(verdict)
      guard verdict["allCorrect"]?.bool == true else { throw .refused(text) }
      Terminal.writeLine(text)
    }
  }

  static func sentence(_ verdict: JSONValue) -> String {
    let count = verdict["transactions"]?.int ?? 0
    let correct = verdict["correct"]?.int ?? 0
    let problems = verdict["problems"]?.int ?? 0
    let energy = verdict["energyWh"]?.decimal?.description ?? "0"
    return "The CSMS saw \(count) transaction\(count == 1 ? "" : "s"), \(correct) complete and correct, "
      + "\(energy) Wh in all, \(problems) problem\(problems == 1 ? "" : "s")."
  }
}
