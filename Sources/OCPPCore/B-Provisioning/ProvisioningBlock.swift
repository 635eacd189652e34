import ChargerBase
import OCPPJSON
import OCPPPorts
import OCPPTypes

/// B05 SetVariables, B06 GetVariables and B07 GetBaseReport.
final class ProvisioningBlock: FunctionalBlock {
  unowned let engine: ChargePoint
  /// The report that is being sent; a second one meanwhile is Rejected (B07.FR.13).
  var report: ReportInProgress?

  init(_ engine: ChargePoint) { self.engine = engine }

  var incomingActions: [OCPPAction] { [.getVariables, .setVariables, .getBaseReport] }

  func handle(_ call: IncomingCall) throws(MessageViolation) {
    switch call.action {
    case .getVariables: try getVariables(call)
    case .setVariables: try setVariables(call)
    case .getBaseReport: try getBaseReport(call)
    default: call.reject(.notSupported, detail: "not handled here")
    }
  }

  /// B06.FR.16 and .17, and the like for SetVariables.
  func checkSize(
    of call: IncomingCall, items: Int, _ itemsLimit: StationVariable, _ bytesLimit: StationVariable, path: String
  ) throws(MessageViolation) {
    let model = engine.deviceModel
    guard items <= Int(model.integer(itemsLimit)) else {
      throw MessageViolation(
        code: .occurrenceConstraintViolation, path: path, detail: "at most \(model.integer(itemsLimit)) items")
    }
    guard call.payload.count <= Int(model.integer(bytesLimit)) else {
      throw MessageViolation(
        code: .formatViolation, path: "$", detail: "at most \(model.integer(bytesLimit)) bytes")
    }
  }

  // MARK: GetVariables

  private func getVariables(_ call: IncomingCall) throws(MessageViolation) {
    let request = try GetVariablesRequest.decode(call.payload, version: call.version, limits: engine.limits)
    try checkSize(
      of: call, items: request.getVariableData.count, .itemsPerGetVariables, .bytesPerGetVariables,
      path: "$.getVariableData")
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
      let entry = engine.deviceModel.entries[place]
      guard let attribute = entry.attributes.first(where: { $0.kind == kind }) else {
        result.attributeStatus = .notSupportedAttributeType
        break
      }
      if attribute.mutability == .writeOnly {
        result.attributeStatus = .rejected
        result.attributeStatusInfo = StatusInfo(reasonCode: "WriteOnly")
      } else {
        result.attributeValue = engine.deviceModel.value(of: attribute, at: place) ?? ""
      }
    }
    return result
  }

  // MARK: SetVariables

  private func setVariables(_ call: IncomingCall) throws(MessageViolation) {
    let request = try SetVariablesRequest.decode(call.payload, version: call.version, limits: engine.limits)
    try checkSize(
      of: call, items: request.setVariableData.count, .itemsPerSetVariables, .bytesPerSetVariables,
      path: "$.setVariableData")
    set(request.setVariableData) { results in
      call.respond { writer, version in
        SetVariablesResponse(setVariableResult: results).encode(into: &writer, version: version)
      }
    }
  }

  /// Sets each item in order; `answer` runs once everything that was accepted is on disk (member 38).
  func set(_ items: [SetVariableData], locally: Bool = false, answer: @escaping ([SetVariableResult]) -> Void) {
    var results: [SetVariableResult] = []
    var changes: [(index: Int, change: DeviceModel.Change)] = []
    for item in items {
      let kind = item.attributeType ?? .actual
      var result = SetVariableResult(
        attributeStatus: .accepted, component: item.component, variable: item.variable, attributeType: kind)
      switch engine.deviceModel.change(
        VariableKey(item.component, item.variable), kind, to: item.attributeValue, locally: locally)
      {
      case .refused(let status, let objection):
        result.attributeStatus = status
        result.attributeStatusInfo = objection.map {
          StatusInfo(reasonCode: $0.reason, additionalInfo: String($0.detail.prefix(512)))
        }
      case .change(let change):
        if let objection = engine.objection(to: change) {
          result.attributeStatus = .rejected
          result.attributeStatusInfo = StatusInfo(reasonCode: objection.reason, additionalInfo: objection.detail)
          break
        }
        if change.needsReboot { result.attributeStatus = .rebootRequired }
        changes.append((results.count, change))
      }
      results.append(result)
    }
    guard !changes.isEmpty else { return answer(results) }
    engine.writer.write(changes.compactMap { $0.change.document }, .full, .once) { [engine] isStored in
      for (index, change) in changes {
        if isStored {
          engine.applied(change)
        } else {
          results[index].attributeStatus = .rejected
          results[index].attributeStatusInfo = StatusInfo(reasonCode: "StorageFailure")
        }
      }
      answer(results)
    }
  }
}

extension VariableKey {
  /// An empty instance is none (B06.FR.15).
  init(_ component: Component, _ variable: Variable) {
    func instance(_ text: String?) -> String? { text?.isEmpty == true ? nil : text }
    self.init(
      component.name, variable.name, instance: instance(variable.instance),
      componentInstance: instance(component.instance), evse: component.evse?.id, connector: component.evse?.connectorId)
  }

  var componentValue: Component {
    Component(
      name: component, evse: evse.map { EVSE(id: $0, connectorId: connector) }, instance: componentInstance)
  }

  var variableValue: Variable { Variable(name: variable, instance: variableInstance) }
}

extension ChargePoint {
  /// Takes a stored change into the model and tells everybody (member 33).
  func applied(_ change: DeviceModel.Change) {
    let key = deviceModel.apply(change)
    note(EngineEvent(.configuration, "\(key) was set"))
    tellChange(of: key, at: change.place)
  }

  /// What follows from a variable's new value.
  func tellChange(of key: VariableKey, at place: Int) {
    switch StationVariable(rawValue: place) {
    case .webSocketPingInterval: link.setPingInterval(deviceModel.seconds(.webSocketPingInterval))
    case .basicAuthPassword: passwordChanged()
    default: break
    }
    for block in blocks { block.variableChanged(key) }
  }

  /// What other variables and documents have against a value that is right in itself.
  func objection(to change: DeviceModel.Change) -> ValueObjection? {
    switch StationVariable(rawValue: change.place) {
    case .networkConfigurationPriority where change.kind == .actual:
      networkProfiles?.objection(toPriority: change.value)
    default: nil
    }
  }

  /// A01.FR.02: the new password counts from the next connection, which is made at once after the answer is out.
  private func passwordChanged() {
    security?.raise(.reconfigurationOfSecurityParameters, "BasicAuthPassword")
    later { [weak self] in
      guard let self, session.openAttempt != nil else { return }
      perform(session.connect(slot: nil, at: now))
    }
  }
}
