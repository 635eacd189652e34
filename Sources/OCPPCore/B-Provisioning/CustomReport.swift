import OCPPJSON
import OCPPTypes

// B08: a report of what the CSMS picks, by the state of components, by names, or by both.

extension ProvisioningBlock {
  func getReport(_ call: IncomingCall) throws(MessageViolation) {
    try checkBytes(of: call, .bytesPerGetReport)
    let request = try GetReportRequest.decode(call.payload, version: call.version, limits: engine.limits)
    let names = request.componentVariable ?? []
    try checkItems(names.count, .itemsPerGetReport, path: "$.componentVariable")
    func respond(_ status: GenericDeviceModelStatus, _ reason: String?) {
      call.respond { writer, version in
        GetReportResponse(status: status, statusInfo: reason.map { StatusInfo(reasonCode: $0) })
          .encode(into: &writer, version: version)
      }
    }
    let places = engine.deviceModel.places(matching: names, criteria: request.componentCriteria ?? [])
    begin(report: request.requestId, places: places, respond: respond)
  }
}

extension DeviceModel {
  /// The entries that a custom report tells, in their order. No names or no criteria limit nothing (B08.FR.05, .11);
  /// where both are given an entry has to match both.
  func places(matching names: [ComponentVariable], criteria: [ComponentCriterion]) -> [Int] {
    let meeting = criteria.isEmpty ? nil : components(meeting: criteria)
    return entries.indices.filter { place in
      let key = entries[place].key
      guard names.isEmpty || names.contains(where: { $0.covers(key) }) else { return false }
      return meeting?.contains(ComponentKey(key)) ?? true
    }
  }

  /// Components that meet a criterion at least (B08.FR.13).
  private func components(meeting criteria: [ComponentCriterion]) -> Set<ComponentKey> {  // allowed: looked up
    var meeting: Set<ComponentKey> = []  // allowed: looked up, never iterated
    for criterion in criteria {
      var positive: Set<ComponentKey> = []  // allowed: looked up, never iterated
      var negative: Set<ComponentKey> = []  // allowed: looked up, never iterated
      for entry in entries where CaseFolding.isEqual(entry.key.variable, criterion.rawName) {
        if entry.actual == "true" {
          positive.insert(ComponentKey(entry.key))
        } else {
          negative.insert(ComponentKey(entry.key))
        }
      }
      for entry in entries {
        let component = ComponentKey(entry.key)
        // A component without the variable is active, available and enabled, and has no problem (B08.FR.07 to FR.10).
        if positive.contains(component) || (criterion != .problem && !negative.contains(component)) {
          meeting.insert(component)
        }
      }
    }
    return meeting
  }
}

extension ComponentVariable {
  /// Names that are given have to be equal; a variable, instance, EVSE or connector that is left out stands for each one
  /// (B08.FR.20 to FR.25).
  func covers(_ key: VariableKey) -> Bool {
    func isEqual(_ wanted: String?, _ given: String?) -> Bool {
      guard let wanted, !wanted.isEmpty else { return true }
      return given.map { CaseFolding.isEqual(wanted, $0) } ?? false
    }
    guard CaseFolding.isEqual(component.name, key.component), isEqual(component.instance, key.componentInstance) else {
      return false
    }
    if let evse = component.evse {
      guard evse.id == key.evse, evse.connectorId == nil || evse.connectorId == key.connector else { return false }
    }
    guard let variable else { return true }
    return CaseFolding.isEqual(variable.name, key.variable) && isEqual(variable.instance, key.variableInstance)
  }
}
