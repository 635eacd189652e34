import ChargerBase
import EVSEControl
import HAL

/// A driver with what was last heard from it.
struct HeardDriver<Driver, Reading> {
  let driver: Driver
  var health = DriverHealth.alive
  /// Nil until something was heard, and after a silence: what is read then counts anew.
  var newest: Reading?

  init(_ driver: Driver) { self.driver = driver }

  /// Takes the driver's health in; answers whether it has changed.
  mutating func hears(_ health: DriverHealth) -> Bool {
    guard health.isAlive != self.health.isAlive else { return false }
    self.health = health
    newest = nil
    return true
  }

  /// What was heard is worth nothing any more; a driver that is alive is heard as one that speaks again.
  mutating func forget(since instant: MonotonicInstant) { _ = hears(.silent(since: instant)) }
}

/// The drivers of the control lane in the order of the configuration, with what was last read from each. Drivers that
/// the configuration does not name are left alone.
struct ControlDrivers {
  struct Connector {
    let id: ConnectorID
    var pilot: HeardDriver<any ControlPilot, PilotMeasurement>
    var contactor: HeardDriver<any Contactor, ContactorFeedback>
    var lock: HeardDriver<any ConnectorLock, LockFeedback>?
    var proximity: HeardDriver<any ProximityPilot, ProximityMeasurement>?
    /// What the flight recorder was last told of the proximity contact.
    var noted: ProximityMeasurement?
  }

  struct EVSE {
    let id: EVSEID
    /// `newest` is the time of the newest reading.
    var meter: HeardDriver<any EnergyMeter, MonotonicInstant>?
    var residualCurrent: HeardDriver<any ResidualCurrentMonitor, ResidualCurrentReading>?
    var temperatures: [HeardDriver<any TemperatureSensor, TemperatureReading>] = []
    var phaseSwitch: HeardDriver<any PhaseSwitch, PhaseSwitchFeedback>?
    /// A request for a signed reading that the meter has not taken; control is told after the present input.
    var refusedRequest: UInt32?

    /// The EVSE's place in the flight recorder.
    var place: ConnectorID { ConnectorID(evse: id, number: 0) }
  }

  struct Input {
    let place: ConnectorID
    var input: HeardDriver<any SafetyInput, SafetyInputState>
  }

  var connectors: [Connector] = []
  var evses: [EVSE] = []
  /// In the order of the configuration.
  var inputs: [Input] = []
  var watchdog: WatchdogFeeder?
  /// Every driver once; a driver may serve several connectors.
  private(set) var all: [any ControlLaneDriver] = []

  init(configuration: ControlConfiguration, hardware: StationHardware) throws(ControlLaneError) {
    for evse in configuration.evses {
      guard let found = hardware.evses.first(where: { $0.id == evse.id }) else { throw .missingHardware("\(evse.id)") }
      for connector in evse.connectors { try take(connector, of: found) }
      try take(evse, found)
    }
    try takeInputs(configuration.safetyInputs, of: hardware)
    if let driver = hardware.watchdog {
      watchdog = WatchdogFeeder(driver)
      add(driver)
    }
  }

  private mutating func take(
    _ wanted: ConnectorControlConfiguration, of evse: EVSEHardware
  ) throws(ControlLaneError) {
    guard let found = evse.connectors.first(where: { $0.id == wanted.id }) else {
      throw .missingHardware("\(wanted.id)")
    }
    var connector = Connector(
      id: found.id, pilot: HeardDriver(found.pilot), contactor: HeardDriver(found.contactor))
    add(found.pilot)
    add(found.contactor)
    if wanted.hasLock {
      guard let lock = found.lock else { throw .missingHardware("\(wanted.id) lock") }
      connector.lock = HeardDriver(lock)
      add(lock)
    }
    if wanted.hasProximity {
      guard let proximity = found.proximity else { throw .missingHardware("\(wanted.id) proximity contact") }
      connector.proximity = HeardDriver(proximity)
      add(proximity)
    }
    connectors.append(connector)
  }

