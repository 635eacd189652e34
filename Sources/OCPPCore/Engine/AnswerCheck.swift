import OCPPJSON
import OCPPTypes

/// Holds the CSMS's answers to our direct calls against their schemas before a block sees them: a faulty answer counts
/// as an error answer, whatever the block wanted to know of it (DESIGN §4). Answers to records are read by their codecs.
enum AnswerCheck {
  /// Nil when the answer is what the standard says, or belongs to an action that is not called this way.
  static func violation(
    of payload: ArraySlice<UInt8>, answering action: OCPPAction, _ version: OCPPVersion, _ limits: JSONLimits
  ) -> MessageViolation? {
    do throws(MessageViolation) {
      switch action {
      case .authorize: _ = try AuthorizeResponse.decode(payload, version: version, limits: limits)
      case .dataTransfer: _ = try DataTransferResponse.decode(payload, version: version, limits: limits)
      case .logStatusNotification:
        _ = try LogStatusNotificationResponse.decode(payload, version: version, limits: limits)
      case .meterValues: _ = try MeterValuesResponse.decode(payload, version: version, limits: limits)
      case .notifyEvent: _ = try NotifyEventResponse.decode(payload, version: version, limits: limits)
      case .notifyReport: _ = try NotifyReportResponse.decode(payload, version: version, limits: limits)
      case .statusNotification: _ = try StatusNotificationResponse.decode(payload, version: version, limits: limits)
      default: break
      }
      return nil
    } catch {
      return error
    }
  }
}
