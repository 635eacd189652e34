import ChargerBase
import OCPPTypes

// F01–F03: the CSMS starts and stops. The answer goes out first, the consequences follow it.

extension SessionController {
  func requestStart(_ call: IncomingCall) throws(MessageViolation) {
    let request = try RequestStartTransactionRequest.decode(call.payload, version: call.version)
    // A charging profile in it is ignored: this station has no smart charging (F01.FR.12, F02.FR.20).
    // C16.FR.03: with a master pass nothing begins.
    let chosen = request.groupIdToken.map(isMasterPass) ?? false ? [] : chooseEVSEs(for: request)
    // A transaction that only waits for its last reading is not the one that this driver gets.
    let running = chosen.count == 1 ? chosen.first.flatMap { openTransaction(at: $0) } : nil
    let transactionID = running?.pendingEnd == nil ? running?.id : nil
    let isAccepted = services.isOnline && !chosen.isEmpty && remoteStarts.count < Self.maximumQuestions
    let answer = RequestStartTransactionResponse(
      status: isAccepted ? .accepted : .rejected, transactionId: isAccepted ? transactionID : nil)
    guard isAccepted else {
      call.respond { writer, version in answer.encode(into: &writer, version: version) }
      return
    }
    let authorization = SessionAuthorization(
      token: request.idToken, groupToken: request.groupIdToken, remoteStartID: request.remoteStartId,
      reason: .remoteStart)
    remoteStarts.append(
      RemoteStart(
        authorization: authorization, evses: chosen, until: services.now + settings.connectionTimeout, isAsked: true))
    // What the CSMS is told survives a power cut: stored first, then answered, then done.
    storeDrivers { [weak self] isStored in
      guard let self else { return }
      // Answered as failed, or never: then nobody has been promised anything, and nothing begins.
      guard isStored, call.isOpen else {
        forgetRemoteStart(request.remoteStartId)
        if isStored { storeDrivers() }
        let refusal = RequestStartTransactionResponse(
          status: .rejected, statusInfo: StatusInfo(reasonCode: "StorageFailure"))
        call.respond { writer, version in refusal.encode(into: &writer, version: version) }
        return
      }
      call.respond { writer, version in answer.encode(into: &writer, version: version) }
      services.later { [weak self] in self?.beginRemoteStart(authorization, at: chosen) }
    }
  }

  /// The EVSEs that a remote start may use; none rejects it (F01.FR.20–.24, F02.FR.22–.26).
  private func chooseEVSEs(for request: RequestStartTransactionRequest) -> [EVSEID] {
    if let number = request.evseId {
      guard let place = place(of: EVSEID(number)) else { return [] }
      let machine = slots[place].machine
      let canBegin = machine.transaction != nil || services.canBeginTransaction
      let isFree = !isKept(machine.evse) && !questions.contains { $0.evses == [machine.evse] }
      return canBegin && isFree && machine.mayAuthorize(request.idToken) && machine.mayStartRemotely
        ? [machine.evse] : []
    }
    let all = slots.map { $0.machine.evse }
    if let waiting = longestWaitingVehicle(for: request.idToken, among: all, isRemote: true) { return [waiting] }
    guard services.canBeginTransaction, undecided.count < slots.count else { return [] }
    return freeEVSEs(for: request.idToken, among: all)
  }

  func beginRemoteStart(_ authorization: SessionAuthorization, at evses: [EVSEID]) {
    let kind = authorization.token.type
    // C05.FR.01: the CSMS has vouched for a Central token itself.
    guard settings.authorizesRemoteStart, settings.requiresAuthorization, kind != .central, kind != .noAuthorization
    else {
      finishRemoteStart(authorization, at: evses)
      return
    }
    let only = evses.count == 1 ? evses.first : nil
    notify(.authorizing, at: only)
    ask(authorization.token, remoteStartID: authorization.remoteStartID, evses: evses) { [weak self] verdict in
      guard let self else { return }
      if let only { endNotice(at: only) }
      var verdict = verdict
      if verdict.groupToken.map(isMasterPass) ?? false { verdict.status = .invalid }
      let allowed = evses.filter { verdict.evses?.contains($0) ?? true }
      guard verdict.status == .accepted, !allowed.isEmpty else {
        forgetRemoteStart(authorization.remoteStartID)
        storeDrivers()
        notify(.rejected(verdict.status == .accepted ? .notAtThisLocation : verdict.status), at: only)
        return
      }
      var confirmed = authorization
      confirmed.groupToken = verdict.groupToken ?? authorization.groupToken
      finishRemoteStart(confirmed, at: allowed)
    }
  }

  private func finishRemoteStart(_ authorization: SessionAuthorization, at evses: [EVSEID]) {
    // Where it goes now it is stored again, in the same commit.
    forgetRemoteStart(authorization.remoteStartID)
    defer { storeDrivers() }
    if evses.count == 1, let only = evses.first {
      guard let place = place(of: only), slots[place].machine.mayAuthorize(authorization.token),
        slots[place].machine.mayStartRemotely
      else {
        notify(.rejected(.notAtThisTime), at: only)
        return
      }
      authorize(authorization, at: only)
    } else if let waiting = longestWaitingVehicle(for: authorization.token, among: evses, isRemote: true) {
      authorize(authorization, at: waiting)
    } else {
      place(authorization, among: evses, feedbackAt: nil)
    }
  }

  func requestStop(_ call: IncomingCall) throws(MessageViolation) {
    let request = try RequestStopTransactionRequest.decode(call.payload, version: call.version)
    // F03.FR.07, .08
    let machine = slots.map { $0.machine }.first {
      $0.transaction?.id == request.transactionId && $0.transaction?.pendingEnd == nil
    }
    let isAccepted = services.isOnline && machine != nil
    let answer = RequestStopTransactionResponse(status: isAccepted ? .accepted : .rejected)
    func respond() { call.respond { writer, version in answer.encode(into: &writer, version: version) } }
    guard isAccepted, let evse = machine?.evse else { return respond() }
    // The stop is on disk before the CSMS is told, and told before its event is sent. A store that fails holds no
    // driver: then the answer goes at once.
    let isStoreWell = services.canBeginTransaction
    if !isStoreWell { respond() }
    run(evse, whenDurable: { if isStoreWell { respond() } }) { machine, context in
      machine.stop(SessionCause(.remoteStop, .remote), context)
    }
  }
}