  private mutating func take(_ wanted: EVSEControlConfiguration, _ found: EVSEHardware) throws(ControlLaneError) {
    var evse = EVSE(id: wanted.id)
    if wanted.meterNeeded && found.meter == nil { throw .missingHardware("\(wanted.id) meter") }
    if let meter = found.meter {
      evse.meter = HeardDriver(meter)
      add(meter)
    }
    if wanted.hasResidualCurrentMonitor {
      guard let monitor = found.residualCurrent else {
        throw .missingHardware("\(wanted.id) residual current monitor")
      }
      evse.residualCurrent = HeardDriver(monitor)
      add(monitor)
    }
    for sensor in 0..<Int(wanted.temperatureSensors) {
      guard found.temperatures.indices.contains(sensor) else {
        throw .missingHardware("\(wanted.id) temperature sensor \(sensor + 1)")
      }
      evse.temperatures.append(HeardDriver(found.temperatures[sensor]))
      add(found.temperatures[sensor])
    }
    if wanted.hasPhaseSwitch {
      guard let phaseSwitch = found.phaseSwitch else { throw .missingHardware("\(wanted.id) phase switch") }
      evse.phaseSwitch = HeardDriver(phaseSwitch)
      add(phaseSwitch)
    }
    evses.append(evse)
  }

  /// Each wanted input takes the first contact of its kind and place that is still free.
  private mutating func takeInputs(
    _ wanted: [SafetyInputConfiguration], of hardware: StationHardware
  ) throws(ControlLaneError) {
    var free = hardware.safetyInputs
    for input in wanted {
      guard let index = free.firstIndex(where: { $0.kind == input.kind && $0.evse == input.evse }) else {
        throw .missingHardware("\(input.evse.map { "\($0) " } ?? "")safety input \(input.kind.rawValue)")
      }
      let found = free.remove(at: index)
      let place = input.evse.map { ConnectorID(evse: $0, number: 0) } ?? FlightRecord.station
      inputs.append(Input(place: place, input: HeardDriver(found.input)))
      add(found.input)
    }
  }

  private mutating func add(_ driver: any ControlLaneDriver) {
    if !all.contains(where: { $0 === driver }) { all.append(driver) }
  }

  /// Nobody has listened since `instant`.
  mutating func forgetAll(since instant: MonotonicInstant) {
    for place in connectors.indices {
      connectors[place].pilot.forget(since: instant)
      connectors[place].contactor.forget(since: instant)
      connectors[place].lock?.forget(since: instant)
      connectors[place].proximity?.forget(since: instant)
    }
    for index in evses.indices {
      evses[index].meter?.forget(since: instant)
      evses[index].residualCurrent?.forget(since: instant)
      for sensor in evses[index].temperatures.indices { evses[index].temperatures[sensor].forget(since: instant) }
      evses[index].phaseSwitch?.forget(since: instant)
    }
    for index in inputs.indices { inputs[index].input.forget(since: instant) }
  }

  /// The shortest time after which one of these drivers must have noticed its own silence.
  func shortestSilence(_ timing: TimingTable) -> Duration {
    var shortest = min(timing.pilotSilence, timing.contactorSilence)
    for connector in connectors {
      if connector.lock != nil { shortest = min(shortest, timing.lockSilence) }
      if connector.proximity != nil { shortest = min(shortest, timing.proximitySilence) }
    }
    for evse in evses {
      if evse.meter != nil { shortest = min(shortest, timing.meterSilence) }
      if evse.residualCurrent != nil { shortest = min(shortest, timing.residualCurrentSilence) }
      if !evse.temperatures.isEmpty { shortest = min(shortest, timing.temperatureSilence) }
      if evse.phaseSwitch != nil { shortest = min(shortest, timing.phaseSwitchSilence) }
    }
    return inputs.isEmpty ? shortest : min(shortest, timing.safetyInputSilence)
  }
}

/// Why a control lane could not be made.
package enum ControlLaneError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The configuration names something that the hardware does not have.
  case missingHardware(String)
  /// A system call failed.
  case system(call: String, code: Int32)

  package var description: String {
    switch self {
    case .missingHardware(let what): "no driver for \(what)"
    case .system(let call, let code): "\(call) failed with error \(code)"
    }
  }
}
