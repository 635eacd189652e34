import OCPPJSON

/// A variable as people write it: `TxCtrlr.EVConnectionTimeOut`, `Connector#1.2.AvailabilityState` (EVSE 1, connector
/// 2), `SampledDataCtrlr.TxUpdatedInterval`, `NetworkConfiguration[1].OcppCsmsUrl`, `ItemsPerMessage[GetReport]`.
struct VariableName: Equatable {
  var component: String
  var componentInstance: String?
  var evse: Int64?
  var connector: Int64?
  /// Nil for all variables of the component.
  var variable: String?
  var variableInstance: String?

  static let form = "COMPONENT[INSTANCE]#EVSE.CONNECTOR.VARIABLE[INSTANCE]; all but the component may be left out"

  init(
    component: String, componentInstance: String? = nil, evse: Int64? = nil, connector: Int64? = nil,
    variable: String? = nil, variableInstance: String? = nil
  ) {
    self.component = component
    self.componentInstance = componentInstance
    self.evse = evse
    self.connector = connector
    self.variable = variable
    self.variableInstance = variableInstance
  }

  /// Nil when the text is no such name.
  init?(_ text: String) {
    var rest = Substring(text)
    guard let component = Self.name(&rest) else { return nil }
    self.component = component
    componentInstance = nil
    if rest.first == "[" {
      guard let instance = Self.instance(&rest) else { return nil }
      componentInstance = instance
    }
    if rest.first == "#" {
      rest.removeFirst()
      guard let number = Self.number(&rest) else { return nil }
      evse = number
      if rest.first == ".", rest.dropFirst().first?.isNumber == true {
        rest.removeFirst()
        guard let number = Self.number(&rest) else { return nil }
        connector = number
      }
    }
    guard !rest.isEmpty else { return }
    guard rest.first == "." else { return nil }
    rest.removeFirst()
    guard let variable = Self.name(&rest) else { return nil }
    self.variable = variable
    if rest.first == "[" {
      guard let instance = Self.instance(&rest) else { return nil }
      variableInstance = instance
    }
    guard rest.isEmpty else { return nil }
  }

  /// Nothing but a component's name.
  var isBare: Bool { componentInstance == nil && evse == nil && variable == nil }

  private static func name(_ rest: inout Substring) -> String? {
    let name = rest.prefix { !".[]#".contains($0) }
    rest = rest.dropFirst(name.count)
    return name.isEmpty ? nil : String(name)
  }

  private static func instance(_ rest: inout Substring) -> String? {
    guard let end = rest.firstIndex(of: "]") else { return nil }
    let instance = rest[..<end].dropFirst()
    rest = rest[rest.index(after: end)...]
    return instance.isEmpty ? nil : String(instance)
  }

  private static func number(_ rest: inout Substring) -> Int64? {
    let digits = rest.prefix { $0.isASCII && $0.isNumber }
    rest = rest.dropFirst(digits.count)
    return Int64(digits)
  }

  /// As parameters of `station.deviceModel.get` and `.set`.
  var parameters: [JSONMember] {
    var component = [JSONMember("name", .string(self.component))]
    if let componentInstance { component.append(JSONMember("instance", .string(componentInstance))) }
    if let evse {
      var place = [JSONMember("id", JSONValue(evse))]
      if let connector { place.append(JSONMember("connectorId", JSONValue(connector))) }
      component.append(JSONMember("evse", .object(place)))
    }
    var members = [JSONMember("component", .object(component))]
    if let variable {
      var name = [JSONMember("name", .string(variable))]
      if let variableInstance { name.append(JSONMember("instance", .string(variableInstance))) }
      members.append(JSONMember("variable", .object(name)))
    }
    return members
  }

  /// The written form of one entry of `station.deviceModel.get`.
  static func text(_ entry: JSONValue) -> String {
    let component = entry["component"] ?? .null
    var text = Text.printable(component["name"])
    if let instance = component["instance"]?.string { text += "[\(Text.printable(instance))]" }
    if let evse = component["evse"]?["id"]?.int64 {
      text += "#\(evse)"
      if let connector = component["evse"]?["connectorId"]?.int64 { text += ".\(connector)" }
    }
    text += ".\(Text.printable(entry["variable"]?["name"]))"
    if let instance = entry["variable"]?["instance"]?.string { text += "[\(Text.printable(instance))]" }
    return text
  }
}

/// The device model as a list.
enum DeviceModelText {
  /// The value alone when one attribute was asked for by its full name, else a table.
  static func render(_ answer: JSONValue, isSingle: Bool) -> String {
    let entries = answer["variables"]?.array ?? []
    if isSingle, entries.count == 1, let entry = entries.first { return value(entry) }
    guard !entries.isEmpty else { return "No such variable." }
    var table = TextTable(header: ["VARIABLE", "VALUE", "UNIT", "TYPE", "CHANGEABLE"])
    for entry in entries {
      let attribute = entry["attribute"]?.string ?? "Actual"
      table.append([
        VariableName.text(entry) + (attribute == "Actual" ? "" : " (\(Text.printable(attribute)))"), value(entry),
        Text.printable(entry["unit"]), Text.printable(entry["dataType"]), Text.printable(entry["mutability"]),
      ])
    }
    return table.text
  }

  /// The entries of one component, wherever it is; names compare without regard to case.
  static func only(_ answer: JSONValue, of component: String) -> JSONValue {
    let entries = (answer["variables"]?.array ?? []).filter {
      $0["component"]?["name"]?.string?.lowercased() == component.lowercased()
    }
    return .object([JSONMember("variables", .array(entries))])
  }

  private static func value(_ entry: JSONValue) -> String {
    if entry["mutability"]?.string == "WriteOnly" { return "(write only)" }
    guard let value = entry["value"], !value.isNull else { return "(no value)" }
    return Text.printable(value)
  }

  /// What became of a set: the sentence, and whether it worked.
  static func outcome(_ answer: JSONValue, name: String, value: String) -> (text: String, isAccepted: Bool) {
    let reason = answer["reason"]?.string.map { ": \(Text.printable($0))" } ?? ""
    switch answer["status"]?.string {
    case "Accepted": return ("\(name) is \(Text.printable(value)) now.", true)
    case "RebootRequired": return ("\(name) is \(Text.printable(value)) after the next restart.", true)
    case "UnknownComponent": return ("The station has no component of this name\(reason).", false)
    case "UnknownVariable": return ("The component has no variable of this name\(reason).", false)
    case "NotSupportedAttributeType": return ("\(name) has no such attribute\(reason).", false)
    default: return ("\(name) was not changed\(reason.isEmpty ? "." : reason + ".")", false)
    }
  }
}
