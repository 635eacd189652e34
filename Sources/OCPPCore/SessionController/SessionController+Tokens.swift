import ChargerBase
import OCPPTypes

/// A driver who may charge, and whose EVSE is not known yet.
struct UndecidedDriver {
  var authorization: SessionAuthorization
  var evses: [EVSEID]
  var until: MonotonicInstant
}

/// A token that the CSMS is being asked about.
struct TokenQuestion {
  var number: UInt64
  var token: IdToken
  var evses: [EVSEID]
  /// Set for a remote start: the EVSE is kept for it.
  var remoteStartID: Int32?
}

// Which EVSE a presented token means. A reader stands for one EVSE, several, or (nil) the whole station; of those:
//
// 1. The EVSE whose session this very token has authorized is stopped (C01.FR.03, E07), the one authorized longest ago
//    when there are several. A driver who has authorized but neither plugged in nor begun a transaction gets the full
//    time again instead. While the session that this token has stopped awaits its last reading, it does nothing.
// 2. The owner of a cable that is kept gets it.
// 3. A driver who waits without an EVSE gets the full time again; at a reader of one EVSE he has named it.
// 4. A token that is being asked about already is not asked about twice.
// 5. A token that the station knows as good stops a session of its group at once, when no vehicle waits for a driver.
// 6. Else `TokenAuthorizer` finds out. Of several tokens, the one that is accepted first comes first. An accepted
//    token, within the EVSEs that it may use (C01.FR.21), and that no remote start keeps, goes to
//    a. the vehicle that has waited longest for its driver;
//    b. else it stops a session of the same group (C09), the one authorized longest ago;
//    c. else to the only free EVSE; and where several are free, to the one that is plugged in next, within
//       EVConnectionTimeOut; of several such drivers the one who has waited longest comes first;
//    d. else it is refused: every EVSE is taken.
//
// A remote start for an EVSE keeps it from being accepted until its token is known to be good or not, and is rejected
// when a reader of that EVSE alone is being decided about.
extension SessionController {
  func tokenPresented(_ token: IdToken, evses named: [EVSEID]?) {
    let evses =
      named.map { named in slots.map { $0.machine.evse }.filter { named.contains($0) } }
      ?? slots.map { $0.machine.evse }
    if let own = longestAuthorized(among: evses, where: { $0.token.isSameToken(as: token) }) {
      presentedAgain(token, at: own)
      return
    }
    if releaseHeldCable(by: token, group: nil, among: evses) { return }
    if isEnding(token, among: evses) { return }
    if let waiting = undecided.firstIndex(where: { $0.authorization.token.isSameToken(as: token) }) {
      waitingDriverAgain(waiting, evses: evses)
      return
    }
    guard !questions.contains(where: { $0.token.isSameToken(as: token) }) else { return }
    let likely = likelyTarget(of: token, among: evses)
    guard questions.count < Self.maximumQuestions, !evses.isEmpty else {
      notify(.rejected(.notAtThisTime), at: likely)
      return
    }
    notify(.authorizing, at: likely)
    ask(token, remoteStartID: nil, evses: evses) { [weak self] known in
      self?.useKnownGroup(of: token, known, among: evses, feedbackAt: likely) ?? true
    } answer: { [weak self] verdict in
      self?.decide(token, verdict, evses: evses, feedbackAt: likely)
    }
  }

  /// Asks whether a token may charge; `answer` runs in a later turn.
  func ask(
    _ token: IdToken, remoteStartID: Int32?, evses: [EVSEID],
    known isSettled: @escaping (TokenVerdict) -> Bool = { _ in false }, answer: @escaping (TokenVerdict) -> Void
  ) {
    let number = nextQuestion
    nextQuestion += 1
    questions.append(TokenQuestion(number: number, token: token, evses: evses, remoteStartID: remoteStartID))
    // Where nobody is to be authorized a token is only told (AuthCtrlr.Enabled, Part 2 §2.1).
    guard settings.requiresAuthorization else {
      services.later { [weak self] in
        self?.questions.removeAll { $0.number == number }
        answer(TokenVerdict(status: .accepted))
      }
      return
    }
    authorizer.authorize(
      token, acceptsUnknownOffline: settings.acceptsUnknownTokensOffline,
      deadline: services.deviceModel.seconds(.messageTimeout),
      known: { [weak self] verdict in
        guard isSettled(verdict) else { return false }
        self?.questions.removeAll { $0.number == number }
        return true
      }
    ) { [weak self] verdict in
      self?.questions.removeAll { $0.number == number }
      self?.heard(verdict.languages, of: token)
      self?.answered = token
      answer(verdict)
      self?.answered = nil
    }
  }

