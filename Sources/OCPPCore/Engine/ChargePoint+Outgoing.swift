import ChargerBase
import OCPPJSON
import OCPPPorts
import OCPPTypes

// Our own CALLs: one in flight, in the order BootNotification, direct calls and records in turn, Heartbeat.

extension ChargePoint {
  /// Sends the next CALL when the place is free.
  func pump() {
    while inFlight == nil, session.openAttempt != nil {
      if let reason = wantsBootNotification {
        wantsBootNotification = nil
        sendBootNotification(reason)
      } else if wantsHeartbeat, session.isOnline || session.status == .pending {
        wantsHeartbeat = false
        sendHeartbeat()
      } else if session.isOnline, queueResumesAt <= now {
        guard sendNextDirectCall() || sendNextRecord() || sendDueHeartbeat() else { return }
      } else {
        guard session.isOnline || session.status == .pending, sendCallAllowedWhilePending() else { return }
      }
    }
  }

  /// Records and direct calls take turns, so that neither a long queue nor a long report holds up the other.
  private func sendNextDirectCall() -> Bool {
    if prefersRecord, sendNextRecord() { return true }
    guard let call = directCalls.popFirst() else { return false }
    prefersRecord = true
    send(call)
    return true
  }

  private func sendNextRecord() -> Bool {
    prefersRecord = false
    guard inFlight == nil, unstoredOffsets == 0, let outgoing = outbox.next(at: now, version: version) else {
      return false
    }
    send(outgoing.call.action, kind: .record) { writer, _ in outgoing.call.payload(&writer) }
    return true
  }

  private func sendDueHeartbeat() -> Bool {
    guard heartbeatDueAt <= now else { return false }
    sendHeartbeat()
    return true
  }

  private func sendHeartbeat() {
    send(.heartbeat, kind: .heartbeat) { writer, version in HeartbeatRequest().encode(into: &writer, version: version) }
  }

  private func sendCallAllowedWhilePending() -> Bool {
    guard let place = directCalls.firstIndex(where: { $0.isAllowedWhilePending }) else { return false }
    send(directCalls.remove(at: place))
    return true
  }

  private func send(_ call: DirectCall) {
    send(call.action, kind: .direct(deadline: call.deadline, answer: call.answer), payload: call.payload)
  }

  func send(
    _ action: OCPPAction, kind: CallInFlight.Kind, payload: (inout JSONWriter, OCPPVersion) -> Void
  ) {
    let id = makeIdentifier()
    let version = version
    let frame = OCPPFrame.encodedCall(messageID: id, action: action) { writer in payload(&writer, version) }
    inFlight = CallInFlight(
      id: id, action: action, sentAt: now, timeoutAt: now + deviceModel.seconds(.messageTimeout), kind: kind)
    lastSentAt = now
    link.send(frame)
  }

  // MARK: Direct calls

  func enqueue(_ call: DirectCall) {
    let isSendable = session.isOnline || (call.isAllowedWhilePending && session.openAttempt != nil)
    guard isSendable, directCalls.count < Self.maximumDirectCalls else {
      return later { call.answer(.offline) }
    }
    directCalls.append(call)
  }

  // MARK: Answers

  func answered(_ id: String, payload: ArraySlice<UInt8>) {
    guard let call = inFlight, call.id == id else { return unexpectedAnswer(id) }
    inFlight = nil
    switch call.kind {
    case .bootNotification: bootNotificationAnswered(payload, sentAt: call.sentAt)
    case .heartbeat: heartbeatAnswered(payload, sentAt: call.sentAt)
    case .record:
      if !outbox.answered(payload: payload, version: version, at: now) {
        faultyAnswer(
          to: call.action, MessageViolation(code: .formatViolation, path: "$", detail: "an answer that cannot be read"))
      }
    case .direct(_, let answer):
      if let violation = AnswerCheck.violation(of: payload, answering: call.action, version, limits) {
        faultyAnswer(to: call.action, violation)
        answer?(.error(code: "a faulty answer", description: violation.description))
      } else {
        answer?(.result(payload: payload, version))
      }
    }
  }

  /// A CALLERROR, or an answer that could not be read as a frame.
  func refused(_ id: String, code: String, description: String) {
    guard let call = inFlight, call.id == id else { return unexpectedAnswer(id) }
    inFlight = nil
    note(EngineEvent(.message, "\(call.action) was refused: \(code.prefix(64))"))
    switch call.kind {
    case .bootNotification: bootNotificationFailed(String(code.prefix(64)))
    case .heartbeat: break
    case .record: outbox.failed(String(code.prefix(64)), at: now)
    case .direct(_, let answer): answer?(.error(code: code, description: description))
    }
    if code == OCPPErrorCode.securityError.rawName, call.action != .bootNotification { doubtRegistration() }
  }

  private func doubtRegistration() {
    let actions = session.registrationDoubted(at: now, settings: sessionSettings)
    guard !actions.isEmpty else { return }
    note(EngineEvent(.boot, "the CSMS treats the station as not accepted: registering anew"))
    perform(actions)
  }

  private func unexpectedAnswer(_ id: String) {
    counters.unexpectedAnswers &+= 1
  }

  /// A payload of the CSMS that breaks its schema: never answered, but known to the security log.
  func faultyAnswer(to action: OCPPAction, _ violation: MessageViolation) {
    counters.faultyFrames &+= 1
    security?.invalidMessage("answer to \(action): \(violation)")
  }

  func expireCalls() {
    if let call = inFlight, call.timeoutAt <= now {
      inFlight = nil
      counters.timeouts &+= 1
      note(EngineEvent(.message, "\(call.action): no answer in time"))
      switch call.kind {
      case .bootNotification: bootNotificationFailed("no answer")
      case .heartbeat: break
      case .record: outbox.failed("no answer", at: now)
      case .direct(_, let answer): answer?(.timeout)
      }
    } else if case .direct(let deadline, let answer?)? = inFlight?.kind, deadline <= now {
      inFlight?.kind = .direct(deadline: deadline, answer: nil)
      answer(.timeout)
    }
    expireDirectCalls()
    expireOpenCalls()
  }

  private func expireDirectCalls() {
    guard directCalls.contains(where: { $0.deadline <= now }) else { return }
    let due = directCalls.filter { $0.deadline <= now }
    directCalls.removeAll { $0.deadline <= now }
    for call in due { call.answer(.timeout) }
  }

  /// The link went away: nothing counts, everything is told.
  func interruptCalls() {
    wantsBootNotification = nil
    wantsHeartbeat = false
    let call = inFlight
    inFlight = nil
    switch call?.kind {
    case .record: outbox.interrupted()
    case .direct(_, let answer?): later { answer(.offline) }
    default: break
    }
    let waiting = directCalls
    directCalls = []
    for call in waiting { later { call.answer(.offline) } }
    openCalls = [:]
  }
}
