import ChargerBase
import OCPPTypes
import SimulatedWorld
import SimulationSupport

/// Says what must follow from one act, by the tables of C, E and F; where they leave it open, it says nothing.
struct Foresight {
  struct Outcome {
    var all: [Expectation] = []
    /// Who waits for his car at an EVSE now; nil: nobody any more.
    var waits: (evse: Int32, who: Waiting?)?
    /// Somebody may wait somewhere.
    var isBlurred = false

    static func certain(_ all: Expectation...) -> Outcome { Outcome(all: all) }
    static let open = Outcome()
    static let blurred = Outcome(isBlurred: true)
  }

  let situation: Situation
  let waiting: [Int32: Waiting]  // allowed: looked up, never iterated
  let isUnknown: Bool
  let unusable: [Int32]

  private var rules: StoryRules { situation.rules }
  private var evses: [Int32] { situation.judge.chronicle.evses }
  private var endsWithAuthorization: Bool { rules.stop.contains { [.authorized, .powerPathClosed].contains($0) } }
  private var endsWithCar: Bool { rules.stop.contains { [.evConnected, .powerPathClosed].contains($0) } }

  func expected() -> Outcome {
    switch situation.act.action {
    case .plugIn(let evse, let car): isUsable(evse) ? carComes(evse, car) : .open
    case .plugOut(let evse), .car(let evse, .unplugged?): isUsable(evse) ? carGoes(evse) : .open
    case .tap(.master, _): master()
    case .tap(let card, let evse?): isUsable(evse) ? shown(card, evse) : .blurred
    case .tap(let card, nil): shownSomewhere(card)
    case .remoteStart(.master, _): .blurred
    case .remoteStart(let card, let evse?): isUsable(evse) ? remoteStart(card, evse) : .blurred
    case .remoteStart(_, nil): .blurred
    case .remoteStop(let evse): remoteStop(evse)
    case .end(let end, let away, let meanwhile): comesBack(end, away, meanwhile)
    default: .open
    }
  }

  private func isUsable(_ evse: Int32) -> Bool {
    situation.act.wasPossible && !unusable.contains(evse)
      && !situation.judge.evidence.transactions.contains {
        ($0.evse ?? evse) == evse && ($0.isUndated || $0.evse == nil)
      }
  }

  // MARK: The car

  private func carComes(_ evse: Int32, _ car: CarSpecification) -> Outcome {
    // E02.FR.17, E03.FR.12.
    if let open = situation.open(evse) {
      // In the moment in which EVConnectionTimeOut ends the transaction both may be (E03.FR.05).
      let timeout = open.transaction.events.contains { $0.trigger == .evConnectTimeout }
      return timeout ? .blurred : .certain(.tells(evse, [.cablePluggedIn], ends: nil, card: nil))
    }
    if let who = waiting[evse] {
      // In the last moments of EVConnectionTimeOut both are right (C01.FR.26).
      guard who.since + .seconds(rules.connectionTimeout - 5) > situation.at else { return .blurred }
      let triggers: [TriggerReason] =
        who.isRemote ? [.remoteStart] : [.cablePluggedIn, .authorized, .chargingStateChanged]
      var outcome = Outcome(waits: (evse, nil))
      guard !refusedLater(who.card) else { return outcome }
      if rules.start != [.energyTransfer] || car.batteryRoom == nil {
        outcome.all.append(.starts(evse, payer: who.card, triggers))
      }
      if car.batteryRoom == nil { outcome.all.append(.energy(evse)) }
      return outcome
    }
    guard !isUnknown else { return .blurred }
    // E01.FR.02, and C01.FR.01.
    if rules.start.contains(.evConnected) { return .certain(.starts(evse, payer: nil, [.cablePluggedIn])) }
    return .certain(.nothing(evse))
  }

  private func carGoes(_ evse: Int32) -> Outcome {
    guard situation.isConnected(evse) else { return .open }
    guard let open = situation.open(evse) else { return isUnknown ? .open : .certain(.nothing(evse)) }
    // E06.FR.02, E06.FR.06; E06.FR.07 where the energy ends first.
    var triggers: [TriggerReason] = [.evCommunicationLost, .chargingStateChanged]
    // A budget that is used up in the same moment (E05.FR.02).
    if open.payer.map({ refusedLater($0) }) ?? false { triggers += [.deauthorized, .energyLimitReached] }
    if endsWithCar {
      let isKept = !rules.stopsOnEVSideDisconnect && open.payer != nil  // E10 against E06.FR.02: both
      return .certain(.tells(evse, triggers, ends: isKept ? nil : true, card: nil))
    }
    guard open.payer != nil else { return .open }
    // E09.FR.01; E10.
    let ends = rules.stopsOnEVSideDisconnect && endsWithAuthorization
    return .certain(.tells(evse, triggers, ends: ends ? true : nil, card: nil))
  }