  func presentedAgain(_ token: IdToken, at evse: EVSEID) {
    guard let place = place(of: evse) else { return }
    if slots[place].machine.transaction == nil, slots[place].machine.connector == nil {
      run(evse) { machine, context in
        machine.renewConnectionDeadline(context)
        return []
      }
      return
    }
    endNotice(at: evse)
    run(evse) { machine, context in machine.stop(SessionCause(.stopAuthorized, .local, token: token), context) }
  }

  /// The transaction of this very token ends, and only its last reading is awaited: who taps twice to stop does not
  /// start again by it.
  private func isEnding(_ token: IdToken, among evses: [EVSEID]) -> Bool {
    slots.contains { slot in
      guard evses.contains(slot.machine.evse), let ending = slot.machine.transaction, let cause = ending.pendingEnd,
        cause.trigger == .stopAuthorized, slot.machine.nextAuthorization == nil
      else { return false }
      return (cause.token ?? ending.authorization?.token)?.isSameToken(as: token) ?? false
    }
  }

  /// A driver whose EVSE was to show when he plugs in has the full time again, or has named his EVSE now.
  private func waitingDriverAgain(_ index: Int, evses: [EVSEID]) {
    let driver = undecided[index]
    if evses.count == 1, let only = evses.first, driver.evses.contains(only),
      freeEVSEs(for: driver.authorization.token, among: [only]) == [only]
    {
      undecided.remove(at: index)
      authorize(driver.authorization, at: only)
      storeDrivers()
      return
    }
    undecided[index].until = services.now + settings.connectionTimeout
    storeDrivers()
    notify(.plugIn, at: evses.count == 1 ? evses.first : nil)
  }

  /// C01.FR.03 (b), E07.FR.01: a token that the station itself knows as good gets its group's cable, or stops a session
  /// of its group, without a question; unless a vehicle waits for its driver, for then it may have come to start.
  private func useKnownGroup(
    of token: IdToken, _ known: TokenVerdict, among evses: [EVSEID], feedbackAt likely: EVSEID?
  ) -> Bool {
    guard let group = known.groupToken, !isMasterPass(group) else { return false }
    if releaseHeldCable(by: token, group: group, among: evses) {
      takeAwayNotice(at: likely)
      return true
    }
    guard longestWaitingVehicle(for: token, among: evses) == nil,
      let colleague = longestAuthorized(among: evses, where: { $0.groupToken?.isSameToken(as: group) ?? false })
    else { return false }
    endNotice(at: colleague)
    run(colleague) { machine, context in machine.stop(SessionCause(.stopAuthorized, .local, token: token), context) }
    if likely != colleague { takeAwayNotice(at: likely) }
    return true
  }

  private func takeAwayNotice(at evse: EVSEID?) {
    guard let evse, let place = place(of: evse), slots[place].notice?.feedback == .authorizing else { return }
    endNotice(at: evse)
    settle(place)
  }

  private func decide(_ token: IdToken, _ verdict: TokenVerdict, evses: [EVSEID], feedbackAt likely: EVSEID?) {
    if let likely { endNotice(at: likely) }
    guard verdict.status == .accepted else {
      notify(.rejected(verdict.status), at: likely)
      return
    }
    if let group = verdict.groupToken, isMasterPass(group) { return masterPassPresented(token, feedbackAt: likely) }
    let allowed = evses.filter { verdict.evses?.contains($0) ?? true }
    guard !allowed.isEmpty else {
      notify(.rejected(.notAtThisLocation), at: likely)
      return
    }
    let authorization = SessionAuthorization(token: token, groupToken: verdict.groupToken)
    if let waiting = longestWaitingVehicle(for: token, among: allowed) {
      authorize(authorization, at: waiting)
    } else if let group = verdict.groupToken,
      let colleague = longestAuthorized(among: evses, where: { $0.groupToken?.isSameToken(as: group) ?? false })
    {
      run(colleague) { machine, context in machine.stop(SessionCause(.stopAuthorized, .local, token: token), context) }
    } else {
      place(authorization, among: allowed, feedbackAt: likely)
    }
  }

