import ArgumentParser
import OCPPJSON

struct GetCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "get", abstract: "Reads the device model: all of it, a component, or one variable.",
    discussion:
      "Names: \(VariableName.form). Examples: TxCtrlr, TxCtrlr.EVConnectionTimeOut, Connector#1.1.AvailabilityState")
  @OptionGroup var station: StationOptions
  @Argument(help: "What to read; everything without it.", completion: Completions.variables) var variable: String?
  @Option(name: .long, help: "Actual, Target, MinSet or MaxSet.") var attribute: String?

  func run() throws {
    var params: [JSONMember] = []
    var name: VariableName?
    if let variable {
      guard let wanted = VariableName(variable) else {
        throw ValidationError("\"\(variable)\" is no variable's name. Names: \(VariableName.form).")
      }
      name = wanted
      // A component's bare name means it wherever it is, at every EVSE and connector: the choice is made here.
      if !wanted.isBare { params = wanted.parameters }
    }
    if let attribute { params.append(JSONMember("attribute", .string(attribute))) }
    try Terminal.run { () throws(Failure) in
      var answer = try station.connect().call("station.deviceModel.get", .object(params))
      if let name, name.isBare {
        answer = DeviceModelText.only(answer, of: name.component)
        if answer["variables"]?.array?.isEmpty == true {
          throw .refused("the station has no component \(name.component)")
        }
      }
      let text = DeviceModelText.render(answer, isSingle: name?.variable != nil)
      Terminal.writeLine(station.json ? answer.description : text)
    }
  }
}

struct SetCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "set", abstract: "Writes one variable of the device model, by the rules that hold for the CSMS.")
  @OptionGroup var station: StationOptions
  @Argument(help: "Which variable: \(VariableName.form).", completion: Completions.variables) var variable: String
  @Argument(help: "Its new value.") var value: String
  @Option(name: .long, help: "Actual, Target, MinSet or MaxSet.") var attribute: String?

  func run() throws {
    guard let name = VariableName(variable), name.variable != nil else {
      throw ValidationError("\"\(variable)\" is no variable's name. Names: \(VariableName.form).")
    }
    var params = name.parameters
    if let attribute { params.append(JSONMember("attribute", .string(attribute))) }
    params.append(JSONMember("value", .string(value)))
    try Terminal.run { () throws(Failure) in
      let answer = try station.connect().call("station.deviceModel.set", .object(params))
      let outcome = DeviceModelText.outcome(answer, name: variable, value: value)
      if station.json { Terminal.writeLine(answer.description) }
      guard outcome.isAccepted else { throw .refused(outcome.text) }
      if !station.json { Terminal.writeLine(outcome.text) }
    }
  }
}
