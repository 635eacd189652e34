import ChargerBase
import EVSEControl
import HAL
import OCPPCore

/// The variables of the device model that faults are told by, as far as this station has the parts: there before any
/// fault, so that a CSMS finds ConnectorPlugRetentionLock and its like in a report (G05), and reads their present state.
package enum FaultVariables {
  /// Each variable once: of the station, then EVSE by EVSE with its connectors.
  package static func keys(of hardware: StationHardware) -> [VariableKey] {
    var keys: [VariableKey] = []
    func add(_ fault: ControlFault, evse: Int32? = nil, connector: Int32? = nil) {
      let entry = FaultCatalogue.entry(for: fault)
      let key = VariableKey(entry.component, entry.variable, evse: evse, connector: connector)
      // Problem of a connector itself is there anyway.
      if entry.component != "Connector", !keys.contains(key) { keys.append(key) }
    }
    for input in hardware.safetyInputs { add(fault(of: input.kind)) }
    if !hardware.safetyInputs.isEmpty { add(.safetyInputSilent) }
    for part in Station.watchedParts(of: hardware) {
      let key = VariableKey(part.part.component, "Problem", evse: part.evse?.number)
      if !keys.contains(key) { keys.append(key) }
    }
    for evse in hardware.evses {
      for fault in ControlFault.allCases where fault.scope == .evse && hasPart(for: fault, evse) {
        add(fault, evse: evse.id.number)
      }
      for connector in evse.connectors {
        for fault in ControlFault.allCases where fault.scope == .connector && hasPart(for: fault, connector) {
          add(fault, evse: evse.id.number, connector: connector.id.number)
        }
      }
    }
    return keys
  }

  private static func fault(of kind: SafetyInputKind) -> ControlFault {
    switch kind {
    case .emergencyStop: .emergencyStop
    case .door: .doorOpen
    case .tilt: .tilted
    case .mainsLoss: .mainsLost
    }
  }

  private static func hasPart(for fault: ControlFault, _ evse: EVSEHardware) -> Bool {
    switch fault {
    case .residualCurrent, .residualCurrentTest, .residualCurrentDriverSilent: evse.residualCurrent != nil
    case .meterSilent, .overCurrent, .overVoltage, .underVoltage: evse.meter != nil
    case .overTemperature, .temperatureDriverSilent: !evse.temperatures.isEmpty
    case .phaseSwitchFailure, .phaseSwitchDriverSilent: evse.phaseSwitch != nil
    default: true
    }
  }

  private static func hasPart(for fault: ControlFault, _ connector: ConnectorHardware) -> Bool {
    switch fault {
    case .lockFailure, .lockDriverSilent: connector.lock != nil
    case .proximityInvalid, .proximityDriverSilent: connector.proximity != nil
    // The vehicle's wish, and no part of the station.
    case .ventilationMissing: false
    default: true
    }
  }
}