  /// A driver without a vehicle at the station yet.
  func place(_ authorization: SessionAuthorization, among allowed: [EVSEID], feedbackAt likely: EVSEID?) {
    let free = freeEVSEs(for: authorization.token, among: allowed)
    guard services.canBeginTransaction, !free.isEmpty else {
      notify(.rejected(.notAtThisTime), at: likely)
      if let likely, let place = place(of: likely) { settle(place) }
      return
    }
    if free.count == 1, let only = free.first {
      authorize(authorization, at: only)
    } else if undecided.count < slots.count {
      undecided.append(
        UndecidedDriver(
          authorization: authorization, evses: free, until: services.now + settings.connectionTimeout))
      // Told when it is durable, as every acceptance.
      storeDrivers { [weak self] _ in self?.notify(.plugIn, at: nil) }
    } else {
      notify(.rejected(.notAtThisTime), at: likely)
    }
  }

  func authorize(_ authorization: SessionAuthorization, at evse: EVSEID) {
    guard services.canBeginTransaction || transactionID(at: evse) != nil else {
      notify(.rejected(.notAtThisTime), at: evse)
      return
    }
    endNotice(at: evse)
    run(evse) { machine, context in machine.authorize(authorization, context) }
  }

  /// A vehicle was plugged in: the driver who has waited longest for one of these EVSEs has found his.
  func vehicleArrived(at evse: EVSEID) {
    guard let place = place(of: evse), slots[place].machine.connector != nil,
      let first = undecided.firstIndex(where: {
        $0.evses.contains(evse) && slots[place].machine.mayAuthorize($0.authorization.token)
      })
    else { return }
    let driver = undecided.remove(at: first)
    authorize(driver.authorization, at: evse)
  }

  // MARK: - Choosing

  func longestWaitingVehicle(for token: IdToken, among evses: [EVSEID], isRemote: Bool = false) -> EVSEID? {
    slots.map { $0.machine }
      .filter { evses.contains($0.evse) && $0.connector != nil && $0.mayAuthorize(token) && !isKept($0.evse) }
      .filter { !isRemote || $0.mayStartRemotely }
      .min { ($0.connectedSince ?? .zero, $0.evse) < ($1.connectedSince ?? .zero, $1.evse) }?.evse
  }

  func freeEVSEs(for token: IdToken, among evses: [EVSEID]) -> [EVSEID] {
    slots.map { $0.machine }
      .filter { evses.contains($0.evse) && $0.connector == nil && $0.mayAuthorize(token) && !isKept($0.evse) }
      .map { $0.evse }
  }

  private func longestAuthorized(
    among evses: [EVSEID], where isMeant: (SessionAuthorization) -> Bool
  ) -> EVSEID? {
    slots.map { $0.machine }
      .filter { machine in
        evses.contains(machine.evse) && machine.transaction?.pendingEnd == nil && machine.deferredStop == nil
          && machine.authorization.map(isMeant) ?? false
      }
      .min { ($0.authorizedSince ?? .zero, $0.evse) < ($1.authorizedSince ?? .zero, $1.evse) }?.evse
  }

  private func likelyTarget(of token: IdToken, among evses: [EVSEID]) -> EVSEID? {
    if evses.count == 1 { return evses.first }
    if let waiting = longestWaitingVehicle(for: token, among: evses) { return waiting }
    let free = freeEVSEs(for: token, among: evses)
    return free.count == 1 ? free.first : nil
  }

  /// A remote start is being decided for this EVSE.
  func isKept(_ evse: EVSEID) -> Bool {
    questions.contains { $0.remoteStartID != nil && $0.evses == [evse] } || remoteStarts.contains { $0.evses == [evse] }
  }
}
