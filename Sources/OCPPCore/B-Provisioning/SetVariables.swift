import OCPPJSON
import OCPPPorts
import OCPPTypes

// B05: each item is set or refused on its own, in their order. What was accepted is on disk before the answer leaves.

extension ProvisioningBlock {
  func setVariables(_ call: IncomingCall) throws(MessageViolation) {
    try checkBytes(of: call, .bytesPerSetVariables)
    let request = try SetVariablesRequest.decode(call.payload, version: call.version, limits: engine.limits)
    try checkItems(request.setVariableData.count, .itemsPerSetVariables, path: "$.setVariableData")
    set(request.setVariableData) { results in
      call.respond { writer, version in
        SetVariablesResponse(setVariableResult: results).encode(into: &writer, version: version)
      }
    }
  }

  /// Sets each item in order; `answer` runs once everything that was accepted is on disk (member 38).
  func set(_ items: [SetVariableData], locally: Bool = false, answer: @escaping ([SetVariableResult]) -> Void) {
    let engine = engine
    var results: [SetVariableResult] = []
    results.reserveCapacity(items.count)
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
    engine.writer.write(changes.compactMap { $0.change.document }, .full, .once) { isStored in
      for (index, change) in changes {
        if isStored {
          engine.applied(change)
        } else {
          results[index].attributeStatus = .rejected
          results[index].attributeStatusInfo = StatusInfo(reasonCode: "OutOfStorage")
        }
      }
      answer(results)
    }
  }
}

extension ChargePoint {
  /// Takes a stored change into the model and tells everybody (member 33).
  func applied(_ change: DeviceModel.Change) {
    let key = deviceModel.apply(change)
    note(EngineEvent(.configuration, key.description + " was set"))
    tellChange(of: key, at: change.place)
  }

  /// What follows from a variable's new value.
  func tellChange(of key: VariableKey, at place: Int) {
    switch StationVariable(rawValue: place) {
    case .webSocketPingInterval: link.setPingInterval(deviceModel.seconds(.webSocketPingInterval))
    case .basicAuthPassword: passwordChanged()
    default: break
    }
    security?.variableChanged(key)
    sessions?.variableChanged(at: place)
    delegate?.chargePoint(self, variableChanged: key)
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
