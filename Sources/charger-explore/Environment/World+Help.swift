import EVSEControl
import HAL

/// A world that does everything right: drivers speak, contacts follow, service comes, a permit is given, the vehicle
/// asks. From every state that can be reached at all, energy must flow a few steps later.
extension World {
  /// What a helpful world does next.
  func helpfulStep(_ scenario: Scenario) -> Step {
    let wanted = candidate(scenario)
    return scenario.steps.contains(wanted) ? wanted : .tick
  }

  /// The aim of a helpful world is reached, or can never be: after a shutdown nothing is admitted.
  func isServed(_ scenario: Scenario) -> Bool {
    watch.isShuttingDown || scenario.goals.allSatisfy { watch.connectors[$0].hasEnergy }
  }

  private func candidate(_ scenario: Scenario) -> Step {
    for step in scenario.repairs where isDue(step) { return step }
    for place in scenario.connectors.indices where !scenario.goals.contains(place) {
      if watch.connectors[place].reading != .a { return .pilot(place, .a) }
    }
    for place in scenario.connectors.indices {
      if let step = follow(place, scenario) { return step }
    }
    for place in scenario.goals {
      if let step = serve(place, scenario) { return step }
    }
    return .tick
  }

  /// Whether a step that repairs something is needed.
  private func isDue(_ step: Step) -> Bool {
    switch step {
    case .speech(let driver): watch.isSilent(driver)
    case .safetyInput(let index, _):
      (watch.activeInputs | ~watch.readInputs) & (1 << UInt8(index)) != 0
    case .operative(let place, _): !watch.connectors[place].isOperative
    case .pause(let place, _): watch.connectors[place].isPaused
    case .gate(let place, _): watch.connectors[place].gateLeft != nil
    case .limit(let index, _): watch.evses[index].limit != nil
    case .phaseLimit(let index, _): watch.evses[index].wantsOnePhase
    case .temperature(let index, _): watch.evses[index].heat != .cool || watch.evses[index].heatAge > 0
    case .meter(let index, _): watch.evses[index].meter != .idle || watch.evses[index].meterAge > 0
    default: false
    }
  }

  /// Contacts follow what they were commanded.
  private func follow(_ place: Int, _ scenario: Scenario) -> Step? {
    let seen = watch.connectors[place]
    if seen.feedback != seen.commanded { return .contactor(place, seen.commanded) }
    if let wanted = seen.lockCommanded, seen.lock != wanted { return .lock(place, wanted) }
    if scenario.connectors[place].hasLock && seen.lock == nil { return .lock(place, .unlocked) }
    let index = scenario.evseOf[place]
    let evse = watch.evses[index]
    if scenario.evse(of: place).hasResidualCurrentMonitor,
      evse.residualCurrent.isTripped != evse.residualCurrent.isTesting
    {
      return .residualCurrent(index, isTripped: evse.residualCurrent.isTesting)
    }
    if scenario.evse(of: place).hasPhaseSwitch, evse.phases != evse.phasesCommanded ?? .one {
      return .phases(index, evse.phasesCommanded ?? .one)
    }
    return nil
  }

  private func serve(_ place: Int, _ scenario: Scenario) -> Step? {
    guard let snapshot = control.snapshot(at: place) else { return nil }
    let seen = watch.connectors[place]
    let faults = snapshot.faults.faults
    if faults.contains(where: { $0.clearing == .byService }) { return .clearFaults(place) }
    if faults.contains(where: { $0.clearing == .afterUnplugging || $0 == .diodeMissing || $0 == .proximityInvalid }) {
      if seen.reading != .a { return .pilot(place, .a) }
      if scenario.connectors[place].hasProximity && seen.cable != .open { return .proximity(place, .open) }
      return nil
    }
    if scenario.connectors[place].hasProximity && seen.cable != .twentyAmperes {
      return .proximity(place, .twentyAmperes)
    }
    if seen.permit != .valid || seen.leaseLeft != .max { return .grant(place, ticks: nil) }
    let wanted: PilotReading =
      switch seen.state {
      case .c: .c
      case .b: seen.output.isOffered ? .c : .b
      default: scenario.steps.contains(.pilot(place, .b)) ? .b : .c
      }
    let isMeasured = seen.reading == wanted && (seen.lowIsSeen || !seen.output.isPulsing)
    return isMeasured ? nil : .pilot(place, wanted)
  }
}

extension Watch {
  func isSilent(_ driver: ControlDriver) -> Bool {
    switch driver {
    case .pilot(let place): connectors[place].pilotIsSilent
    case .contactor(let place): connectors[place].contactorIsSilent
    case .lock(let place): connectors[place].lockIsSilent
    case .proximity(let place): connectors[place].cableIsSilent
    case .meter(let index): evses[index].meterIsSilent
    case .residualCurrent(let index): evses[index].residualCurrent.isSilent
    case .temperature(let index, _): evses[index].heatIsSilent
    case .phaseSwitch(let index): evses[index].phasesAreSilent
    case .safetyInput(let index): silentInputs & (1 << UInt8(index)) != 0
    }
  }

  /// Whether a step can happen now and tells something new.
  func allows(_ step: Step, _ scenario: Scenario) -> Bool {
    switch step {
    case .contactor(let place, let position) where scenario.obedientContactors.contains(place):
      return position == connectors[place].commanded
    case .silence(let driver): return !isSilent(driver)
    case .speech(let driver): return isSilent(driver)
    case .shutDown: return !isShuttingDown
    case .operative(let place, let isOperative): return connectors[place].isOperative != isOperative
    case .pause(let place, let isPaused): return connectors[place].isPaused != isPaused
    case .limit(let index, nil): return evses[index].limit != nil
    case .phaseLimit(let index, let isOne): return evses[index].wantsOnePhase != isOne
    case .gate(let place, nil): return connectors[place].gateLeft != nil
    case .safetyInput(let index, let isActive):
      let bit = UInt8(1) << UInt8(index)
      return readInputs & bit == 0 || (activeInputs & bit != 0) != isActive
    case .grantRevoked(let place): return connectors[place].hasRevoked
    // Energy is counted up to the budget: past it nothing more is counted, so that the count has an end.
    case .meter(_, .energy):
      return !connectors.first.hasUsedBudget
    default: return true
    }
  }
}
