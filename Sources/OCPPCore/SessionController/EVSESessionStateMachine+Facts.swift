import ChargerBase
import OCPPTypes

// What happens at the EVSE.

extension EVSESessionStateMachine {
  package mutating func connected(_ place: ConnectorID, _ context: Context) -> [Effect] {
    if resumption != nil, isOfResumedTransaction(place) { return resumptionSaw(vehicleAt: place, context) }
    guard connector == nil, resumption == nil, transaction?.pendingEnd == nil else {
      if connector != place, !waitingConnectors.contains(place) { waitingConnectors.append(place) }
      return []
    }
    if let restoredFinish, restoredFinish != place { forgetFinish() }
    let old = conditions
    connector = place
    connectedSince = context.now
    endConnectionWait()
    physicalState = .evConnected
    authorizeFreely(context)
    return evaluate(old, SessionCause(.cablePluggedIn), context)
  }

  /// What had to wait for the end of the former transaction, so that its last reading bills all of its energy and the
  /// next one begins with it: the vehicle that has waited longest, and the driver.
  package mutating func takeUpWaiting(_ context: Context) -> [Effect] {
    guard resumption == nil else { return [] }
    var effects: [Effect] = []
    if let cause = deferredStop {
      deferredStop = nil
      if transaction != nil { effects += stop(cause, context) }
    }
    guard transaction == nil else {
      mayFlowBeforeStart = false
      return effects
    }
    if connector == nil, !waitingConnectors.isEmpty { effects += connected(waitingConnectors.removeFirst(), context) }
    if let next = nextAuthorization {
      nextAuthorization = nil
      effects += authorize(next, context)
    }
    effects += beginMissed(context)
    effects += seekSignedStart(context)
    mayFlowBeforeStart = mayEnergyFlow(context)
    return effects
  }

  /// What the EVSE's other connectors tell says nothing about the vehicle of the stored transaction.
  private func isOfResumedTransaction(_ place: ConnectorID) -> Bool {
    transaction?.connector.map { $0 == place.number } ?? true
  }

  /// AuthCtrlr.Enabled false: a vehicle is enough, once something can begin here (C01.FR.01, C02).
  private mutating func authorizeFreely(_ context: Context) {
    guard authorization == nil, !context.settings.requiresAuthorization, connector != nil, isUsable, !hasFinished,
      context.mayBegin, resumption == nil, transaction?.authorization == nil
    else { return }
    authorization = SessionAuthorization(
      token: IdToken(idToken: "", type: .noAuthorization), reason: .chargeWithoutAuthorization)
    authorizedSince = context.now
    permissionEpoch &+= 1
  }

  /// What had kept a session from beginning is gone.
  private mutating func becameUsable(_ context: Context) -> [Effect] {
    let old = conditions
    authorizeFreely(context)
    return conditions == old ? [] : evaluate(old, SessionCause(.authorized), context)
  }

  package mutating func disconnected(_ place: ConnectorID, _ context: Context) -> [Effect] {
    waitingConnectors.removeAll { $0 == place }
    if restoredFinish == place { forgetFinish() }
    if resumption != nil { return isOfResumedTransaction(place) ? resumptionSaw(vehicleAt: nil, context) : [] }
    guard connector == place else { return [] }
    tellStartBeforeItsEnd(context)
    let old = conditions
    connector = nil
    connectedSince = nil
    disownSignedStart()
    hasFinished = false
    physicalState = .idle
    if transaction == nil || context.settings.stopsOnVehicleSideDisconnect {
      // E09.FR.01
      authorization = nil
      authorizedSince = nil
    } else if hasFixedCable(place), authorization != nil {
      // E10.FR.02
      awaitConnection(for: context.settings.connectionTimeout, context)
    }
    return evaluate(old, SessionCause(.evCommunicationLost, .evDisconnected), context)
  }

  /// The vehicle of an ended session has left while the program was away.
  private mutating func forgetFinish() {
    hasFinished = false
    restoredFinish = nil
  }

  package mutating func parkingBay(isOccupied: Bool, _ context: Context) -> [Effect] {
    guard isBayOccupied != isOccupied else { return [] }
    let old = conditions
    isBayOccupied = isOccupied
    return evaluate(old, SessionCause(isOccupied ? .evDetected : .evDeparted, .local), context)
  }

