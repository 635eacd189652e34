import ChargerBase
import EVSEControl
import HAL

/// One state of the exploration: the control itself, and what the explorer knows by its own account.
struct World: Sendable {
  var control: StationControl
  var watch = Watch()

  /// Where the present is put after every step.
  static let present = MonotonicInstant.zero + Ticks.tick * 1_000_000
  /// What lies farther ahead than this is never reached: a lease that lasts, a gate that stays shut.
  static let farAway: UInt8 = 100

  /// Instants up to this one stand for those of which no more matters than their order.
  private static let longAgo = MonotonicInstant.longAgo.nanoseconds + 1_000

  init(_ scenario: Scenario, effects: inout ControlEffects) {
    control = StationControl(configuration: scenario.configuration, startingAt: Self.present)
    effects.removeAll()
    control.handle(.time, at: Self.present, into: &effects)
    _ = see(effects, scenario)
    for step in scenario.start { _ = take(step, scenario, &effects) }
    normalize(scenario)
  }

  /// Puts the present to its place, what is long ago to the horizon, and what is far away to the same distance. Instants
  /// are compared with the present and a span alone, so that states that become equal here behave alike.
  mutating func normalize(_ scenario: Scenario) {
    let shift = Self.present.nanoseconds - control.now.nanoseconds
    let past = scenario.past
    control.forgetPast()
    control.visitInstants { instant in
      guard instant != .distantFuture, instant.nanoseconds > Self.longAgo else { return }
      let shifted = instant.nanoseconds + shift
      instant.nanoseconds = shifted < past ? past : (shifted > Scenario.far ? Scenario.beyond : shifted)
    }
  }

  func fingerprint(_ scenario: Scenario) -> UInt64 {
    var hasher = Hasher()
    control.situation.hash(into: &hasher)
    watch.hash(into: &hasher, scenario)
    return UInt64(bitPattern: Int64(hasher.finalize()))
  }

  /// The ticks that pass with a step.
  func ticks(of step: Step) -> UInt8 {
    switch step {
    case .tick: return 1
    case .deadline:
      let ahead = (control.nextDeadline - control.now).wholeNanoseconds / Ticks.tick.wholeNanoseconds
      return UInt8(clamping: ahead)
    default: return 0
    }
  }

  /// Takes a step and answers the first rule that it breaks.
  mutating func take(_ step: Step, _ scenario: Scenario, _ effects: inout ControlEffects) -> Violation? {
    let passed = ticks(of: step)
    let deadline = control.nextDeadline
    if passed > 0 { watch.pass(passed, scenario) }
    watch.give(step, scenario)
    watch.judge(scenario)
    let now = control.now + Ticks.span(passed)
    effects.removeAll()
    control.handle(input(for: step, at: now, scenario), at: now, into: &effects)
    let violation = see(effects, scenario)
    if violation == nil, step == .tick, deadline > now, !effects.isEmpty {
      return Violation(.deadlineMissed, "it acts, although it had asked to be called later")
    }
    return violation
  }

  /// Notes what the control commands, and judges each command as it is given.
  private mutating func see(_ effects: ControlEffects, _ scenario: Scenario) -> Violation? {
    var violation: Violation?
    for place in scenario.connectors.indices {
      let outputs = effects.outputs[place]
      if outputs.contactor == .open { watch.opened(place) }
    }
    for place in scenario.connectors.indices {
      if let output = effects.outputs[place].pilot { watch.put(output, place) }
    }
    for fact in effects.facts {
      if case .unlocked(let id, _, let result, _) = fact {
        violation = violation ?? watch.answered(result, at: id, scenario)
      }
    }
    for index in scenario.configuration.evses.indices {
      violation = violation ?? watch.see(effects.evseOutputs[index], evse: index, scenario)
    }
    for place in scenario.connectors.indices {
      if let position = effects.outputs[place].lock {
        violation = violation ?? watch.lockCommand(position, place, scenario)
      }
      if effects.outputs[place].contactor == .closed {
        violation = violation ?? watch.closed(place, scenario)
      }
      watch.settle(place)
    }
    return violation
  }

