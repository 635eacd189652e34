import ChargerBase
import OCPPPorts
import OCPPTypes

/// B11 and B12: resets of the station or of one EVSE, at once or when it is idle. What was promised to the CSMS survives
/// a power cut; the reset of an EVSE touches nothing beside it.
final class ResetBlock: TimedBlock {
  /// How long the answer may take to leave before the link is cut.
  private static let closeDeadline = Duration.seconds(5)
  /// A reset that has not happened by then has failed, and is tried again (ResetRetries).
  private static let failureDeadline = Duration.seconds(60)
  /// How long the Ended events of an immediate reset may take to reach a store that fails. Then the reset is carried out:
  /// it may be what mends the store, and the order to end is on disk, so that the next start makes the events anew from
  /// what was stored last (resume table, first row).
  static let endingDeadline = Duration.seconds(60)
  /// An EVSE that is reset takes nobody for so long: a vehicle at it sees no station (pilot state F) and begins anew too.
  static let evseResetTime = Duration.seconds(3)

  /// A reset under way.
  private struct Run {
    enum Step: Equatable {
      /// The Ended events are being written.
      case ending(until: MonotonicInstant)
      /// They are on their way to the CSMS, for a while (B12.FR.05).
      case delivering(until: MonotonicInstant)
      case closing(until: MonotonicInstant)
      case requested(at: MonotonicInstant, attempts: Int32)
      /// An EVSE that begins anew.
      case restoring(until: MonotonicInstant)
    }
    var scope: ResetScope
    var step: Step
    /// The transactions that were ended for it.
    var transactions: [String]
  }

  unowned let engine: ChargePoint
  /// Promised, and waiting for idleness; at most one for each scope.
  private var scheduled: [ResetScope] = []
  /// At most one for each scope.
  private var runs: [Run] = []
  /// Being written; at most one for each scope.
  private var storing: [ResetScope] = []
  /// What keeps the station from being idle beside its transactions (errata 2.14).
  private var activities: [StationActivity] = []

  init(_ engine: ChargePoint) { self.engine = engine }

  var incomingActions: [OCPPAction] { [.reset] }

  /// A reset is promised or under way, for the status of the station.
  var isPending: Bool { !scheduled.isEmpty || !runs.isEmpty }

  func setActivity(_ activity: StationActivity, _ isRunning: Bool) {
    activities.removeAll { $0 == activity }
    if isRunning { activities.append(activity) }
  }

  // MARK: Start

  /// The reason of this start: an order that was being carried out explains it.
  func start(_ reason: BootReason, documents: [StoreSnapshot.Document]) -> BootReason {
    var reason = reason
    for document in documents where document.kind == .engine && StoredReset.isKey(document.key) {
      guard let stored = StoredReset(document.body) else { continue }
      if stored.isCarriedOut {
        engine.writer.write([.removeDocument(.engine, key: document.key)], .full, .untilStored)
        guard stored.scope == .station else { continue }
        reason = stored.wasScheduled ? .scheduledReset : .remoteReset
      } else if known(stored.scope), !scheduled.contains(stored.scope) {
        scheduled.append(stored.scope)
      }
    }
    return reason
  }

  private func known(_ scope: ResetScope) -> Bool {
    guard case .evse(let evse) = scope else { return true }
    return engine.configuration.evses.contains { $0.id == evse.number }
  }

  // MARK: The CSMS asks

  func handle(_ call: IncomingCall) throws(MessageViolation) {
    let request = try ResetRequest.decode(call.payload, version: call.version, limits: engine.limits)
    func respond(_ status: ResetStatus, _ information: StatusInfo? = nil) {
      call.respond { writer, version in
        ResetResponse(status: status, statusInfo: information).encode(into: &writer, version: version)
      }
    }
    let scope = request.evseId.map { $0 == 0 ? ResetScope.station : .evse(EVSEID($0)) } ?? .station
    if let refusal = refusal(of: scope, request.type) { return respond(.rejected, refusal) }
    let waits = request.type == .onIdle && isBusy(scope)
    var documents = [StoredReset(scope, waits, isCarriedOut: !waits).mutation]
    if scope == .station, !waits { documents += removalOfOthers() }
    storing.append(scope)
    engine.save(documents, durability: .full) { [weak self] isStored in
      guard let self else { return }
      storing.removeAll { $0 == scope }
      // What was answered as failed, or not at all, is not carried out.
      guard call.isOpen else { return withdraw(scope, isStored: isStored) }
      guard isStored else { return respond(.rejected, StatusInfo(reasonCode: "InternalError")) }
      respond(waits ? .scheduled : .accepted)
      engine.note(EngineEvent(.reset, waits ? "\(scope): reset when idle" : "\(scope): reset now"))
      scheduled.removeAll { $0 == scope || scope == .station && !waits }
      if waits {
        scheduled.append(scope)
      } else {
        begin(scope)
      }
    }
  }

