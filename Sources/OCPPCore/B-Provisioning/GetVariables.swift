import OCPPJSON
import OCPPTypes

// B06: one result for each item, in their order; an item that cannot be read does not spoil the others.

extension ProvisioningBlock {
  func getVariables(_ call: IncomingCall) throws(MessageViolation) {
    try checkBytes(of: call, .bytesPerGetVariables)
    let request = try GetVariablesRequest.decode(call.payload, version: call.version, limits: engine.limits)
    try checkItems(request.getVariableData.count, .itemsPerGetVariables, path: "$.getVariableData")
    let results = request.getVariableData.map { value(of: $0) }
    call.respond { writer, version in
      GetVariablesResponse(getVariableResult: results).encode(into: &writer, version: version)
    }
  }

  func value(of item: GetVariableData) -> GetVariableResult {
    let kind = item.attributeType ?? .actual
    var result = GetVariableResult(
      attributeStatus: .accepted, component: item.component, variable: item.variable, attributeType: kind)
    switch engine.deviceModel.lookup(VariableKey(item.component, item.variable)) {
    case .unknownComponent: result.attributeStatus = .unknownComponent
    case .unknownVariable: result.attributeStatus = .unknownVariable
    case .found(let place):
      guard let attribute = engine.deviceModel.attribute(kind, at: place) else {
        result.attributeStatus = .notSupportedAttributeType
        break
      }
      if attribute.mutability == .writeOnly {
        result.attributeStatus = .rejected
        result.attributeStatusInfo = StatusInfo(reasonCode: "WriteOnly")
      } else {
        // An attribute that has never been set is empty (B06.FR.13).
        result.attributeValue = engine.deviceModel.value(of: attribute, at: place) ?? ""
      }
    }
    return result
  }
}
