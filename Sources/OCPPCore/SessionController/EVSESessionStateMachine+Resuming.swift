import ChargerBase
import OCPPTypes

// A transaction that was open when the program stopped: the first facts decide what becomes of it (`ResumeTable`).

extension EVSESessionStateMachine {
  /// A running transaction whose events come seldom is stored again after this time: the time away is counted from when
  /// it was last known to run.
  package static let aliveInterval: Duration = .seconds(15 * 60)
  /// Longer than a dead program's contactor can stay closed.
  static let deadManTime: Duration = .seconds(60)

  /// Waiting for the first facts after a start.
  package struct Resumption: Sendable, Equatable {
    var cause: ResumeTable.StopCause
    /// What the pilot says; `unseen` until it has said something.
    var vehicle = ResumeTable.Vehicle.unseen
    var meter = ResumeTable.Meter.silent
    /// Nil once they have passed.
    var vehicleDeadline: MonotonicInstant?
    var meterDeadline: MonotonicInstant?
    var clockDeadline: MonotonicInstant?
  }

  /// What is still to be proven of a transaction that has been resumed.
  package struct Proof: Sendable, Equatable {
    var cause: ResumeTable.StopCause
    /// The cable that it began with, until its rating has been read again.
    var cableRating: Int32?
    /// No reading has come yet that could show another meter.
    var awaitsReading = false
  }

  /// Takes up a transaction that was open when the program stopped. The times in `stored` have their civil time filled
  /// in, as far as it is known.
  package mutating func resume(_ stored: OpenTransaction, cause: ResumeTable.StopCause, at now: MonotonicInstant) {
    transaction = stored
    authorization = stored.isAuthorized ? stored.authorization : nil
    authorizedSince = authorization == nil ? nil : now
    isBayOccupied = stored.conditions.contains(.parkingBayOccupancy)
    resumption = Resumption(
      cause: cause, vehicleDeadline: now + ResumeTable.vehicleWait, meterDeadline: now + ResumeTable.meterWait,
      clockDeadline: now + ResumeTable.clockWait)
    proof = Proof(cause: cause, cableRating: stored.cableRating)
  }

  mutating func resumptionSaw(vehicleAt place: ConnectorID?, _ context: Context) -> [Effect] {
    connector = place
    connectedSince = place == nil ? nil : context.now
    physicalState = place == nil ? .idle : .evConnected
    if resumption?.vehicle != .swapped { resumption?.vehicle = place == nil ? .gone : .present }
    return decideResumption(context)
  }

  mutating func resumptionSaw(_ sample: MeterSample, _ context: Context) -> [Effect] {
    var effects: [Effect] = []
    if let doubt = doubt(sample, context) {
      guard doubt.isAnotherMeter else { return doubt.effects }
      resumption?.meter = doubt.meter
      effects = doubt.effects
    } else if sample.energyImport != nil {
      resumption?.meter = .plausible
      effects = registerFollows()
    }
    latestSample = sample
    return effects + decideResumption(context)
  }

  /// The rating of the cable in the socket, by its own resistor, in mA; nil when there is none.
  package mutating func cable(rating: Int32?, _ place: ConnectorID, _ context: Context) -> [Effect] {
    cableRatings.removeAll { $0.connector == place }
    guard let rating else { return [] }
    cableRatings.append(CableRating(connector: place, rating: rating))
    guard let expected = proof?.cableRating, transaction?.connector == place.number else { return [] }
    proof?.cableRating = nil
    guard expected != rating else { return [] }
    guard resumption != nil else { return endUnproven(.swapped, .plausible, context) }
    resumption?.vehicle = .swapped
    return decideResumption(context)
  }

  private mutating func endUnproven(
    _ vehicle: ResumeTable.Vehicle, _ meter: ResumeTable.Meter, _ context: Context
  ) -> [Effect] {
    guard let proof, transaction != nil, transaction?.pendingEnd == nil else { return [] }
    let situation = ResumeTable.Situation(cause: proof.cause, vehicle: vehicle, meter: meter)
    guard case .end(let trigger, let reason) = ResumeTable.outcome(situation) else { return [] }
    authorization = nil
    return beginEnd(SessionCause(trigger, reason), context)
  }

  mutating func decideResumption(_ context: Context) -> [Effect] {
    func pass(_ deadline: inout MonotonicInstant?) {
      if let due = deadline, due <= context.now { deadline = nil }
    }
    guard var waiting = resumption, let stored = transaction else { return [] }
    pass(&waiting.vehicleDeadline)
    pass(&waiting.meterDeadline)
    pass(&waiting.clockDeadline)
    resumption = waiting
    guard waiting.vehicle != .unseen || waiting.vehicleDeadline == nil,
      waiting.meter != .silent || waiting.meterDeadline == nil
    else { return [] }
    let timeAway = timeAway(of: stored, context)
    guard timeAway != .unknown || waiting.clockDeadline == nil || stored.pendingEnd != nil else { return [] }
    resumption = nil
    let isMissing = waiting.vehicle != .present
    let outcome = ResumeTable.outcome(
      ResumeTable.Situation(
        isEndAskedFor: stored.pendingEnd != nil, cause: waiting.cause,
        vehicle: isMissing && !endsWithoutVehicle(stored, context) ? .notNeeded : waiting.vehicle,
        meter: waiting.meter, timeAway: timeAway))
    settleCharging()
    // Another meter's register says nothing of this transaction: the last one that was seen ends it.
    if waiting.meter == .behind || waiting.meter == .exchanged {
      latestSample = nil
    } else if let latestSample {
      noteRegister(of: latestSample, context)
    }
    switch outcome {
    case .goOn: return goOn(wasMeterSilent: waiting.meter == .silent, context)
    case .endAsAsked: return endResumed(stored.pendingEnd ?? SessionCause(.abnormalCondition), context)
    case .end(let trigger, let reason):
      hasMeterEndedIt = waiting.meter == .behind || waiting.meter == .exchanged
      return endResumed(SessionCause(trigger, reason), context)
    }
  }

