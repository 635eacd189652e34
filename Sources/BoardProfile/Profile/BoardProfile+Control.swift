import ChargerBase
import EVSEControl

extension BoardProfile {
  /// What the control lane needs to know of this board, under the supply that the installer has set.
  public func controlConfiguration(unit: UnitFile?) -> ControlConfiguration {
    let supplies = [sharedSupply, unit?.ratedSupply].compactMap { $0 }
    return ControlConfiguration(
      evses: evses.map { evse in
        EVSEControlConfiguration(
          id: evse.id,
          connectors: evse.connectors.map {
            ConnectorControlConfiguration(id: $0.id, cable: $0.cable, hasVentilation: $0.hasVentilation)
          },
          maximumCurrent: evse.maximumCurrent, phases: evse.phases, meterNeeded: evse.meterNeeded)
      },
      sharedSupply: supplies.min(), leaseExpiry: leaseExpiry, timing: timing, thresholds: thresholds)
  }
}
