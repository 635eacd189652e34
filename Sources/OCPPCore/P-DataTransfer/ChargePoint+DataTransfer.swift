import ChargerBase
import OCPPJSON
import OCPPTypes

/// The outcome of `ChargePoint.dataTransfer`.
public enum DataTransferOutcome: Sendable, Equatable {
  case answered(DataTransferResponse)
  /// The CSMS answered with a CALLERROR of that code, or with something that cannot be read.
  case refused(String)
  case timeout
  /// Not sent, or the link went down before the answer came.
  case offline
  /// Not sent: the request breaks a limit of the standard, or is longer than a frame may be.
  case invalid(ChargePointError)
}

extension ChargePoint {
  /// Sends a DataTransfer and gives exactly one answer, in a later turn and at the latest at the deadline (35).
  public func dataTransfer(
    vendorID: String, messageID: String? = nil, data: JSONValue? = nil, deadline: Duration = .seconds(60),
    answer: @escaping (DataTransferOutcome) -> Void
  ) {
    dataTransfer(
      DataTransferRequest(vendorId: vendorID, messageId: messageID, data: data), deadline: deadline, answer: answer)
  }

  /// The same with a whole request (36).
  public func dataTransfer(
    _ request: DataTransferRequest, deadline: Duration = .seconds(60),
    answer: @escaping (DataTransferOutcome) -> Void
  ) {
    turn {
      if let objection = objection(to: request) { return later { answer(.invalid(objection)) } }
      call(.dataTransfer, deadline: deadline) { writer, version in
        request.encode(into: &writer, version: version)
      } answer: { result in
        switch result {
        case .result(let payload, let version):
          guard let response = try? DataTransferResponse.decode(payload, version: version) else {
            return answer(.refused("a faulty answer"))
          }
          answer(.answered(response))
        case .error(let code, _): answer(.refused(code))
        case .timeout: answer(.timeout)
        case .offline: answer(.offline)
        }
      }
    }
  }

  private func objection(to request: DataTransferRequest) -> ChargePointError? {
    if request.vendorId.count > 255 { return .valueTooLong("vendorId", maximum: 255) }
    if (request.messageId?.count ?? 0) > 50 { return .valueTooLong("messageId", maximum: 50) }
    // Room for the frame around it.
    let room = configuration.maximumFrameBytes - 128
    var writer = JSONWriter()
    request.encode(into: &writer, version: version)
    return writer.bytes.count > room ? .valueTooLong("data", maximum: room) : nil
  }

  /// Answers a DataTransfer of the CSMS that `ChargePointDelegate` has put off; false when it has its answer already, or
  /// its link is gone.
  @discardableResult
  public func answerDataTransfer(_ number: UInt64, _ response: DataTransferResponse) -> Bool {
    var isAnswered = false
    turn { isAnswered = dataTransfers?.answer(number, response) ?? false }
    return isAnswered
  }
}