  package mutating func powerPath(isClosed: Bool, _ context: Context) -> [Effect] {
    guard isPathClosed != isClosed || isPathClosing else { return [] }
    isPathClosed = isClosed
    isPathClosing = false
    pathOpenedAt = isClosed ? nil : context.now
    if !isClosed, endDeadline != nil { endDeadline = context.now + Self.readingGrace }
    return finishEndIfReady(context)
  }

  package mutating func powerPathClosing(_ context: Context) -> [Effect] {
    isPathClosing = true
    // Commanded before the end was known below: what flows now belongs to the transaction that ends.
    if endDeadline != nil { endDeadline = context.now + Self.openingGrace }
    return []
  }

  package mutating func charging(_ state: ChargingState, at place: ConnectorID, _ context: Context) -> [Effect] {
    guard connector == place, physicalState != state else { return [] }
    if resumption != nil {
      physicalState = state
      return []
    }
    let old = isParked ? conditions.subtracting(.energyTransfer) : conditions
    physicalState = state
    if state == .charging || state == .suspendedEV { isAwaitingResumedEnergy = false }
    guard let transaction else {
      return evaluate(old, SessionCause(.chargingStateChanged), context)
    }
    guard transaction.pendingEnd == nil else { return finishEndIfReady(context) }
    guard transaction.chargingState != chargingState else { return [] }
    // E06.FR.07: the vehicle has ended the energy transfer, unless something else had before.
    let reason: StopReason = state == .suspendedEV ? .stoppedByEV : .other
    return evaluate(old, SessionCause(.chargingStateChanged, reason), context)
  }

  package mutating func fault(_ fault: StationFault, isActive: Bool, _ context: Context) -> [Effect] {
    faults.removeAll { $0 == fault }  // codes are shared: two faults of a contactor have one
    guard isActive else { return becameUsable(context) }
    if faults.count < Self.maximumFaults { faults.append(fault) }
    guard let reason = EndingFaults.stopReason(for: fault), transaction != nil, resumption == nil,
      transaction?.pendingEnd == nil
    else { return [] }
    tellStartBeforeItsEnd(context)
    authorization = nil
    return beginEnd(SessionCause(.abnormalCondition, reason), context)
  }

  /// What the CSMS or the operator allows.
  package mutating func operative(_ isOperative: Bool, _ place: ConnectorID, _ context: Context) -> [Effect] {
    inoperative.removeAll { $0 == place }
    if !isOperative { inoperative.append(place) }
    return becameUsable(context)
  }

  /// What the hardware can do (members 20 and 21).
  package mutating func usable(_ isUsable: Bool, _ place: ConnectorID, _ context: Context) -> [Effect] {
    unusable.removeAll { $0 == place }
    if !isUsable { unusable.append(place) }
    return becameUsable(context)
  }

  /// The control lane let the permit end by itself: its energy is used up, or its lease has run out although this
  /// side lives, and is granted anew.
  package mutating func permitEnded(_ context: Context) -> [Effect] {
    if transaction?.energyLimit != nil { return barEnergy(context) }
    permissionEpoch &+= 1
    return []
  }

  /// Deadlines that have come.
  package mutating func advance(_ context: Context) -> [Effect] {
    if resumption != nil { return decideResumption(context) }
    var effects: [Effect] = []
    if let deadline = connectionDeadline, deadline <= context.now {
      endConnectionWait()
      effects += connectionTimedOut(context)
    }
    effects += finishEndIfReady(context)
    effects += advanceSigning(context)
    effects += samplePeriodically(context)
    effects += tellPhases(context)
    effects += markAlive(context)
    return effects
  }

  private mutating func connectionTimedOut(_ context: Context) -> [Effect] {
    tellStartBeforeItsEnd(context)
    authorization = nil
    authorizedSince = nil
    guard transaction != nil, transaction?.pendingEnd == nil else { return [] }
    if transaction?.connector != nil {
      // E10.FR.02: the vehicle had been there and did not come back.
      return evaluate([.authorized], SessionCause(.evCommunicationLost, .evDisconnected), context)
    }
    // E03.FR.05, .15
    let cause = SessionCause(.evConnectTimeout, .timeout)
    let stopPoints = context.settings.stopPoints.asStopPoints
    // A bay that nobody stands in is not left either.
    if stopPoints.contains(.authorized) || isOrphaned(context.settings) { return beginEnd(cause, context) }
    if transaction?.stopReason == nil { transaction?.stopReason = .timeout }
    return [report(.updated, cause, context)]
  }
}
