import EVSEControl
import OCPPCore
import OCPPTypes

/// The variables of the device model that faults are told by: there before any fault, so that a CSMS finds
/// ConnectorPlugRetentionLock and its like in a report (G05), and reads their present state.
package enum FaultVariables {
  /// Each variable once, in the order of the catalogue, first of the station, then EVSE by EVSE.
  package static func entries(
    for evses: [ChargePointConfiguration.EVSE]
  ) -> [ChargePointConfiguration.DeviceModelEntry] {
    var keys: [VariableKey] = []
    func add(_ fault: FaultEntry, evse: Int32? = nil, connector: Int32? = nil) {
      let key = VariableKey(fault.component, fault.variable, evse: evse, connector: connector)
      if !keys.contains(key) { keys.append(key) }
    }
    let faults = ControlFault.allCases.map(FaultCatalogue.entry)
    for fault in faults where fault.fault.scope == .station { add(fault) }
    for evse in evses {
      for fault in faults where fault.fault.scope == .evse { add(fault, evse: evse.id) }
      for connector in evse.connectors {
        for fault in faults where fault.fault.scope == .connector {
          if fault.component == "ConnectorPlugRetentionLock", !connector.hasLock { continue }
          add(fault, evse: evse.id, connector: connector.number)
        }
      }
    }
    return keys.map {
      ChargePointConfiguration.DeviceModelEntry(key: $0, value: "false", mutability: .readOnly)
    }
  }
}
