import ArgumentParser
import JSONRPC
import OCPPJSON

/// The operator's side of the bench: `bench-csms` sends what is asked and tells what it has seen.
struct CSMSCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "csms", abstract: "Speaks for the operator on the bench: cards, transactions, messages, misbehaviour.",
    subcommands: [
      CSMSStatus.self, CSMSStations.self, CSMSTransactions.self, CSMSTransaction.self, CSMSExport.self,
      CSMSEvents.self, CSMSVerdict.self, CSMSProblems.self, CSMSToken.self, CSMSLocalList.self, CSMSPrices.self,
      CSMSRemoteStart.self, CSMSRemoteStop.self, CSMSReset.self, CSMSUnlock.self, CSMSAvailability.self,
      CSMSGet.self, CSMSSet.self, CSMSReport.self, CSMSTrigger.self, CSMSClearCache.self, CSMSDataTransfer.self,
      CSMSTransactionStatus.self, CSMSSend.self, CSMSMisbehave.self,
    ])
}

struct CSMSOptions: ParsableArguments {
  @Option(name: .long, help: "The CSMS's socket; else CHARGER_CSMS_SOCKET, else \(SocketKind.csms.defaultPath).")
  var csms: String?

  @Flag(name: .long, help: "Print the answer as JSON.")
  var json = false

  func connect() throws(Failure) -> Connection { try Connection(.csms, option: csms) }

  /// Calls a method and prints its answer.
  func show(_ method: String, _ params: JSONValue = .object([]), as render: (JSONValue) -> String) throws {
    try Terminal.run { () throws(Failure) in
      let answer = try connect().call(method, params)
      Terminal.writeLine(json ? answer.description : render(answer))
    }
  }
}

/// The options of what is asked of a station.
struct CSMSStationOptions: ParsableArguments {
  @OptionGroup var csms: CSMSOptions
  @Option(name: .long, help: "The station's identity; needed only when several are connected.") var station: String?
  @Option(name: .long, help: "Seconds until the answer is given up on, 1…600.") var timeout: Int32 = 30

  func validate() throws {
    guard (1...600).contains(timeout) else { throw ValidationError("--timeout takes 1…600 seconds.") }
  }

  /// The station that is meant: the one that was named, else the only one.
  func identity(_ connection: Connection) throws(Failure) -> String {
    if let station { return station }
    return try Self.onlyStation(connection.call("csms.stations"))
  }

  static func onlyStation(_ answer: JSONValue) throws(Failure) -> String {
    let stations = answer["stations"]?.array ?? []
    let connected = stations.filter { $0["connected"]?.bool == true }
    let identities = (connected.isEmpty ? stations : connected).compactMap { $0["station"]?.string }
    if identities.count == 1, let identity = identities.first { return identity }
    throw .refused(
      identities.isEmpty
        ? "No station has called this CSMS yet."
        : "Several stations are connected: name one with --station. There are "
          + "\(identities.map { Text.printable($0) }.joined(separator: ", ")).")
  }

  /// Sends one of OCPP's actions; the answer as `csms.send` gives it.
  func ask(_ action: String, _ payload: JSONValue, on connection: Connection) throws(Failure) -> JSONValue {
    let params: JSONValue = [
      "station": .string(try identity(connection)), "action": .string(action), "payload": payload,
      "timeoutMs": JSONValue(timeout * 1_000),
    ]
    return try connection.call("csms.send", params, timeout: .seconds(Int64(timeout) + 5))
  }

  /// Sends one of OCPP's actions and tells the answer in words; what is no acceptance becomes exit status 1.
  func perform(
    _ action: String, _ payload: JSONValue, words: ((JSONValue) -> String)? = nil
  ) throws {
    try Terminal.run { () throws(Failure) in
      let answer = try ask(action, payload, on: csms.connect())
      let outcome = CSMSAnswerText.outcome(action, answer, words: words)
      let text = csms.json ? answer.description : outcome.text
      guard outcome.isGood else { throw .refused(text) }
      Terminal.writeLine(text)
    }
  }
}

/// Members that were given; the others are left out.
func csmsMembers(_ members: [(String, JSONValue?)]) -> JSONValue {
  .object(members.compactMap { name, value in value.map { JSONMember(name, $0) } })
}

struct CSMSStatus: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status", abstract: "Stations, transactions, cards, and what the CSMS does wrong on purpose.")
  @OptionGroup var options: CSMSOptions

  func run() throws { try options.show("csms.status", as: CSMSText.status) }
}

struct CSMSStations: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "stations", abstract: "The stations that have called, with their connectors.")
  @OptionGroup var options: CSMSOptions

  func run() throws { try options.show("csms.stations", as: CSMSText.stations) }
}

struct CSMSProblems: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "problems", abstract: "What the stations did wrong, in the order in which it was seen.")
  @OptionGroup var options: CSMSOptions

  func run() throws { try options.show("csms.problems", as: CSMSText.problems) }
}

struct CSMSEvents: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "events", abstract: "What the CSMS hears, in words, line by line, until you press Ctrl-C.")
  @OptionGroup var options: CSMSOptions
  @Option(name: .shortAndLong, help: "End after so many events.") var count: Int?

  func run() throws {
    try Terminal.run { () throws(Failure) in
      let connection = try options.connect()
      _ = try connection.call("csms.subscribe")
      var left = count ?? .max
      while left > 0 {
        guard let event = try connection.notification(timeout: .seconds(3_600)) else { continue }
        Terminal.writeLine(options.json ? event.params.description : CSMSText.event(event.params))
        left -= 1
      }
    }
  }
}

struct CSMSSend: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "send", abstract: "Sends one of OCPP's actions to a station and prints its answer.",
    discussion: "Example: chargerctl csms send Reset '{\"type\":\"Immediate\"}'")
  @OptionGroup var options: CSMSStationOptions
  @Argument(help: "The action, as GetVariables.") var action: String
  @Argument(help: "The payload, a JSON object.") var payload = "{}"

  func run() throws {
    guard let value = try? JSONValue(parsing: payload) else {
      throw ValidationError("the payload is no JSON: \(payload)")
    }
    try Terminal.run { () throws(Failure) in
      let answer = try options.ask(action, value, on: options.csms.connect())
      Terminal.writeLine((options.csms.json ? answer : answer["answer"] ?? answer).description)
    }
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
