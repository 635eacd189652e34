import ChargerBase
import EVSEControl
import HAL

extension UInt8 {
  /// A clock of the explorer's: it stops at its end, from where nothing changes any more.
  mutating func run(_ ticks: UInt8, upTo end: UInt8) {
    let sum = addingReportingOverflow(ticks)
    self = sum.overflow ? end : Swift.min(sum.partialValue, end)
  }
}

extension UInt8? {
  mutating func run(_ ticks: UInt8, upTo end: UInt8) {
    guard var clock = self else { return }
    clock.run(ticks, upTo: end)
    self = clock
  }
}

// MARK: What happens

extension Watch {
  /// Time passes.
  mutating func pass(_ ticks: UInt8, _ scenario: Scenario) {
    for place in scenario.connectors.indices { connectors[place].pass(ticks, scenario.ticks) }
    for index in scenario.configuration.evses.indices { evses[index].pass(ticks, scenario.ticks) }
  }

  /// The control is told something.
  mutating func give(_ step: Step, _ scenario: Scenario) {
    switch step {
    case .tick, .deadline: break
    case .pilot(let place, let reading): connectors[place].take(reading)
    case .contactor(let place, let position):
      if !connectors[place].contactorIsSilent { connectors[place].feedback = position }
    case .lock(let place, let position):
      guard !connectors[place].lockIsSilent else { return }
      connectors[place].lock = position
      // Free, or opened by hand: nobody catches it again.
      if position == .unlocked { connectors[place].isKeptLocked = false }
    case .proximity(let place, let cable):
      guard !connectors[place].cableIsSilent else { return }
      if cable != connectors[place].cable { connectors[place].cableFor = 0 }
      connectors[place].cable = cable
    case .meter(let index, let kind): take(kind, evse: index, scenario)
    case .residualCurrent(let index, let isTripped): evses[index].residualCurrent.take(isTripped)
    case .phases(let index, let phases):
      guard !evses[index].phasesAreSilent else { return }
      // The vehicle's charger rests from when the contacts moved, not from when they were told to.
      if let before = evses[index].phases, before != phases { evses[index].phasesMovedFor = 0 }
      evses[index].phases = phases
    case .temperature(let index, let heat):
      guard !evses[index].heatIsSilent else { return }
      evses[index].heat = heat
      evses[index].heatAge = 0
    case .safetyInput(let index, let isActive):
      let bit = UInt8(1) << UInt8(index)
      guard silentInputs & bit == 0 else { return }
      readInputs |= bit
      activeInputs = isActive ? activeInputs | bit : activeInputs & ~bit
      if isActive && scenario.configuration.safetyInputs[index].kind == .tilt { tilted = true }
    case .silence(let driver): setSilent(true, driver)
    case .speech(let driver): setSilent(false, driver)
    default: command(step, scenario)
    }
  }

  private mutating func command(_ step: Step, _ scenario: Scenario) {
    switch step {
    case .grant(let place, let ticks): grant(place, ticks: ticks, hasBudget: false)
    case .grantBudget(let place): grant(place, ticks: nil, hasBudget: true)
    case .revoke(let place): connectors[place].revoke()
    case .limit(let index, let amperes):
      evses[index].limit = amperes
      evses[index].limitLeft = nil
    case .shortLimit(let index, let amperes, let ticks):
      evses[index].limit = amperes
      evses[index].limitLeft = ticks
    case .phaseLimit(let index, let isOne): evses[index].wantsOnePhase = isOne
    case .pause(let place, let isPaused): connectors[place].isPaused = isPaused
    case .gate(let place, let ticks): connectors[place].gateLeft = ticks
    case .operative(let place, let isOperative): connectors[place].isOperative = isOperative
    case .unlock(let place):
      if scenario.connectors[place].hasLock {
        connectors[place].revoke()
        // A second one overtakes the first, which is answered as failed.
        connectors[place].unlocksWaiting = min(connectors[place].unlocksWaiting + 1, 2)
        connectors[place].isKeptLocked = false
      }
    case .keepLocked(let place, let isKept):
      let watch = connectors[place]
      connectors[place].isKeptLocked = isKept && watch.lock == .locked && watch.unlocksWaiting == 0
    case .clearFaults(let place):
      connectors[place].service()
      if scenario.evse(of: place).hasResidualCurrentMonitor {
        evses[scenario.evseOf[place]].residualCurrent.service()
      }
      if !isActive(.tilt, scenario) { tilted = false }
    case .reset(let index):
      for place in scenario.connectors.indices where scenario.evseOf[place] == index {
        connectors[place].revoke()
        connectors[place].service()
      }
      if scenario.configuration.evses[index].hasResidualCurrentMonitor { evses[index].residualCurrent.service() }
    case .shutDown:
      isShuttingDown = true
      for place in scenario.connectors.indices { connectors[place].revoke() }
    default: break
    }
  }

