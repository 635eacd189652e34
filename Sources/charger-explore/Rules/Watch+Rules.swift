import ChargerBase
import EVSEControl
import HAL

// Judged at the moment of a command.
extension Watch {
  /// The contactor is commanded closed.
  mutating func closed(_ place: Int, _ scenario: Scenario) -> Violation? {
    guard connectors[place].commanded == .open else { return nil }
    let watch = connectors[place]
    let found = closingViolation(watch, place, scenario)
    connectors[place].commanded = .closed
    connectors[place].commandedFor = 0
    return found
  }

  private func closingViolation(_ watch: ConnectorWatch, _ place: Int, _ scenario: Scenario) -> Violation? {
    if watch.feedback != .open {
      return Violation(.closedOntoUnexpected, "the auxiliary contact shows \(show(watch.feedback))")
    }
    if watch.openFor < scenario.ticks.contactorRest {
      return Violation(.closedInRest, "opened \(watch.openFor) ticks ago")
    }
    if watch.permit != .valid {
      return Violation(.closedWithoutPermit, "closes although the permit is: \(watch.permit)")
    }
    if !watch.output.isOffered { return Violation(.closedWithoutOffer, "closes under \(watch.output)") }
    if !watch.lowIsSeen || watch.reading.isWithoutDiode {
      return Violation(.closedWithoutDiode, "closes on \(watch.reading), taken under this offer: \(watch.lowIsSeen)")
    }
    let read = watch.reading.state(present: watch.state)
    if read != .c && read != .d { return Violation(.closedWithoutRequest, "closes while the pilot reads \(read)") }
    if watch.gateLeft != nil { return Violation(.closedBeforeGate, "\(show(watch.gateLeft)) ticks too early") }
    let evse = evses[scenario.evseOf[place]]
    if scenario.evse(of: place).hasPhaseSwitch, evse.phasesMovedFor < scenario.ticks.phaseRest {
      return Violation(.closedInPhaseSwitch, "moved \(evse.phasesMovedFor) ticks ago")
    }
    let others = scenario.connectors.indices.filter { $0 != place && scenario.evseOf[$0] == scenario.evseOf[place] }
    if others.contains(where: { connectors[$0].commanded == .closed || connectors[$0].feedback == .closed }) {
      return Violation(.closedWithOther, "the other connector's contactor is not open")
    }
    return nil
  }

  /// The lock is driven.
  mutating func lockCommand(_ position: LockPosition, _ place: Int, _ scenario: Scenario) -> Violation? {
    connectors[place].lockCommanded = position
    let watch = connectors[place]
    // In state F nothing more comes of the session: its plug is let go after a while.
    if position == .unlocked && watch.isKeptLocked && watch.output != .steadyNegative {
      return Violation(.keptPlugReleased, "nobody has asked for it")
    }
    guard position == .unlocked, watch.commanded != .open || watch.feedback != .open else { return nil }
    return Violation(
      .unlockedUnderVoltage, "commanded \(watch.commanded), auxiliary contact \(show(watch.feedback))")
  }

  /// Residual current test and phase switch.
  mutating func see(_ outputs: ControlEffects.EVSEOutputs, evse index: Int, _ scenario: Scenario) -> Violation? {
    let places = scenario.connectors.indices.filter { scenario.evseOf[$0] == index }
    let isOpen = places.allSatisfy { connectors[$0].commanded == .open && connectors[$0].feedback == .open }
    if let isOn = outputs.testCurrent {
      evses[index].residualCurrent.setTestCurrent(isOn)
      if isOn && !isOpen { return Violation(.testedUnderLoad, "the contactor is not confirmed open") }
    }
    guard let phases = outputs.phases else { return nil }
    if evses[index].phases != phases { evses[index].phasesMovedFor = 0 }
    evses[index].phasesCommanded = phases
    let isOffered = places.contains { connectors[$0].output.isOffered }
    guard !isOpen || isOffered else { return nil }
    return Violation(.phasesMovedUnderOffer, "contactors open: \(isOpen), offered: \(isOffered)")
  }

  /// What became of a command to unlock.
  mutating func answered(_ result: UnlockResult, at id: ConnectorID, _ scenario: Scenario) -> Violation? {
    guard let place = scenario.connectors.firstIndex(where: { $0.id == id }) else { return nil }
    guard scenario.connectors[place].hasLock else {
      return result == .noLock ? nil : Violation(.unlockAnswered, "\(result) without a lock")
    }
    let watch = connectors[place]
    if watch.unlocksWaiting == 0 { return Violation(.unlockAnswered, "nobody has asked") }
    connectors[place].unlocksWaiting -= 1
    guard result == .unlocked, watch.lock != .unlocked || watch.commanded != .open || watch.feedback != .open else {
      return nil
    }
    return Violation(.unlockAnswered, "told as unlocked: \(show(watch.lock)), contactor \(show(watch.feedback))")
  }
}

