import ChargerBase
import OCPPJSON
import OCPPTypes

/// What a well-behaved CSMS answers.
enum StandardAnswers {
  static func payload(for call: SimulatedCSMS.ReceivedCall, csms: SimulatedCSMS, _ version: OCPPVersion) -> [UInt8] {
    switch call.action {
    case .bootNotification:
      let (status, interval) = csms.register()
      return BootNotificationResponse(currentTime: csms.currentTime, interval: interval, status: status)
        .encode(version: version)
    case .heartbeat: return HeartbeatResponse(currentTime: csms.currentTime).encode(version: version)
    case .authorize:
      guard let request = try? AuthorizeRequest.decode(call.payload, version: version) else { return empty }
      return AuthorizeResponse(idTokenInfo: info(request.idToken, csms)).encode(version: version)
    case .transactionEvent:
      guard let request = try? TransactionEventRequest.decode(call.payload, version: version) else { return empty }
      return TransactionEventResponse(idTokenInfo: request.idToken.map { info($0, csms) }).encode(version: version)
    case .dataTransfer: return DataTransferResponse(status: .accepted).encode(version: version)
    default: return empty
    }
  }

  private static let empty = Array("{}".utf8)

  private static func info(_ token: IdToken, _ csms: SimulatedCSMS) -> IdTokenInfo {
    var info = IdTokenInfo(status: csms.tokens[token.idToken] ?? .unknown)
    info.groupIdToken = csms.groups[token.idToken].map { IdToken(idToken: $0, type: .central) }
    return info
  }
}

/// Checks payloads strictly against the generated codecs.
enum MessageCheck {
  static func violation(ofRequest action: OCPPAction, _ payload: ArraySlice<UInt8>, _ version: OCPPVersion) -> String? {
    do throws(MessageViolation) {
      switch action {
      case .authorize: _ = try AuthorizeRequest.decode(payload, version: version)
      case .bootNotification: _ = try BootNotificationRequest.decode(payload, version: version)
      case .dataTransfer: _ = try DataTransferRequest.decode(payload, version: version)
      case .heartbeat: _ = try HeartbeatRequest.decode(payload, version: version)
      case .meterValues: _ = try MeterValuesRequest.decode(payload, version: version)
      case .notifyEvent: _ = try NotifyEventRequest.decode(payload, version: version)
      case .logStatusNotification: _ = try LogStatusNotificationRequest.decode(payload, version: version)
      case .reservationStatusUpdate: _ = try ReservationStatusUpdateRequest.decode(payload, version: version)
      case .notifyReport: _ = try NotifyReportRequest.decode(payload, version: version)
      case .securityEventNotification: _ = try SecurityEventNotificationRequest.decode(payload, version: version)
      case .statusNotification: _ = try StatusNotificationRequest.decode(payload, version: version)
      case .transactionEvent: _ = try TransactionEventRequest.decode(payload, version: version)
      default: return "not a message of a station that this CSMS knows"
      }
      return nil
    } catch {
      return error.description
    }
  }

  static func violation(ofResponse action: OCPPAction, _ payload: ArraySlice<UInt8>, _ version: OCPPVersion) -> String?
  {
    do throws(MessageViolation) {
      switch action {
      case .changeAvailability: _ = try ChangeAvailabilityResponse.decode(payload, version: version)
      case .sendLocalList: _ = try SendLocalListResponse.decode(payload, version: version)
      case .getLocalListVersion: _ = try GetLocalListVersionResponse.decode(payload, version: version)
      case .clearCache: _ = try ClearCacheResponse.decode(payload, version: version)
      case .dataTransfer: _ = try DataTransferResponse.decode(payload, version: version)
      case .getBaseReport: _ = try GetBaseReportResponse.decode(payload, version: version)
      case .getReport: _ = try GetReportResponse.decode(payload, version: version)
      case .getTransactionStatus: _ = try GetTransactionStatusResponse.decode(payload, version: version)
      case .getVariables: _ = try GetVariablesResponse.decode(payload, version: version)
      case .requestStartTransaction: _ = try RequestStartTransactionResponse.decode(payload, version: version)
      case .requestStopTransaction: _ = try RequestStopTransactionResponse.decode(payload, version: version)
      case .reset: _ = try ResetResponse.decode(payload, version: version)
      case .setNetworkProfile: _ = try SetNetworkProfileResponse.decode(payload, version: version)
      case .setVariables: _ = try SetVariablesResponse.decode(payload, version: version)
      case .triggerMessage: _ = try TriggerMessageResponse.decode(payload, version: version)
      case .unlockConnector: _ = try UnlockConnectorResponse.decode(payload, version: version)
      default: return "an answer that this CSMS cannot check"
      }
      return nil
    } catch {
      return error.description
    }
  }
}
