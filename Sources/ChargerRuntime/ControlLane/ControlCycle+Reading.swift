import ChargerBase
import EVSEControl
import HAL

/// Reading the drivers: everything that has changed since the last cycle becomes an input. A driver's health goes before
/// its readings, and what may end energy at once before the rest.
///
/// Drivers that poll give the same position a new time again and again: of contacts only the position matters.
extension ControlCycle {
  /// A temperature that stays the same is told again after this time, so that its age is known.
  private static let temperatureRepeat = Duration.seconds(1)
  /// Answers that a meter may give in one cycle; more wait for the next.
  private static let answersPerCycle = 4

  mutating func readDrivers() {
    for index in drivers.inputs.indices { readInput(index) }
    for index in drivers.evses.indices { readResidualCurrent(index) }
    for place in drivers.connectors.indices {
      readPilot(place)
      readContactor(place)
      readLock(place)
      readProximity(place)
    }
    for index in drivers.evses.indices {
      readMeter(index)
      for sensor in drivers.evses[index].temperatures.indices { readTemperature(index, sensor) }
      readPhaseSwitch(index)
    }
    hearWatchdog()
  }

  private mutating func tell(
    _ driver: ControlDriver, _ health: DriverHealth, at place: ConnectorID, number: Int32, _ diagnosis: UInt8
  ) {
    recorder?.note(
      .driverHealth, place, number, FlightRecord.driverHealth(isAlive: health.isAlive, diagnosis), at: Self.now())
    handle(.health(driver, health), since: Self.now())
  }

  private mutating func readInput(_ index: Int) {
    let driver = drivers.inputs[index].input.driver
    let place = drivers.inputs[index].place
    let health = driver.health
    if drivers.inputs[index].input.hears(health) {
      tell(.safetyInput(index), health, at: place, number: 8, driver.diagnosis)
    }
    guard health.isAlive, let state = driver.state, state.isActive != drivers.inputs[index].input.newest?.isActive
    else { return }
    drivers.inputs[index].input.newest = state
    recorder?.note(.safetyInput, place, Int32(clamping: index), state.isActive ? 1 : 0, at: Self.now())
    handle(.safetyInput(index, state), since: state.takenAt)
  }

  private mutating func readResidualCurrent(_ index: Int) {
    guard let driver = drivers.evses[index].residualCurrent?.driver else { return }
    let place = drivers.evses[index].place
    let health = driver.health
    if drivers.evses[index].residualCurrent?.hears(health) == true {
      tell(.residualCurrent(evse: index), health, at: place, number: 5, driver.diagnosis)
    }
    guard health.isAlive, let reading = driver.reading,
      reading.isTripped != drivers.evses[index].residualCurrent?.newest?.isTripped
    else { return }
    drivers.evses[index].residualCurrent?.newest = reading
    recorder?.note(.residualCurrent, place, reading.isTripped ? 1 : 0, at: Self.now())
    handle(.residualCurrent(evse: index, reading), since: reading.takenAt)
  }

  private mutating func readPilot(_ place: Int) {
    let driver = drivers.connectors[place].pilot.driver
    let health = driver.health
    if drivers.connectors[place].pilot.hears(health) {
      tell(.pilot(connector: place), health, at: drivers.connectors[place].id, number: 0, driver.diagnosis)
    }
    guard health.isAlive, let measurement = driver.measurement,
      measurement != drivers.connectors[place].pilot.newest
    else { return }
    drivers.connectors[place].pilot.newest = measurement
    handle(.pilot(connector: place, measurement), since: measurement.takenAt)
  }

  private mutating func readContactor(_ place: Int) {
    let driver = drivers.connectors[place].contactor.driver
    let health = driver.health
    if drivers.connectors[place].contactor.hears(health) {
      tell(.contactor(connector: place), health, at: drivers.connectors[place].id, number: 1, driver.diagnosis)
    }
    guard health.isAlive, let feedback = driver.feedback,
      feedback.position != drivers.connectors[place].contactor.newest?.position
    else { return }
    recorder?.note(
      .contactorFeedback, drivers.connectors[place].id, feedback.position == .closed ? 1 : 0, at: Self.now())
    drivers.connectors[place].contactor.newest = feedback
    handle(.contactorFeedback(connector: place, feedback), since: feedback.takenAt)
  }

