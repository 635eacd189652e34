import ChargerBase
import OCPPTypes
import SimulationSupport

extension Judge {
  /// From the card to the answer: a CSMS that is silent is waited for.
  static let answerTime = Duration.seconds(45)

  /// Nobody pays who was not there, or who was refused; and one transaction has one payer.
  mutating func judgePayers() {
    for transaction in evidence.transactions {
      var payer: String?
      for event in transaction.events where event.card != nil && event.trigger != .stopAuthorized {
        guard let card = event.card else { continue }
        if let payer, payer != card { find("\(event.request.name): \(card) pays for what \(payer) began (C01.FR.23)") }
        payer = card
        if card == StoryCard.master.rawValue, hasHeardOfMaster(by: event) {
          find("\(event.request.name): a master pass begins nothing (C16.FR.03)")
        }
        if event.request.idToken?.type != .iso14443 { find("\(event.request.name): another kind of token") }
        judgePayer(card, event, transaction)
      }
    }
  }

  /// Its group is what makes it one; a station that was told nothing of the token cannot know (C13.FR.04, C15.FR.08).
  private func hasHeardOfMaster(by event: Evidence.Event) -> Bool {
    let mayRemember = rules.hasCache
    return evidence.opinions.contains { $0.card == StoryCard.master.rawValue && $0.at < event.at && mayRemember }
      || evidence.opinions.contains {
        $0.card == StoryCard.master.rawValue && $0.transaction == nil
          && isShortly($0.at, before: event.at, .seconds(60))
      }
  }

  private mutating func judgePayer(
    _ card: String, _ event: Evidence.Event, _ transaction: Evidence.Transaction
  ) {
    let presences = chronicle.acts.filter { isPresence($0, of: card, event, transaction) }
    guard !presences.isEmpty else {
      return find("\(event.request.name) names \(card), who was not there")
    }
    let by = event.isUndated ? event.arrivedAt : event.at
    if !presences.contains(where: { mayAuthorize($0, card, by: by) }) {
      find("\(event.request.name) names \(card), who was refused (C01.FR.01, E02.FR.20)")
    }
  }

  /// The card was shown where it could mean this transaction, or a remote start named it.
  private func isPresence(
    _ act: Chronicle.Act, of card: String, _ event: Evidence.Event, _ transaction: Evidence.Transaction
  ) -> Bool {
    guard act.wasPossible, event.isUndated || act.at <= event.at + .milliseconds(300) else { return false }
    let place: Int32?
    switch act.action {
    case .tap(let shown, let evse):
      guard shown.rawValue == card else { return false }
      place = evse
    case .remoteStart(let named, let evse):
      guard named.rawValue == card, status(act) == "Accepted" else { return false }
      place = evse
    default: return false
    }
    if let place, let evse = transaction.evse, place != evse { return false }
    // C01.FR.26: an authorization that nobody uses ends after EVConnectionTimeOut. Where a transaction begins with the
    // energy, the vehicle may take its time (E01.FR.06).
    let holds = Duration.seconds(rules.connectionTimeout) + Self.answerTime
    return event.at <= act.at + holds || rules.start == [.energyTransfer] || event.isUndated
  }

  func status(_ act: Chronicle.Act) -> String? {
    guard let id = act.callID, case .result(let json)? = chronicle.answers[id] else { return nil }
    return json["status"]?.string
  }

  /// Whether something that the station knew, heard or was allowed to assume lets the card charge.
  func mayAuthorize(_ act: Chronicle.Act, _ card: String, by end: MonotonicInstant) -> Bool {
    if case .remoteStart = act.action, !rules.authorizesRemoteStart { return true }  // F01.FR.02, F02.FR.10
    let window = act.at...max(act.at, min(end, act.at + Self.answerTime))
    // C01.FR.02: the CSMS said so.
    if evidence.opinions.contains(where: { opinion in
      opinion.card == card && opinion.isAccepted && opinion.transaction == nil && opinion.askedAt >= act.at
        && opinion.at <= end + .milliseconds(300)
    }) {
      return true
    }
    let wasOffline = couldBeOffline(window)
    // C13, C14: the list said so, and it goes before the cache.
    if let isListed = listed(card) {
      guard isListed else { return false }
      let isAllowedOffline = rules.authorizesOffline || rules.unknownIdsOffline
      return (rules.preAuthorizes && couldBeOnline(window)) || (isAllowedOffline && wasOffline)
    }
    // C10, C12.FR.02: the cache said so.
    let known = lastOpinions(of: card, at: window)
    if rules.hasCache, known.contains(true),
      (rules.preAuthorizes && couldBeOnline(window)) || (rules.authorizesOffline && wasOffline)
    {
      return true
    }
    // C13.FR.04, C15.FR.08: unknown, and nobody to ask.
    return rules.unknownIdsOffline && wasOffline && (!rules.hasCache || known.contains { $0 == nil })
  }

  /// What a cache may hold of a card during a window: one answer where it is certain. After the supply has failed an
  /// earlier one may be back: the cache is what may be lost (DESIGN §4, flash budget).
  func lastOpinions(of card: String, at window: ClosedRange<MonotonicInstant>) -> [Bool?] {
    let end = window.upperBound + .milliseconds(300)
    let all = evidence.opinions.filter { $0.card == card && $0.at <= end }
    guard let last = all.last else { return [nil] }
    var known: [Bool?] = [last.isAccepted]
    for opinion in all where opinion.at >= window.lowerBound && !known.contains(opinion.isAccepted) {
      known.append(opinion.isAccepted)
    }
    let isCertain = !chronicle.lives.contains {
      ($0.how == .powerCut || $0.how == .watchdog) && ($0.end ?? .zero) >= last.at
        && ($0.end ?? .zero) <= window.upperBound
    }
    let before = all.last { $0.at < min(last.at, window.lowerBound) }
    if !isCertain || last.at >= window.lowerBound {
      let earlier = before.map { Optional($0.isAccepted) } ?? nil
      if !known.contains(earlier) { known.append(earlier) }
    }
    return known
  }

  /// What the local list says of a card; nil: it is not in it.
  func listed(_ card: String) -> Bool? { rules.list?.first { $0.card.rawValue == card }?.isAccepted }

  // MARK: The link

  func couldBeOffline(_ window: ClosedRange<MonotonicInstant>) -> Bool {
    let isOpen = chronicle.links.last { $0.at <= window.lowerBound }?.isOpen ?? false
    let slack = window.lowerBound...(window.upperBound + .seconds(1))
    if !isOpen || chronicle.links.contains(where: { slack.contains($0.at) && !$0.isOpen }) { return true }
    if isSilent(window) { return true }
    // Before the registration the station may not ask.
    guard let life = chronicle.lives.last(where: { $0.start <= window.lowerBound }) else { return true }
    return !evidence.registeredAt.contains { $0 >= life.start && $0 <= window.lowerBound }
  }

  func couldBeOnline(_ window: ClosedRange<MonotonicInstant>) -> Bool {
    chronicle.links.last { $0.at <= window.lowerBound }?.isOpen ?? false
      || chronicle.links.contains { window.contains($0.at) && $0.isOpen }
  }

  /// The CSMS does not answer, or nothing comes through.
  func isSilent(_ window: ClosedRange<MonotonicInstant>) -> Bool {
    var isUp = true
    for act in chronicle.acts where act.at <= window.upperBound {
      switch act.action {
      case .network(let up):
        isUp = up
        if !up, act.at >= window.lowerBound { return true }
      case .csms(_, let length): if act.at + length + .seconds(30) >= window.lowerBound { return true }
      default: break
      }
    }
    return !isUp
  }
}
