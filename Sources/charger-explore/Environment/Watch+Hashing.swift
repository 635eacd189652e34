import EVSEControl
import HAL

// Many small values in few words: hashing them one by one would cost more than all the rest.
extension Watch {
  func hash(into hasher: inout Hasher, _ scenario: Scenario) {
    hasher.combine(
      UInt64(activeInputs) | UInt64(silentInputs) << 8 | UInt64(readInputs) << 16 | (isShuttingDown ? 1 << 24 : 0)
        | (tilted ? 1 << 25 : 0))
    for place in scenario.connectors.indices { connectors[place].combine(into: &hasher) }
    for index in scenario.configuration.evses.indices { evses[index].combine(into: &hasher) }
  }
}

/// Packs small values into one word.
struct Word {
  private(set) var bits: UInt64 = 0
  private var used: UInt64 = 0

  mutating func add(_ value: UInt8, bits width: UInt64) {
    bits |= UInt64(value) << used
    used += width
  }

  mutating func add(_ value: UInt8) { add(value, bits: 8) }

  mutating func add(_ flag: Bool) { add(flag ? 1 : 0, bits: 1) }

  mutating func add<Value: RawRepresentable<UInt8>>(_ value: Value?, bits width: UInt64) {
    add(value.map { $0.rawValue + 1 } ?? 0, bits: width)
  }

  /// Clocks that stop before 15 ticks; 15 for none.
  mutating func add(clock: UInt8?) { add(min(clock ?? 15, 15), bits: 4) }
}

extension ConnectorWatch {
  fileprivate func combine(into hasher: inout Hasher) {
    var told = Word()
    told.add(reading, bits: 4)
    told.add(state, bits: 4)
    told.add(pending, bits: 4)
    told.add(clock: pendingFor)
    told.add(clock: lowIsWrongFor)
    told.add(feedback, bits: 2)
    told.add(lock, bits: 2)
    told.add(cable, bits: 4)
    told.add(permit, bits: 4)
    told.add(clock: leaseLeft)
    told.add(clock: gateLeft)
    for flag in [pilotIsSilent, lowIsSeen, isConnected, contactorIsSilent, lockIsSilent, cableIsSilent] {
      told.add(flag)
    }
    for flag in [hasBudget, isOperative, isPaused, needsService, needsUnplugging, hasRevoked, hasUsedBudget] {
      told.add(flag)
    }
    hasher.combine(told.bits)
    var commanded = Word()
    switch output {
    case .steadyPositive: commanded.add(0, bits: 2)
    case .steadyNegative: commanded.add(1, bits: 2)
    case .pulseWidth(let duty):
      commanded.add(2, bits: 2)
      hasher.combine(duty.hundredthsOfPercent)
    }
    commanded.add(clock: outputFor)
    commanded.add(self.commanded, bits: 2)
    commanded.add(clock: commandedFor)
    commanded.add(clock: openFor)
    commanded.add(clock: withdrawnFor)
    commanded.add(clock: closedAgainstCommandFor)
    commanded.add(lockCommanded, bits: 2)
    commanded.add(clock: unseenFor)
    commanded.add(clock: cableFor)
    commanded.add(cableInForce, bits: 4)
    commanded.add(unlocksWaiting, bits: 2)
    commanded.add(isKeptLocked)
    commanded.add(isSimplified)
    hasher.combine(commanded.bits)
  }
}

extension EVSEWatch {
  fileprivate func combine(into hasher: inout Hasher) {
    var word = Word()
    word.add(meter, bits: 4)
    word.add(clock: meterAge)
    word.add(clock: limitLeft)
    word.add(UInt8(clamping: limit.map { $0 + 1 } ?? 0))
    word.add(clock: overFor)
    word.add(clock: voltageIsWrongFor)
    word.add(clock: heatAge)
    word.add(clock: phasesMovedFor)
    word.add(phases, bits: 3)
    word.add(phasesCommanded, bits: 3)
    word.add(heat, bits: 3)
    word.add(residualCurrent.isTripped.map { $0 ? 2 : 1 } ?? 0, bits: 2)
    let rcd = residualCurrent
    for flag in [rcd.isSilent, rcd.isTesting, rcd.hasTrippedInTest, rcd.isRecovering, rcd.isTested, rcd.isLatched] {
      word.add(flag)
    }
    word.add(meterIsSilent)
    word.add(registerIsHigh.map { $0 ? 2 : 1 } ?? 0, bits: 2)
    word.add(phasesAreSilent)
    word.add(wantsOnePhase)
    word.add(heatIsSilent)
    hasher.combine(word.bits)
  }
}
