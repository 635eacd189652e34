import ChargerBase
import OCPPTypes

// What drivers, the CSMS and the operator decide.

extension EVSESessionStateMachine {
  /// Whether `token` may start, or start again, here (C01.FR.23).
  package func mayAuthorize(_ token: IdToken) -> Bool {
    guard authorization == nil, nextAuthorization == nil, resumption == nil, isUsable else { return false }
    guard let former = transaction?.authorization, transaction?.pendingEnd == nil else { return true }
    return former.token.isSameToken(as: token)
  }

  /// A driver may charge (E02, E03, F01, F02).
  package mutating func authorize(_ authorization: SessionAuthorization, _ context: Context) -> [Effect] {
    guard resumption == nil else { return [] }
    guard transaction?.pendingEnd == nil else {
      nextAuthorization = nextAuthorization ?? authorization
      return []
    }
    guard self.authorization == nil else { return [] }
    let old = conditions
    self.authorization = authorization
    authorizedSince = context.now
    permissionEpoch &+= 1
    budgetOfEpoch = nil
    isResumed = false
    isAwaitingResumedEnergy = false
    hasFinished = false
    transaction?.isEnergyBarred = false
    transaction?.energyLimit = nil
    transaction?.stopReason = nil
    isStoppedByOwner = false
    if connector == nil { connectionDeadline = context.now + context.settings.connectionTimeout }
    return evaluate(old, SessionCause(.authorized), context)
  }

  /// The driver, or the CSMS for him, stops (E07, E08, F03).
  package mutating func stop(_ cause: SessionCause, _ context: Context) -> [Effect] {
    guard resumption == nil, transaction?.pendingEnd == nil else { return [] }
    // A transaction that nobody was authorized for can be stopped by the CSMS as well.
    let old = conditions.union(.authorized)
    // Told with the stop when it was never told: a stop right after the start loses nothing.
    if transaction?.stopReason == nil { transaction?.stopReason = cause.stopReason }
    isStoppedByOwner = true
    authorization = nil
    authorizedSince = nil
    connectionDeadline = nil
    guard transaction != nil else { return [] }
    return evaluate(old, cause, context)
  }

  /// The driver authorized here renews the time to plug in.
  package mutating func renewConnectionDeadline(_ context: Context) {
    guard connector == nil, connectionDeadline != nil else { return }
    connectionDeadline = context.now + context.settings.connectionTimeout
  }

  /// The CSMS accepts the token of an event, and may name its group.
  package mutating func tokenConfirmed(_ token: IdToken, group: IdToken?) {
    guard let group, let own = authorization?.token, own.isSameToken(as: token) else { return }
    authorization?.groupToken = group
    transaction?.authorization?.groupToken = group
  }

  /// The CSMS refuses the token of an event (E05).
  package mutating func tokenRefused(_ token: IdToken, _ context: Context) -> [Effect] {
    guard let authorization, authorization.token.isSameToken(as: token), transaction != nil, resumption == nil,
      transaction?.pendingEnd == nil, transaction?.isEnergyBarred == false, transaction?.energyLimit == nil
    else { return [] }
    let settings = context.settings
    if settings.stopsOnInvalidToken {
      return deauthorize(context)
    }
    if let budget = settings.maximumEnergyOnInvalidToken, let register = latestSample?.energyImport {
      // E05.FR.03: from now on, as the variable's description has it.
      transaction?.energyLimit = register.adding(budget)
      permissionEpoch &+= 1
      budgetOfEpoch = budget
      return storedDocument().map { [.store($0)] } ?? []
    }
    return barEnergy(context)
  }

  /// E05.FR.09, .10
  private mutating func deauthorize(_ context: Context) -> [Effect] {
    authorization = nil
    authorizedSince = nil
    connectionDeadline = nil
    let cause = SessionCause(.deauthorized, .deAuthorized)
    let ending: TransactionPoints = [.authorized, .powerPathClosed, .energyTransfer]
    if !context.settings.stopPoints.intersection(ending).isEmpty || connector == nil && !isBayOccupied {
      return beginEnd(cause, context)
    }
    if transaction?.stopReason == nil { transaction?.stopReason = .deAuthorized }
    return [report(.updated, cause, context)]
  }

  /// E05.FR.02: the transaction stands, without energy.
  mutating func barEnergy(_ context: Context) -> [Effect] {
    guard transaction != nil, transaction?.isEnergyBarred == false, transaction?.pendingEnd == nil else { return [] }
    transaction?.isEnergyBarred = true
    if transaction?.stopReason == nil { transaction?.stopReason = .deAuthorized }
    if context.settings.stopPoints.contains(.energyTransfer) {
      return beginEnd(SessionCause(.deauthorized, .deAuthorized), context)
    }
    // A vehicle that draws is told of when its draw ends; one that does not, now.
    guard physicalState != .charging, transaction?.chargingState != chargingState else {
      return storedDocument().map { [.store($0)] } ?? []
    }
    return [report(.updated, SessionCause(.chargingStateChanged, .deAuthorized), context)]
  }

