import ChargerBase
import EVSEControl
import HAL

/// The control thread's work on the simulated clock: drivers are polled, `StationControl` decides, outputs are applied
/// at once, in the order openings, pilots, closings.
///
/// The real lane polls every 10 ms. Here it does so while something moves; between, when nothing but time can change
/// what the drivers see, every 500 ms.
package final class SimulatedControlLane {
  package struct Command: Equatable {
    package let at: MonotonicInstant
    package let connector: ConnectorID
    package let position: ContactorPosition
  }

  package static let pollingCycle = Duration.milliseconds(10)
  package static let restingCycle = Duration.milliseconds(500)
  /// Longer than every filter and travel time, and than the silence of a pilot.
  package static let unrest = Duration.milliseconds(150)

  private struct Place {
    let hardware: ConnectorHardware
    var pilotHealth = DriverHealth.alive
    var contactorHealth = DriverHealth.alive
    var measurement: PilotMeasurement?
    var position: ContactorPosition?
  }

  private struct Meter {
    let driver: any EnergyMeter
    let evse: Int
    var health = DriverHealth.alive
    var readingAt: MonotonicInstant?
  }

  package private(set) var control: StationControl
  /// Every command that a contactor got from this lane.
  package private(set) var contactorCommands: [Command] = []
  private var effects: ControlEffects
  private var places: [Place]
  private var meters: [Meter]
  private var commands: [ControlCommand] = []
  private var facts: [ControlFact] = []
  private var lastPoll: MonotonicInstant
  private var unrestUntil: MonotonicInstant

  package init(configuration: ControlConfiguration, hardware: StationHardware, startingAt now: MonotonicInstant) {
    control = StationControl(configuration: configuration, startingAt: now)
    effects = ControlEffects(for: configuration)
    places = hardware.evses.flatMap { $0.connectors.map { Place(hardware: $0) } }
    meters = hardware.evses.enumerated().compactMap { index, evse in evse.meter.map { Meter(driver: $0, evse: index) } }
    lastPoll = now
    unrestUntil = now + Self.unrest
    handle(.time, at: now)
  }

  package var nextDeadline: MonotonicInstant { min(control.nextDeadline, nextPoll) }

  /// On a grid of the polling cycle.
  private var nextPoll: MonotonicInstant {
    lastPoll < unrestUntil ? lastPoll + Self.pollingCycle : lastPoll + Self.restingCycle
  }

  /// Something has changed that drivers can see: the lane looks again at its next polls.
  package func disturb(at now: MonotonicInstant, for duration: Duration = SimulatedControlLane.unrest) {
    if lastPoll >= unrestUntil {
      // The polls of the resting time that the real lane would have made.
      let cycle = Self.pollingCycle.wholeNanoseconds
      let missed = max(0, (now - lastPoll).wholeNanoseconds / cycle)
      lastPoll = lastPoll + .nanoseconds(missed * cycle)
    }
    unrestUntil = max(unrestUntil, now + duration)
  }

  package func send(_ command: ControlCommand) { commands.append(command) }

  package var hasCommands: Bool { !commands.isEmpty }

  package func takeFacts() -> [ControlFact] {
    defer { facts.removeAll() }
    return facts
  }

  package var snapshots: [ConnectorSnapshot] { control.connectors.compactMap { control.snapshot(of: $0) } }

  /// Does what is due; answers whether anything was.
  package func advance(to now: MonotonicInstant) -> Bool {
    var hasWorked = false
    if nextPoll <= now {
      lastPoll = now
      serveDrivers(at: now)
      hasWorked = true
    }
    if control.nextDeadline <= now {
      handle(.time, at: now)
      hasWorked = true
    }
    if hasWorked { readDrivers(at: now) }
    while !commands.isEmpty {
      handle(.command(commands.removeFirst()), at: now)
      hasWorked = true
    }
    return hasWorked
  }

  private func serveDrivers(at now: MonotonicInstant) {
    for place in places {
      place.hardware.pilot.service(at: now)
      place.hardware.contactor.service(at: now)
    }
    for meter in meters { meter.driver.service(at: now) }
  }

  // MARK: Inputs

  private func readDrivers(at now: MonotonicInstant) {
    for index in places.indices {
      readPilot(index, at: now)
      readContactor(index, at: now)
    }
    for index in meters.indices { readMeter(index, at: now) }
  }

  private func readPilot(_ index: Int, at now: MonotonicInstant) {
    let pilot = places[index].hardware.pilot
    let isAlive = pilot.health == .alive
    if isAlive != (places[index].pilotHealth == .alive) {
      places[index].pilotHealth = pilot.health
      places[index].measurement = nil
      handle(.health(.pilot(connector: index), pilot.health), at: now)
    }
    guard isAlive, let measurement = pilot.measurement, measurement != places[index].measurement else { return }
    places[index].measurement = measurement
    handle(.pilot(connector: index, measurement), at: now)
  }

  private func readContactor(_ index: Int, at now: MonotonicInstant) {
    let contactor = places[index].hardware.contactor
    let isAlive = contactor.health == .alive
    if isAlive != (places[index].contactorHealth == .alive) {
      places[index].contactorHealth = contactor.health
      places[index].position = nil
      handle(.health(.contactor(connector: index), contactor.health), at: now)
    }
    guard isAlive, let feedback = contactor.feedback, feedback.position != places[index].position else { return }
    places[index].position = feedback.position
    handle(.contactorFeedback(connector: index, feedback), at: now)
  }

  private func readMeter(_ index: Int, at now: MonotonicInstant) {
    let meter = meters[index].driver
    let isAlive = meter.health == .alive
    if isAlive != (meters[index].health == .alive) {
      meters[index].health = meter.health
      handle(.health(.meter(evse: meters[index].evse), meter.health), at: now)
    }
    guard isAlive, let reading = meter.latest, reading.takenAt != meters[index].readingAt else { return }
    meters[index].readingAt = reading.takenAt
    handle(.meter(evse: meters[index].evse, reading), at: now)
  }

  // MARK: Effects

  private func handle(_ input: ControlInput, at now: MonotonicInstant) {
    effects.removeAll()
    control.handle(input, at: now, into: &effects)
    apply(.open, at: now)
    for (index, output) in effects.outputs.enumerated() {
      guard let pilot = output.pilot else { continue }
      places[index].hardware.pilot.apply(pilot)
      disturb(at: now)
    }
    apply(.closed, at: now)
    facts += effects.facts
  }

  private func apply(_ position: ContactorPosition, at now: MonotonicInstant) {
    for (index, output) in effects.outputs.enumerated() where output.contactor == position {
      places[index].hardware.contactor.command(position)
      contactorCommands.append(Command(at: now, connector: places[index].hardware.id, position: position))
      disturb(at: now)
    }
  }

  /// As the lane ends: whatever the machines think.
  package func openAll(at now: MonotonicInstant) {
    for place in places {
      place.hardware.contactor.command(.open)
      place.hardware.pilot.apply(.steadyPositive)
    }
  }
}