  private mutating func grant(_ place: Int, ticks: UInt8?, hasBudget: Bool) {
    guard !isShuttingDown else { return }
    // The same number again gives no new budget.
    let isUsed = connectors[place].permit == .used && hasBudget
    connectors[place].permit = isUsed ? .used : .valid
    connectors[place].leaseLeft = ticks ?? .max
    connectors[place].hasBudget = hasBudget
  }

  private mutating func take(_ kind: MeterKind, evse index: Int, _ scenario: Scenario) {
    // Two readings of one instant: the first counts.
    guard evses[index].registerIsHigh == nil || evses[index].meterAge > 0 else { return }
    // What a driver says that counts as silent is counted as energy, and nothing else.
    if !evses[index].meterIsSilent { evses[index].meter = kind }
    evses[index].meterAge = 0
    let hasGrown = kind == .energy && evses[index].registerIsHigh == false
    evses[index].registerIsHigh = kind == .energy
    guard hasGrown else { return }
    for place in scenario.connectors.indices where scenario.evseOf[place] == index {
      if connectors[place].permit != .none { connectors[place].hasUsedBudget = true }
    }
  }

  private mutating func setSilent(_ isSilent: Bool, _ driver: ControlDriver) {
    switch driver {
    case .pilot(let place): connectors[place].setPilot(silent: isSilent)
    case .contactor(let place):
      connectors[place].contactorIsSilent = isSilent
      connectors[place].feedback = nil
      connectors[place].closedAgainstCommandFor = nil
    case .lock(let place):
      connectors[place].lockIsSilent = isSilent
      connectors[place].lock = nil
    case .proximity(let place):
      connectors[place].cableIsSilent = isSilent
      connectors[place].cable = .none
      connectors[place].cableInForce = .none
      connectors[place].cableFor = 0
    case .meter(let index):
      evses[index].meterIsSilent = isSilent
      evses[index].meter = .none
    case .residualCurrent(let index):
      evses[index].residualCurrent.setSilent(isSilent)
    case .phaseSwitch(let index):
      evses[index].phasesAreSilent = isSilent
      evses[index].phases = nil
    case .temperature(let index, _):
      evses[index].heatIsSilent = isSilent
      evses[index].heat = .none
    case .safetyInput(let index):
      let bit = UInt8(1) << UInt8(index)
      silentInputs = isSilent ? silentInputs | bit : silentInputs & ~bit
      readInputs &= ~bit
      activeInputs &= ~bit
    }
  }

  /// A safety input of this kind is active.
  func isActive(_ kind: SafetyInputKind, _ scenario: Scenario) -> Bool {
    scenario.configuration.safetyInputs.indices.contains {
      scenario.configuration.safetyInputs[$0].kind == kind && activeInputs & (1 << UInt8($0)) != 0
    }
  }

  /// What the inputs mean now, by the explorer's own account; after every step and before the control is called.
  mutating func judge(_ scenario: Scenario) {
    let isStopped = isActive(.emergencyStop, scenario)
    for place in scenario.connectors.indices {
      let wasConnected = connectors[place].isConnected
      connectors[place].judge(scenario.ticks, scenario.configuration.leaseExpiry)
      if wasConnected && !connectors[place].isConnected {
        evses[scenario.evseOf[place]].residualCurrent.isTested = false
      }
      // Whoever was there goes before energy flows again.
      if !connectors[place].isConnected { connectors[place].needsUnplugging = false }
      if isStopped { connectors[place].needsUnplugging = true }
    }
    for index in scenario.configuration.evses.indices {
      let isClosed = scenario.connectors.indices.contains {
        scenario.evseOf[$0] == index && connectors[$0].commanded == .closed
      }
      evses[index].judge(isClosed: isClosed, scenario.ticks)
    }
  }
}

// MARK: One connector

