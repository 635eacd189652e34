import CLinux
import ChargerBase
import EVSEControl
import HAL

/// What the control thread does between two waits: reads the drivers, lets `StationControl` decide, applies the outputs
/// at once. Belongs to the control thread alone.
struct ControlCycle {
  private(set) var control: StationControl
  private var effects: ControlEffects
  private(set) var drivers: ControlDrivers
  private let mailbox: FactMailbox
  private let recorder: FlightRecorder?
  private var hasChanged = false
  private(set) var latency = LatencyProbe()
  private var pilotStates: [PilotState]

  init(control: StationControl, drivers: ControlDrivers, mailbox: FactMailbox, recorder: FlightRecorder?) {
    self.control = control
    effects = ControlEffects(for: control.configuration)
    self.drivers = drivers
    self.mailbox = mailbox
    self.recorder = recorder
    pilotStates = drivers.connectors.map { _ in .unknown }
  }

  static func now() -> MonotonicInstant { MonotonicInstant(nanoseconds: linux_boottime_ns()) }

  /// Handles the deadline when it has come.
  mutating func handleDeadline(at now: MonotonicInstant) {
    let deadline = control.nextDeadline
    if deadline <= now { handle(.time, since: deadline) }
  }

  mutating func handleStart() { handle(.time, since: Self.now()) }

  mutating func handle(_ command: ControlCommand, sentAt: MonotonicInstant) {
    recorder?.record(command, at: Self.now())
    handle(.command(command), since: sentAt)
  }

  /// Feeds everything that has changed since the last cycle. A driver's health goes before its readings.
  mutating func readDrivers() {
    for place in drivers.connectors.indices {
      readPilot(place)
      readContactor(place)
    }
    for index in drivers.evses.indices { readMeter(index) }
  }

  private mutating func readPilot(_ place: Int) {
    let pilot = drivers.connectors[place].pilot
    let health = pilot.health
    if health.isAlive != drivers.connectors[place].pilotHealth.isAlive {
      drivers.connectors[place].pilotHealth = health
      drivers.connectors[place].measurement = nil
      noteHealth(drivers.connectors[place].id, driver: 0, health)
      handle(.health(.pilot(connector: place), health), since: Self.now())
    }
    guard health.isAlive, let measurement = pilot.measurement, measurement != drivers.connectors[place].measurement
    else { return }
    drivers.connectors[place].measurement = measurement
    handle(.pilot(connector: place, measurement), since: measurement.takenAt)
  }

  private mutating func readContactor(_ place: Int) {
    let contactor = drivers.connectors[place].contactor
    let health = contactor.health
    if health.isAlive != drivers.connectors[place].contactorHealth.isAlive {
      drivers.connectors[place].contactorHealth = health
      drivers.connectors[place].feedback = nil
      noteHealth(drivers.connectors[place].id, driver: 1, health)
      handle(.health(.contactor(connector: place), health), since: Self.now())
    }
    // Drivers that poll give the same position a new time again and again: only the position matters here.
    guard health.isAlive, let feedback = contactor.feedback,
      feedback.position != drivers.connectors[place].feedback?.position
    else { return }
    recorder?.note(
      .contactorFeedback, drivers.connectors[place].id, feedback.position == .closed ? 1 : 0, at: Self.now())
    drivers.connectors[place].feedback = feedback
    handle(.contactorFeedback(connector: place, feedback), since: feedback.takenAt)
  }

  private mutating func readMeter(_ index: Int) {
    guard let meter = drivers.evses[index].meter else { return }
    let health = meter.health
    if health.isAlive != drivers.evses[index].meterHealth.isAlive {
      drivers.evses[index].meterHealth = health
      noteHealth(ConnectorID(evse: drivers.evses[index].id, number: 0), driver: 2, health)
      handle(.health(.meter(evse: index), health), since: Self.now())
    }
    guard health.isAlive, let reading = meter.latest, reading.takenAt != drivers.evses[index].readingAt else { return }
    drivers.evses[index].readingAt = reading.takenAt
    handle(.meter(evse: index, reading), since: reading.takenAt)
  }

  private func noteHealth(_ id: ConnectorID, driver: Int32, _ health: DriverHealth) {
    recorder?.note(.driverHealth, id, driver, health.isAlive ? 1 : 0, at: Self.now())
  }

  // MARK: Effects

  /// - Parameter since: when what caused the input happened, for the latency probe.
  private mutating func handle(_ input: ControlInput, since: MonotonicInstant) {
    effects.removeAll()
    control.handle(input, at: Self.now(), into: &effects)
    hasChanged = true
    apply(.open, since: since)
    for place in effects.outputs.indices {
      guard let output = effects.outputs[place].pilot else { continue }
      drivers.connectors[place].pilot.apply(output)
      recorder?.record(output, at: drivers.connectors[place].id, Self.now())
    }
    apply(.closed, since: since)
    notePilotStates()
    guard !effects.facts.isEmpty else { return }
    for fact in effects.facts {
      mailbox.tell(fact)
      recorder?.record(fact)
    }
    mailbox.wakeReader()
  }

  private mutating func apply(_ position: ContactorPosition, since: MonotonicInstant) {
    for place in effects.outputs.indices where effects.outputs[place].contactor == position {
      drivers.connectors[place].contactor.command(position)
      let now = Self.now()
      latency.add(nanoseconds: (now - since).wholeNanoseconds)
      recorder?.note(.contactorCommand, drivers.connectors[place].id, position == .closed ? 1 : 0, at: now)
    }
  }

  private mutating func notePilotStates() {
    for place in pilotStates.indices {
      let state = control.pilotState(at: place)
      guard state != pilotStates[place] else { continue }
      recorder?.note(
        .pilotState, drivers.connectors[place].id, Int32(pilotStates[place].rawValue), Int32(state.rawValue),
        at: Self.now())
      pilotStates[place] = state
    }
  }

  /// Publishes the snapshots when something was handled since the last call.
  mutating func publish() {
    guard hasChanged else { return }
    hasChanged = false
    var isNews = false
    for place in drivers.connectors.indices {
      if let snapshot = control.snapshot(at: place), mailbox.publish(snapshot, at: place) { isNews = true }
    }
    if isNews { mailbox.wakeReader() }
  }

  /// Opens everything, whatever the machines think: the lane is about to end.
  func openAll() {
    for connector in drivers.connectors {
      connector.contactor.command(.open)
      connector.pilot.apply(.steadyPositive)
    }
  }
}

extension DriverHealth {
  var isAlive: Bool { self == .alive }
}
