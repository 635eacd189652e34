import ChargerBase
import EVSEControl
import HAL

/// The drivers that the simulated control lane serves, in the order of the configuration.
struct SimulatedLaneDrivers {
  private(set) var connectors: [ConnectorHardware] = []
  private(set) var evses: [EVSEHardware] = []
  private(set) var watchdog: (any SystemWatchdog)?
  /// Everything that is served.
  private(set) var all: [any ControlLaneDriver] = []
  /// What becomes inputs, those first that may end energy.
  var readers: [DriverReader] = []

  init(configuration: ControlConfiguration, hardware: StationHardware) {
    var free = hardware.safetyInputs
    for (place, wanted) in configuration.safetyInputs.enumerated() {
      guard let index = free.firstIndex(where: { $0.kind == wanted.kind && $0.evse == wanted.evse }) else { continue }
      let input = free.remove(at: index).input
      add(input, .safetyInput(place), { input.state?.isActive }) { input.state.map { .safetyInput(place, $0) } }
    }
    for (index, wanted) in configuration.evses.enumerated() {
      guard let evse = hardware.evses.first(where: { $0.id == wanted.id }) else { continue }
      evses.append(evse)
      add(evse, wanted, index)
    }
    watchdog = hardware.watchdog
    if let watchdog { all.append(watchdog) }
  }

  private mutating func add(_ evse: EVSEHardware, _ wanted: EVSEControlConfiguration, _ index: Int) {
    if wanted.hasResidualCurrentMonitor, let monitor = evse.residualCurrent {
      add(monitor, .residualCurrent(evse: index), { monitor.reading?.isTripped }) {
        monitor.reading.map { .residualCurrent(evse: index, $0) }
      }
    }
    for wanted in wanted.connectors {
      guard let connector = evse.connectors.first(where: { $0.id == wanted.id }) else { continue }
      add(connector, wanted, place: connectors.count)
      connectors.append(connector)
    }
    if let meter = evse.meter {
      add(meter, .meter(evse: index), { meter.latest?.takenAt }, { meter.latest.map { .meter(evse: index, $0) } }) {
        meter.takeSignedReading().map { .signedReading(evse: index, $0) }
      }
    }
    for (number, sensor) in evse.temperatures.prefix(Int(wanted.temperatureSensors)).enumerated() {
      // Told again every second, so that its age is known.
      let news = { sensor.reading.map { [$0.temperature.thousandths, $0.takenAt.nanoseconds / 1_000_000_000] } }
      add(sensor, .temperature(evse: index, sensor: number), news) {
        sensor.reading.map { .temperature(evse: index, sensor: number, $0) }
      }
    }
    if wanted.hasPhaseSwitch, let phaseSwitch = evse.phaseSwitch {
      add(phaseSwitch, .phaseSwitch(evse: index), { phaseSwitch.feedback?.phases }) {
        phaseSwitch.feedback.map { .phaseSwitchFeedback(evse: index, $0) }
      }
    }
  }

  private mutating func add(_ connector: ConnectorHardware, _ wanted: ConnectorControlConfiguration, place: Int) {
    let (pilot, contactor) = (connector.pilot, connector.contactor)
    add(pilot, .pilot(connector: place), { pilot.measurement }) {
      pilot.measurement.map { .pilot(connector: place, $0) }
    }
    add(contactor, .contactor(connector: place), { contactor.feedback?.position }) {
      contactor.feedback.map { .contactorFeedback(connector: place, $0) }
    }
    if wanted.hasLock, let lock = connector.lock {
      add(lock, .lock(connector: place), { lock.feedback?.position }) {
        lock.feedback.map { .lockFeedback(connector: place, $0) }
      }
    }
    if wanted.hasProximity, let proximity = connector.proximity {
      add(proximity, .proximity(connector: place), { proximity.measurement.map { [$0.resistance] } }) {
        proximity.measurement.map { .proximity(connector: place, $0) }
      }
    }
  }

  /// - Parameter news: what makes a reading worth telling; nil before the first.
  private mutating func add<News: Equatable>(
    _ driver: any ControlLaneDriver, _ name: ControlDriver, _ news: @escaping () -> News?,
    _ reading: @escaping () -> ControlInput?, _ answer: @escaping () -> ControlInput? = { nil }
  ) {
    all.append(driver)
    var wasAlive = true
    var last: News?
    readers.append(
      DriverReader {
        var inputs: [ControlInput] = []
        let isAlive = driver.health == .alive
        if isAlive != wasAlive {
          wasAlive = isAlive
          last = nil
          inputs.append(.health(name, driver.health))
        }
        if let answer = answer() { inputs.append(answer) }
        if isAlive, let new = news(), new != last, let input = reading() {
          last = new
          inputs.append(input)
        }
        return inputs
      })
  }
}

/// Reads one driver: what has changed since the last time.
struct DriverReader {
  let read: () -> [ControlInput]
}
