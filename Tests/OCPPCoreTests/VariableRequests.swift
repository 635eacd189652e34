import ChargerBase
import OCPPCore
import OCPPJSON
import OCPPTypes
import SimulationSupport

// What a CSMS asks of the device model, in few words.

/// `component` and `variable` of a request, with what else belongs to the item.
func item(
  _ component: String, _ variable: String?, _ value: String? = nil, instance: String? = nil, attribute: String? = nil,
  evse: Int? = nil, connector: Int? = nil, componentInstance: String? = nil
) -> JSONValue {
  var componentJSON: [JSONMember] = [JSONMember("name", .string(component))]
  if let componentInstance { componentJSON.append(JSONMember("instance", .string(componentInstance))) }
  if let evse {
    var place = [JSONMember("id", JSONValue(evse))]
    if let connector { place.append(JSONMember("connectorId", JSONValue(connector))) }
    componentJSON.append(JSONMember("evse", .object(place)))
  }
  var members = [JSONMember("component", .object(componentJSON))]
  if let variable {
    var variableJSON: [JSONMember] = [JSONMember("name", .string(variable))]
    if let instance { variableJSON.append(JSONMember("instance", .string(instance))) }
    members.append(JSONMember("variable", .object(variableJSON)))
  }
  if let value { members.append(JSONMember("attributeValue", .string(value))) }
  if let attribute { members.append(JSONMember("attributeType", .string(attribute))) }
  return .object(members)
}

/// The same for a variable by its key.
func item(_ key: VariableKey, _ value: String? = nil, attribute: String? = nil) -> JSONValue {
  item(
    key.component, key.variable, value, instance: key.variableInstance, attribute: attribute,
    evse: key.evse.map { Int($0) }, connector: key.connector.map { Int($0) }, componentInstance: key.componentInstance)
}

/// A report as it came to the CSMS.
struct ReceivedReport {
  var status: String?
  var parts: [JSONValue]

  var data: [JSONValue] { parts.flatMap { $0["reportData"]?.array ?? [] } }

  /// `Component#evse.connector.Variable[instance]`, entry by entry.
  var names: [String] {
    data.map { entry in
      var name = entry["component"]?["name"]?.string ?? "?"
      if let instance = entry["component"]?["instance"]?.string { name += "[\(instance)]" }
      if let evse = entry["component"]?["evse"]?["id"]?.int { name += "#\(evse)" }
      if let connector = entry["component"]?["evse"]?["connectorId"]?.int { name += ".\(connector)" }
      name += ".\(entry["variable"]?["name"]?.string ?? "?")"
      if let instance = entry["variable"]?["instance"]?.string { name += "[\(instance)]" }
      return name
    }
  }
}

extension EngineHarness {
  func set(_ items: [JSONValue]) -> [JSONValue] {
    let id = csms.call(.setVariables, ["setVariableData": .array(items)])
    run(for: .seconds(1))
    return csms.result(id)?["setVariableResult"]?.array ?? []
  }

  /// The status of one item.
  func status(ofSetting item: JSONValue) -> String? { set([item]).first?["attributeStatus"]?.string }

  func get(_ items: [JSONValue]) -> [JSONValue] {
    let id = csms.call(.getVariables, ["getVariableData": .array(items)])
    run(for: .seconds(1))
    return csms.result(id)?["getVariableResult"]?.array ?? []
  }

  /// The value of one item.
  func value(of item: JSONValue) -> String? { get([item]).first?["attributeValue"]?.string }

  func baseReport(_ base: String, requestID: Int = 42) -> ReceivedReport {
    report(.getBaseReport, ["requestId": JSONValue(requestID), "reportBase": .string(base)], requestID)
  }

  func customReport(_ names: [JSONValue] = [], criteria: [String] = [], requestID: Int = 43) -> ReceivedReport {
    var members = [JSONMember("requestId", JSONValue(requestID))]
    if !names.isEmpty { members.append(JSONMember("componentVariable", .array(names))) }
    if !criteria.isEmpty {
      members.append(JSONMember("componentCriteria", .array(criteria.map { JSONValue.string($0) })))
    }
    return report(.getReport, .object(members), requestID)
  }

  private func report(_ action: OCPPAction, _ payload: JSONValue, _ requestID: Int) -> ReceivedReport {
    let before = csms.calls(.notifyReport).count
    let id = csms.call(action, payload)
    run(for: .seconds(10))
    let parts = csms.calls(.notifyReport).dropFirst(before).map { $0.json }.filter { $0["requestId"]?.int == requestID }
    return ReceivedReport(status: csms.result(id)?["status"]?.string, parts: parts)
  }
}
