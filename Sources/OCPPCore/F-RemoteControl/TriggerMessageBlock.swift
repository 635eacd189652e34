import ChargerBase
import OCPPTypes

/// F06: the CSMS asks for a message that the station would send anyway. The answer goes first (F06.FR.04).
final class TriggerMessageBlock: FunctionalBlock {
  private unowned let engine: ChargePoint

  init(_ engine: ChargePoint) { self.engine = engine }

  var incomingActions: [OCPPAction] { [.triggerMessage] }

  func handle(_ call: IncomingCall) throws(MessageViolation) {
    let request = try TriggerMessageRequest.decode(call.payload, version: call.version, limits: engine.limits)
    let status = answer(to: request)
    call.respond { writer, version in
      TriggerMessageResponse(status: status).encode(into: &writer, version: version)
    }
    guard status == .accepted else { return }
    engine.later { [weak self] in self?.send(request) }
  }

  private func answer(to request: TriggerMessageRequest) -> TriggerMessageStatus {
    switch request.requestedMessage {
    // F06.FR.17: only while the CSMS has not accepted the station.
    case .bootNotification: engine.session.isAccepted ? .rejected : .accepted
    case .heartbeat: .accepted
    // F06.FR.12: for one connector only.
    case .statusNotification: connector(of: request) == nil ? .rejected : .accepted
    case .meterValues: meterValues(of: request)
    // It comes from the outbox, which waits for the registration.
    case .transactionEvent: engine.isOnline ? sessions(request) : .rejected
    case .logStatusNotification: .accepted
    default: .notImplemented
    }
  }

  private func sessions(_ request: TriggerMessageRequest) -> TriggerMessageStatus {
    engine.sessions?.trigger(request.requestedMessage, at: request.evse.map { EVSEID($0.id) }) ?? .notImplemented
  }

  /// B02.FR.02: what is asked for is sent while Pending too.
  private func meterValues(of request: TriggerMessageRequest) -> TriggerMessageStatus {
    engine.triggeredAction = .meterValues
    let status = sessions(request)
    // After what has just been put off.
    engine.later { [weak engine] in engine?.triggeredAction = nil }
    return status
  }

  private func send(_ request: TriggerMessageRequest) {
    switch request.requestedMessage {
    case .bootNotification: engine.perform(engine.session.triggerBootNotification())
    case .heartbeat: engine.wantsHeartbeat = true
    case .statusNotification:
      if let connector = connector(of: request) { engine.availability?.triggerReport(connector) }
    case .logStatusNotification: engine.logStatus?.sendTriggered()
    default: break
    }
  }

  private func connector(of request: TriggerMessageRequest) -> ConnectorID? {
    guard let evse = request.evse, let number = evse.connectorId else { return nil }
    let connector = ConnectorID(evse: EVSEID(evse.id), number: number)
    return engine.configuration.connectors.contains(connector) ? connector : nil
  }
}
