import ChargerBase
import OCPPTypes

extension EVSESessionStateMachine {
  /// What the driver at this EVSE should see.
  package var feedback: DriverFeedback {
    if let fault = faults.first { return .faulted(fault.text) }
    if let transaction { return feedback(of: transaction) }
    if !isUsable { return .unavailable }
    guard authorization == nil else { return connector == nil ? .plugIn : .preparing }
    guard connector != nil else { return .available }
    return hasFinished ? .finished : .presentToken
  }

  private func feedback(of transaction: OpenTransaction) -> DriverFeedback {
    if transaction.pendingEnd != nil {
      guard nextAuthorization != nil else { return .finished }
      return connector == nil && waitingConnectors.isEmpty ? .plugIn : .preparing
    }
    guard authorization != nil else {
      guard connector != nil else { return .available }
      return transaction.stopReason == nil ? .presentToken : .finished
    }
    return switch chargingState {
    case .charging: .charging
    case .suspendedEV: .suspendedByVehicle
    case .suspendedEVSE: .suspendedByStation
    case .evConnected: .preparing
    case .idle: .plugIn
    }
  }
}
