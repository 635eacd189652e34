import ChargerBase
import HAL

extension StationControl {
  mutating func take(_ input: ControlInput, into effects: inout ControlEffects) {
    switch input {
    case .pilot(let place, let measurement):
      if machines.indices.contains(place) { machines[place].pilot.take(measurement) }
    case .contactorFeedback(let place, let feedback):
      if machines.indices.contains(place) { machines[place].contactor.take(feedback) }
    case .lockFeedback(let place, let feedback):
      if machines.indices.contains(place) { machines[place].lock?.take(feedback) }
    case .proximity(let place, let measurement):
      if machines.indices.contains(place) { machines[place].proximity?.take(measurement) }
    case .meter(let index, let reading):
      take(reading, evse: index, into: &effects)
    case .residualCurrent(let index, let reading):
      if evses.indices.contains(index) { evses[index].residualCurrent?.take(reading) }
    case .temperature(let index, let sensor, let reading):
      if evses.indices.contains(index) { evses[index].temperature?.take(reading, sensor: sensor) }
    case .phaseSwitchFeedback(let index, let feedback):
      if evses.indices.contains(index) { evses[index].phaseSwitch?.take(feedback) }
    case .safetyInput(let place, let state):
      inputs.take(state, input: place)
    case .signedReading(let index, let answer):
      if evses.indices.contains(index) { effects.tell(.signedReading(evses[index].id, answer)) }
    case .health(let driver, let health):
      setAlive(health == .alive, driver)
    case .standstill:
      silenceAll()
    case .command(let command):
      take(command, into: &effects)
    case .time:
      break
    }
  }

  private mutating func setAlive(_ alive: Bool, _ driver: ControlDriver) {
    switch driver {
    case .pilot(let place):
      if machines.indices.contains(place) { machines[place].pilot.setAlive(alive, at: now) }
    case .contactor(let place):
      if machines.indices.contains(place) { machines[place].contactor.setAlive(alive, at: now) }
    case .lock(let place):
      if machines.indices.contains(place) { machines[place].lock?.setAlive(alive, at: now) }
    case .proximity(let place):
      if machines.indices.contains(place) { machines[place].proximity?.setAlive(alive, at: now) }
    case .meter(let index):
      guard evses.indices.contains(index) else { return }
      evses[index].meter.setAlive(alive, at: now)
      evses[index].voltage?.setAlive(alive, at: now)
    case .residualCurrent(let index):
      if evses.indices.contains(index) { evses[index].residualCurrent?.setAlive(alive, at: now) }
    case .temperature(let index, let sensor):
      if evses.indices.contains(index) { evses[index].temperature?.setAlive(alive, sensor: sensor, at: now) }
    case .phaseSwitch(let index):
      if evses.indices.contains(index) { evses[index].phaseSwitch?.setAlive(alive, at: now) }
    case .safetyInput(let place):
      inputs.setAlive(alive, input: place, at: now)
    }
  }

  /// All at once, before anything is judged: a deadline that has passed meanwhile says nothing about the hardware.
  private mutating func silenceAll() {
    for place in machines.indices {
      setAlive(false, .pilot(connector: place))
      setAlive(false, .contactor(connector: place))
      setAlive(false, .lock(connector: place))
      setAlive(false, .proximity(connector: place))
    }
    for index in evses.indices {
      setAlive(false, .meter(evse: index))
      setAlive(false, .residualCurrent(evse: index))
      for sensor in 0..<Int(configuration.evses[index].temperatureSensors) {
        setAlive(false, .temperature(evse: index, sensor: sensor))
      }
      setAlive(false, .phaseSwitch(evse: index))
    }
    for place in configuration.safetyInputs.indices { setAlive(false, .safetyInput(place)) }
  }

  private mutating func take(_ reading: MeterReading, evse index: Int, into effects: inout ControlEffects) {
    guard evses.indices.contains(index), evses[index].meter.take(reading, at: now) else { return }
    evses[index].limits.take(voltage: reading.voltage)
    evses[index].voltage?.take(reading)
    stationLimits.take(voltage: reading.voltage)
    supply?.take(reading, evse: index, at: now)
    if let register = reading.importRegister {
      for place in evses[index].connectors { machines[place].permit.take(register: register) }
    }
    effects.tell(.meter(evses[index].id, reading))
  }

  // MARK: Commands

  private mutating func take(_ command: ControlCommand, into effects: inout ControlEffects) {
    switch command {
    case .grant(let id, let permit):
      guard !isShuttingDown, let place = place(of: id) else { return }
      _ = machines[place].permit.grant(permit)
    case .revoke(let id):
      if let place = place(of: id) { machines[place].permit.revoke() }
    case .setLimit, .liftLimit:
      takeLimit(command)
    case .pause(let id, let isPaused):
      if let place = place(of: id) { machines[place].isPaused = isPaused }
    case .startNotBefore(let id, let instant):
      if let place = place(of: id) { machines[place].gates.start(notBefore: instant) }
    case .setOperative(let id, let isOperative):
      if let place = place(of: id) { machines[place].isOperative = isOperative }
    case .unlock(let id, let number):
      if let place = place(of: id) { machines[place].unlock(number: number, at: now, into: &effects) }
    case .keepLocked(let id, let isKept):
      if let place = place(of: id) { machines[place].isKeptLocked = isKept }
    case .clearLatchedFaults(let id):
      clearLatchedFaults(of: id)
    case .reset(let id):
      reset(id)
    case .digitalCommunication(let id, let isUsed):
      guard let place = place(of: id), machines[place].hasDigitalCommunication else { return }
      machines[place].usesDigitalCommunication = isUsed
    case .signReading(let id, let request):
      if let index = index(of: id) { effects.requestSignedReading(request, evse: index) }
    case .shutDown:
      isShuttingDown = true
      for place in machines.indices { machines[place].permit.revoke() }
    }
  }

  private mutating func takeLimit(_ command: ControlCommand) {
    switch command {
    case .setLimit(.station, let limit):
      stationLimits.set(limit, at: now)
    case .setLimit(let id, let limit):
      if let index = index(of: id) { evses[index].limits.set(limit, at: now) }
    case .liftLimit(.station, let source, let owner):
      stationLimits.lift(source, owner: owner)
    case .liftLimit(let id, let source, let owner):
      if let index = index(of: id) { evses[index].limits.lift(source, owner: owner) }
    default:
      break
    }
  }

  private mutating func clearLatchedFaults(of id: ConnectorID) {
    guard let place = place(of: id) else { return }
    machines[place].clearLatchedFaults()
    inputs.clearFaults(for: id.evse)
    if let index = index(of: id.evse) { evses[index].clearFaults(at: now) }
  }

  private mutating func reset(_ id: EVSEID) {
    guard let index = index(of: id) else { return }
    for place in evses[index].connectors {
      machines[place].permit.revoke()
      machines[place].clearLatchedFaults()
    }
    inputs.clearFaults(for: id, includingStation: false)
    evses[index].clearFaults(at: now)
  }
}
