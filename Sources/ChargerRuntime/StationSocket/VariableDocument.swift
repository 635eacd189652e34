import ChargerBase
import JSONRPC
import OCPPCore
import OCPPJSON
import OCPPTypes

/// `station.deviceModel.get` and `.set`: the device model, read or written by someone at the station.
enum VariableDocument {
  static func get(_ params: JSONRPCParameters, _ lane: NetworkLane) throws(JSONRPCError) -> JSONValue {
    try params.allow(["component", "variable", "attribute"])
    let component = try component(params)
    let variable = try variable(params)
    let attribute = try attribute(params)
    let listings = (lane.chargePoint?.inventory { Self.matches($0, component, variable) } ?? [])
      .filter { attribute == nil || $0.attribute == attribute }
    guard !listings.isEmpty else {
      throw params.wrong(variable == nil ? "component" : "variable", "no such variable")
    }
    return .object([JSONMember("variables", .array(listings.map(document)))])
  }

  static func set(
    _ params: JSONRPCParameters, _ lane: NetworkLane, answer: @escaping (JSONValue) -> Void
  ) throws(JSONRPCError) {
    try params.allow(["component", "variable", "attribute", "value"])
    guard let component = try component(params) else { throw params.wrong("component", "is missing") }
    guard let variable = try variable(params) else { throw params.wrong("variable", "is missing") }
    guard let chargePoint = lane.chargePoint else { throw .refused("the engine has not started") }
    let item = SetVariableData(
      attributeValue: try params.string("value", maximum: 2_500), component: component, variable: variable,
      attributeType: try attribute(params))
    lane.turn {
      chargePoint.setVariableByRules(item) { result in
        let reason = result.attributeStatusInfo.map { $0.additionalInfo ?? $0.reasonCode }
        answer(
          .object([
            JSONMember("status", JSONValue(result.attributeStatus.rawName)),
            JSONMember("reason", reason.map { JSONValue($0) } ?? .null),
          ]))
      }
    }
  }

  private static func component(_ params: JSONRPCParameters) throws(JSONRPCError) -> Component? {
    guard let object = try params.optionalObject("component") else { return nil }
    let evse = try object.optionalObject("evse")
    var place: EVSE?
    if let evse { place = EVSE(id: try evse.integer("id"), connectorId: try evse.optionalInteger("connectorId")) }
    return Component(
      name: try object.string("name", maximum: 50), evse: place,
      instance: try object.optionalString("instance", maximum: 50))
  }

  private static func variable(_ params: JSONRPCParameters) throws(JSONRPCError) -> Variable? {
    guard let object = try params.optionalObject("variable") else { return nil }
    return Variable(
      name: try object.string("name", maximum: 50), instance: try object.optionalString("instance", maximum: 50))
  }

  private static func attribute(_ params: JSONRPCParameters) throws(JSONRPCError) -> AttributeKind? {
    guard let name = try params.optionalString("attribute", maximum: 50) else { return nil }
    guard let kind = AttributeKind(wireName: name) else {
      throw params.wrong("attribute", "must be Actual, Target, MinSet or MaxSet")
    }
    return kind
  }

  /// Names compare without regard to case; what the request leaves open matches everything.
  private static func matches(_ key: VariableKey, _ component: Component?, _ variable: Variable?) -> Bool {
    if let component {
      let wanted = VariableKey(
        component.name, variable?.name ?? key.variable, instance: variable?.instance ?? key.variableInstance,
        componentInstance: component.instance ?? key.componentInstance,
        evse: component.evse.map { $0.id } ?? key.evse,
        connector: component.evse == nil ? key.connector : component.evse?.connectorId)
      return wanted == key
    }
    return true
  }

  private static func document(_ listing: VariableListing) -> JSONValue {
    var component = [JSONMember("name", JSONValue(listing.key.component))]
    if let instance = listing.key.componentInstance { component.append(JSONMember("instance", JSONValue(instance))) }
    if let evse = listing.key.evse {
      var place = [JSONMember("id", JSONValue(evse))]
      if let connector = listing.key.connector { place.append(JSONMember("connectorId", JSONValue(connector))) }
      component.append(JSONMember("evse", .object(place)))
    }
    var variable = [JSONMember("name", JSONValue(listing.key.variable))]
    if let instance = listing.key.variableInstance { variable.append(JSONMember("instance", JSONValue(instance))) }
    return .object([
      JSONMember("component", .object(component)), JSONMember("variable", .object(variable)),
      JSONMember("attribute", JSONValue(listing.attribute.rawName)),
      JSONMember("value", listing.value.map { JSONValue($0) } ?? .null),
      JSONMember("mutability", JSONValue(listing.mutability.rawName)),
      JSONMember("dataType", JSONValue(listing.dataType.rawName)),
      JSONMember("unit", listing.unit.map { JSONValue($0) } ?? .null),
    ])
  }
}
