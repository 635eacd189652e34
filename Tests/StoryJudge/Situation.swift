import ChargerBase
import OCPPTypes
import SimulatedWorld
import SimulationSupport

/// How things stand before one act of a story, where that is certain, and what was told during it.
struct Situation {
  enum Link { case online, offline }
  enum Answer { case yes, no, unknown }

  /// A transaction as it stands.
  struct Open {
    var transaction: Evidence.Transaction
    /// Who may charge now.
    var payer: String?
    /// Somebody may, or could once.
    var hadPayer: Bool
  }

  /// After an act nothing else happens for so long.
  static let calm = Duration.seconds(15)

  let judge: Judge
  let act: Chronicle.Act
  let link: Link
  var rules: StoryRules { judge.rules }

  /// Nil when something else goes on at the same time: then only the rules for every moment hold.
  init?(_ judge: Judge, _ index: Int) {
    let acts = judge.chronicle.acts
    act = acts[index]
    self.judge = judge
    let (start, end) = (act.at, act.until)
    guard start.duration(to: end) >= Self.calm else { return nil }
    // What came before has come to rest.
    for earlier in acts[..<index] where earlier.until == start && earlier.at + Self.calm > start {
      if case .nothing = earlier.action { continue }
      if case .verdict = earlier.action { continue }
      return nil
    }
    let isRestart = if case .end = act.action { true } else { false }
    let lives = judge.chronicle.lives
    guard !lives.dropFirst().contains(where: { $0.start + .seconds(45) > start && $0.start <= start }) else {
      return nil
    }
    guard
      isRestart || !lives.contains(where: { ($0.end ?? .distantFuture) >= start && ($0.end ?? .distantFuture) <= end })
    else { return nil }
    for earlier in acts[...index] {
      if case .csms(_, let length) = earlier.action, earlier.at + length + .seconds(40) > start { return nil }
    }
    guard let link = Self.link(judge, start, end) else { return nil }
    self.link = link
  }

  private static func link(_ judge: Judge, _ start: MonotonicInstant, _ end: MonotonicInstant) -> Link? {
    var network = (isUp: true, since: MonotonicInstant.zero)
    for act in judge.chronicle.acts {
      guard case .network(let isUp) = act.action, isUp != network.isUp else { continue }
      if act.at >= start, act.at < end { return nil }
      if act.at < start { network = (isUp, act.at) }
    }
    let changes = judge.chronicle.links
    guard !changes.contains(where: { $0.at > start - .seconds(20) && $0.at < end && $0.isOpen }) else { return nil }
    let last = changes.last { $0.at <= start }
    if network.isUp {
      guard last?.isOpen == true, !changes.contains(where: { $0.at >= start && $0.at < end }),
        judge.evidence.registeredAt.contains(where: { $0 <= start && judge.isSameLife($0, start) })
      else { return nil }
      return .online
    }
    return last?.isOpen == false && network.since + .seconds(20) < start ? .offline : nil
  }

  // MARK: Before

  var at: MonotonicInstant { act.at }

  func isConnected(_ evse: Int32) -> Bool { judge.isConnected(evse, at: at - .milliseconds(1)) }

  /// The contactor is closed.
  func isCharging(_ evse: Int32) -> Bool {
    judge.chronicle.switchings.last { $0.evse == evse && $0.at <= at }?.isClosed ?? false
  }

  func open(_ evse: Int32) -> Open? {
    guard
      let transaction = judge.evidence.transactions.first(where: {
        $0.evse == evse && $0.start < at && $0.end >= at
      })
    else { return nil }
    var payer: String?
    var hadPayer = false
    for event in transaction.events where event.at < at {
      switch event.trigger {
      case .stopAuthorized, .remoteStop, .deauthorized, .evConnectTimeout, .resetCommand: payer = nil
      case .evCommunicationLost: if rules.stopsOnEVSideDisconnect { payer = nil }
      default: break
      }
      if event.trigger != .stopAuthorized, let card = event.card {
        payer = card
        hadPayer = true
      }
    }
    return Open(transaction: transaction, payer: payer, hadPayer: hadPayer)
  }

  /// Whether a card lets its owner charge now: C01, C10, C12, C13, C15.
  func accepts(_ card: StoryCard) -> Answer {
    if let isListed = judge.listed(card.rawValue) { return accepts(listed: isListed, card) }
    let known = judge.lastOpinions(of: card.rawValue, at: at...at)
    switch link {
    case .online:
      let isAccepted = judge.isAcceptedByCSMS(card, at: at)
      guard rules.hasCache, rules.preAuthorizes else { return isAccepted ? .yes : .no }
      // C10.FR.03: what the cache does not accept, the CSMS is asked.
      if known == [true] { return .yes }
      if isAccepted { return .yes }
      return known.contains(true) ? .unknown : .no
    case .offline:
      guard rules.authorizesOffline, known.count == 1 else { return .unknown }
      guard rules.hasCache, let opinion = known.first ?? nil else { return rules.unknownIdsOffline ? .yes : .no }
      return opinion ? .yes : .no
    }
  }

  /// C13.FR.02, C14.FR.02, C14.FR.03.
  private func accepts(listed isAccepted: Bool, _ card: StoryCard) -> Answer {
    switch link {
    case .online:
      if isAccepted, rules.preAuthorizes { return .yes }
      return judge.isAcceptedByCSMS(card, at: at) ? .yes : .no
    case .offline:
      guard isAccepted else { return .no }
      return rules.authorizesOffline ? .yes : .unknown
    }
  }

  func isCached(_ card: StoryCard) -> Bool {
    rules.hasCache && judge.lastOpinions(of: card.rawValue, at: at...at) == [true]
  }

  // MARK: During

  /// What was told of an EVSE from the act to the next one, without readings.
  func told(_ evse: Int32) -> [(transaction: Evidence.Transaction, event: Evidence.Event)] {
    judge.evidence.transactions.filter { $0.evse == evse }.flatMap { transaction in
      transaction.events.filter { event in
        event.at >= at - .milliseconds(50) && event.at < act.until
          && ![.meterValuePeriodic, .chargingRateChanged].contains(event.trigger)
      }.map { (transaction, $0) }
    }
  }

  /// The contactor closes within `limit`, or was closed.
  func getsEnergy(_ evse: Int32, within limit: Duration = .seconds(40)) -> Bool {
    if isCharging(evse) { return true }
    return judge.chronicle.switchings.contains {
      $0.evse == evse && $0.isClosed && $0.at >= at && $0.at <= at + limit
    }
  }
}

extension Judge {
  func isAcceptedByCSMS(_ card: StoryCard, at instant: MonotonicInstant) -> Bool {
    var isAccepted = card != .blocked && card != .stranger
    for act in chronicle.acts where act.at <= instant {
      if case .verdict(let named, let verdict) = act.action, named == card { isAccepted = verdict }
    }
    return isAccepted
  }
}
