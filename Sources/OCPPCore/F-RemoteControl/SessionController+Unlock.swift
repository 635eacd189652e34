import ChargerBase
import OCPPTypes

/// An UnlockConnector that waits for the lock's own answer.
struct PendingUnlock {
  var number: UInt32
  var connector: ConnectorID
  /// Requests for the same connector in the meantime get the same answer; the engine bounds the calls that are open.
  var calls: [IncomingCall]
  var until: MonotonicInstant
}

// F05: the CSMS lets a cable go that a driver cannot get out. `Unlocked` is what the lock's contact has confirmed.
extension SessionController {
  /// Longer than a lock that is stiff takes for all its attempts, shorter than the engine lets a CALL wait.
  static let unlockDeadline = Duration.seconds(15)

  func unlockConnector(_ call: IncomingCall) throws(MessageViolation) {
    let request = try UnlockConnectorRequest.decode(call.payload, version: call.version)
    let connector = ConnectorID(evse: EVSEID(request.evseId), number: request.connectorId)
    if let refusal = refusalToUnlock(connector) {
      respond(call, refusal)
    } else if let waiting = pendingUnlocks.firstIndex(where: { $0.connector == connector }) {
      pendingUnlocks[waiting].calls.append(call)
    } else {
      let number = takeUnlockNumber()
      pendingUnlocks.append(
        PendingUnlock(
          number: number, connector: connector, calls: [call], until: services.now + Self.unlockDeadline))
      services.unlock(connector, number: number)
    }
  }

  /// What is answered without asking the lock; nil when it is to be asked, with a cable or without (F05.FR.06).
  private func refusalToUnlock(_ connector: ConnectorID) -> UnlockConnectorResponse? {
    guard let place = place(of: connector.evse), slots[place].machine.connectors.contains(connector) else {
      return UnlockConnectorResponse(status: .unknownConnector)  // F05.FR.03
    }
    let machine = slots[place].machine
    let isMeant = machine.connector ?? connector == connector
    // F05.FR.02; a driver who is about to get energy is in the same position.
    if isMeant, machine.transaction != nil && machine.authorization != nil || machine.permission != nil {
      return UnlockConnectorResponse(status: .ongoingAuthorizedTransaction)
    }
    // F05.FR.05; the reasons are those of Part 2, appendix 5.
    if machine.hasFixedCable(connector) { return failure("FixedCable", "the cable is fixed to the station") }
    return machine.hasLock(connector) ? nil : failure("UnsupportedRequest", "the socket has no lock")
  }

  private func failure(_ reason: String, _ text: String) -> UnlockConnectorResponse {
    UnlockConnectorResponse(
      status: .unlockFailed, statusInfo: StatusInfo(reasonCode: reason, additionalInfo: text))
  }

  private func respond(_ call: IncomingCall, _ answer: UnlockConnectorResponse) {
    call.respond { writer, version in answer.encode(into: &writer, version: version) }
  }

  /// The lock has answered (F05.FR.04, .05). What was not asked for by the CSMS is only noted when it failed.
  func unlockAnswered(_ connector: ConnectorID, number: UInt32, _ outcome: UnlockOutcome) {
    guard let index = pendingUnlocks.firstIndex(where: { $0.number == number && $0.connector == connector }) else {
      if outcome == .failed {
        services.note(EngineEvent(.transaction, "\(connector): the cable could not be unlocked"))
      }
      return
    }
    let answer =
      switch outcome {
      case .unlocked: UnlockConnectorResponse(status: .unlocked)
      case .failed: failure("InternalError", "the lock did not move")
      case .noLock: failure("UnsupportedRequest", "the socket has no lock")
      }
    for call in pendingUnlocks.remove(at: index).calls { respond(call, answer) }
  }

  /// A lock that says nothing has not unlocked.
  func expireUnlocks(at now: MonotonicInstant) {
    for late in pendingUnlocks where late.until <= now {
      for call in late.calls { respond(call, failure("InternalError", "the lock has not answered in time")) }
    }
    pendingUnlocks.removeAll { $0.until <= now }
  }

  func takeUnlockNumber() -> UInt32 {
    lastUnlockNumber &+= 1
    return lastUnlockNumber
  }

  // MARK: - Cables that wait for their owner

  /// E05.FR.11, E09.FR.03: the owner of a cable that was kept presents his token, and gets it. A vehicle that was plugged
  /// in again in the meantime is charged as usual.
  func releaseHeldCable(by token: IdToken, group: IdToken?, among evses: [EVSEID]) -> Bool {
    guard
      let place = slots.firstIndex(where: { slot in
        guard evses.contains(slot.machine.evse), let held = slot.machine.heldCable else { return false }
        guard held.wasRefused || slot.machine.connector == nil else { return false }
        return held.isOwned(by: token, group: group)
      }), let held = slots[place].machine.heldCable
    else { return false }
    run(held.connector.evse) { machine, _ in
      machine.heldCable = nil
      machine.cableToUnlock = held.connector
      return []
    }
    notify(.finished, at: held.connector.evse)
    return true
  }
}
