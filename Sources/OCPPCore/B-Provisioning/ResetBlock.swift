import ChargerBase
import OCPPPorts
import OCPPTypes

/// B11 and B12: resets at once or when the station is idle. What was promised to the CSMS survives a power cut.
final class ResetBlock: FunctionalBlock {
  static let documentKey = "reset"
  /// How long the answer may take to leave before the link is cut.
  private static let closeDeadline = Duration.seconds(5)
  /// A reset that has not happened by then has failed, and is tried again (ResetRetries).
  private static let failureDeadline = Duration.seconds(60)

  private struct Order: Equatable {
    var scope: ResetScope
    /// Answered Scheduled: the next BootNotification says ScheduledReset.
    var wasScheduled: Bool
  }

  private enum State: Equatable {
    case none
    /// OnIdle, waiting for the last transaction to end.
    case scheduled(Order)
    /// Immediate: the Ended events are being written.
    case ending(Order)
    /// The Ended events are on their way to the CSMS, for a while (B12.FR.05).
    case delivering(Order, until: MonotonicInstant)
    case closing(until: MonotonicInstant)
    case requested(at: MonotonicInstant, attempts: Int32)
  }

  private unowned let engine: ChargePoint
  private var state = State.none

  init(_ engine: ChargePoint) { self.engine = engine }

  var incomingActions: [OCPPAction] { [.reset] }

  /// The reset that is promised, for the status of the station.
  var isPending: Bool { state != .none }

  // MARK: Start

  /// The reason of this start: an order that was being carried out explains it.
  func start(_ reason: BootReason, documents: [StoreSnapshot.Document]) -> BootReason {
    guard let body = documents.first(where: { $0.kind == .engine && $0.key == Self.documentKey })?.body,
      let stored = StoredReset(body)
    else { return reason }
    if stored.isCarriedOut {
      engine.writer.write([.removeDocument(.engine, key: Self.documentKey)], .full, .untilStored)
      return stored.wasScheduled ? .scheduledReset : .remoteReset
    }
    state = .scheduled(Order(scope: stored.scope, wasScheduled: true))
    return reason
  }

  // MARK: The CSMS asks

  func handle(_ call: IncomingCall) throws(MessageViolation) {
    let request = try ResetRequest.decode(call.payload, version: call.version, limits: engine.limits)
    func respond(_ status: ResetStatus, _ reason: String? = nil) {
      call.respond { writer, version in
        ResetResponse(status: status, statusInfo: reason.map { StatusInfo(reasonCode: $0) })
          .encode(into: &writer, version: version)
      }
    }
    guard let scope = scope(of: request) else { return respond(.rejected, "UnknownEvse") }
    if case .evse(let evse) = scope, !allowsReset(evse) { return respond(.rejected, "NotSupported") }
    guard engine.delegate?.chargePoint(engine, isResetAllowed: scope) ?? true else {
      return respond(.rejected, "NotPossibleNow")
    }
    switch state {
    case .none, .scheduled: break
    default: return respond(.rejected, "ResetInProgress")
    }
    guard request.type != .immediateAndResume else { return respond(.rejected, "NotSupported") }
    let isBusy = engine.sessions?.isBusy(scope) ?? false
    let waits = request.type == .onIdle && isBusy
    let order = Order(scope: scope, wasScheduled: waits)
    engine.save([StoredReset(order.scope, order.wasScheduled, isCarriedOut: !waits).mutation], durability: .full) {
      [weak self] isStored in
      guard let self, isStored else { return respond(.rejected, "StorageFailure") }
      respond(waits ? .scheduled : .accepted)
      engine.note(EngineEvent(.reset, waits ? "reset when idle" : "reset now"))
      if waits {
        state = .scheduled(order)
      } else {
        begin(order)
      }
    }
  }

  private func scope(of request: ResetRequest) -> ResetScope? {
    guard let evse = request.evseId, evse != 0 else { return .station }
    guard engine.configuration.evses.contains(where: { $0.id == evse }) else { return nil }
    return .evse(EVSEID(evse))
  }

