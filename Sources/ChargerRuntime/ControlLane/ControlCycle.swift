import CLinux
import ChargerBase
import EVSEControl
import HAL

/// What the control thread does between two waits: reads the drivers, lets `StationControl` decide, applies the outputs
/// at once. Belongs to the control thread alone.
struct ControlCycle {
  private(set) var control: StationControl
  private var effects: ControlEffects
  var drivers: ControlDrivers
  private let mailbox: FactMailbox
  let recorder: FlightRecorder?
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

  /// The lane begins: silence counts from now on, however long ago the lane was built.
  mutating func handleStart(at now: MonotonicInstant) {
    control = StationControl(configuration: control.configuration, startingAt: now)
    handle(.time, since: now)
  }

  /// The lane has not run since `instant`: before any deadline is judged, every driver counts as silent until it is read.
  mutating func handleStandstill(since instant: MonotonicInstant) {
    drivers.forgetAll(since: instant)
    recorder?.note(
      .standstill, FlightRecord.station, Int32(clamping: instant.duration(to: Self.now()).wholeMilliseconds),
      at: Self.now())
    handle(.standstill, since: Self.now())
  }

  mutating func handle(_ command: ControlCommand, sentAt: MonotonicInstant) {
    recorder?.record(command, at: Self.now())
    handle(.command(command), since: sentAt)
  }

  // MARK: Effects

  /// - Parameter since: when what caused the input happened, for the latency probe.
  mutating func handle(_ input: ControlInput, since: MonotonicInstant) {
    decide(input, since: since)
    for index in drivers.evses.indices {
      guard let number = drivers.evses[index].refusedRequest else { continue }
      drivers.evses[index].refusedRequest = nil
      decide(.signedReading(evse: index, .failed(number: number, .notAccepted)), since: Self.now())
    }
  }

  private mutating func decide(_ input: ControlInput, since: MonotonicInstant) {
    effects.removeAll()
    control.handle(input, at: Self.now(), into: &effects)
    hasChanged = true
    apply(.open, since: since)
    applyPilots()
    applyEVSEOutputs()
    applyLocks()
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
      drivers.connectors[place].contactor.driver.command(position)
      let now = Self.now()
      latency.add(nanoseconds: (now - since).wholeNanoseconds)
      recorder?.note(.contactorCommand, drivers.connectors[place].id, position == .closed ? 1 : 0, at: now)
    }
  }

  private func applyPilots() {
    for place in effects.outputs.indices {
      guard let output = effects.outputs[place].pilot else { continue }
      drivers.connectors[place].pilot.driver.apply(output)
      recorder?.record(output, at: drivers.connectors[place].id, Self.now())
    }
  }

  private mutating func applyEVSEOutputs() {
    for index in effects.evseOutputs.indices {
      let output = effects.evseOutputs[index]
      let place = drivers.evses[index].place
      if let isOn = output.testCurrent {
        drivers.evses[index].residualCurrent?.driver.setTestCurrent(isOn)
        recorder?.note(.residualCurrentTest, place, isOn ? 1 : 0, at: Self.now())
      }
      if output.resetsResidualCurrent { drivers.evses[index].residualCurrent?.driver.reset() }
      if let phases = output.phases {
        drivers.evses[index].phaseSwitch?.driver.command(phases)
        recorder?.note(.phases, place, Int32(phases.rawValue), 1, at: Self.now())
      }
      if let request = output.signedReading,
        drivers.evses[index].meter?.driver.requestSignedReading(request) != true
      {
        drivers.evses[index].refusedRequest = request.number
      }
    }
  }

  private func applyLocks() {
    for place in effects.outputs.indices {
      guard let position = effects.outputs[place].lock else { continue }
      drivers.connectors[place].lock?.driver.command(position)
      recorder?.note(.lockCommand, drivers.connectors[place].id, Int32(position.rawValue), at: Self.now())
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

  // MARK: Watchdog and end

  /// When the watchdog must be fed next.
  var nextFeed: MonotonicInstant { drivers.watchdog?.nextFeed ?? .distantFuture }

  /// The cycle that began at `begunAt` has served every driver and handled what it read.
  mutating func feedWatchdog(begunAt: MonotonicInstant) {
    drivers.watchdog?.cycleEnded(begunAt: begunAt, at: Self.now(), nextDeadline: control.nextDeadline)
  }

  /// Opens everything, whatever the machines think: the lane is about to end. Locks stay as they are (they are the
  /// board's own to open then), and so do phase switches, which are not moved before their contactor is confirmed open.
  func openAll() {
    for connector in drivers.connectors {
      connector.contactor.driver.command(.open)
      connector.pilot.driver.apply(.steadyPositive)
    }
    for evse in drivers.evses { evse.residualCurrent?.driver.setTestCurrent(false) }
  }

  /// Every auxiliary contact shows an open contactor.
  var showsAllOpen: Bool {
    drivers.connectors.allSatisfy {
      $0.contactor.driver.health.isAlive && $0.contactor.driver.feedback?.position == .open
    }
  }

  /// Ends the watchdog's hold.
  func disarmWatchdog() { drivers.watchdog?.watchdog.disarm() }
}

extension DriverHealth {
  var isAlive: Bool { self == .alive }
}
