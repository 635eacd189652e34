import ChargerBase
import OCPPPorts
import OCPPTypes

// Carries out what a state machine asks for: events to the outbox, documents to the store.

extension SessionController {
  /// Runs one transition and carries out what it asks for. `whenDurable` runs once the last event of it is on disk.
  func run(
    _ evse: EVSEID, at instant: MonotonicInstant? = nil, whenDurable: (() -> Void)? = nil,
    _ transition: (inout EVSESessionStateMachine, EVSESessionStateMachine.Context) -> [EVSESessionStateMachine.Effect]
  ) {
    guard let place = place(of: evse) else {
      services.note(EngineEvent(.transaction, "a fact about \(evse), which this station does not have"))
      whenDurable?()
      return
    }
    let services = services
    let context = EVSESessionStateMachine.Context(
      time: time(of: instant), settings: settings, mayBegin: services.canBeginTransaction,
      makeTransactionID: { services.makeIdentifier() })
    var effects = transition(&slots[place].machine, context)
    effects = slots[place].machine.prelude + effects
    slots[place].machine.prelude = []
    let hadVehicle = slots[place].machine.connector != nil
    let waiting = slots[place].machine.takeUpWaiting(context)
    effects += slots[place].machine.prelude + waiting
    slots[place].machine.prelude = []
    // In the commit of the last event, so that a driver is stored in exactly one place.
    let changes = takeMemoryChanges(at: place)
    let last = effects.lastIndex { $0.isStoredEvent }
    for (index, effect) in effects.enumerated() {
      carryOut(effect, place, changes: index == last ? changes : [], index == last ? whenDurable : nil)
    }
    if last == nil { store(changes, at: place, whenDurable) }
    settle(place)
    if !hadVehicle, slots[place].machine.connector != nil { vehicleArrived(at: evse) }
  }

  /// The time of a fact that brings its instant with it; one from the future counts as now.
  private func time(of instant: MonotonicInstant?) -> EventTime {
    let present = services.eventTime
    guard let instant, instant < present.instant else { return present }
    return EventTime(
      boot: present.boot, instant: instant, wall: present.wall.map { $0 + present.instant.duration(to: instant) })
  }

  private func store(_ changes: [StoreMutation], at place: Int, _ whenDurable: (() -> Void)?) {
    guard !changes.isEmpty else {
      whenDurable?()
      return
    }
    slots[place].commitsUnderWay += 1
    services.save(changes, durability: .full) { [weak self] _ in
      guard let self else { return }
      slots[place].commitsUnderWay -= 1
      whenDurable?()
      settle(place)
    }
  }

  private func carryOut(
    _ effect: EVSESessionStateMachine.Effect, _ place: Int, changes: [StoreMutation], _ whenDurable: (() -> Void)?
  ) {
    let key = String(slots[place].machine.evse.number)
    let committed: () -> Void = { [weak self] in
      guard let self else { return }
      slots[place].commitsUnderWay -= 1
      whenDurable?()
      settle(place)
    }
    switch effect {
    case .report(let record, let document):
      slots[place].commitsUnderWay += 1
      let mutations: [StoreMutation] =
        if let document {
          [.putDocument(.transaction, key: key, body: document)]
        } else {
          [.removeDocument(.transaction, key: key)] + takeKeptReadings(at: place)
            + takeHistory(of: record.transactionID, at: place)
        }
      // An event that tells a token, a place, an id or a signature is not thinned out when space is short: it is told
      // once, and the meter's key perhaps with it.
      let isExpendable =
        record.kind == .updated && record.token == nil && record.evse == nil && record.remoteStartID == nil
        && record.phasesUsed == nil && !record.readings.contains { $0.signed != nil }
      services.append(
        OutboxRecord(
          kind: .transactionEvent, lane: .transaction, group: record.transactionID, isExpendable: isExpendable,
          position: record.seqNo, body: record.stored),
        documents: mutations + changes,
        whenDurable: { [weak self] in
          committed()
          guard let self else { return }
          services.told(codec.request(for: record, isOffline: !services.isOnline, version: .v201))
        })
    case .store(let document):
      slots[place].commitsUnderWay += 1
      services.save([.putDocument(.transaction, key: key, body: document)] + changes, durability: .full) { _ in
        committed()
      }
    case .remember(let document):
      services.save([.putDocument(.transaction, key: key, body: document)], durability: .relaxed, whenDone: nil)
    case .keepReading(let number, let document, let dropped):
      keepReading(number, document, dropped: dropped, at: place)
    case .sign(let number, let moment, let identification, let signedBegin):
      services.sign(
        SignedReadingOrder(
          number: number, moment: moment, identification: identification, wall: services.eventTime.wall,
          signedBegin: signedBegin),
        at: slots[place].machine.evse)
    case .meterProblem(let step):
      services.tell(
        StationFault(
          code: "meterRegister", component: "FiscalMetering", variable: "Problem",
          text: step.map { "\($0): another meter, or one that has lost its register." } ?? "", severity: 4, tier: .evse,
          hindersCharging: false),
        at: slots[place].machine.evse, isActive: step != nil)
    case .note(let text):
      services.note(EngineEvent(.transaction, text))
    }
  }
}
