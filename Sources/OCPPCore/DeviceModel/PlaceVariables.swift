import ChargerBase
import OCPPTypes

/// The variables that every EVSE has. Each has a definition here, and, when it can be written, somebody who obeys it.
package enum EVSEVariable: Int, Sendable, CaseIterable {
  case availabilityState, available, power, supplyPhases, allowReset, problem

  func definition(of evse: ChargePointConfiguration.EVSE) -> VariableDefinition {
    var definition = definition(evse)
    definition.key.evse = evse.id
    return definition
  }

  private func definition(_ evse: ChargePointConfiguration.EVSE) -> VariableDefinition {
    switch self {
    case .availabilityState: .init("EVSE", "AvailabilityState", .availabilityState, .readOnly, "Available")
    case .available: .init("EVSE", "Available", .init(.boolean), .readOnly, "true")
    case .power:
      // What it can deliver is its limit; no value is needed (errata 2025-04).
      .init(
        "EVSE", "Power", .init(.decimal, unit: "W", minimum: 0, maximum: Decimal(Int64(evse.maximumPowerW))), .readOnly,
        nil)
    case .supplyPhases: .init("EVSE", "SupplyPhases", .phases, .readOnly, String(evse.supplyPhases))
    case .allowReset: .init("EVSE", "AllowReset", .init(.boolean), .readOnly, evse.allowsReset ? "true" : "false")
    case .problem: .init("EVSE", "Problem", .init(.boolean), .readOnly, "false")
    }
  }
}

/// The variables that every connector has.
package enum ConnectorVariable: Int, Sendable, CaseIterable {
  case availabilityState, available, connectorType, supplyPhases, problem

  func definition(
    of connector: ChargePointConfiguration.Connector, at evse: ChargePointConfiguration.EVSE
  ) -> VariableDefinition {
    var definition = definition(connector)
    definition.key.evse = evse.id
    definition.key.connector = connector.number
    return definition
  }

  private func definition(_ connector: ChargePointConfiguration.Connector) -> VariableDefinition {
    switch self {
    case .availabilityState: .init("Connector", "AvailabilityState", .availabilityState, .readOnly, "Available")
    case .available: .init("Connector", "Available", .init(.boolean), .readOnly, "true")
    case .connectorType:
      .init("Connector", "ConnectorType", .init(.string, maximum: 50), .readOnly, connector.type)
    case .supplyPhases: .init("Connector", "SupplyPhases", .phases, .readOnly, String(connector.supplyPhases))
    case .problem: .init("Connector", "Problem", .init(.boolean), .readOnly, "false")
    }
  }
}

extension VariableCharacter {
  static let availabilityState = VariableCharacter(
    .optionList, members: ConnectorStatus.allCases.map { $0.rawName })
  /// AC phases; 0 is DC.
  static let phases = VariableCharacter(.integer, minimum: 0, maximum: 3)
}

extension DeviceModel {
  func setAvailability(_ status: ConnectorStatus, of connector: ConnectorID) {
    set(.availabilityState, of: connector, status.rawName)
    set(.problem, of: connector, status == .faulted ? "true" : "false")
  }
}