extension ConnectorWatch {
  fileprivate mutating func pass(_ ticks: UInt8, _ spans: Ticks) {
    pendingFor.run(ticks, upTo: spans.pilotFilter)
    lowIsWrongFor.run(ticks, upTo: spans.pilotFilter)
    outputFor.run(ticks, upTo: spans.pilotSettling)
    commandedFor.run(ticks, upTo: spans.contactorTravel)
    openFor.run(ticks, upTo: spans.contactorRest)
    withdrawnFor.run(ticks, upTo: spans.openUnderLoad)
    closedAgainstCommandFor.run(ticks, upTo: spans.contactorTravel)
    unseenFor.run(ticks, upTo: spans.pilotFilter * 2)
    cableFor.run(ticks, upTo: spans.proximityFilter)
    if leaseLeft != .max { leaseLeft -= min(leaseLeft, ticks) }
    if let gate = gateLeft { gateLeft = gate <= ticks ? nil : gate - ticks }
  }

  fileprivate mutating func take(_ new: PilotReading) {
    guard !pilotIsSilent else { return }
    reading = new
    lowIsSeen = output.isPulsing
  }

  fileprivate mutating func setPilot(silent: Bool) {
    pilotIsSilent = silent
    reading = .none
    lowIsSeen = false
    forgetPilot()
  }

  private mutating func forgetPilot() {
    state = .unknown
    pending = .unknown
    pendingFor = 0
    unseenFor = nil
    lowIsWrongFor = nil
  }

  mutating func judge(_ ticks: Ticks, _ policy: LeaseExpiryPolicy) {
    judgePilot(ticks)
    if isPermitted && hasBudget && hasUsedBudget { permit = .used }
    if permit == .valid && leaseLeft == 0 {
      permit = policy == .finishSession && commanded == .closed ? .finishing : .expired
    }
    judgeContactor(ticks)
    judgePlug(ticks)
  }

  private mutating func judgePlug(_ ticks: Ticks) {
    if cable != cableInForce && cableFor >= ticks.proximityFilter { cableInForce = cable }
    if cable == cableInForce { cableFor = 0 }
    // Opened by hand while energy may flow.
    if commanded == .closed && lock == .unlocked { needsUnplugging = true }
  }

  private mutating func judgePilot(_ ticks: Ticks) {
    guard !pilotIsSilent, reading != .none, output != .steadyNegative else { return }
    // The hysteresis holds on to the state that counts, and else to the one that would follow it.
    var seen = reading.state(present: state)
    if seen != state && pending != state { seen = reading.state(present: pending) }
    if seen == .f && outputFor < ticks.pilotSettling {
      pending = .unknown
    } else if seen == state {
      pending = seen
      pendingFor = 0
    } else {
      if seen != pending {
        pending = seen
        pendingFor = 0
      }
      let unseen = unseenFor ?? 0
      unseenFor = unseen
      let isLeft = (state == .c || state == .d) && unseen >= ticks.pilotFilter * 2
      if pendingFor >= ticks.pilotFilter || isLeft {
        if seen == .a || seen == .b { isSimplified = false }
        if state == .a && (seen == .c || seen == .d) { isSimplified = true }
        state = seen
      }
    }
    if pending == state || pending == .unknown {
      pendingFor = 0
      if pending == state { unseenFor = nil }
    }
    switch state {
    case .a:
      if isConnected {
        if isPermitted { permit = .left }
        // A pause is the present vehicle's.
        isPaused = false
      }
      isConnected = false
    case .b, .c, .d: isConnected = true
    case .unknown, .e, .f: break
    }
    let isVehicle = state == .b || state == .c || state == .d
    if isVehicle && lowIsSeen && reading.isWithoutDiode {
      lowIsWrongFor = lowIsWrongFor ?? 0
    } else {
      lowIsWrongFor = nil
    }
  }

  private mutating func judgeContactor(_ ticks: Ticks) {
    if commanded == .open && feedback == .closed {
      closedAgainstCommandFor = closedAgainstCommandFor ?? 0
      if let closed = closedAgainstCommandFor, closed >= ticks.contactorTravel { needsService = true }
    } else {
      closedAgainstCommandFor = nil
    }
    if commanded == .closed && feedback == .open && commandedFor >= ticks.contactorTravel { needsService = true }
  }

  fileprivate mutating func revoke() {
    if permit != .none { hasRevoked = true }
    permit = .none
    leaseLeft = .max
    hasBudget = false
    hasUsedBudget = false
  }

  fileprivate mutating func service() {
    needsService = false
    needsUnplugging = false
    closedAgainstCommandFor = nil
  }

  // MARK: What is commanded

