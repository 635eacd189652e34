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

  /// F01.FR.24, F02.FR.26: a transaction that was authorized once is nobody else's to start, and not anew from afar.
  package var mayStartRemotely: Bool {
    guard let transaction, transaction.pendingEnd == nil else { return true }
    return transaction.authorization == nil
  }

  /// A driver may charge (E02, E03, F01, F02).
  package mutating func authorize(_ authorization: SessionAuthorization, _ context: Context) -> [Effect] {
    guard resumption == nil else { return [] }
    authorizationExpiry = expiry(after: context.settings.connectionTimeout, context)
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
    if connector == nil { awaitConnection(for: context.settings.connectionTimeout, context) }
    return evaluate(old, SessionCause(.authorized), context)
  }

  /// The driver, or the CSMS for him, stops (E07, E08, F03).
  package mutating func stop(_ cause: SessionCause, _ context: Context) -> [Effect] {
    guard transaction?.pendingEnd == nil else { return [] }
    guard resumption == nil else {
      deferredStop = deferredStop ?? cause
      return []
    }
    tellStartBeforeItsEnd(context)
    // A transaction that nobody was authorized for can be stopped by the CSMS as well.
    let old = conditions.union(.authorized)
    // Told with the stop when it was never told: a stop right after the start loses nothing.
    if transaction?.stopReason == nil { transaction?.stopReason = cause.stopReason }
    isStoppedByOwner = true
    authorization = nil
    authorizedSince = nil
    endConnectionWait()
    guard transaction != nil else { return [] }
    return evaluate(old, cause, context)
  }

  /// The driver authorized here renews the time to plug in.
  package mutating func renewConnectionDeadline(_ context: Context) {
    guard connector == nil, connectionDeadline != nil else { return }
    awaitConnection(for: context.settings.connectionTimeout, context)
    authorizationExpiry = connectionExpiry
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
    endConnectionWait()
    let cause = SessionCause(.deauthorized, .deAuthorized)
    let ending: TransactionPoints = [.authorized, .powerPathClosed, .energyTransfer]
    if !context.settings.stopPoints.intersection(ending).isEmpty || isOrphaned(context.settings) {
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

  /// An immediate reset ends the transaction (B12.FR.04) as everything does that ends one: with the contactor open and
  /// a reading that shows all its energy, or when they have been waited for long enough.
  package mutating func endForReset(_ context: Context) -> [Effect] {
    if resumption == nil { tellStartBeforeItsEnd(context) }
    authorization = nil
    nextAuthorization = nil
    endConnectionWait()
    let wasResuming = resumption != nil
    resumption = nil
    guard let transaction else { return [] }
    let cause = transaction.pendingEnd ?? SessionCause(.resetCommand, .immediateReset)
    if transaction.pendingEnd == nil { self.transaction?.stopReason = .immediateReset }
    // One that has not gone on since the start has had no energy.
    if wasResuming { return [endNow(cause, context)] }
    return transaction.pendingEnd == nil ? beginEnd(cause, context) : finishEndIfReady(context)
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