  private func input(for step: Step, at now: MonotonicInstant, _ scenario: Scenario) -> ControlInput {
    switch step {
    case .tick, .deadline: .time
    case .pilot(let place, let reading): .pilot(connector: place, measurement(reading, place, at: now))
    case .contactor(let place, let position):
      .contactorFeedback(connector: place, ContactorFeedback(position: position, takenAt: now))
    case .lock(let place, let position):
      .lockFeedback(connector: place, LockFeedback(position: position, takenAt: now))
    case .proximity(let place, let cable):
      .proximity(connector: place, ProximityMeasurement(resistance: cable.resistance, takenAt: now))
    case .meter(let index, let kind): .meter(evse: index, kind.reading(at: now))
    case .residualCurrent(let index, let isTripped):
      .residualCurrent(evse: index, ResidualCurrentReading(isTripped: isTripped, takenAt: now))
    case .phases(let index, let phases):
      .phaseSwitchFeedback(evse: index, PhaseSwitchFeedback(phases: phases, takenAt: now))
    case .temperature(let index, let heat):
      .temperature(evse: index, sensor: 0, TemperatureReading(temperature: heat.temperature, takenAt: now))
    case .safetyInput(let index, let isActive):
      .safetyInput(index, SafetyInputState(isActive: isActive, takenAt: now))
    case .silence(let driver): .health(driver, .silent(since: now))
    case .speech(let driver): .health(driver, .alive)
    default: .command(command(for: step, at: now, scenario))
    }
  }

  private func command(for step: Step, at now: MonotonicInstant, _ scenario: Scenario) -> ControlCommand {
    func id(_ place: Int) -> ConnectorID { scenario.connectors[place].id }
    func evse(_ index: Int) -> EVSEID { scenario.configuration.evses[index].id }
    func permit(_ place: Int, _ ticks: UInt8?, budget: Bool = false, number: UInt32 = 2) -> EnergyPermit {
      EnergyPermit(
        number: number, reason: .authorized,
        energyBudget: budget ? Energy(wattHours: 1) : nil,
        expiry: now + Ticks.span(ticks ?? Self.farAway) + (ticks == nil ? Ticks.span(Self.farAway) : .zero))
    }
    switch step {
    case .grant(let place, let ticks): return .grant(id(place), permit(place, ticks))
    case .grantBudget(let place): return .grant(id(place), permit(place, nil, budget: true))
    case .grantRevoked(let place): return .grant(id(place), permit(place, nil, number: 1))
    case .revoke(let place): return .revoke(id(place))
    case .limit(let index, let amperes):
      return .limit(evse(index), source: .external, amperes.map { Current(amperes: $0) })
    case .shortLimit(let index, let amperes, let ticks):
      return .setLimit(
        evse(index),
        CurrentLimit(.external, .perPhase(Current(amperes: amperes)), expiry: now + Ticks.span(ticks)))
    case .phaseLimit(let index, let isOne):
      guard isOne else { return .liftLimit(evse(index), .chargingProfile, owner: "") }
      return .setLimit(evse(index), CurrentLimit(.chargingProfile, .perPhase(Current(amperes: 16)), phases: 1))
    case .pause(let place, let isPaused): return .pause(id(place), isPaused)
    case .gate(let place, let ticks): return .startNotBefore(id(place), ticks.map { now + Ticks.span($0) })
    case .operative(let place, let isOperative): return .setOperative(id(place), isOperative)
    case .unlock(let place): return .unlock(id(place), number: 1)
    case .keepLocked(let place, let isKept): return .keepLocked(id(place), isKept)
    case .clearFaults(let place): return .clearLatchedFaults(id(place))
    case .reset(let index): return .reset(evse(index))
    case .digitalCommunication(let place, let isOn): return .digitalCommunication(id(place), isOn)
    default: return .shutDown
    }
  }

  /// The low part of the period shows the diode, and is there under an offer only.
  private func measurement(_ reading: PilotReading, _ place: Int, at now: MonotonicInstant) -> PilotMeasurement {
    let high = reading.volts
    let low: Voltage? =
      switch watch.connectors[place].output {
      case .pulseWidth: reading.isWithoutDiode ? Voltage(thousandths: -high.thousandths) : Voltage(volts: -12)
      case .steadyPositive, .steadyNegative: nil
      }
    return PilotMeasurement(positivePeak: high, negativePeak: low, takenAt: now)
  }
}
