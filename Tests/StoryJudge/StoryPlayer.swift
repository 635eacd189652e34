import ChargerBase
import EVSEControl
import OCPPCore
import OCPPPorts
import OCPPTypes
import SimulatedWorld
import SimulationSupport

/// Plays a story on the whole station, and writes down what happened.
package final class StoryPlayer {
  /// Between two looks at a running meter: at most this is interpolated.
  private static let meterLook = Duration.seconds(1)
  /// How long the day may take to come to rest.
  private static let closingRounds = 20

  private let story: Story
  private let station: WholeStation
  private var chronicle = Chronicle()
  private var office: CardOffice
  private var seenWorldEvents = 0
  /// Whose contactor is closed.
  private var energized: [ConnectorID] = []
  private var lastLook: [Int32: MonotonicInstant] = [:]  // allowed: looked up, never iterated
  private var mood: (kind: CSMSMood, until: MonotonicInstant)?
  private var handledResets = 0
  /// What is out of order now.
  private var faults: [(kind: SimulatedFault, evse: Int32)] = []
  private var nextRemoteStart: Int32 = 100
  private let tampering: Tampering?

  package static func play(_ story: Story, tampering: Tampering? = nil) throws -> Chronicle {
    let player = try StoryPlayer(story, tampering)
    return player.play()
  }

  private init(_ story: Story, _ tampering: Tampering?) throws {
    self.story = story
    self.tampering = tampering
    station = try WholeStation(board: story.rules.board, seed: story.seed, settings: story.rules.settings)
    office = CardOffice()
    office.open(station.csms)
    // The judge holds the contactors against the transactions itself.
    station.witness.allowsClosingBeforeTransaction = true
    chronicle.evses = station.profile.evses.map(\.id.number)
    chronicle.epoch = station.clock.epoch
    station.onLook = { [unowned self] in look() }
    station.csms.script = { [unowned self] call in reply(call) }
    let receive = station.link.receiver
    station.link.receiver = { [unowned self] event in
      hear(event)
      receive(event)
    }
    tampering?.install(in: station)
  }

  // MARK: Seeing

  private func look() {
    let now = station.clock.now
    while seenWorldEvents < station.worldEvents.count {
      let event = station.worldEvents[seenWorldEvents]
      seenWorldEvents += 1
      switch event.kind {
      case .contactor(let id, let closed):
        chronicle.switchings.append(.init(at: event.at, evse: id.evse.number, isClosed: closed))
        closed ? energized.append(id) : energized.removeAll { $0 == id }
        lookAtMeter(id.evse.number, now)
      case .meterSet(let evse): lookAtMeter(evse.number, now)
      case .pluggedIn(let id): contact(id, true, event.at)
      case .unplugged(let id): contact(id, false, event.at)
      case .held(let id, let state): contact(id, state != .unplugged, event.at)
      default: break
      }
    }
    for connector in energized {
      let evse = connector.evse.number
      guard (lastLook[evse] ?? .zero) + Self.meterLook <= now else { continue }
      lookAtMeter(evse, now)
    }
  }

  private func contact(_ id: ConnectorID, _ isConnected: Bool, _ at: MonotonicInstant) {
    let was = chronicle.connections.last { $0.evse == id.evse.number }?.isConnected ?? false
    guard was != isConnected else { return }
    chronicle.connections.append(.init(at: at, evse: id.evse.number, isConnected: isConnected))
  }

  private func lookAtMeter(_ evse: Int32, _ now: MonotonicInstant) {
    lastLook[evse] = now
    guard let view = station.world.world.view.first(where: { $0.id.number == evse }) else { return }
    chronicle.readings[evse, default: []].append(
      .init(at: now, register: view.meter.importRegister.milliwattHours, delivered: view.delivered.milliwattHours))
  }

  private func hear(_ event: LinkEvent) {
    guard station.isAlive else { return }
    let now = station.clock.now
    switch event {
    case .frame(_, let bytes): chronicle.heard.append(.init(at: now, bytes: bytes))
    case .opened: chronicle.links.append(.init(at: now, isOpen: true))
    case .closed, .failed: chronicle.links.append(.init(at: now, isOpen: false))
    }
  }

  private func reply(_ call: SimulatedCSMS.ReceivedCall) -> SimulatedCSMS.Reply {
    guard let mood, call.at < mood.until, call.action == .transactionEvent || call.action == .authorize else {
      return .standard
    }
    switch mood.kind {
    case .slow: return .delayed(.seconds(25))
    case .silent: return .silent
    case .errs: return .error("InternalError")
    }
  }

  // MARK: Playing

  private func play() -> Chronicle {
    for evse in chronicle.evses { lookAtMeter(evse, station.clock.now) }
    begin { station.start() }
    sendList()
    for step in story.steps {
      guard station.violations.isEmpty else { break }
      let at = station.clock.now
      var act = Chronicle.Act(at: at, until: at, action: step.action)
      perform(&act)
      pass(step.pause)
      act.until = station.clock.now
      chronicle.acts.append(act)
    }
    closeTheDay()
    return finished()
  }

  private func sendList() {
    guard let list = story.rules.list else { return }
    let entries = list.map { entry in
      AuthorizationData(
        idToken: IdToken(idToken: entry.card.rawValue, type: .iso14443),
        idTokenInfo: IdTokenInfo(
          status: entry.isAccepted ? .accepted : .invalid,
          groupIdToken: CardOffice.group(of: entry.card).map { IdToken(idToken: $0, type: .central) }))
    }
    let request = SendLocalListRequest(versionNumber: 1, updateType: .full, localAuthorizationList: entries)
    let call = station.csms.call(.sendLocalList, request.encode(version: .v201))
    station.run(for: .seconds(3))
    if station.csms.result(call)?["status"]?.string != "Accepted" { chronicle.problems.append("the list is refused") }
  }

  private func begin(_ body: () -> Void) {
    chronicle.lives.append(.init(start: station.clock.now, end: nil, how: nil))
    body()
  }

  /// Lets time pass; a reset that the station asks for is done when it asks.
  private func pass(_ duration: Duration) {
    let end = station.clock.now + duration
    while station.clock.now < end {
      let asked = station.run(upTo: station.clock.now.duration(to: end)) { self.asksForReset }
      guard asked else { return }
      resetIfAsked()
    }
  }

  private var asksForReset: Bool {
    station.resets.count > handledResets && station.resets[handledResets...].contains(.station)
  }

  private func resetIfAsked() {
    guard asksForReset else { return }
    handledResets = station.resets.count
    restart(.clean, away: .seconds(2), .nothing)
  }

  private func restart(_ end: WholeStation.End, away: Duration, _ meanwhile: Meanwhile) {
    station.end(end)
    if let last = chronicle.lives.indices.last {
      chronicle.lives[last].end = station.clock.now
      chronicle.lives[last].how = end
    }
    chronicle.links.append(.init(at: station.clock.now, isOpen: false))
    // The dead-man has acted before anybody comes.
    station.run(for: min(away / 2, .seconds(2)))
    happens(meanwhile)
    begin { station.restart(end, away: away - min(away / 2, .seconds(2))) }
    if let last = chronicle.lives.indices.last { chronicle.lives[last].start = station.clock.now - .seconds(3) }
    handledResets = station.resets.count
  }

  private func happens(_ meanwhile: Meanwhile) {
    switch meanwhile {
    case .nothing: break
    case .carLeaves(let evse): if isPlugged(evse) { pull(evse) }
    case .carComes(let evse): if !isPlugged(evse) { station.plugIn(evse) }
    case .meterExchanged(let evse, let register):
      station.perform(.setMeter(EVSEID(evse), [.importRegister(register)]))
    }
  }

  private func pull(_ evse: Int32) { station.perform(.plugOut(WholeStation.connector(evse), byForce: true)) }

  private func isPlugged(_ evse: Int32) -> Bool { station.view(evse)?.car != nil }

  private func perform(_ act: inout Chronicle.Act) {
    switch act.action {
    case .plugIn(let evse, let car):
      act.wasPossible = !isPlugged(evse)
      // Who may charge is this judge's own question.
      station.witness.authorized(at: station.clock.now)
      if act.wasPossible { station.plugIn(evse, car) }
    case .plugOut(let evse):
      // A plug that is locked is pulled in vain.
      act.wasPossible = isPlugged(evse) && station.view(evse)?.isLockEngaged != true
      if act.wasPossible { station.plugOut(evse) }
    case .car(let evse, let state):
      act.wasPossible = isPlugged(evse)
      station.witness.authorized(at: station.clock.now)
      if act.wasPossible { station.hold(state, evse) }
    case .tap(let card, let evse):
      act.wasPossible = station.isAlive
      station.witness.authorized(at: station.clock.now)
      if tampering?.isDeaf() != true { station.tap(card.rawValue, evses: evse.map { [$0] }) }
    case .network(let isUp): station.link.isUp = isUp
    case .linkBreaks: station.link.drop()
    case .csms(let kind, let length): mood = (kind, station.clock.now + length)
    case .verdict(let card, let isAccepted): office.change(card, isAccepted: isAccepted, in: station.csms)
    case .end(let end, let away, let meanwhile): restart(end, away: away, meanwhile)
    case .fault(let fault, let evse, let isActive): fail(fault, evse, isActive)
    case .nothing: break
    default: command(&act)
    }
  }

  /// What is repaired is cleared by service a moment later.
  private func fail(_ fault: SimulatedFault, _ evse: Int32, _ isActive: Bool) {
    faults.removeAll { $0.kind == fault && $0.evse == evse }
    if isActive { faults.append((fault, evse)) }
    station.fault(fault, isActive, evse: evse)
    guard !isActive else { return }
    station.run(for: .seconds(2))
    station.clearLatchedFaults(evse)
  }

  private func command(_ act: inout Chronicle.Act) {
    act.wasPossible = station.csms.isConnected && station.link.isUp && station.isAlive
    guard act.wasPossible else { return }
    let csms = station.csms
    switch act.action {
    case .remoteStart(let card, let evse):
      nextRemoteStart += 1
      station.witness.authorized(at: station.clock.now)
      let request = RequestStartTransactionRequest(
        idToken: IdToken(idToken: card.rawValue, type: .iso14443), remoteStartId: nextRemoteStart, evseId: evse)
      let call = csms.call(.requestStartTransaction, request.encode(version: .v201))
      act.callID = call
      chronicle.remoteStartNumbers[call] = nextRemoteStart
    case .remoteStop(let evse):
      act.transaction = evse.flatMap { station.transaction($0) } ?? "no-such-transaction"
      let request = RequestStopTransactionRequest(transactionId: act.transaction ?? "")
      act.callID = csms.call(.requestStopTransaction, request.encode(version: .v201))
    case .reset(let isImmediate, let evse):
      let request = ResetRequest(type: isImmediate ? .immediate : .onIdle, evseId: evse)
      act.callID = csms.call(.reset, request.encode(version: .v201))
    case .availability(let evse, let isOperative):
      let request = ChangeAvailabilityRequest(
        operationalStatus: isOperative ? .operative : .inoperative, evse: EVSE(id: evse))
      act.callID = csms.call(.changeAvailability, request.encode(version: .v201))
    case .unlock(let evse):
      let request = UnlockConnectorRequest(evseId: evse, connectorId: 1)
      act.callID = csms.call(.unlockConnector, request.encode(version: .v201))
    default: break
    }
  }

  // MARK: The end of the day

  /// The CSMS is well and hears of everything, everybody leaves.
  private func closeTheDay() {
    chronicle.closingTime = station.clock.now
    mood = nil
    station.link.isUp = true
    for fault in faults { fail(fault.kind, fault.evse, false) }
    for evse in chronicle.evses where isPlugged(evse) { pull(evse) }
    for round in 0..<Self.closingRounds {
      pass(.seconds(45))
      guard isBusy else { break }
      for evse in chronicle.evses {
        guard station.csms.isConnected, let id = station.transaction(evse) else { continue }
        if round < 8 {
          stopRemotely(id, evse)
        } else {
          // A transaction that no stop point of its ends (Part 2 E 1.1, the warning): the reset does.
          var act = Chronicle.Act(
            at: station.clock.now, until: station.clock.now, action: .reset(isImmediate: true, evse))
          command(&act)
          chronicle.acts.append(act)
        }
      }
    }
  }

  private func stopRemotely(_ id: String, _ evse: Int32) {
    var act = Chronicle.Act(at: station.clock.now, until: station.clock.now, action: .remoteStop(evse))
    command(&act)
    chronicle.acts.append(act)
  }

  private var isBusy: Bool {
    station.chargePoint?.waitingRecords != 0 || chronicle.evses.contains { station.transaction($0) != nil }
  }

  private func finished() -> Chronicle {
    for evse in chronicle.evses { lookAtMeter(evse, station.clock.now) }
    chronicle.end = station.clock.now
    chronicle.calls = station.csms.calls
    chronicle.openedAt = station.csms.openedAt
    for call in chronicle.acts.compactMap(\.callID) { chronicle.answers[call] = station.csms.answers[call] }
    chronicle.violations = chronicle.problems + station.violations
    chronicle.waitingRecords = station.chargePoint?.waitingRecords ?? -1
    chronicle.deadLetters = station.store.content.deadLetters.count
    chronicle.openTransactions = chronicle.evses.compactMap { station.transaction($0) }
    return chronicle
  }
}

/// What the CSMS knows of cards.
struct CardOffice {
  static let group = "FAMILY"
  static let masters = "MASTERS"

  static func group(of card: StoryCard) -> String? {
    if card == .master { return masters }
    return members.contains(card) ? group : nil
  }

  static let members: [StoryCard] = [.anna, .mate]

  func open(_ csms: SimulatedCSMS) {
    csms.tokens = [:]
    for card in StoryCard.allCases {
      switch card {
      case .anna, .bert, .mate, .app, .master: csms.tokens[card.rawValue] = .accepted
      case .blocked: csms.tokens[card.rawValue] = .blocked
      case .stranger: break
      }
    }
    csms.groups = [:]
    for card in StoryCard.allCases { csms.groups[card.rawValue] = Self.group(of: card) }
  }

  func change(_ card: StoryCard, isAccepted: Bool, in csms: SimulatedCSMS) {
    csms.tokens[card.rawValue] = isAccepted ? .accepted : .invalid
  }
}
