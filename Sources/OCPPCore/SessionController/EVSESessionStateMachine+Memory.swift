import ChargerBase
import OCPPTypes

// What survives the death of the program beside the transaction (`SessionMemory`).

extension EVSESessionStateMachine {
  /// What is to be stored now; a driver within a transaction is stored with it.
  func memory(_ settings: SessionSettings) -> SessionMemory {
    var memory = SessionMemory()
    // A transaction whose Started event is still held back is stored nowhere yet.
    if transaction == nil || heldStart != nil, let authorization, authorization.reason != .chargeWithoutAuthorization {
      memory.driver = authorization
    }
    memory.nextDriver = nextAuthorization
    if memory.driver != nil || memory.nextDriver != nil { memory.expiry = authorizationExpiry }
    memory.heldCable = heldCable
    // Where no driver is asked for, nothing else keeps the vehicle of an ended session from beginning the next one.
    if hasFinished, !settings.requiresAuthorization {
      memory.finishedConnector = connector?.number ?? restoredFinish?.number
    }
    return memory
  }

  /// At the start, before any fact.
  mutating func restore(_ memory: SessionMemory, _ context: Context) -> [Effect] {
    if let cable = memory.heldCable, hasLock(cable.connector) { heldCable = cable }
    if let number = memory.finishedConnector {
      hasFinished = true
      restoredFinish = ConnectorID(evse: evse, number: number)
    }
    // C01.FR.26: one of an earlier boot counts when the clock proves that its time has not run out.
    guard let expiry = memory.expiry, let known = Self.duration(from: context.time, to: expiry) else { return [] }
    let left = min(known, context.settings.connectionTimeout)
    guard left > .zero else { return [] }
    if transaction == nil, let driver = memory.driver {
      let effects = authorize(driver, context)
      if authorization != nil { awaitConnection(for: left, context) }
      authorizationExpiry = memory.expiry
      return effects
    }
    if transaction?.pendingEnd != nil { nextAuthorization = memory.nextDriver }
    authorizationExpiry = memory.expiry
    return []
  }
}
