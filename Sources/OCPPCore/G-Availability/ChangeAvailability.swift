import ChargerBase
import OCPPPorts
import OCPPTypes

// G03 and G04: what the CSMS sets stays over a restart, what waits for a transaction too.

extension AvailabilityBlock {
  func handle(_ call: IncomingCall) throws(MessageViolation) {
    let request = try ChangeAvailabilityRequest.decode(call.payload, version: call.version, limits: engine.limits)
    func respond(_ status: ChangeAvailabilityStatus, _ reason: String? = nil) {
      call.respond { writer, version in
        ChangeAvailabilityResponse(status: status, statusInfo: reason.map { StatusInfo(reasonCode: $0) })
          .encode(into: &writer, version: version)
      }
    }
    guard let scope = scope(of: request.evse) else {
      let isKnown = engine.configuration.evses.contains { $0.id == request.evse?.id }
      return respond(.rejected, isKnown ? "UnknownConnectorId" : "UnknownEvse")
    }
    guard !beingStored.isFull else { return respond(.rejected, "InternalError") }
    change(scope, isOperative: request.operationalStatus == .operative, for: call, respond)
  }

  /// Stores the change, then makes or schedules it; a transaction that begins while it is being stored is waited for too.
  private func change(
    _ scope: AvailabilityScope, isOperative: Bool, for call: IncomingCall,
    _ respond: @escaping (ChangeAvailabilityStatus, String?) -> Void
  ) {
    let waits = !isOperative && self.isOperative(scope) && hasTransaction(in: scope)
    let document = Self.document(scope, isOperative: waits ? true : isOperative, isScheduled: waits)
    beingStored.begin(scope)
    engine.save([document], durability: .full) { [weak self] isStored in
      guard let self else { return }
      // What was answered as failed, or not at all, is not carried out.
      let isCarriedOut = isStored && call.isOpen
      let isOutdated = beingStored.end(scope, isStored: isStored, isCarriedOut: isCarriedOut)
      guard isCarriedOut else {
        if isOutdated { storeAnew(scope) }
        return respond(.rejected, "InternalError")
      }
      if !isOperative, !waits, self.isOperative(scope), hasTransaction(in: scope) {
        return change(scope, isOperative: false, for: call, respond)
      }
      scheduled.removeAll { $0 == scope }
      if waits {
        scheduled.append(scope)
      } else {
        setOperative(isOperative, scope)
      }
      operativeChanged()
      respond(waits ? .scheduled : .accepted, nil)
    }
  }

  /// As it holds: the store has an order that came to nothing.
  private func storeAnew(_ scope: AvailabilityScope) {
    engine.note(EngineEvent(.status, "\(scope): the order could not be stored in time and is not carried out"))
    let waits = scheduled.contains(scope)
    engine.writer.write(
      [Self.document(scope, isOperative: waits || isOperative(scope), isScheduled: waits)], .full, .untilStored)
  }

  private func scope(of evse: EVSE?) -> AvailabilityScope? {
    guard let evse, evse.id != 0 else { return .station }
    guard let known = engine.configuration.evses.first(where: { $0.id == evse.id }) else { return nil }
    guard let connector = evse.connectorId else { return .evse(EVSEID(evse.id)) }
    guard known.connectors.contains(where: { $0.number == connector }) else { return nil }
    return .connector(ConnectorID(evse: EVSEID(evse.id), number: connector))
  }

  func hasTransaction(in scope: AvailabilityScope) -> Bool {
    guard let sessions = engine.sessions else { return false }
    switch scope {
    case .station: return engine.configuration.evses.contains { sessions.transactionID(at: EVSEID($0.id)) != nil }
    case .evse(let evse): return sessions.transactionID(at: evse) != nil
    case .connector(let connector): return sessions.transactionID(at: connector.evse) != nil
    }
  }

  func runScheduledChanges() {
    let due = scheduled.filter { !hasTransaction(in: $0) }
    guard !due.isEmpty else { return }
    scheduled.removeAll { due.contains($0) }
    for scope in due {
      setOperative(false, scope)
      engine.writer.write(
        [Self.document(scope, isOperative: false, isScheduled: false)], .full, .untilStored)
    }
  }

  // MARK: Stored form: 1 operative, 2 scheduled, 3 EVSE, 4 connector

  private static func document(_ scope: AvailabilityScope, isOperative: Bool, isScheduled: Bool) -> StoreMutation {
    guard !isOperative || isScheduled else {
      // Operative is what a station is without a word about it.
      return .removeDocument(.availability, key: scope.documentKey)
    }
    var record = RecordWriter()
    record.write(isOperative, field: 1)
    record.write(isScheduled, field: 2)
    switch scope {
    case .station: break
    case .evse(let evse): record.write(Int64(evse.number), field: 3)
    case .connector(let connector):
      record.write(Int64(connector.evse.number), field: 3)
      record.write(Int64(connector.number), field: 4)
    }
    return .putDocument(.availability, key: scope.documentKey, body: record.bytes)
  }

  func restore(_ document: StoreSnapshot.Document) {
    var isOperative = true
    var isScheduled = false
    var evse: Int32?
    var connector: Int32?
    var reader = RecordReader(document.body)
    while let (field, value) = try? reader.next() {
      switch field {
      case 1: isOperative = value.bool ?? true
      case 2: isScheduled = value.bool ?? false
      case 3: evse = value.int32
      case 4: connector = value.int32
      default: break
      }
    }
    guard let scope = scope(of: evse.map { EVSE(id: $0, connectorId: connector) }) else { return }
    if isScheduled { scheduled.append(scope) } else { setOperative(isOperative, scope) }
  }
}