  // MARK: Cards

  private func shown(_ card: StoryCard, _ evse: Int32) -> Outcome {
    let answer = situation.accepts(card)
    if let open = situation.open(evse) {
      if let payer = open.payer {
        if payer == card.rawValue { return stops(evse, card) }  // E07.FR.01 (a)
        if Judge.groupMates(of: payer).contains(card.rawValue) { return shownByMate(card, evse, answer) }
        return .certain(.nothing(evse))
      }
      if open.hadPayer { return .open }  // C01.FR.23
      switch answer {
      case .yes: return .certain(.tells(evse, [.authorized], ends: endsUnasked, card: card.rawValue))  // E02.FR.20
      case .no: return .certain(.nothing(evse))
      case .unknown: return .open
      }
    }
    if waiting[evse] != nil || isUnknown { return .blurred }
    switch answer {
    case .unknown: return .blurred
    case .no: return .certain(.nothing(evse))
    case .yes: return begins(evse, card, isRemote: false)
    }
  }

  /// E07.FR.01 (b), C09.FR.03, C09.FR.11.
  private func shownByMate(_ card: StoryCard, _ evse: Int32, _ answer: Situation.Answer) -> Outcome {
    switch answer {
    // LocalAuthorizeOffline is about who starts: a mate that the station knows may stop all the same.
    case .no where situation.isCached(card) || situation.judge.listed(card.rawValue) == true: .open
    case .no: .certain(.nothing(evse))
    case .yes where situation.link == .online: stops(evse, card)
    default: .open
    }
  }

  private func stops(_ evse: Int32, _ card: StoryCard) -> Outcome {
    .certain(.tells(evse, [.stopAuthorized], ends: endsByStop(evse), card: card.rawValue))
  }

  /// E06.FR.03, E06.FR.06, E06.FR.07; nil: the energy may have ended by itself.
  private func endsByStop(_ evse: Int32) -> Bool? {
    if endsWithAuthorization { return true }
    if rules.stop.contains(.energyTransfer), situation.isCharging(evse) { return true }
    // Without a car no other stop point would ever end it: both.
    return rules.stop.contains(.energyTransfer) || !situation.isConnected(evse) ? nil : false
  }

  /// A car that is soon full ends it where the energy does (E06.FR.07).
  private var endsUnasked: Bool? { rules.stop.contains(.energyTransfer) ? nil : false }

  private func begins(_ evse: Int32, _ card: StoryCard, isRemote: Bool) -> Outcome {
    let trigger: TriggerReason = isRemote ? .remoteStart : .authorized
    if rules.start.contains(.authorized) {  // E01.FR.03
      var outcome = Outcome.certain(.starts(evse, payer: card.rawValue, [trigger]))
      let rest = situation.at.duration(to: situation.act.until)
      if !situation.isConnected(evse), rest > .seconds(rules.connectionTimeout + 10),
        !refusedLater(card.rawValue)
      {
        outcome.all.append(.timesOut(evse))  // E03.FR.05, F02.FR.07
      }
      return outcome
    }
    guard situation.isConnected(evse) else {
      return Outcome(
        all: [.nothing(evse)],
        waits: (evse, Waiting(card: card.rawValue, isRemote: isRemote, since: situation.at)))
    }
    if rules.start.contains(.powerPathClosed) {  // E01.FR.05
      return .certain(.starts(evse, payer: card.rawValue, [trigger]))
    }
    return .blurred
  }

  /// At a reader for the whole station.
  private func shownSomewhere(_ card: StoryCard) -> Outcome {
    guard evses.allSatisfy({ isUsable($0) }) else { return .blurred }
    let own = evses.filter { situation.open($0)?.payer == card.rawValue }
    // Who has stopped may go on where he was, or begin at the other place (C01.FR.23).
    if evses.contains(where: { situation.open($0).map { $0.hadPayer && $0.payer == nil } ?? false }) { return .blurred }
    if own.count == 1, let evse = own.first { return stops(evse, card) }
    guard own.isEmpty, !isUnknown, evses.allSatisfy({ waiting[$0] == nil }) else { return .blurred }
    switch situation.accepts(card) {
    case .unknown: return .blurred
    case .no: return Outcome(all: evses.map { .nothing($0) })
    case .yes:
      let mates = evses.filter { evse in
        situation.open(evse)?.payer.map { Judge.groupMates(of: $0).contains(card.rawValue) } ?? false
      }
      // The one car that waits for somebody is meant.
      let wait = evses.filter { situation.isConnected($0) && situation.open($0)?.hadPayer != true }
      guard mates.isEmpty, wait.count == 1, let evse = wait.first else { return .blurred }
      if situation.open(evse) != nil {
        return .certain(.tells(evse, [.authorized], ends: endsUnasked, card: card.rawValue))
      }
      return begins(evse, card, isRemote: false)
    }
  }