  private mutating func endResumed(_ cause: SessionCause, _ context: Context) -> [Effect] {
    if transaction?.stopReason == nil { transaction?.stopReason = cause.stopReason }
    return endAfterSigning(cause, context)
  }

  /// Whether the loss of the vehicle would have ended the transaction while the program ran (E06, E09, E10).
  private func endsWithoutVehicle(_ stored: OpenTransaction, _ context: Context) -> Bool {
    let former = stored.conditions
    guard former.contains(.evConnected) else { return false }
    var remaining = former.subtracting([.evConnected, .powerPathClosed, .energyTransfer])
    if context.settings.stopsOnVehicleSideDisconnect { remaining.remove(.authorized) }
    let stopPoints = context.settings.stopPoints.asStopPoints
    if !former.subtracting(remaining).intersection(stopPoints).isEmpty { return true }
    let staysByBay = remaining.contains(.parkingBayOccupancy) && stopPoints.contains(.parkingBayOccupancy)
    return !remaining.contains(.authorized) && !staysByBay
  }

  // MARK: - Time

  private func timeAway(of stored: OpenTransaction, _ context: Context) -> ResumeTable.TimeAway {
    guard context.settings.resumesTransactions else { return .refused }
    let limit = context.settings.resumeTimeLimit
    guard limit > .zero else { return .short }
    guard let away = Self.duration(from: stored.lastAliveAt, to: context.time) else { return .unknown }
    return away > limit ? .tooLong : .short
  }

  /// Between two moments, perhaps of different boots; nil when civil time is missing between those.
  static func duration(from start: EventTime, to end: EventTime) -> Duration? {
    if start.boot == end.boot { return start.instant.duration(to: end.instant) }
    guard let from = start.wall, let to = end.wall else { return nil }
    return .milliseconds(to.millisecondsSinceEpoch.subtractingSaturating(from.millisecondsSinceEpoch))
  }

  /// What is left until `expiry`, at most `limit`; all of it where that cannot be known.
  static func remaining(until expiry: EventTime?, limit: Duration, _ context: Context) -> Duration {
    guard let expiry, let left = duration(from: context.time, to: expiry) else { return limit }
    return min(max(.zero, left), limit)
  }

  /// The time for which energy flowed is counted to when that was last seen: none is told of the time away.
  private mutating func settleCharging() {
    guard let since = transaction?.chargingSince, let last = transaction?.lastAliveAt else { return }
    transaction?.chargingSince = nil
    guard since.boot == last.boot, let counted = transaction?.millisecondsCharging else { return }
    transaction?.millisecondsCharging = counted.addingSaturating(
      max(0, since.instant.duration(to: last.instant).wholeMilliseconds))
  }

  // MARK: - Going on

  private mutating func goOn(wasMeterSilent: Bool, _ context: Context) -> [Effect] {
    let former = transaction?.conditions ?? []
    isResumed = true
    proof?.awaitsReading = wasMeterSilent
    let lostVehicle = former.contains(.evConnected) && connector == nil
    if lostVehicle, context.settings.stopsOnVehicleSideDisconnect {
      authorization = nil
      authorizedSince = nil
    }
    isAwaitingResumedEnergy =
      authorization != nil && former.contains(.evConnected) && transaction?.chargingState != .evConnected
    permissionEpoch &+= 1
    scheduleSampling(context)
    nextAliveMark = context.now + Self.aliveInterval
    if let limit = transaction?.energyLimit, let register = latestSample?.energyImport {
      budgetOfEpoch = limit.subtracting(register)
      if register >= limit { transaction?.isEnergyBarred = true }
    }
    if authorization != nil, connector == nil { awaitVehicleAgain(context) }
    // What the station lost while nobody looked: a bay that was left (the vehicle was judged by the table).
    let stopPoints = context.settings.stopPoints.asStopPoints
    if !isBayOccupied, former.contains(.parkingBayOccupancy), stopPoints.contains(.parkingBayOccupancy) {
      return beginEnd(SessionCause(.evDeparted, .local), context)
    }
    guard transaction?.chargingState != chargingState else {
      return aliveDocument(context).map { [.remember($0)] } ?? []
    }
    let reading = freshSample(context).flatMap {
      self.reading($0, context, .interruptionEnd)
        .selecting(context.settings.updatedMeasurands, context: .interruptionEnd)
    }
    let trigger: TriggerReason =
      lostVehicle
      ? .evCommunicationLost
      : !former.contains(.evConnected) && connector != nil ? .cablePluggedIn : .chargingStateChanged
    return [report(.updated, SessionCause(trigger, .evDisconnected), context, reading: reading)]
  }

  /// A driver who has yet to plug in, or whose cable is fixed (E10.FR.02), has what is left of his time.
  private mutating func awaitVehicleAgain(_ context: Context) {
    if let number = transaction?.connector, !hasFixedCable(ConnectorID(evse: evse, number: number)) { return }
    awaitConnection(
      for: Self.remaining(
        until: transaction?.connectionExpiry, limit: context.settings.connectionTimeout, context), context)
  }
}

/// The rating of the cable in a socket.
package struct CableRating: Sendable, Equatable {
  package var connector: ConnectorID
  /// In mA.
  package var rating: Int32
}
