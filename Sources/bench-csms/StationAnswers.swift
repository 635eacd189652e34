import ChargerBase
import OCPPJSON
import OCPPTypes

/// What a CSMS that accepts everything answers to a station (OCPP 2.0.1).
struct StationAnswers {
  var tokens: TokenPolicy
  /// Seconds between heartbeats, told at boot.
  var heartbeatInterval: Int

  /// Nil for what a station does not ask.
  func answer(_ action: OCPPAction, _ request: JSONValue, at now: WallTime) -> JSONValue? {
    switch action {
    case .bootNotification:
      ["currentTime": JSONValue(now), "interval": JSONValue(heartbeatInterval), "status": "Accepted"]
    case .heartbeat:
      ["currentTime": JSONValue(now)]
    case .authorize:
      authorization(request)
    case .transactionEvent:
      request["idToken"] == nil ? [:] : ["idTokenInfo": ["status": .string(tokens.status(of: request["idToken"]))]]
    case .dataTransfer:
      ["status": "UnknownVendorId"]
    case .signCertificate:
      // The bench has no certification authority.
      ["status": "Rejected"]
    case .get15118EVCertificate:
      ["status": "Failed", "exiResponse": ""]
    case .getCertificateStatus:
      ["status": "Failed"]
    case .notifyEVChargingNeeds, .notifyEVChargingSchedule:
      ["status": "Accepted"]
    case .clearedChargingLimit, .firmwareStatusNotification, .logStatusNotification, .meterValues, .notifyChargingLimit,
      .notifyCustomerInformation, .notifyDisplayMessages, .notifyEvent, .notifyMonitoringReport, .notifyReport,
      .publishFirmwareStatusNotification, .reportChargingProfiles, .reservationStatusUpdate,
      .securityEventNotification, .statusNotification:
      [:]
    default: nil
    }
  }

  private func authorization(_ request: JSONValue) -> JSONValue {
    var answer: JSONValue = ["idTokenInfo": ["status": .string(tokens.status(of: request["idToken"]))]]
    if request["certificate"] != nil || request["iso15118CertificateHashData"] != nil {
      answer["certificateStatus"] = "Accepted"
    }
    return answer
  }
}