  /// C16.FR.02: without a display to choose on it ends everything; C16.FR.03: it begins nothing.
  private func master() -> Outcome {
    guard situation.act.wasPossible else { return .open }
    // Accepted as an unknown card it is nobody's master pass.
    guard situation.accepts(.master) == .yes, situation.link == .online || situation.isCached(.master) else {
      return .blurred
    }
    var outcome = Outcome()
    for evse in evses where isUsable(evse) && situation.open(evse)?.payer != nil {
      outcome.all.append(
        .tells(evse, [.stopAuthorized], ends: endsByStop(evse), card: StoryCard.master.rawValue))
    }
    return outcome
  }

  // MARK: The program

  /// DESIGN §4, the resume table: what is there when the program is back goes on.
  private func comesBack(_ end: WholeStation.End, _ away: Duration, _ meanwhile: Meanwhile) -> Outcome {
    var outcome = Outcome(isBlurred: isUnknown || evses.contains { waiting[$0] != nil })
    guard away < .seconds(3_600) else { return outcome }
    for evse in evses where isUsable(evse) && !isTouched(evse, meanwhile) {
      guard let open = situation.open(evse), situation.isConnected(evse) else { continue }
      // A refusal may still be on its way, and where the energy ends the transaction does.
      guard !rules.stop.contains(.energyTransfer), open.payer.map({ !refusedLater($0) }) ?? true else { continue }
      outcome.all.append(.goesOn(evse))
    }
    return outcome
  }

  private func isTouched(_ evse: Int32, _ meanwhile: Meanwhile) -> Bool {
    switch meanwhile {
    case .nothing: false
    case .carLeaves(let place), .carComes(let place), .meterExchanged(let place, _): place == evse
    }
  }

  // MARK: The CSMS

  private func remoteStart(_ card: StoryCard, _ evse: Int32) -> Outcome {
    guard situation.link == .online else { return .blurred }
    let open = situation.open(evse)
    // F01.FR.24, F02.FR.26.
    if open?.payer != nil { return .certain(.answer(["Rejected"]), .nothing(evse)) }
    guard open?.hadPayer != true, waiting[evse] == nil, !isUnknown else { return .blurred }
    let answer = rules.authorizesRemoteStart ? situation.accepts(card) : .yes  // F01.FR.01, F01.FR.02
    var outcome = Outcome(all: [.answer(["Accepted"])])
    switch answer {
    case .unknown: return .blurred
    case .no: outcome.all.append(.nothing(evse))
    case .yes:
      guard !refusedLater(card.rawValue) else { return .blurred }
      if open != nil {
        outcome.all.append(.tells(evse, [.remoteStart], ends: nil, card: card.rawValue))
      } else {
        let begun = begins(evse, card, isRemote: true)
        outcome.all += begun.all
        outcome.waits = begun.waits
        outcome.isBlurred = begun.isBlurred
      }
    }
    return outcome
  }

  /// The CSMS will take it back when it sees the card in an event (E05).
  private func refusedLater(_ card: String) -> Bool {
    guard let known = StoryCard(rawValue: card) else { return true }
    return !situation.judge.isAcceptedByCSMS(known, at: situation.act.until)
  }

  private func remoteStop(_ evse: Int32?) -> Outcome {
    guard situation.link == .online, situation.act.wasPossible else { return .open }
    guard let evse, let open = situation.open(evse), situation.act.transaction == open.transaction.id else {
      return .certain(.answer(["Rejected"]))  // F03.FR.08
    }
    // What is about to end by itself may wait for a signature by then: both (F03.FR.07, F03.FR.08).
    if let ended = open.transaction.ended, ended.trigger != .remoteStop, ended.at <= situation.at + .seconds(3) {
      return .open
    }
    guard isUsable(evse), open.payer != nil else { return .certain(.answer(["Accepted"])) }
    return .certain(
      .answer(["Accepted"]), .tells(evse, [.remoteStop], ends: endsByStop(evse), card: nil))  // F03.FR.02, F03.FR.03
  }
}
