import ChargerBase
import OCPPJSON
import OCPPPorts
import OCPPTypes

// What the CSMS sends: each CALL gets exactly one answer, each fault the code of DESIGN §4.

extension ChargePoint: CallReplySink {
  func isOpen(_ number: UInt64) -> Bool { openCalls[number] != nil }

  func receive(_ bytes: [UInt8], on attempt: LinkAttempt) {
    let frame: OCPPFrame
    do throws(FrameError) {
      frame = try OCPPFrame(parsing: bytes, version: version, limits: limits)
    } catch {
      return faultyFrame(error)
    }
    switch frame {
    case .call(let id, let action, let payload): receiveCall(id, action, payload, on: attempt)
    case .callResult(let id, let payload): answered(id, payload: payload)
    case .callError(let id, let code, let description, _): refused(id, code: code, description: description)
    case .callResultError(let id, let code, _, _):
      note(EngineEvent(.message, "the CSMS could not use our answer \(id): \(code.prefix(64))"))
    case .send: break
    }
  }

  private func faultyFrame(_ error: FrameError) {
    counters.faultyFrames &+= 1
    security?.invalidMessage(error.description)
    switch error.kind {
    case .tooLarge: return perform(session.abandon(code: 1009, reason: "message too large", at: now))
    case .notUTF8: return perform(session.abandon(code: 1007, reason: "message is not UTF-8", at: now))
    default: break
    }
    if error.isAnswer {
      refused(error.messageID, code: "a faulty answer", description: error.detail)
    } else if let code = error.answer {
      sendError(error.messageID, code, path: error.path, detail: error.detail)
    }
    countFault()
  }

  /// A CSMS that sends nothing but nonsense is left alone for the time of a back-off.
  private func countFault() {
    let oldest = faults.isFull ? faults.first : nil
    faults.appendOverwriting(now)
    guard let oldest, oldest.duration(to: now) < Self.faultWindow else { return }
    faults.removeAll()
    flooded("too many faulty messages")
  }

  private func flooded(_ reason: String) {
    counters.floods &+= 1
    note(EngineEvent(.link, "the CSMS floods the station: \(reason)"))
    interruptCalls()
    perform(session.abandon(code: 1008, reason: reason, at: now))
  }

  // MARK: Calls

  private func receiveCall(_ id: String, _ name: String, _ payload: ArraySlice<UInt8>, on attempt: LinkAttempt) {
    let action = OCPPAction(wireName: name, version: version)
    if let refusal = refusalBeforeRegistration(action) {
      return answerBeforeRegistration(id, refusal)
    }
    guard let action else {
      return sendError(id, .notImplemented, path: "$[2]", detail: "unknown action")
    }
    guard action.isInitiatedByCSMS, let block = handlers[Int(action.rawValue)] else {
      return sendError(id, .notSupported, path: "$[2]", detail: "\(action) is not supported here")
    }
    // A retry may keep its id (errata 4.6): the answer that is under way answers both.
    guard !openCalls.values.contains(where: { $0.messageID == id && $0.attempt == attempt }) else {
      return counters.repeatedCalls &+= 1
    }
    guard openCalls.count < Self.maximumOpenCalls else { return flooded("too many unanswered calls") }
    openCallNumber += 1
    openCalls[openCallNumber] = OpenCall(messageID: id, attempt: attempt, deadline: now + Self.replyDeadline)
    let call = IncomingCall(action: action, version: version, payload: payload, number: openCallNumber, sink: self)
    do throws(MessageViolation) {
      try block.handle(call)
    } catch {
      counters.faultyFrames &+= 1
      security?.invalidMessage("\(action): \(error)")
      call.reject(error)
      countFault()
    }
  }

  private enum Refusal { case security, startOrStopRejected }

  /// B02.FR.01, .05, B03.FR.08; nil when the call may be handled.
  private func refusalBeforeRegistration(_ action: OCPPAction?) -> Refusal? {
    guard !session.isAccepted else { return nil }
    guard session.status == .pending else { return .security }
    switch action {
    case .getVariables, .setVariables, .getBaseReport, .getReport, .triggerMessage: return nil
    case .requestStartTransaction, .requestStopTransaction: return .startOrStopRejected
    default: return .security
    }
  }

  private func answerBeforeRegistration(_ id: String, _ refusal: Refusal) {
    switch refusal {
    case .security: sendError(id, .securityError, path: "$", detail: "the station is not registered")
    case .startOrStopRejected:
      sendResult(id) { writer in
        // Both responses have the same shape.
        RequestStopTransactionResponse(status: .rejected).encode(into: &writer, version: self.version)
      }
    }
  }

  // MARK: Answers

  func respond(_ number: UInt64, version: OCPPVersion, _ payload: (inout JSONWriter, OCPPVersion) -> Void) {
    guard let call = openCalls.removeValue(forKey: number), call.attempt == session.openAttempt else { return }
    sendResult(call.messageID) { writer in payload(&writer, version) }
  }

  func reject(_ number: UInt64, _ code: OCPPErrorCode, path: String, detail: String) {
    guard let call = openCalls.removeValue(forKey: number), call.attempt == session.openAttempt else { return }
    sendError(call.messageID, code, path: path, detail: detail)
  }

  private func sendResult(_ id: String, _ payload: (inout JSONWriter) -> Void) {
    // The CSMS sees that we are there, and so needs no Heartbeat (G02.FR.05).
    lastSentAt = now
    link.send(OCPPFrame.encodedCallResult(messageID: id, payload: payload))
  }

  func sendError(_ id: String, _ code: OCPPErrorCode, path: String, detail: String) {
    lastSentAt = now
    link.send(OCPPFrame.encodedCallError(messageID: id, code: code, description: detail, path: path))
  }

  /// Calls that no block has answered in time.
  func expireOpenCalls() {
    while let (number, call) = openCalls.elements.first, call.deadline <= now {
      counters.unansweredCalls &+= 1
      reject(number, .internalError, path: "$", detail: "no answer in time")
    }
  }
}
