import ChargerBase
import OCPPJSON
import OCPPPorts
import OCPPTypes

// The members of the ChargePoint contract that are not events; their numbers are in the comments.

extension ChargePoint {
  // MARK: Connection (6–12)

  /// Dials, or closes and dials again so that `slot` takes effect; a slot without a profile is ignored (6).
  public func connectWebSocket(slot: Int32? = nil) {
    turn {
      guard isRunning else { return }
      if let slot, network.profile(slot) == nil {
        return note(EngineEvent(.link, "slot \(slot) holds no network profile"))
      }
      perform(session.connect(slot: slot, at: now))
    }
  }

  /// Closes the link and stays away until `connectWebSocket`; what waits is kept (7).
  public func disconnectWebSocket() {
    turn { perform(session.disconnect(reason: "disconnected", at: now)) }
  }

  /// A network interface went down: when the link, or the dial, is on it, the next slot is tried at once instead of
  /// waiting for the ping to fail (8). Nothing happens for another interface.
  public func networkDisconnected(interface: OCPPInterface) {
    turn {
      guard isRunning, let slot = session.slot, network.target(slot)?.interface == interface else { return }
      note(EngineEvent(.link, "the interface \(interface.rawName) of slot \(slot) is down"))
      perform(session.interfaceLost(at: now))
    }
  }

  /// After each reconnect, not after the first connect, what waits is held for this long, so that the CSMS may speak
  /// first (9). Records are taken in meanwhile, calls of the CSMS answered and what they trigger sent.
  public func setMessageQueueResumeDelay(_ delay: Duration) {
    turn { queueResumeDelay = delay.clamped(to: .zero ... .seconds(86_400)) }
  }

  /// The modem's SIM has changed. The CSMS is told by a BootNotification, as its content is another (Part 4 §5.3).
  public func modemChanged(iccid: String?, imsi: String?) {
    turn {
      let changed =
        iccid == nil && imsi == nil
        ? nil : Modem(iccid: iccid.map { String($0.prefix(20)) }, imsi: imsi.map { String($0.prefix(20)) })
      guard changed != modem else { return }
      modem = changed
      if isRunning { perform(session.bootContentChanged(at: now)) }
    }
  }

  /// The profile of a configuration slot (10).
  public func networkProfile(slot: Int32) -> ChargePointConfiguration.NetworkProfile? { network.profile(slot) }

  /// The place of a slot in the order of dialing, from 0 (11).
  public func priority(ofSlot slot: Int32) -> Int? { networkConnectionSlots.firstIndex(of: slot) }

  /// Slots in the order of dialing (12).
  public var networkConnectionSlots: [Int32] {
    deviceModel.members(.networkConfigurationPriority).compactMap { Int32($0) }
  }

  public var status: LinkStatus { linkStatus }
  public var statistics: EngineCounters { counters }
  /// False while the outbox is full or the store cannot be written.
  public var acceptsNewTransactions: Bool { canBeginTransaction }
  /// Records that wait for the CSMS, all lanes together.
  public var waitingRecords: Int { outbox.waiting }

  /// The status of a connector as the CSMS knows it or is about to.
  public func connectorStatus(_ connector: ConnectorID) -> ConnectorStatus? { availability?.status(of: connector) }

  // MARK: Events (28)

  /// Tells of components by NotifyEvent, split into as many messages as their size asks for: queued durably, held until
  /// the station is registered, never dropped (28). Gives the ids of the events, which others may name as their cause;
  /// none before `start`.
  @discardableResult
  public func report(_ events: [ComponentEvent]) -> [Int32] {
    var ids: [Int32] = []
    turn { if isRunning { ids = faultReports?.report(events) ?? [] } }
    return ids
  }

  // MARK: Security (29)

  /// A security event of the firmware around (29): always into the security log, and to the CSMS when it is critical; at
  /// most 50 characters of `type` and 255 of `info` are kept. Without `isCritical` the standard's list decides, by which
  /// a type that it does not have is critical; without `time` it happened now.
  public func securityEvent(_ type: String, info: String? = nil, isCritical: Bool? = nil, time: WallTime? = nil) {
    turn {
      let listed = SecurityEvent(rawValue: type)?.isCritical ?? true
      security?.record(type: type, info, isCritical: isCritical ?? listed, at: time)
    }
  }

  // MARK: Transactions (34)

  /// The id of the open transaction at an EVSE (34).
  public func transactionID(at evse: EVSEID) -> String? { sessions?.transactionID(at: evse) }

  /// What a meter's register that could not follow has led to at an EVSE, for people.
  public func registerDoubt(at evse: EVSEID) -> RegisterDoubt? { sessions?.registerDoubt(at: evse) }

  // MARK: Messages (43)

  /// Answers a CALL with NotImplemented; an answer of the CSMS is never answered (43).
  package func sendNotImplementedError(messageID: String, isCall: Bool) {
    guard isCall else { return }
    turn { sendError(messageID, .notImplemented, path: "$[2]", detail: "not implemented") }
  }

  // MARK: Device model (33, 37, 38, 42)

  /// Lets what depends on a variable follow its present value, without writing it (33).
  public func variableChanged(_ key: VariableKey) {
    turn {
      guard case .found(let place) = deviceModel.lookup(key) else { return }
      tellChange(of: deviceModel.entries[place].key, at: place)
    }
  }

  /// One result for each item, in their order (37).
  public func getVariables(_ items: [GetVariableData]) -> [GetVariableResult] {
    items.map { item in
      provisioning?.value(of: item)
        ?? GetVariableResult(attributeStatus: .rejected, component: item.component, variable: item.variable)
    }
  }

  /// Sets each item in its order, read-only ones too; `answer` comes once what was accepted is on disk (38).
  public func setVariables(_ items: [SetVariableData], answer: @escaping ([SetVariableResult]) -> Void) {
    turn { provisioning?.set(items, locally: true, answer: answer) }
  }

  /// The value of an attribute, WriteOnly ones excepted; nil when there is none (42).
  public func requestValue(_ key: VariableKey, attribute: AttributeKind = .actual) -> String? {
    guard case .found(let place) = deviceModel.lookup(key),
      let state = deviceModel.entries[place].attributes.first(where: { $0.kind == attribute }),
      state.mutability != .writeOnly
    else { return nil }
    return deviceModel.value(of: state, at: place)
  }
}
