import ChargerBase
import EVSEControl
import HAL

/// What the drivers on the energy path last said.
package struct HardwareTestView: Sendable {
  package struct Connector: Sendable {
    package var id: ConnectorID
    package var pilot: PilotMeasurement?
    package var isPilotAlive: Bool
    package var pilotState: PilotState
    package var contactor: ContactorPosition?
    package var hasLock: Bool
    package var lock: LockPosition?
    package var hasProximity: Bool
    package var proximity: ProximityMeasurement?
  }

  package struct EVSE: Sendable {
    package var id: EVSEID
    package var hasMeter: Bool
    package var meter: MeterReading?
    package var hasMonitor: Bool
    package var isTripped: Bool?
    package var temperatures: [Temperature?]
    package var hasPhaseSwitch: Bool
    package var phases: ConnectedPhases?
  }

  package struct Input: Sendable {
    package var kind: SafetyInputKind
    package var evse: EVSEID?
    package var isActive: Bool?
  }

  package var connectors: [Connector] = []
  package var evses: [EVSE] = []
  package var inputs: [Input] = []
  package var hasWatchdog = false
  package var isWatchdogAlive = false

  init() {}

  /// What a silent driver said last is left out: it is not the present.
  init(_ drivers: ControlDrivers, _ configuration: ControlConfiguration) {
    for connector in drivers.connectors {
      let (pilot, contactor) = (connector.pilot.driver, connector.contactor.driver)
      let lock = connector.lock?.driver
      let proximity = connector.proximity?.driver
      let measurement = pilot.health.isAlive ? pilot.measurement : nil
      connectors.append(
        Connector(
          id: connector.id, pilot: measurement, isPilotAlive: pilot.health.isAlive,
          pilotState: measurement.map { configuration.thresholds.state(at: $0.positivePeak, present: .unknown) }
            ?? .unknown,
          contactor: contactor.health.isAlive ? contactor.feedback?.position : nil, hasLock: lock != nil,
          lock: lock?.health.isAlive == true ? lock?.feedback?.position : nil, hasProximity: proximity != nil,
          proximity: proximity?.health.isAlive == true ? proximity?.measurement : nil))
    }
    for evse in drivers.evses {
      let meter = evse.meter?.driver
      let monitor = evse.residualCurrent?.driver
      let phaseSwitch = evse.phaseSwitch?.driver
      evses.append(
        EVSE(
          id: evse.id, hasMeter: meter != nil, meter: meter?.health.isAlive == true ? meter?.latest : nil,
          hasMonitor: monitor != nil, isTripped: monitor?.health.isAlive == true ? monitor?.reading?.isTripped : nil,
          temperatures: evse.temperatures.map { $0.driver.health.isAlive ? $0.driver.reading?.temperature : nil },
          hasPhaseSwitch: phaseSwitch != nil,
          phases: phaseSwitch?.health.isAlive == true ? phaseSwitch?.feedback?.phases : nil))
    }
    for (input, wanted) in zip(drivers.inputs, configuration.safetyInputs) {
      let driver = input.input.driver
      inputs.append(
        Input(kind: wanted.kind, evse: wanted.evse, isActive: driver.health.isAlive ? driver.state?.isActive : nil))
    }
    hasWatchdog = drivers.watchdog != nil
    isWatchdogAlive = drivers.watchdog?.watchdog.health.isAlive ?? false
  }
}
