import ChargerBase
import OCPPTypes
import SimulatedWorld
import SimulationSupport

// What must happen: after each act that has a calm time to itself, the model says what the station has to tell.

/// What a transaction's books must show after an act.
enum Expectation {
  /// No transaction begins or ends at this EVSE, nobody is named, no authorization ends.
  case nothing(Int32)
  case starts(Int32, payer: String?, [TriggerReason])
  /// The transaction that is open is told this, and ends by it or does not.
  case tells(Int32, [TriggerReason], ends: Bool?, card: String?)
  case answer([String])
  case energy(Int32)
  /// What is open stays open: a short absence of the program ends nothing.
  case goesOn(Int32)
  /// It begins, nobody plugs in, and it ends.
  case timesOut(Int32)
}

/// What only the model remembers: drivers that may charge and have not plugged in.
struct Waiting {
  var card: String
  var isRemote: Bool
  var since: MonotonicInstant
}

extension Judge {
  mutating func judgeExpectations() {
    var waiting: [Int32: Waiting] = [:]  // allowed: looked up, never iterated
    /// Until then somebody may be waiting whom the model does not know.
    var unknownUntil = MonotonicInstant.zero
    var unusable: [Int32: MonotonicInstant] = [:]  // allowed: looked up, never iterated
    let holds = Duration.seconds(rules.connectionTimeout)
    for (index, act) in chronicle.acts.enumerated() where act.at < chronicle.closingTime {
      for evse in chronicle.evses {
        if let known = waiting[evse], known.since + holds + .seconds(5) < act.at { waiting[evse] = nil }
      }
      switch act.action {
      case .availability(let evse, let isOperative):
        unusable[evse] = isOperative && status(act) == "Accepted" ? act.at : .distantFuture
      case .reset(let isImmediate, let evse):
        // One that waits for the end of transactions may come at any time.
        let end = isImmediate || status(act) != "Scheduled" ? act.at + .seconds(60) : .distantFuture
        for place in chronicle.evses where evse == nil || evse == place {
          unusable[place] = max(end, unusable[place] ?? .zero)
        }
      case .fault(_, let evse, let isActive):
        // A contactor rests and a lock is tried again before it is as it was.
        unusable[evse] = isActive ? .distantFuture : act.at + holds + .seconds(60)
        waiting[evse] = nil
        unknownUntil = max(unknownUntil, act.at + holds + Self.answerTime)
      default: break
      }
      guard let situation = Situation(self, index) else {
        // Something happened in a hurry: who waits now is not known.
        waiting = [:]
        unknownUntil = max(unknownUntil, max(act.at, act.until) + holds + Self.answerTime)
        continue
      }
      let foresight = Foresight(
        situation: situation, waiting: waiting, isUnknown: act.at < unknownUntil,
        unusable: chronicle.evses.filter { unusable[$0] ?? .zero > act.at })
      let expected = foresight.expected()
      foreseen += expected.all.count
      for expectation in expected.all { hold(expectation, situation) }
      if let change = expected.waits { waiting[change.evse] = change.who }
      if expected.isBlurred {
        waiting = [:]
        unknownUntil = max(unknownUntil, act.at + holds + Self.answerTime)
      }
    }
  }

  private mutating func hold(_ expectation: Expectation, _ situation: Situation) {
    let act = StoryTeller.sentence(situation.act.action)
    let when = "\(StoryTeller.time(situation.at)) \(act)"
    switch expectation {
    case .nothing(let evse):
      for (_, event) in situation.told(evse)
      where event.request.eventType == .started || event.card != nil || Self.isAsked(event.trigger) {
        find("\(when): \(event.request.name) should not have followed")
      }
    case .starts(let evse, let payer, let triggers):
      let started = situation.told(evse).filter { $0.event.request.eventType == .started }
      guard let event = started.first?.event, started.count == 1 else {
        return find("\(when): \(started.count) transactions begin at EVSE \(evse), one should")
      }
      if event.card != payer {
        find("\(when): \(event.request.name) names \(event.card ?? "nobody"), not \(payer ?? "nobody")")
      }
      if !triggers.contains(event.trigger) { find("\(when): \(event.request.name), not \(Self.names(triggers))") }
    case .tells(let evse, let triggers, let ends, let card):
      guard let open = situation.open(evse) else { return }
      let events = situation.told(evse).filter { $0.transaction.id == open.transaction.id }.map(\.event)
      guard let event = events.first(where: { triggers.contains($0.trigger) }) else {
        return find("\(when): \(open.transaction.id.suffix(6)) is not told \(Self.names(triggers))")
      }
      if let card, let named = event.card, named != card { find("\(when): \(event.request.name) names \(named)") }
      let hasEnded = events.contains { $0.request.eventType == .ended }
      if let ends, ends != hasEnded {
        find("\(when): \(event.request.name), and the transaction \(hasEnded ? "ends" : "goes on")")
      }
    case .answer(let allowed):
      let status = status(situation.act) ?? "nothing"
      if !allowed.contains(status) {
        find("\(when): the answer is \(status), not \(allowed.joined(separator: " or "))")
      }
    case .goesOn(let evse):
      for (_, event) in situation.told(evse) where event.request.eventType != .updated {
        find("\(when): \(event.request.name), where the transaction goes on")
      }
    case .timesOut(let evse):
      let limit = situation.at + .seconds(rules.connectionTimeout + 5)
      let ended = situation.told(evse).first { $0.event.trigger == .evConnectTimeout }?.event
      if ended?.request.eventType != .ended || ended?.at ?? .distantFuture > limit {
        find("\(when): nobody plugs in, and the transaction does not end by it (E03.FR.05)")
      }
    case .energy(let evse):
      if !situation.getsEnergy(evse) { find("\(when): no energy at EVSE \(evse)") }
    }
  }

  /// Somebody has asked for it.
  private static func isAsked(_ trigger: TriggerReason) -> Bool {
    [.authorized, .stopAuthorized, .remoteStart, .remoteStop, .resetCommand].contains(trigger)
  }

  private static func names(_ triggers: [TriggerReason]) -> String {
    triggers.map(\.rawName).joined(separator: " or ")
  }
}
