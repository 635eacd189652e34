import ArgumentParser
import OCPPJSON

struct CSMSGet: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "get", abstract: "Reads variables of a station through OCPP.",
    discussion: "Names: COMPONENT[INSTANCE]#EVSE.CONNECTOR.VARIABLE[INSTANCE]. Example: TxCtrlr.EVConnectionTimeOut")
  @OptionGroup var options: CSMSStationOptions
  @Argument(help: "The variables.") var variables: [String]
  @Option(name: .long, help: "Actual, Target, MinSet or MaxSet.") var attribute: String?

  func run() throws {
    let entries = try variables.map { text in
      .object(try csmsVariable(text) + (attribute.map { [JSONMember("attributeType", .string($0))] } ?? []))
        as JSONValue
    }
    try options.showVariables("GetVariables", ["getVariableData": .array(entries)])
  }
}

struct CSMSSet: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "set", abstract: "Writes variables of a station through OCPP.",
    discussion: "Example: chargerctl csms set TxCtrlr.EVConnectionTimeOut=60 AuthCtrlr.MasterPassGroupId=MASTERPASS")
  @OptionGroup var options: CSMSStationOptions
  @Argument(help: "NAME=VALUE, more than once for more.") var assignments: [String]
  @Option(name: .long, help: "Actual, Target, MinSet or MaxSet.") var attribute: String?

  func run() throws {
    let entries = try assignments.map { text in
      guard let sign = text.firstIndex(of: "=") else { throw ValidationError("\"\(text)\" is no NAME=VALUE.") }
      let value = JSONMember("attributeValue", .string(String(text[text.index(after: sign)...])))
      let type = attribute.map { [JSONMember("attributeType", .string($0))] } ?? []
      return .object(type + [value] + (try csmsVariable(String(text[..<sign])))) as JSONValue
    }
    try options.showVariables("SetVariables", ["setVariableData": .array(entries)])
  }
}

/// The members `component` and `variable` of a name.
private func csmsVariable(_ text: String) throws -> [JSONMember] {
  guard let name = VariableName(text), name.variable != nil else {
    throw ValidationError(
      "\"\(text)\" is no variable's name. Names: COMPONENT[INSTANCE]#EVSE.CONNECTOR.VARIABLE[INSTANCE].")
  }
  return name.parameters
}

extension CSMSStationOptions {
  /// Tells the answers of `GetVariables` and `SetVariables`; exit status 1 when one of them was refused.
  func showVariables(_ action: String, _ payload: JSONValue) throws {
    try Terminal.run { () throws(Failure) in
      let answer = try ask(action, payload, on: csms.connect())
      let outcome = CSMSAnswerText.variables(action, answer)
      let text = csms.json ? answer.description : outcome.text
      guard outcome.isGood else { throw .refused(text) }
      Terminal.writeLine(text)
    }
  }
}

struct CSMSReport: ParsableCommand {
  enum Base: String, ExpressibleByArgument, CaseIterable {
    case summary, configuration, full

    var wireName: String {
      switch self {
      case .summary: "SummaryInventory"
      case .configuration: "ConfigurationInventory"
      case .full: "FullInventory"
      }
    }
  }

  /// Parts that a report may have here.
  private static let maximumParts = 10_000

  static let configuration = CommandConfiguration(
    commandName: "report", abstract: "Asks a station for all its variables and prints them.")
  @OptionGroup var options: CSMSStationOptions
  @Argument(help: "summary, configuration or full.") var base: Base = .summary

  func run() throws {
    try Terminal.run { () throws(Failure) in
      let connection = try options.csms.connect()
      _ = try connection.call("csms.subscribe", ["messages": true])
      let number = Int32.random(in: 1...(.max))
      let payload: JSONValue = ["requestId": JSONValue(number), "reportBase": .string(base.wireName)]
      let answer = try options.ask("GetBaseReport", payload, on: connection)
      let outcome = CSMSAnswerText.outcome("GetBaseReport", answer)
      guard outcome.isGood else { throw .refused(outcome.text) }
      let entries = try parts(connection, number)
      Terminal.writeLine(
        options.csms.json ? JSONValue.array(entries).description : CSMSAnswerText.report(entries))
    }
  }

  private func parts(_ connection: Connection, _ number: Int32) throws(Failure) -> [JSONValue] {
    var entries: [JSONValue] = []
    for _ in 0..<Self.maximumParts {
      var found: JSONValue?
      while found == nil {
        guard let event = try connection.notification(timeout: .seconds(Int64(options.timeout))) else {
          throw .refused(
            "The report broke off after \(entries.count) variables: nothing came for \(options.timeout) s.")
        }
        guard event.method == "csms.message", event.params["direction"] == "received",
          event.params["action"] == "NotifyReport", event.params["payload"]?["requestId"]?.int32 == number
        else { continue }
        found = event.params["payload"]
      }
      entries += found?["reportData"]?.array ?? []
      if found?["tbc"]?.bool != true { break }
    }
    return entries
  }
}