  /// The store took longer than the CSMS waits: as if it had not been asked.
  private func withdraw(_ scope: ResetScope, isStored: Bool) {
    engine.note(EngineEvent(.reset, "\(scope): the order could not be stored in time and is not carried out"))
    guard isStored else { return }
    let promised = scheduled.map { StoredReset($0, true, isCarriedOut: false).mutation }
    let withdrawn: [StoreMutation] =
      scheduled.contains(scope) ? [] : [.removeDocument(.engine, key: StoredReset.key(of: scope))]
    engine.writer.write(withdrawn + promised, .full, .untilStored)
  }

  /// The resets of single EVSEs are part of the station's.
  private func removalOfOthers() -> [StoreMutation] {
    scheduled.filter { $0 != .station }.map { .removeDocument(.engine, key: StoredReset.key(of: $0)) }
  }

  /// Why a reset cannot be promised (B11.FR.06, B11.FR.09, B12.FR.09, B12.FR.10); nil when it can.
  private func refusal(of scope: ResetScope, _ type: ResetKind) -> StatusInfo? {
    guard known(scope) else { return StatusInfo(reasonCode: "UnknownEvse") }
    if case .evse(let evse) = scope, !allowsReset(evse) { return StatusInfo(reasonCode: "UnsupportedRequest") }
    guard type != .immediateAndResume else { return StatusInfo(reasonCode: "UnsupportedParam") }
    if type == .immediate, scope == .station, activities.contains(.firmwareUpdate) {
      return StatusInfo(reasonCode: "FwUpdateInProgress")
    }
    let isUnderWay = storing.contains { $0 == scope || $0 == .station } || runs.contains { isIn(scope, $0.scope) }
    guard !isUnderWay else {
      return StatusInfo(reasonCode: "Unspecified", additionalInfo: "a reset is under way")
    }
    guard engine.delegate?.chargePoint(engine, isResetAllowed: scope, isImmediate: type == .immediate) ?? true else {
      return StatusInfo(reasonCode: "Unspecified", additionalInfo: "not possible now")
    }
    return nil
  }

  private func isIn(_ scope: ResetScope, _ other: ResetScope) -> Bool { scope == other || other == .station }

  /// What the device model says too (B11.FR.10).
  private func allowsReset(_ evse: EVSEID) -> Bool {
    engine.configuration.evses.first { $0.id == evse.number }?.allowsReset ?? false
  }

  /// Idle is more than "no transaction": no driver about to plug in, no plug held, no reservation, and for the station
  /// no firmware update or upload (errata 2.14).
  private func isBusy(_ scope: ResetScope) -> Bool {
    (engine.sessions?.isBusy(scope) ?? false) || (engine.availability?.isHeld(scope) ?? false)
      || scope == .station && !activities.isEmpty
  }

  // MARK: Steps

  private func begin(_ scope: ResetScope) {
    let ending = engine.configuration.evses.filter { scope.covers(EVSEID($0.id)) }
      .compactMap { engine.sessions?.transactionID(at: EVSEID($0.id)) }
    take(Run(scope: scope, step: .ending(until: engine.now + Self.endingDeadline), transactions: ending))
    guard let sessions = engine.sessions, sessions.isBusy(scope) else { return deliver(scope) }
    sessions.endTransactions(in: scope) { [weak self] in self?.deliver(scope) }
  }

  /// In the place of what was under way there.
  private func take(_ run: Run) {
    for former in runs where run.scope == .station || former.scope == run.scope {
      engine.availability?.setResetting(false, former.scope)
    }
    runs.removeAll { run.scope == .station || $0.scope == run.scope }
    runs.append(run)
    engine.availability?.setResetting(true, run.scope)
  }

  private func deliver(_ scope: ResetScope) {
    guard let index = runs.firstIndex(where: { $0.scope == scope }), case .ending = runs[index].step else { return }
    runs[index].step = .delivering(until: engine.now + engine.deviceModel.seconds(.messageTimeout))
  }