  /// An immediate reset ends the transaction (B12.FR.04). The station is about to stop: nothing is waited for.
  package mutating func endForReset(_ context: Context) -> [Effect] {
    authorization = nil
    nextAuthorization = nil
    connectionDeadline = nil
    resumption = nil
    guard transaction != nil else { return [] }
    if let pending = transaction?.pendingEnd { return [endNow(pending, context)] }
    transaction?.stopReason = .immediateReset
    return [endNow(SessionCause(.resetCommand, .immediateReset), context)]
  }
}

// MARK: - Resuming

extension EVSESessionStateMachine {
  /// Takes up a transaction that was open when the program stopped; facts decide what becomes of it.
  package mutating func resume(_ stored: OpenTransaction, reason: BootReason, at now: MonotonicInstant) {
    transaction = stored
    authorization = stored.isAuthorized ? stored.authorization : nil
    authorizedSince = authorization == nil ? nil : now
    isBayOccupied = stored.conditions.contains(.parkingBayOccupancy)
    resumption = Resumption(
      reason: reason, vehicleDeadline: now + ResumeTable.vehicleWait, meterDeadline: now + ResumeTable.meterWait)
  }

  mutating func resumptionSaw(vehicleAt place: ConnectorID?, _ context: Context) -> [Effect] {
    connector = place
    connectedSince = place == nil ? nil : context.now
    physicalState = place == nil ? .idle : .evConnected
    resumption?.vehicle = place == nil ? .gone : .present
    return decideResumption(context)
  }

  mutating func resumptionSaw(_ sample: MeterSample, _ context: Context) -> [Effect] {
    latestSample = sample
    if let register = sample.energyImport {
      let isBehind = transaction?.lastRegister.map { register < $0 } ?? false
      resumption?.meter = isBehind ? .behind : .plausible
    }
    return decideResumption(context)
  }

  mutating func decideResumption(_ context: Context) -> [Effect] {
    if let deadline = resumption?.vehicleDeadline, deadline <= context.now { resumption?.vehicleDeadline = nil }
    if let deadline = resumption?.meterDeadline, deadline <= context.now { resumption?.meterDeadline = nil }
    guard let resumption, let stored = transaction else { return [] }
    guard resumption.vehicle != .unseen || resumption.vehicleDeadline == nil,
      resumption.meter != .silent || resumption.meterDeadline == nil
    else { return [] }
    let stopPoints = context.settings.stopPoints.asStopPoints
    let wasConnected = stored.conditions.contains(.evConnected)
    let outcome = ResumeTable.outcome(
      reason: resumption.reason, vehicle: resumption.vehicle, meter: resumption.meter, pendingEnd: stored.pendingEnd,
      needsVehicle: wasConnected && !(stopPoints == [.parkingBayOccupancy] && isBayOccupied))
    self.resumption = nil
    switch outcome {
    case .end(let cause):
      // A register that fell belongs to another meter: the last one that was seen ends the transaction.
      if resumption.meter == .behind {
        latestSample = nil
      } else if let latestSample {
        noteRegister(of: latestSample, context)
      }
      if stored.stopReason == nil { transaction?.stopReason = cause.stopReason }
      return [endNow(cause, context)]
    case .goOn:
      if let latestSample { noteRegister(of: latestSample, context) }
      return goOn(context)
    }
  }

  private mutating func goOn(_ context: Context) -> [Effect] {
    isResumed = true
    isAwaitingResumedEnergy = authorization != nil && transaction?.chargingState != .evConnected
    permissionEpoch &+= 1
    scheduleSampling(context)
    if let limit = transaction?.energyLimit, let register = latestSample?.energyImport {
      budgetOfEpoch = limit.subtracting(register)
      if register >= limit { transaction?.isEnergyBarred = true }
    }
    if authorization != nil, connector == nil { connectionDeadline = context.now + context.settings.connectionTimeout }
    guard transaction?.chargingState != chargingState else { return [] }
    let reading = freshSample(context).flatMap {
      self.reading($0, context, .interruptionEnd)
        .selecting(context.settings.updatedMeasurands, context: .interruptionEnd)
    }
    return [report(.updated, SessionCause(.chargingStateChanged), context, reading: reading)]
  }
}

extension Decimal {
  /// In thousandths, which every meter register fits; saturating.
  func adding(_ other: Decimal) -> Decimal {
    Decimal(thousandths: (thousandths ?? 0).addingSaturating(other.thousandths ?? 0))
  }

  func subtracting(_ other: Decimal) -> Decimal {
    Decimal(thousandths: (thousandths ?? 0).subtractingSaturating(other.thousandths ?? 0))
  }
}
