import ChargerBase
import OCPPTypes

/// P01: no vendor's extension is known to this station.
final class DataTransferBlock: FunctionalBlock {
  var incomingActions: [OCPPAction] { [.dataTransfer] }

  func handle(_ call: IncomingCall) throws(MessageViolation) {
    _ = try DataTransferRequest.decode(call.payload, version: call.version)
    call.respond { writer, version in
      DataTransferResponse(status: .unknownVendorId).encode(into: &writer, version: version)
    }
  }
}