  private func allowsReset(_ evse: EVSEID) -> Bool {
    engine.configuration.evses.first { $0.id == evse.number }?.allowsReset ?? false
  }

  // MARK: Steps

  private func begin(_ order: Order) {
    state = .ending(order)
    guard let sessions = engine.sessions, sessions.isBusy(order.scope) else { return deliver(order) }
    sessions.endTransactions(in: order.scope) { [weak self] in
      guard let self, state == .ending(order) else { return }
      deliver(order)
    }
  }

  private func deliver(_ order: Order) {
    state = .delivering(order, until: engine.now + engine.deviceModel.seconds(.messageTimeout))
  }

  /// Called at the end of every turn.
  func settle() {
    switch state {
    case .scheduled(let order):
      guard !(engine.sessions?.isBusy(order.scope) ?? false) else { return }
      state = .ending(order)
      let document = StoredReset(order.scope, order.wasScheduled, isCarriedOut: true).mutation
      engine.writer.write([document], .full, .untilStored) { [weak self] _ in self?.deliver(order) }
    case .delivering(let order, let until):
      guard !engine.isOnline || engine.outbox.waiting(in: .transaction) == 0 || until <= engine.now else { return }
      carryOut(order)
    default: break
    }
  }

  private func carryOut(_ order: Order) {
    switch order.scope {
    case .evse:
      state = .none
      engine.writer.write([.removeDocument(.engine, key: Self.documentKey)], .full, .untilStored)
      engine.delegate?.chargePoint(engine, reset: order.scope)
    case .station:
      guard engine.session.openAttempt != nil else { return request(attempts: 0) }
      state = .closing(until: engine.now + Self.closeDeadline)
      engine.perform(engine.session.disconnect(code: 1001, reason: "resetting", at: engine.now))
    }
  }

  func linkClosed() {
    if case .closing = state { request(attempts: 0) }
  }

  private func request(attempts: Int32) {
    state = .requested(at: engine.now, attempts: attempts)
    engine.delegate?.chargePoint(engine, reset: .station)
  }

  var nextDeadline: MonotonicInstant {
    switch state {
    case .delivering(_, let until), .closing(let until): until
    case .requested(let at, _): at + Self.failureDeadline
    default: .distantFuture
    }
  }

  func advance(to now: MonotonicInstant) {
    switch state {
    case .closing: request(attempts: 0)
    case .requested(_, let attempts):
      if attempts < engine.deviceModel.integer(.resetRetries) {
        engine.note(EngineEvent(.reset, "the reset did not happen: once more"))
        request(attempts: attempts + 1)
      } else {
        giveUp()
      }
    default: break
    }
  }

  private func giveUp() {
    engine.note(EngineEvent(.reset, "the reset is not possible"))
    state = .none
    engine.writer.write([.removeDocument(.engine, key: Self.documentKey)], .full, .untilStored)
    engine.perform(engine.session.connect(slot: nil, at: engine.now))
  }
}

/// A promised reset in the form in which it is stored.
struct StoredReset {
  var scope: ResetScope
  var wasScheduled: Bool
  /// It has begun: the next start is its consequence.
  var isCarriedOut: Bool

  init(_ scope: ResetScope, _ wasScheduled: Bool, isCarriedOut: Bool) {
    self.scope = scope
    self.wasScheduled = wasScheduled
    self.isCarriedOut = isCarriedOut
  }

  var mutation: StoreMutation {
    var record = RecordWriter()
    if case .evse(let evse) = scope { record.write(Int64(evse.number), field: 1) }
    record.write(wasScheduled, field: 2)
    record.write(isCarriedOut, field: 3)
    return .putDocument(.engine, key: ResetBlock.documentKey, body: record.bytes)
  }

  init?(_ body: [UInt8]) {
    self.init(.station, false, isCarriedOut: false)
    var reader = RecordReader(body)
    do throws(RecordError) {
      while let (field, value) = try reader.next() {
        switch field {
        case 1: if let number = value.int32 { scope = .evse(EVSEID(number)) }
        case 2: wasScheduled = value.bool ?? false
        case 3: isCarriedOut = value.bool ?? false
        default: break
        }
      }
    } catch {
      return nil
    }
  }
}
