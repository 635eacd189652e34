import ChargerBase
import OCPPTypes
import SimulatedWorld
import SimulationSupport

// Every event has a cause that the world or the CSMS gave, and every end its reason (E01.FR.15, E06.FR.08, E06.FR.15).

extension Judge {
  mutating func judgeCauses() {
    for transaction in evidence.transactions {
      var state: ChargingState?
      for event in transaction.events {
        if !event.isUndated { judgeCause(event, transaction, lastState: state) }
        state = event.request.transactionInfo.chargingState ?? state
      }
      judgeReason(transaction)
    }
  }

  private mutating func judgeCause(
    _ event: Evidence.Event, _ transaction: Evidence.Transaction, lastState: ChargingState?
  ) {
    let name = event.request.name
    let evse = transaction.evse
    switch event.trigger {
    case .cablePluggedIn:
      if !hasCome(to: evse, by: event.at) { find("\(name): nobody has plugged in") }
    case .evCommunicationLost:
      if !hasGone(from: evse, by: event.at), !hasJustStarted(at: event.at) {
        find("\(name): the car is still there")
      }
    case .authorized:
      if event.card == nil { find("\(name) does not say who (E02.FR.01)") }
    case .remoteStart:
      if !isAskedFor(event) { find("\(name): no remote start with this number (F01.FR.19, F02.FR.21)") }
    case .stopAuthorized: judgeStop(event, transaction)
    case .remoteStop:
      let asked = chronicle.acts.contains { act in
        guard case .remoteStop = act.action, act.transaction == transaction.id else { return false }
        return status(act) == "Accepted" && isShortly(act.at, before: event.at, .seconds(30))
      }
      if !asked, !hasJustStarted(at: event.at) { find("\(name): no remote stop was asked for (F03.FR.03)") }
    case .deauthorized:
      let refused = evidence.opinions.contains {
        // Where a budget was left, energy and with it the transaction end when it is used up (E05.FR.02, its note).
        $0.transaction == transaction.id && !$0.isAccepted
          && isShortly($0.at, before: event.at, hasBudget ? .seconds(86_400) : .seconds(30))
      }
      if !refused, !hasJustStarted(at: event.at) { find("\(name): nobody was refused (E05.FR.10)") }
    case .evConnectTimeout:
      if isConnected(evse, at: event.at - .seconds(2)) { find("\(name): the car is there (E03.FR.05)") }
    case .resetCommand:
      let asked = chronicle.acts.contains { act in
        guard case .reset = act.action else { return false }
        return ["Accepted", "Scheduled"].contains(status(act)) && act.at <= event.at + .milliseconds(300)
      }
      if !asked { find("\(name): no reset was asked for (B12.FR.04)") }
    case .chargingStateChanged:
      let state = event.request.transactionInfo.chargingState
      if state == nil { find("\(name) does not say the charging state (E02.FR.13)") }
      if state != nil, state == lastState, event.request.eventType == .updated {
        find("\(name): the charging state is what it was")
      }
    case .abnormalCondition:
      if !isFaulted(evse, at: event.at), !hasJustStarted(at: event.at) {
        find("\(name): nothing is wrong (E06.FR.16)")
      }
    case .energyLimitReached:
      if rules.stopsOnInvalidId { find("\(name): there was no limit") }
    case .unlockCommand:
      let asked = chronicle.acts.contains {
        if case .unlock = $0.action { isShortly($0.at, before: event.at, .seconds(30)) } else { false }
      }
      if !asked { find("\(name): no unlock was asked for") }
    case .signedDataReceived:
      if rules.board != StoryRules.socketBoard { find("\(name): no meter signs here") }
    case .meterValuePeriodic, .chargingRateChanged: break
    default: find("\(name): nothing on this day is a cause for it (E01.FR.15)")
    }
  }

  /// The number of the remote start is told with it (F01.FR.25, F02.FR.01).
  private func isAskedFor(_ event: Evidence.Event) -> Bool {
    guard let number = event.request.transactionInfo.remoteStartId else { return false }
    return chronicle.acts.contains { act in
      guard case .remoteStart = act.action, let id = act.callID, status(act) == "Accepted" else { return false }
      return chronicle.remoteStartNumbers[id] == number && act.at <= event.at + .milliseconds(300)
    }
  }

  /// E07.FR.01, C01.FR.03, C09.FR.03: who began it ends it, or somebody of his group.
  private mutating func judgeStop(_ event: Evidence.Event, _ transaction: Evidence.Transaction) {
    let name = event.request.name
    // A master pass ends also what nobody was authorized for (C16.FR.02).
    if event.card == StoryCard.master.rawValue { return }
    let payer = transaction.events.first { $0.card != nil && $0.trigger != .stopAuthorized }?.card
    guard let payer else { return find("\(name): nobody had begun (E07.FR.01)") }
    let allowed = Self.groupMates(of: payer) + [StoryCard.master.rawValue]
    if let card = event.card, !allowed.contains(card) { find("\(name): \(card) ends what \(payer) began (C09.FR.11)") }
    let shown = chronicle.acts.contains { act in
      guard case .tap(let card, let evse) = act.action, act.wasPossible else { return false }
      // A master pass ends what runs anywhere (C16.FR.02).
      guard evse == nil || evse == transaction.evse || card == .master else { return false }
      return isShortly(act.at, before: event.at, Self.answerTime)
        && (event.card.map { $0 == card.rawValue } ?? allowed.contains(card.rawValue))
    }
    if !shown, !hasJustStarted(at: event.at) { find("\(name): no such card was shown") }
  }

