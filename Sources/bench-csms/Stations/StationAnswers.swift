import ChargerBase
import OCPPJSON
import OCPPTypes

/// What a CSMS that accepts everything answers to a station (OCPP 2.0.1).
struct StationAnswers {
  var tokens: TokenBook
  /// Shown with transactions; no station is told.
  var prices = Prices()
  /// Seconds between heartbeats, told at boot.
  var heartbeatInterval: Int

  init(tokens: TokenBook, heartbeatInterval: Int) {
    self.tokens = tokens
    self.heartbeatInterval = heartbeatInterval
  }

  /// Nil for what a station does not ask. `isInUse`: the token of the request authorizes another open transaction.
  func answer(_ action: OCPPAction, _ request: JSONValue, at now: WallTime, isInUse: Bool = false) -> JSONValue? {
    switch action {
    case .bootNotification:
      ["currentTime": JSONValue(now), "interval": JSONValue(heartbeatInterval), "status": "Accepted"]
    case .heartbeat:
      ["currentTime": JSONValue(now)]
    case .authorize:
      authorization(request, at: now)
    case .transactionEvent:
      // C12.FR.03, E05.FR.01: whatever the station has let in is checked here too.
      request["idToken"].map { ["idTokenInfo": tokens.info(of: $0, at: now, isInUse: isInUse)] } ?? [:]
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

  private func authorization(_ request: JSONValue, at now: WallTime) -> JSONValue {
    var answer: JSONValue = ["idTokenInfo": tokens.info(of: request["idToken"], at: now)]
    if request["certificate"] != nil || request["iso15118CertificateHashData"] != nil {
      answer["certificateStatus"] = "Accepted"
    }
    return answer
  }
}
