import ChargerBase
import OCPPTypes

extension SessionController {
  /// E14. A transaction that this station does not know is neither ongoing nor waiting to be told.
  func transactionStatus(_ call: IncomingCall) throws(MessageViolation) {
    let request = try GetTransactionStatusRequest.decode(call.payload, version: call.version)
    services.askQueuedTransactionEvents(request.transactionId) { [weak self] isQueued in
      guard let self, let isQueued else {
        return call.reject(.internalError, detail: "the store cannot tell what waits")
      }
      let isOngoing = request.transactionId.map { id in slots.contains { $0.machine.transaction?.id == id } }
      let answer = GetTransactionStatusResponse(messagesInQueue: isQueued, ongoingIndicator: isOngoing)
      call.respond { writer, version in answer.encode(into: &writer, version: version) }
    }
  }
}
