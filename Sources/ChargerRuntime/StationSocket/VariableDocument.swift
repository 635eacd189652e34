import ChargerBase
import JSONRPC
import OCPPCore
import OCPPJSON
import OCPPTypes

/// `station.deviceModel.get` and `.set`: one variable by its OCPP names, read or written by someone at the station.
enum VariableDocument {
  static func get(_ params: JSONRPCParameters, _ lane: NetworkLane) throws(JSONRPCError) -> JSONValue {
    let (component, variable) = try names(params)
    let request = GetVariableData(component: component, variable: variable)
    guard let result = lane.chargePoint?.getVariables([request]).first else {
      throw .refused("the engine has not started")
    }
    return .object([
      JSONMember("status", JSONValue(result.attributeStatus.rawName)),
      JSONMember("value", result.attributeValue.map { JSONValue($0) } ?? .null),
    ])
  }

  static func set(_ params: JSONRPCParameters, _ lane: NetworkLane) throws(JSONRPCError) -> JSONValue {
    let (component, variable) = try names(params)
    let value = try params.string("value", maximum: 2_500)
    let request = SetVariableData(attributeValue: value, component: component, variable: variable)
    guard let result = lane.chargePoint?.setVariables([request]).first else {
      throw .refused("the engine has not started")
    }
    return .object([
      JSONMember("status", JSONValue(result.attributeStatus.rawName)),
      JSONMember("reason", result.attributeStatusInfo?.additionalInfo.map { JSONValue($0) } ?? .null),
    ])
  }

  private static func names(_ params: JSONRPCParameters) throws(JSONRPCError) -> (Component, Variable) {
    let evse = try params.optionalInteger("evse", in: 1...Int32.max)
    let connector = try params.optionalInteger("connector", in: 1...Int32.max)
    let component = Component(
      name: try params.string("component", maximum: 50),
      instance: try params.optionalString("componentInstance", maximum: 50),
      evse: evse.map { EVSE(id: $0, connectorId: connector) })
    let variable = Variable(
      name: try params.string("variable", maximum: 50), instance: try params.optionalString("instance", maximum: 50))
    return (component, variable)
  }
}
