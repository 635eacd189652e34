import ChargerBase
import OCPPJSON
import OCPPTypes
import SimulationSupport

/// What was said on the wire, in the terms of the money: events of transactions, and what the CSMS thinks of cards.
package struct Evidence {
  /// A transaction event as it came to the CSMS for the first time.
  package struct Event {
    package var request: TransactionEventRequest
    package var arrivedAt: MonotonicInstant
    /// Which connection it came on, from 1.
    package var connection: Int
    /// When it happened, by its timestamp.
    package var at: MonotonicInstant

    /// It happened under a boot that never learned the time, so its timestamp says only that it was before the next one.
    package var isUndated = false

    package var trigger: TriggerReason { request.triggerReason }
    package var card: String? { request.idToken?.idToken }
  }

  package struct Transaction {
    package var id: String
    /// In the order of their arrival.
    package var events: [Event] = []
    package var evse: Int32?

    package var started: Event? { events.first }
    package var ended: Event? { events.last.flatMap { $0.request.eventType == .ended ? $0 : nil } }
    package var start: MonotonicInstant { events.first?.at ?? .zero }
    package var end: MonotonicInstant { ended?.at ?? .distantFuture }
    package var isUndated: Bool { events.contains(where: \.isUndated) }
  }

  /// The CSMS's opinion of a card, as a living station heard it.
  package struct Opinion {
    package var at: MonotonicInstant
    /// When the station sent what was answered.
    package var askedAt: MonotonicInstant
    package var card: String
    package var isAccepted: Bool
    package var group: String?
    /// The transaction in whose event the card was named; nil: the answer to an Authorize.
    package var transaction: String?
  }

  package var transactions: [Transaction] = []
  package var opinions: [Opinion] = []
  /// When each card was asked for with Authorize.
  package var asked: [(card: String, at: MonotonicInstant)] = []
  /// When the registration was accepted.
  package var registeredAt: [MonotonicInstant] = []
  package var findings: [String] = []

  package init(_ chronicle: Chronicle) {
    var place: [String: Int] = [:]  // allowed: looked up, never iterated
    var calls: [String: SimulatedCSMS.ReceivedCall] = [:]  // allowed: looked up, never iterated
    for call in chronicle.calls {
      calls[call.messageID] = call
      switch call.action {
      case .authorize:
        guard let request = try? AuthorizeRequest.decode(call.payload, version: .v201) else { continue }
        asked.append((request.idToken.idToken, call.at))
      case .transactionEvent:
        guard let request = try? TransactionEventRequest.decode(call.payload, version: .v201) else { continue }
        let id = request.transactionInfo.transactionId
        let index = place[id] ?? transactions.count
        if place[id] == nil {
          place[id] = index
          transactions.append(Transaction(id: id))
        }
        take(request, call, chronicle, into: index)
      default: break
      }
    }
    for heard in chronicle.heard { listen(heard, calls) }
  }

  private mutating func take(
    _ request: TransactionEventRequest, _ call: SimulatedCSMS.ReceivedCall, _ chronicle: Chronicle, into index: Int
  ) {
    if let known = transactions[index].events.first(where: { $0.request.seqNo == request.seqNo }) {
      var same = request
      // What was not answered may have become an offline event, and nothing else (E12.FR.02).
      same.offline = known.request.offline
      if same != known.request { findings.append("\(request.name) was repeated with other facts (E01.FR.07)") }
      if known.request.offline == true, request.offline != true {
        findings.append("\(request.name) is no longer an offline event (E04.FR.03)")
      }
      return
    }
    var at = MonotonicInstant.zero + (request.timestamp - chronicle.epoch)
    let isUndated = at < (chronicle.lives.first?.start ?? .zero)
    if isUndated { at = transactions[index].events.last?.at ?? at }
    transactions[index].events.append(
      Event(request: request, arrivedAt: call.at, connection: call.connection, at: at, isUndated: isUndated))
    if let evse = request.evse?.id {
      if let known = transactions[index].evse, known != evse {
        findings.append("\(request.name) is at EVSE \(evse), its transaction at EVSE \(known)")
      }
      transactions[index].evse = evse
    }
  }

  private mutating func listen(
    _ heard: Chronicle.Heard, _ calls: [String: SimulatedCSMS.ReceivedCall]
  ) {
    guard let json = try? JSONValue(parsing: heard.bytes), json[0]?.int == 3, let id = json[1]?.string,
      let call = calls[id]
    else { return }
    switch call.action {
    case .bootNotification:
      if json[2]?["status"]?.string == "Accepted" { registeredAt.append(heard.at) }
    case .authorize, .transactionEvent:
      guard let status = json[2]?["idTokenInfo"]?["status"]?.string, let asked = card(in: call) else { return }
      opinions.append(
        Opinion(
          at: heard.at, askedAt: call.at, card: asked.card, isAccepted: status == "Accepted",
          group: json[2]?["idTokenInfo"]?["groupIdToken"]?["idToken"]?.string, transaction: asked.transaction))
    default: break
    }
  }

  private func card(in call: SimulatedCSMS.ReceivedCall) -> (card: String, transaction: String?)? {
    if call.action == .authorize {
      return (try? AuthorizeRequest.decode(call.payload, version: .v201)).map { ($0.idToken.idToken, nil) }
    }
    guard let request = try? TransactionEventRequest.decode(call.payload, version: .v201), let token = request.idToken
    else { return nil }
    return (token.idToken, request.transactionInfo.transactionId)
  }
}

extension TransactionEventRequest {
  /// For people: `T…1f #3 Updated/Authorized`.
  package var name: String {
    "\(transactionInfo.transactionId.suffix(6)) #\(seqNo) \(eventType.rawName)/\(triggerReason.rawName)"
  }

  /// Registers of taken energy that it tells, each with its time, in mWh.
  package var registers: [(at: WallTime, milliwattHours: Int64, context: ReadingContext?)] {
    (meterValue ?? []).flatMap { value in
      value.sampledValue.compactMap { sample in
        guard sample.measurand ?? .energyActiveImportRegister == .energyActiveImportRegister, sample.phase == nil,
          sample.location ?? .outlet == .outlet, let energy = Energy(sample.value)
        else { return nil }
        return (value.timestamp, energy.milliwattHours, sample.context)
      }
    }
  }
}