// Judged in every state.
extension Watch {
  func violation(_ control: StationControl, _ scenario: Scenario) -> Violation? {
    for place in scenario.connectors.indices {
      guard let snapshot = control.snapshot(at: place) else { return Violation(.snapshotWrong, "none") }
      let watch = connectors[place]
      if watch.commanded == .closed {
        if let found = closedViolation(watch, place, scenario) { return found }
      }
      if let found = offerViolation(watch, place, scenario) ?? snapshotViolation(watch, snapshot) { return found }
    }
    return supplyViolation(scenario)
  }

  private func closedViolation(_ watch: ConnectorWatch, _ place: Int, _ scenario: Scenario) -> Violation? {
    let ticks = scenario.ticks
    let ventilated = scenario.connectors[place].hasVentilation
    if !(watch.state == .c || (watch.state == .d && ventilated)) {
      return Violation(.closedWithoutRequest, "closed in state \(watch.state)")
    }
    if watch.needsService { return Violation(.closedInFault, "closed before service") }
    if let wrong = watch.lowIsWrongFor, wrong >= ticks.pilotFilter, watch.outputFor >= ticks.pilotSettling {
      return Violation(.closedWithoutDiode, "closed \(wrong) ticks after the low part went wrong")
    }
    let evse = evses[scenario.evseOf[place]]
    if watch.pilotIsSilent || watch.contactorIsSilent {
      return Violation(.closedWithSilentDriver, "closed with a silent pilot or contactor")
    }
    if scenario.evse(of: place).meterNeeded || watch.hasBudget {
      if evse.meterIsSilent || evse.meter == .none || evse.meterAge >= ticks.meterSilence {
        return Violation(.closedWithSilentDriver, "closed with a silent meter")
      }
    }
    if let withdrawn = watch.withdrawnFor, withdrawn >= ticks.openUnderLoad {
      return Violation(.closedWithoutOffer, "closed \(withdrawn) ticks after the offer was withdrawn")
    }
    if watch.output.isOffered && !watch.isPermitted {
      return Violation(.closedWithoutPermit, "closed although the permit is: \(watch.permit)")
    }
    return plugViolation(watch, place, scenario) ?? surroundingsViolation(watch, place, scenario)
  }

  private func plugViolation(_ watch: ConnectorWatch, _ place: Int, _ scenario: Scenario) -> Violation? {
    if scenario.connectors[place].hasLock && watch.lock != .locked {
      return Violation(.closedWithoutLock, "closed while the lock shows \(show(watch.lock))")
    }
    if scenario.connectors[place].hasProximity && watch.cableInForce.rating == nil {
      return Violation(.closedWithoutCable, "closed with the cable \(watch.cableInForce)")
    }
    if watch.needsUnplugging { return Violation(.closedInFault, "closed before the vehicle was unplugged") }
    return nil
  }

  private func surroundingsViolation(_ watch: ConnectorWatch, _ place: Int, _ scenario: Scenario) -> Violation? {
    let evse = evses[scenario.evseOf[place]]
    let configuration = scenario.evse(of: place)
    let ticks = scenario.ticks
    if configuration.hasResidualCurrentMonitor {
      let rcd = evse.residualCurrent
      if rcd.isLatched { return Violation(.closedInFault, "closed after a trip, before service") }
      if rcd.isSilent || rcd.isTripped != false || !rcd.isTested || rcd.isTesting || rcd.isRecovering {
        return Violation(.closedUntested, "closed with \(rcd)")
      }
    }
    if configuration.temperatureSensors > 0 {
      let isKnown = !evse.heatIsSilent && evse.heat != .none && evse.heatAge < ticks.meterSilence
      if !isKnown || evse.heat == .tooHot { return Violation(.closedInHeat, "closed while it is \(evse.heat)") }
    }
    if configuration.hasPhaseSwitch && (evse.phasesAreSilent || evse.phases == nil) {
      return Violation(.closedWithSilentDriver, "closed with a silent phase switch")
    }
    if configuration.watchesOverCurrent, let over = evse.overFor, over >= ticks.vehicleFollows + ticks.overCurrent {
      return Violation(.closedOverCurrent, "closed after \(over) ticks of too much current")
    }
    if configuration.voltageBand != nil, let wrong = evse.voltageIsWrongFor, wrong >= ticks.voltageFault {
      return Violation(.closedOverCurrent, "closed after \(wrong) ticks of a wrong voltage")
    }
    let all = UInt8(truncatingIfNeeded: (1 << scenario.configuration.safetyInputs.count) - 1)
    if activeInputs != 0 || tilted { return Violation(.closedInFault, "closed although a safety input says no") }
    if silentInputs != 0 || readInputs & all != all {
      return Violation(.closedWithSilentDriver, "closed with a silent safety input")
    }
    return nil
  }

