import ChargerBase
import EVSEControl

extension BoardProfile {
  /// What the control lane needs to know of this board, under the supply and the limit that the installer has set.
  ///
  /// - Parameter randomSeed: where the lane's random delays come from: a new one for each start of the program.
  public func controlConfiguration(unit: UnitFile?, randomSeed: UInt64 = 0) -> ControlConfiguration {
    let supplies = [sharedSupply, unit?.ratedSupply].compactMap { $0 }
    var configuration = ControlConfiguration(
      evses: evses.map(\.controlConfiguration), sharedSupply: supplies.min(), leaseExpiry: leaseExpiry, timing: timing,
      thresholds: thresholds)
    configuration.proximityBands = proximityBands
    configuration.installerLimit = unit?.installerLimit
    configuration.safetyInputs = safetyInputs.map { SafetyInputConfiguration(kind: $0.kind, evse: $0.evse) }
    configuration.randomStartDelay = randomStartDelay
    configuration.randomSeed = randomSeed
    return configuration
  }
}

extension EVSEProfile {
  fileprivate var controlConfiguration: EVSEControlConfiguration {
    var configuration = EVSEControlConfiguration(
      id: id, connectors: connectors.map(\.controlConfiguration), maximumCurrent: maximumCurrent, phases: phases,
      meterNeeded: meterNeeded)
    configuration.hasResidualCurrentMonitor = residualCurrent != nil
    configuration.testsResidualCurrent = testsResidualCurrent
    configuration.temperatureSensors = UInt8(clamping: temperatureSensors.count)
    configuration.temperatureCurve = temperatureCurve
    configuration.hasPhaseSwitch = phaseSwitch != nil
    configuration.voltageBand = voltageBand
    configuration.watchesOverCurrent = watchesOverCurrent
    return configuration
  }
}

extension ConnectorProfile {
  fileprivate var controlConfiguration: ConnectorControlConfiguration {
    var configuration = ConnectorControlConfiguration(id: id, cable: cable, hasVentilation: hasVentilation)
    configuration.hasLock = lock != nil
    configuration.hasProximity = proximity != nil
    configuration.cableRating = cableRating
    configuration.hasDigitalCommunication = hasDigitalCommunication
    configuration.simplifiedVehicleLimit = simplifiedVehicleLimit
    configuration.wakeUp = wakeUp
    return configuration
  }
}