  /// Called at the end of every turn.
  func settle() {
    for scope in scheduled where scheduled.contains(scope) && !storing.contains(scope) && !isBusy(scope) {
      start(scope)
    }
    for run in runs {
      guard case .delivering(let until) = run.step, !isAwaiting(run) || until <= engine.now else { continue }
      carryOut(run)
    }
  }

  /// It has become idle: stored before anything begins, so that the next start knows why.
  private func start(_ scope: ResetScope) {
    var documents = [StoredReset(scope, true, isCarriedOut: true).mutation]
    if scope == .station { documents += removalOfOthers() }
    scheduled.removeAll { $0 == scope || scope == .station }
    // Nothing is lost by waiting for a store that fails, and nothing begins in the meantime; without the mark the station
    // would reset at every start.
    take(Run(scope: scope, step: .ending(until: .distantFuture), transactions: []))
    engine.note(EngineEvent(.reset, "\(scope): idle now, the reset begins"))
    engine.writer.write(documents, .full, .untilStored) { [weak self] _ in self?.deliver(scope) }
  }

  /// The CSMS has yet to accept what the reset has ended; the station's link goes away, so all of it counts there.
  private func isAwaiting(_ run: Run) -> Bool {
    guard engine.isOnline else { return false }
    if run.scope == .station { return engine.outbox.waiting(in: .transaction) > 0 }
    return run.transactions.contains { engine.outbox.hasQueued(group: $0) ?? false }
  }

  private func carryOut(_ run: Run) {
    switch run.scope {
    case .evse:
      setStep(.restoring(until: engine.now + Self.evseResetTime), of: run.scope)
      engine.delegate?.chargePoint(engine, reset: run.scope)
    case .station:
      guard engine.session.openAttempt != nil else { return request(attempts: 0) }
      setStep(.closing(until: engine.now + Self.closeDeadline))
      engine.perform(engine.session.disconnect(code: 1001, reason: "resetting", at: engine.now))
    }
  }

  private func finish(_ scope: ResetScope) {
    runs.removeAll { $0.scope == scope }
    engine.availability?.setResetting(false, scope)
    engine.writer.write([.removeDocument(.engine, key: StoredReset.key(of: scope))], .full, .untilStored)
  }

  // MARK: The station

  private var stationStep: Run.Step? { runs.first { $0.scope == .station }?.step }

  private func setStep(_ step: Run.Step, of scope: ResetScope = .station) {
    guard let index = runs.firstIndex(where: { $0.scope == scope }) else { return }
    runs[index].step = step
  }

  func linkClosed() {
    if case .closing? = stationStep { request(attempts: 0) }
  }

  private func request(attempts: Int32) {
    setStep(.requested(at: engine.now, attempts: attempts))
    engine.delegate?.chargePoint(engine, reset: .station)
  }

  var nextDeadline: MonotonicInstant {
    var deadline = MonotonicInstant.distantFuture
    for run in runs {
      switch run.step {
      case .ending(let until), .delivering(let until), .closing(let until), .restoring(let until):
        deadline = min(deadline, until)
      case .requested(let at, _): deadline = min(deadline, at + Self.failureDeadline)
      }
    }
    return deadline
  }

  func advance(to now: MonotonicInstant) {
    for run in runs {
      switch run.step {
      case .ending(let until) where until <= now:
        engine.note(
          EngineEvent(.reset, "\(run.scope): the last events cannot be stored; the reset goes on without them"))
        deliver(run.scope)
      case .restoring(let until) where until <= now: finish(run.scope)
      default: break
      }
    }
    switch stationStep {
    case .closing(let until)? where until <= now: request(attempts: 0)
    case .requested(let at, let attempts)? where at + Self.failureDeadline <= now:
      if attempts < engine.deviceModel.integer(.resetRetries) {
        engine.note(EngineEvent(.reset, "the reset did not happen: once more"))
        request(attempts: attempts + 1)
      } else {
        engine.note(EngineEvent(.reset, "the reset is not possible"))
        finish(.station)
        engine.perform(engine.session.connect(slot: nil, at: now))
      }
    default: break
    }
  }
}

/// What a station does beside charging that a reset would interrupt.
public enum StationActivity: UInt8, Sendable, CaseIterable {
  /// Firmware is being fetched or installed.
  case firmwareUpdate
  /// A log is being sent to the CSMS.
  case logUpload
}

extension ChargePoint {
  /// Something began or ended that keeps the station from being idle: a Reset(OnIdle) waits for it.
  public func setActivity(_ activity: StationActivity, isRunning: Bool) {
    turn { resets?.setActivity(activity, isRunning) }
  }
}