  private func offerViolation(_ watch: ConnectorWatch, _ place: Int, _ scenario: Scenario) -> Violation? {
    guard case .pulseWidth(let duty) = watch.output else { return nil }
    // 5 % offers no current by itself.
    if !watch.output.isOffered && scenario.connectors[place].hasDigitalCommunication { return nil }
    if !watch.isPermitted { return Violation(.offeredWithoutPermit, "offers although the permit is: \(watch.permit)") }
    if !watch.isOperative || isShuttingDown || watch.needsService || watch.isPaused {
      return Violation(
        .offeredOutOfService,
        "operative \(watch.isOperative), paused \(watch.isPaused), service needed \(watch.needsService)")
    }
    let evse = evses[scenario.evseOf[place]]
    if scenario.evse(of: place).hasPhaseSwitch, evse.wantsOnePhase, evse.phases != .one {
      return Violation(.closedInPhaseSwitch, "offers on three phases where one is allowed")
    }
    guard let offered = duty.offeredCurrent, offered >= Current(amperes: 6) else {
      return Violation(.offeredUnderMinimum, "\(duty)")
    }
    let limit = limit(of: place, scenario)
    if offered > limit { return Violation(.offeredOverLimit, "\(offered) of \(limit)") }
    return nil
  }

  /// The smallest limit that the explorer has told.
  func limit(of place: Int, _ scenario: Scenario) -> Current {
    let index = scenario.evseOf[place]
    var limit = scenario.evse(of: place).maximumCurrent
    if let external = evses[index].limit { limit = min(limit, Current(amperes: external)) }
    if let supply = scenario.configuration.sharedSupply { limit = min(limit, supply) }
    if let rating = connectors[place].cableInForce.rating { limit = min(limit, rating) }
    if connectors[place].isSimplified { limit = min(limit, scenario.connectors[place].simplifiedVehicleLimit ?? .zero) }
    // The curve is a straight line from all at 65 °C to 6 A at 80 °C; the configurations have 70 °C and 16 A.
    if evses[index].heat == .derating { limit = min(limit, Current(amperes: 12)) }
    return limit
  }

  private func supplyViolation(_ scenario: Scenario) -> Violation? {
    guard let supply = scenario.configuration.sharedSupply else { return nil }
    var offered = Current.zero
    for place in scenario.connectors.indices {
      if case .pulseWidth(let duty) = connectors[place].output { offered = offered + (duty.offeredCurrent ?? .zero) }
    }
    return offered > supply ? Violation(.supplyExceeded, "\(offered) of \(supply)") : nil
  }

  private func snapshotViolation(_ watch: ConnectorWatch, _ snapshot: ConnectorSnapshot) -> Violation? {
    if snapshot.contactorCommand != watch.commanded {
      return Violation(.snapshotWrong, "contactor \(snapshot.contactorCommand)")
    }
    if snapshot.pilotOutput != watch.output { return Violation(.snapshotWrong, "pilot \(snapshot.pilotOutput)") }
    if snapshot.contactorFeedback != watch.feedback {
      return Violation(.snapshotWrong, "feedback \(show(snapshot.contactorFeedback))")
    }
    if snapshot.isOperative != watch.isOperative {
      return Violation(.snapshotWrong, "operative \(snapshot.isOperative)")
    }
    if (snapshot.permit != nil) != watch.isPermitted {
      return Violation(.snapshotWrong, "permit in force: \(snapshot.permit != nil)")
    }
    if snapshot.details.lock != watch.lock { return Violation(.snapshotWrong, "lock \(show(snapshot.details.lock))") }
    let energyFlows = watch.hasEnergy
    if !energyFlows && snapshot.blockers.isEmpty {
      return Violation(.unexplained, "no energy, and nothing that keeps it: \(watch.commanded), \(watch.output)")
    }
    if energyFlows && !snapshot.blockers.isEmpty {
      return Violation(.unexplained, "energy, and yet \(snapshot.blockers)")
    }
    return nil
  }
}

extension ConnectorWatch {
  /// Offered, commanded closed and confirmed.
  var hasEnergy: Bool { commanded == .closed && feedback == .closed && output.isOffered }
}

func show<Value>(_ value: Value?) -> String { value.map { "\($0)" } ?? "nothing" }
