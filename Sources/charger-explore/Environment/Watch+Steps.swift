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
      if !connectors[place].lockIsSilent { connectors[place].lock = position }
    case .proximity(let place, let cable):
      if !connectors[place].cableIsSilent { connectors[place].cable = cable }
    case .meter(let index, let kind): take(kind, evse: index, scenario)
    case .residualCurrent(let index, let isTripped): evses[index].take(isTripped: isTripped, connectors: &connectors)
    case .phases(let index, let phases): if !evses[index].phasesAreSilent { evses[index].phases = phases }
    case .temperature(let index, let heat): if !evses[index].heatIsSilent { evses[index].heat = heat }
    case .safetyInput(let index, let isActive):
      let bit = UInt8(1) << UInt8(index)
      activeInputs = isActive ? activeInputs | bit : activeInputs & ~bit
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
    case .unlock(let place): connectors[place].revoke()
    case .clearFaults(let place): connectors[place].service()
    case .shutDown:
      isShuttingDown = true
      for place in scenario.connectors.indices { connectors[place].revoke() }
    default: break
    }
  }

  private mutating func grant(_ place: Int, ticks: UInt8?, hasBudget: Bool) {
    guard !isShuttingDown else { return }
    connectors[place].permit = .valid
    connectors[place].leaseLeft = ticks ?? .max
    connectors[place].hasBudget = hasBudget
  }

  private mutating func take(_ kind: MeterKind, evse index: Int, _ scenario: Scenario) {
    // Two readings of one instant: the first counts.
    guard evses[index].meter == .none || evses[index].meterAge > 0 else { return }
    evses[index].meter = kind
    evses[index].meterAge = 0
    guard kind == .energy else { return }
    for place in scenario.connectors.indices where scenario.evseOf[place] == index && connectors[place].hasBudget {
      if connectors[place].isPermitted { connectors[place].permit = .used }
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
    case .meter(let index): evses[index].meterIsSilent = isSilent
    case .residualCurrent(let index):
      evses[index].residualCurrentIsSilent = isSilent
      evses[index].isTripped = nil
    case .phaseSwitch(let index):
      evses[index].phasesAreSilent = isSilent
      evses[index].phases = nil
    case .temperature(let index, _):
      evses[index].heatIsSilent = isSilent
      evses[index].heat = .none
    case .safetyInput(let index):
      let bit = UInt8(1) << UInt8(index)
      silentInputs = isSilent ? silentInputs | bit : silentInputs & ~bit
    }
  }

  /// What the inputs mean now, by the explorer's own account; after every step and before the control is called.
  mutating func judge(_ scenario: Scenario) {
    for place in scenario.connectors.indices {
      connectors[place].judge(scenario.ticks, scenario.configuration.leaseExpiry)
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
    if leaseLeft != .max { leaseLeft -= min(leaseLeft, ticks) }
    if let gate = gateLeft { gateLeft = gate - min(gate, ticks) }
  }

  fileprivate mutating func take(_ new: PilotReading) {
    guard !pilotIsSilent else { return }
    reading = new
    lowIsSeen = output.isOffered
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
    lowIsWrongFor = nil
  }

  mutating func judge(_ ticks: Ticks, _ policy: LeaseExpiryPolicy) {
    judgePilot(ticks)
    if permit == .valid && leaseLeft == 0 {
      permit = policy == .finishSession && commanded == .closed ? .finishing : .expired
    }
    judgeContactor(ticks)
  }

  private mutating func judgePilot(_ ticks: Ticks) {
    guard !pilotIsSilent, reading != .none, output != .steadyNegative else { return }
    let seen = reading.state(present: state)
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
      if pendingFor >= ticks.pilotFilter { state = seen }
    }
    if pending == state || pending == .unknown { pendingFor = 0 }
    switch state {
    case .a:
      if isConnected && isPermitted { permit = .left }
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
    if permit != .none { revoked = number }
    permit = .none
    leaseLeft = .max
    hasBudget = false
    // The next grant is another one.
    number = revoked == 1 ? 2 : 1
  }

  fileprivate mutating func service() {
    needsService = false
    closedAgainstCommandFor = nil
  }

  // MARK: What is commanded

  fileprivate mutating func put(_ new: PilotOutput) {
    let isOther = new.kind != output.kind
    output = new
    guard isOther else { return }
    outputFor = 0
    lowIsSeen = false
    lowIsWrongFor = nil
  }
}

extension PilotOutput {
  var isOffered: Bool { kind == 1 }

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
    if let left = limitLeft {
      limitLeft = left - min(left, ticks)
      if left <= ticks {
        limit = nil
        limitLeft = nil
      }
    }
  }

  fileprivate mutating func take(isTripped new: Bool, connectors: inout Pair<ConnectorWatch>) {
    guard !residualCurrentIsSilent else { return }
    isTripped = new
  }
}