  fileprivate mutating func put(_ new: PilotOutput) {
    let isOther = new.kind != output.kind
    let wasNotAvailable = output == .steadyNegative
    output = new
    guard isOther else { return }
    if wasNotAvailable {
      // What was read before state F ended is of the past: the vehicle is looked at anew.
      reading = .none
      forgetPilot()
    }
    outputFor = 0
    lowIsSeen = false
    lowIsWrongFor = nil
  }
}

extension PilotOutput {
  /// A duty cycle by which the vehicle may draw current: neither steady nor 5 %.
  var isOffered: Bool { if case .pulseWidth(let duty) = self { duty.offeredCurrent != nil } else { false } }

  var isPulsing: Bool { kind == 1 }

  fileprivate var kind: Int {
    switch self {
    case .steadyPositive: 0
    case .pulseWidth: 1
    case .steadyNegative: 2
    }
  }
}

extension Watch {
  mutating func opened(_ place: Int) {
    guard connectors[place].commanded == .closed else { return }
    connectors[place].commanded = .open
    connectors[place].commandedFor = 0
    connectors[place].openFor = 0
    if connectors[place].permit == .finishing { connectors[place].permit = .expired }
  }

  mutating func put(_ output: PilotOutput, _ place: Int) {
    let old = connectors[place].output
    connectors[place].put(output)
    if (old == .steadyNegative) != (output == .steadyNegative) { connectors[place].lookAnew() }
  }

  /// After all commands of one call.
  mutating func settle(_ place: Int) {
    if connectors[place].commanded == .closed && !connectors[place].output.isOffered {
      connectors[place].withdrawnFor = connectors[place].withdrawnFor ?? 0
    } else {
      connectors[place].withdrawnFor = nil
    }
    if connectors[place].commanded == .open && connectors[place].feedback == .closed {
      connectors[place].closedAgainstCommandFor = connectors[place].closedAgainstCommandFor ?? 0
    }
  }
}

extension ConnectorWatch {
  /// Under −12 V of its own the station sees nothing of the vehicle.
  fileprivate mutating func lookAnew() {
    state = output == .steadyNegative ? .f : .unknown
    pending = .unknown
    pendingFor = 0
    lowIsWrongFor = nil
  }
}

extension EVSEWatch {
  fileprivate mutating func pass(_ ticks: UInt8, _ spans: Ticks) {
    meterAge.run(ticks, upTo: spans.meterSilence)
    heatAge.run(ticks, upTo: spans.meterSilence)
    overFor.run(ticks, upTo: spans.vehicleFollows + spans.overCurrent)
    voltageIsWrongFor.run(ticks, upTo: spans.voltageFault)
    phasesMovedFor.run(ticks, upTo: spans.phaseRest)
    if let left = limitLeft {
      limitLeft = left - min(left, ticks)
      if left <= ticks {
        limit = nil
        limitLeft = nil
      }
    }
  }

  fileprivate mutating func judge(isClosed: Bool, _ spans: Ticks) {
    let isFresh = !meterIsSilent && meter != .none && meterAge < spans.meterSilence
    overFor = isClosed && isFresh && meter == .tooMuchCurrent ? overFor ?? 0 : nil
    let isWrong = meter == .tooHighVoltage || meter == .tooLowVoltage
    voltageIsWrongFor = isFresh && isWrong ? voltageIsWrongFor ?? 0 : nil
  }
}

extension ResidualCurrentWatch {
  mutating func take(_ new: Bool) {
    guard !isSilent else { return }
    isTripped = new
    if new {
      if isTesting { hasTrippedInTest = true } else if !isRecovering { isLatched = true }
      if isLatched { isTested = false }
    } else if isRecovering {
      isRecovering = false
      if hasTrippedInTest { isTested = true }
      hasTrippedInTest = false
    }
  }

  mutating func setSilent(_ silent: Bool) {
    isSilent = silent
    isTripped = nil
    guard isTesting || isRecovering else { return }
    // What a broken off test has left is no trip, and no passed test either.
    isTesting = false
    hasTrippedInTest = false
    isRecovering = true
  }

  /// The trip is cleared; what is still read of it before the monitor has been free is no new one.
  mutating func service() {
    isLatched = false
    guard !isTesting, !isRecovering, isTripped != false else { return }
    hasTrippedInTest = false
    isRecovering = true
  }

  mutating func setTestCurrent(_ isOn: Bool) {
    if isOn {
      isTesting = true
      hasTrippedInTest = false
      isRecovering = false
      isTested = false
    } else if isTesting {
      isTesting = false
      isRecovering = true
    }
  }
}
