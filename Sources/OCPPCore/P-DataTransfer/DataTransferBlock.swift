import ChargerBase
import OCPPTypes

/// P01: the CSMS sends a vendor's own message. The firmware around knows which vendors and messages it speaks; each
/// request gets exactly one answer, at the latest at a deadline.
final class DataTransferBlock: TimedBlock {
  /// Requests that may wait for the firmware's answer at a time; more are Rejected.
  static let maximumWaiting = 16
  /// How long the firmware may take, shorter than the engine lets a CALL wait.
  static let answerDeadline = Duration.seconds(15)

  private struct Waiting {
    var number: UInt64
    var call: IncomingCall
    var until: MonotonicInstant
  }

  private unowned let engine: ChargePoint
  private var waiting: [Waiting] = []
  private var lastNumber: UInt64 = 0

  init(_ engine: ChargePoint) { self.engine = engine }

  var incomingActions: [OCPPAction] { [.dataTransfer] }

  func handle(_ call: IncomingCall) throws(MessageViolation) {
    let request = try DataTransferRequest.decode(call.payload, version: call.version, limits: engine.limits)
    guard waiting.count < Self.maximumWaiting else {
      return respond(call, Self.rejected("too many requests at once"))
    }
    lastNumber &+= 1
    let incoming = IncomingDataTransfer(number: lastNumber, request: request)
    switch engine.delegate?.chargePoint(engine, dataTransfer: incoming) ?? .unknownVendorId {
    case .unknownVendorId: respond(call, DataTransferResponse(status: .unknownVendorId))
    case .unknownMessageId: respond(call, DataTransferResponse(status: .unknownMessageId))
    case .answer(let response): respond(call, response)
    case .later:
      waiting.append(Waiting(number: incoming.number, call: call, until: engine.now + Self.answerDeadline))
    }
  }

  private static func rejected(_ why: String) -> DataTransferResponse {
    DataTransferResponse(
      status: .rejected, statusInfo: StatusInfo(reasonCode: "InternalError", additionalInfo: why))
  }

  private func respond(_ call: IncomingCall, _ response: DataTransferResponse) {
    call.respond { writer, version in response.encode(into: &writer, version: version) }
  }

  /// False when the request was answered already, by whomever.
  func answer(_ number: UInt64, _ response: DataTransferResponse) -> Bool {
    guard let index = waiting.firstIndex(where: { $0.number == number }) else { return false }
    respond(waiting.remove(at: index).call, response)
    return true
  }

  var nextDeadline: MonotonicInstant { waiting.first?.until ?? .distantFuture }

  func advance(to now: MonotonicInstant) {
    while let first = waiting.first, first.until <= now {
      waiting.removeFirst()
      respond(first.call, Self.rejected("no answer in time"))
    }
  }

  func onlineChanged(_ isOnline: Bool) {
    // Their link is gone, and nobody can be answered any more.
    if !isOnline { waiting.removeAll() }
  }
}

/// A DataTransfer of the CSMS.
public struct IncomingDataTransfer: Sendable, Equatable {
  /// Names it when it is answered later.
  public var number: UInt64
  public var request: DataTransferRequest
}

/// What the firmware around says to a DataTransfer of the CSMS.
public enum DataTransferDecision: Sendable, Equatable {
  /// It speaks no extension of that vendor (P01.FR.05).
  case unknownVendorId
  /// It knows the vendor, but no message of that id (P01.FR.06).
  case unknownMessageId
  case answer(DataTransferResponse)
  /// `ChargePoint.answerDataTransfer` follows within 15 seconds; without it the CSMS is told Rejected.
  case later
}
