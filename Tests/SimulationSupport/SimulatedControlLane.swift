import ChargerBase
import EVSEControl
import HAL

/// The control thread's work on the simulated clock: drivers are polled, `StationControl` decides, outputs are applied
/// at once, in the order openings, pilots, test currents, phases, locks, closings.
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

  package private(set) var control: StationControl
  /// Every command that a contactor got from this lane.
  package private(set) var contactorCommands: [Command] = []
  private var effects: ControlEffects
  private var drivers: SimulatedLaneDrivers
  private var commands: [ControlCommand] = []
  private var facts: [ControlFact] = []
  private var lastPoll: MonotonicInstant
  private var unrestUntil: MonotonicInstant
  private var nextFeed: MonotonicInstant

  package init(configuration: ControlConfiguration, hardware: StationHardware, startingAt now: MonotonicInstant) {
    control = StationControl(configuration: configuration, startingAt: now)
    effects = ControlEffects(for: configuration)
    drivers = SimulatedLaneDrivers(configuration: configuration, hardware: hardware)
    lastPoll = now
    unrestUntil = now + Self.unrest
    nextFeed = drivers.watchdog == nil ? .distantFuture : now
    handle(.time, at: now)
  }

  package var nextDeadline: MonotonicInstant { min(control.nextDeadline, nextPoll, nextFeed) }

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
      for driver in drivers.all { driver.service(at: now) }
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
    if let watchdog = drivers.watchdog, nextFeed <= now {
      watchdog.service(at: now)
      watchdog.feed()
      nextFeed = now + watchdog.timeout / 4
      hasWorked = true
    }
    return hasWorked
  }

  // MARK: Inputs

  private func readDrivers(at now: MonotonicInstant) {
    // One input at a time: what it does may change what the next driver shows.
    for index in drivers.readers.indices {
      for input in drivers.readers[index].read() { handle(input, at: now) }
    }
  }

  // MARK: Effects

  private func handle(_ input: ControlInput, at now: MonotonicInstant) {
    effects.removeAll()
    control.handle(input, at: now, into: &effects)
    // An input that an output causes is handled after it: the effects are used again.
    let outputs = effects.outputs
    let evseOutputs = effects.evseOutputs
    facts += effects.facts
    apply(.open, outputs, at: now)
    for (place, output) in outputs.enumerated() {
      guard let pilot = output.pilot else { continue }
      drivers.connectors[place].pilot.apply(pilot)
      disturb(at: now)
    }
    var refused: [ControlInput] = []
    for (index, output) in evseOutputs.enumerated() {
      if let input = apply(output, evse: index, at: now) { refused.append(input) }
    }
    for (place, output) in outputs.enumerated() {
      guard let position = output.lock else { continue }
      drivers.connectors[place].lock?.command(position)
      // A drive may take seconds; its position contact is then looked at often enough.
      disturb(at: now, for: control.configuration.timing.lockTravel)
    }
    apply(.closed, outputs, at: now)
    for input in refused { handle(input, at: now) }
  }

  private func apply(_ position: ContactorPosition, _ outputs: [ControlEffects.Outputs], at now: MonotonicInstant) {
    for (place, output) in outputs.enumerated() where output.contactor == position {
      drivers.connectors[place].contactor.command(position)
      contactorCommands.append(Command(at: now, connector: drivers.connectors[place].id, position: position))
      disturb(at: now)
    }
  }

  /// Answers the refusal of a request for a signed reading.
  private func apply(
    _ output: ControlEffects.EVSEOutputs, evse index: Int, at now: MonotonicInstant
  ) -> ControlInput? {
    if let isOn = output.testCurrent { drivers.evses[index].residualCurrent?.setTestCurrent(isOn) }
    if output.resetsResidualCurrent { drivers.evses[index].residualCurrent?.reset() }
    if let phases = output.phases { drivers.evses[index].phaseSwitch?.command(phases) }
    if output.testCurrent != nil || output.resetsResidualCurrent || output.phases != nil { disturb(at: now) }
    guard let request = output.signedReading else { return nil }
    if let meter = drivers.evses[index].meter, meter.requestSignedReading(request) {
      disturb(at: now, for: (meter.signingTimeout ?? .zero) + Self.unrest)
      return nil
    }
    return .signedReading(evse: index, .failed(number: request.number, .notAccepted))
  }

  /// As the lane ends: whatever the machines think.
  package func openAll(at now: MonotonicInstant) {
    for connector in drivers.connectors {
      connector.contactor.command(.open)
      connector.pilot.apply(.steadyPositive)
    }
    for evse in drivers.evses { evse.residualCurrent?.setTestCurrent(false) }
    // The relay may go: the contactors' coils have no voltage any more.
    drivers.watchdog?.disarm()
  }
}
