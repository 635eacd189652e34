import ChargerBase
import OCPPJSON
import OCPPPorts
import OCPPTypes

/// B05 SetVariables, B06 GetVariables, B07 GetBaseReport and B08 GetReport.
final class ProvisioningBlock: FunctionalBlock {
  unowned let engine: ChargePoint
  /// Reports that are being sent, the first one now; bounded by `maximumReports`.
  var reports: [ReportInProgress] = []

  init(_ engine: ChargePoint) { self.engine = engine }

  var incomingActions: [OCPPAction] { [.getVariables, .setVariables, .getBaseReport, .getReport] }

  func handle(_ call: IncomingCall) throws(MessageViolation) {
    switch call.action {
    case .getVariables: try getVariables(call)
    case .setVariables: try setVariables(call)
    case .getBaseReport: try getBaseReport(call)
    case .getReport: try getReport(call)
    default: call.reject(.notSupported, detail: "not handled here")
    }
  }

  func onlineChanged(_ isOnline: Bool) {
    if !isOnline { reports = [] }
  }

  /// BytesPerMessage (B06.FR.17, B08.FR.18), asked before a payload is read.
  func checkBytes(of call: IncomingCall, _ variable: StationVariable) throws(MessageViolation) {
    let limit = engine.deviceModel.integer(variable)
    guard call.payload.count <= Int(limit) else {
      throw MessageViolation(code: .formatViolation, path: "$", detail: "at most \(limit) bytes")
    }
  }

  /// ItemsPerMessage (B06.FR.16, B08.FR.17).
  func checkItems(_ count: Int, _ variable: StationVariable, path: String) throws(MessageViolation) {
    let limit = engine.deviceModel.integer(variable)
    guard count <= Int(limit) else {
      throw MessageViolation(code: .occurrenceConstraintViolation, path: path, detail: "at most \(limit) items")
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