  static func groupMates(of card: String) -> [String] {
    let group = CardOffice.members.map(\.rawValue)
    return group.contains(card) ? group : [card]
  }

  // MARK: Reasons

  /// The reason is what began the end: authorization may have ended long before the car went (Part 2, stoppedReason of
  /// TransactionType; E07, sequence for TxStopPoint EVConnected).
  private mutating func judgeReason(_ transaction: Evidence.Transaction) {
    guard let ended = transaction.ended else { return }
    var began: TriggerReason?
    var isByMaster = false
    for event in transaction.events {
      switch event.trigger {
      case .stopAuthorized, .remoteStop, .deauthorized, .evConnectTimeout, .resetCommand, .energyLimitReached:
        began = began ?? event.trigger
        if event.card == StoryCard.master.rawValue, event.trigger == .stopAuthorized { isByMaster = true }
      case .authorized, .remoteStart: began = nil
      default: break
      }
    }
    let reason = ended.request.transactionInfo.stoppedReason
    // A master pass that nobody knew as one ends its own transaction as any card does.
    let isOwn = transaction.events.contains {
      $0.card == StoryCard.master.rawValue && $0.trigger != .stopAuthorized
    }
    // C16.FR.07.
    let allowed =
      (isByMaster && began == .stopAuthorized ? [.masterPass] : Self.reasons(of: began ?? ended.trigger))
      + (isByMaster ? [.masterPass] + (isOwn ? [.local, nil] : []) : [])
      + (wasRefused(transaction) ? [.deAuthorized] : [])
      + (hasJustStarted(at: ended.at) ? Self.restartReasons(lastEnd(before: ended.at)) : [])
    // A reset is a reason of its own, whatever had ended the authorization (B12.FR.04).
    let isReset = ended.trigger == .resetCommand && reason == .immediateReset
    if !allowed.contains(reason), !isReset {
      find("\(ended.request.name) says \(reason?.rawName ?? "no reason"), after \((began ?? ended.trigger).rawName)")
    }
  }

  private func isFaulted(_ evse: Int32?, at instant: MonotonicInstant) -> Bool {
    chronicle.acts.contains { act in
      guard case .fault(_, let place, true) = act.action else { return false }
      return place == evse && isShortly(act.at, before: instant, .seconds(30))
    }
  }

  private var hasBudget: Bool { !rules.stopsOnInvalidId && rules.stop.contains(.energyTransfer) }

  /// E05.FR.02 leaves the transaction as it is; when it ends at last, the refusal may be what began the end.
  private func wasRefused(_ transaction: Evidence.Transaction) -> Bool {
    evidence.opinions.contains { $0.transaction == transaction.id && !$0.isAccepted }
  }

  private static func reasons(of trigger: TriggerReason) -> [StopReason?] {
    switch trigger {
    case .stopAuthorized: [.local, nil]  // E07.FR.04, E07.FR.05
    case .remoteStop: [.remote]  // F03.FR.03
    case .deauthorized: [.deAuthorized]  // E05.FR.10
    case .evConnectTimeout: [.timeout]  // E03.FR.05
    case .resetCommand: [.immediateReset]  // B12.FR.04
    case .energyLimitReached: [.energyLimitReached]
    case .abnormalCondition: [.groundFault, .other]  // E06.FR.16; what of these the fault is, FaultStories tell
    case .evCommunicationLost: [.evDisconnected]  // E06.FR.02, E09, E10
    case .chargingStateChanged: [.stoppedByEV, .other]  // E06.FR.07, E07.FR.06
    default: []
    }
  }

  /// The resume table (DESIGN §4): what the station did not see is told by what had stopped it.
  private static func restartReasons(_ end: WholeStation.End?) -> [StopReason?] {
    switch end {
    case .powerCut: [.powerLoss]
    case .kill, .watchdog: [.reboot, .other]
    case .clean: [.evDisconnected, .reboot, .other]
    case nil: []
    }
  }

  private func lastEnd(before instant: MonotonicInstant) -> WholeStation.End? {
    chronicle.lives.last { ($0.end ?? .distantFuture) <= instant }?.how
  }

  // MARK: The car

  /// Somebody has plugged in shortly before, at either end of the cable, or while the station was away.
  private func hasCome(to evse: Int32?, by instant: MonotonicInstant) -> Bool {
    if hasJustStarted(at: instant) { return true }
    return chronicle.connections.contains {
      $0.isConnected && $0.evse == evse && isShortly($0.at, before: instant, .seconds(10))
    }
  }

  private func hasGone(from evse: Int32?, by instant: MonotonicInstant) -> Bool {
    !isConnected(evse, at: instant)
      || chronicle.connections.contains {
        !$0.isConnected && $0.evse == evse && isShortly($0.at, before: instant, .seconds(10))
      }
  }

  func isConnected(_ evse: Int32?, at instant: MonotonicInstant) -> Bool {
    chronicle.connections.last { $0.evse == evse && $0.at <= instant }?.isConnected ?? false
  }
}