  private mutating func readLock(_ place: Int) {
    guard let driver = drivers.connectors[place].lock?.driver else { return }
    let health = driver.health
    if drivers.connectors[place].lock?.hears(health) == true {
      tell(.lock(connector: place), health, at: drivers.connectors[place].id, number: 3, driver.diagnosis)
    }
    guard health.isAlive, let feedback = driver.feedback,
      feedback.position != drivers.connectors[place].lock?.newest?.position
    else { return }
    drivers.connectors[place].lock?.newest = feedback
    recorder?.note(.lockFeedback, drivers.connectors[place].id, Int32(feedback.position.rawValue), at: Self.now())
    handle(.lockFeedback(connector: place, feedback), since: feedback.takenAt)
  }

  private mutating func readProximity(_ place: Int) {
    guard let driver = drivers.connectors[place].proximity?.driver else { return }
    let health = driver.health
    if drivers.connectors[place].proximity?.hears(health) == true {
      tell(.proximity(connector: place), health, at: drivers.connectors[place].id, number: 4, driver.diagnosis)
    }
    guard health.isAlive, let measurement = driver.measurement else { return }
    if let newest = drivers.connectors[place].proximity?.newest, newest.resistance == measurement.resistance { return }
    drivers.connectors[place].proximity?.newest = measurement
    note(measurement, at: place)
    handle(.proximity(connector: place, measurement), since: measurement.takenAt)
  }

  /// The noise of a measurement is no news: only an opened or closed contact, or a change by a tenth.
  private mutating func note(_ measurement: ProximityMeasurement, at place: Int) {
    let noted = drivers.connectors[place].noted
    let new = measurement.resistance
    if let noted, let old = noted.resistance, let new,
      max(old, new).thousandths.subtractingSaturating(min(old, new).thousandths) <= old.thousandths / 10
    {
      return
    }
    drivers.connectors[place].noted = measurement
    recorder?.note(
      .proximity, drivers.connectors[place].id, new.map { Int32(clamping: $0.thousandths) } ?? -1, at: Self.now())
  }

  private mutating func readMeter(_ index: Int) {
    guard let driver = drivers.evses[index].meter?.driver else { return }
    let health = driver.health
    if drivers.evses[index].meter?.hears(health) == true {
      tell(.meter(evse: index), health, at: drivers.evses[index].place, number: 2, driver.diagnosis)
    }
    var answers = 0
    while answers < Self.answersPerCycle, let answer = driver.takeSignedReading() {
      answers += 1
      handle(.signedReading(evse: index, answer), since: Self.now())
    }
    guard health.isAlive, let reading = driver.latest, reading.takenAt != drivers.evses[index].meter?.newest
    else { return }
    drivers.evses[index].meter?.newest = reading.takenAt
    handle(.meter(evse: index, reading), since: reading.takenAt)
  }

  private mutating func readTemperature(_ index: Int, _ sensor: Int) {
    let driver = drivers.evses[index].temperatures[sensor].driver
    let health = driver.health
    if drivers.evses[index].temperatures[sensor].hears(health) {
      tell(
        .temperature(evse: index, sensor: sensor), health, at: drivers.evses[index].place, number: 6, driver.diagnosis)
    }
    guard health.isAlive, let reading = driver.reading else { return }
    if let newest = drivers.evses[index].temperatures[sensor].newest, newest.temperature == reading.temperature,
      reading.takenAt - newest.takenAt < Self.temperatureRepeat
    {
      return
    }
    drivers.evses[index].temperatures[sensor].newest = reading
    handle(.temperature(evse: index, sensor: sensor, reading), since: reading.takenAt)
  }

  private mutating func readPhaseSwitch(_ index: Int) {
    guard let driver = drivers.evses[index].phaseSwitch?.driver else { return }
    let health = driver.health
    if drivers.evses[index].phaseSwitch?.hears(health) == true {
      tell(.phaseSwitch(evse: index), health, at: drivers.evses[index].place, number: 7, driver.diagnosis)
    }
    guard health.isAlive, let feedback = driver.feedback,
      feedback.phases != drivers.evses[index].phaseSwitch?.newest?.phases
    else { return }
    drivers.evses[index].phaseSwitch?.newest = feedback
    recorder?.note(.phases, drivers.evses[index].place, Int32(feedback.phases.rawValue), at: Self.now())
    handle(.phaseSwitchFeedback(evse: index, feedback), since: feedback.takenAt)
  }

  /// A silent watchdog is noted and told in the lane's status; it ends the energy by itself when it is not fed.
  private mutating func hearWatchdog() {
    guard let feeder = drivers.watchdog else { return }
    let isAlive = feeder.watchdog.health.isAlive
    guard isAlive != feeder.isHeard else { return }
    drivers.watchdog?.isHeard = isAlive
    recorder?.note(.driverHealth, FlightRecord.station, 9, isAlive ? 1 : 0, at: Self.now())
  }
}
