import OCPPTypes

/// Holds payloads against the schemas of OCPP 2.0.1, by reading them with the generated types.
enum SchemaCheck {
  static func violation(inRequest action: OCPPAction, _ payload: ArraySlice<UInt8>) -> MessageViolation? {
    do throws(MessageViolation) {
      try checkRequest(action, payload)
      return nil
    } catch {
      return error
    }
  }

  static func violation(inResponse action: OCPPAction, _ payload: ArraySlice<UInt8>) -> MessageViolation? {
    do throws(MessageViolation) {
      try checkResponse(action, payload)
      return nil
    } catch {
      return error
    }
  }

  private static func checkRequest(_ action: OCPPAction, _ payload: ArraySlice<UInt8>) throws(MessageViolation) {
    switch action {
    case .authorize: _ = try AuthorizeRequest.decode(payload, version: .v201)
    case .bootNotification: _ = try BootNotificationRequest.decode(payload, version: .v201)
    case .cancelReservation: _ = try CancelReservationRequest.decode(payload, version: .v201)
    case .certificateSigned: _ = try CertificateSignedRequest.decode(payload, version: .v201)
    case .changeAvailability: _ = try ChangeAvailabilityRequest.decode(payload, version: .v201)
    case .clearCache: _ = try ClearCacheRequest.decode(payload, version: .v201)
    case .clearChargingProfile: _ = try ClearChargingProfileRequest.decode(payload, version: .v201)
    case .clearDisplayMessage: _ = try ClearDisplayMessageRequest.decode(payload, version: .v201)
    case .clearVariableMonitoring: _ = try ClearVariableMonitoringRequest.decode(payload, version: .v201)
    case .clearedChargingLimit: _ = try ClearedChargingLimitRequest.decode(payload, version: .v201)
    case .costUpdated: _ = try CostUpdatedRequest.decode(payload, version: .v201)
    case .customerInformation: _ = try CustomerInformationRequest.decode(payload, version: .v201)
    case .dataTransfer: _ = try DataTransferRequest.decode(payload, version: .v201)
    case .deleteCertificate: _ = try DeleteCertificateRequest.decode(payload, version: .v201)
    case .firmwareStatusNotification: _ = try FirmwareStatusNotificationRequest.decode(payload, version: .v201)
    case .get15118EVCertificate: _ = try Get15118EVCertificateRequest.decode(payload, version: .v201)
    case .getBaseReport: _ = try GetBaseReportRequest.decode(payload, version: .v201)
    case .getCertificateStatus: _ = try GetCertificateStatusRequest.decode(payload, version: .v201)
    case .getChargingProfiles: _ = try GetChargingProfilesRequest.decode(payload, version: .v201)
    case .getCompositeSchedule: _ = try GetCompositeScheduleRequest.decode(payload, version: .v201)
    case .getDisplayMessages: _ = try GetDisplayMessagesRequest.decode(payload, version: .v201)
    case .getInstalledCertificateIds: _ = try GetInstalledCertificateIdsRequest.decode(payload, version: .v201)
    case .getLocalListVersion: _ = try GetLocalListVersionRequest.decode(payload, version: .v201)
    case .getLog: _ = try GetLogRequest.decode(payload, version: .v201)
    case .getMonitoringReport: _ = try GetMonitoringReportRequest.decode(payload, version: .v201)
    case .getReport: _ = try GetReportRequest.decode(payload, version: .v201)
    case .getTransactionStatus: _ = try GetTransactionStatusRequest.decode(payload, version: .v201)
    case .getVariables: _ = try GetVariablesRequest.decode(payload, version: .v201)
    case .heartbeat: _ = try HeartbeatRequest.decode(payload, version: .v201)
    case .installCertificate: _ = try InstallCertificateRequest.decode(payload, version: .v201)
    case .logStatusNotification: _ = try LogStatusNotificationRequest.decode(payload, version: .v201)
    case .meterValues: _ = try MeterValuesRequest.decode(payload, version: .v201)
    case .notifyChargingLimit: _ = try NotifyChargingLimitRequest.decode(payload, version: .v201)
    case .notifyCustomerInformation: _ = try NotifyCustomerInformationRequest.decode(payload, version: .v201)
    case .notifyDisplayMessages: _ = try NotifyDisplayMessagesRequest.decode(payload, version: .v201)
    case .notifyEVChargingNeeds: _ = try NotifyEVChargingNeedsRequest.decode(payload, version: .v201)
    case .notifyEVChargingSchedule: _ = try NotifyEVChargingScheduleRequest.decode(payload, version: .v201)
    case .notifyEvent: _ = try NotifyEventRequest.decode(payload, version: .v201)
    case .notifyMonitoringReport: _ = try NotifyMonitoringReportRequest.decode(payload, version: .v201)
    case .notifyReport: _ = try NotifyReportRequest.decode(payload, version: .v201)
    case .publishFirmware: _ = try PublishFirmwareRequest.decode(payload, version: .v201)
    case .publishFirmwareStatusNotification:
      _ = try PublishFirmwareStatusNotificationRequest.decode(payload, version: .v201)
    case .reportChargingProfiles: _ = try ReportChargingProfilesRequest.decode(payload, version: .v201)
    case .requestStartTransaction: _ = try RequestStartTransactionRequest.decode(payload, version: .v201)
    case .requestStopTransaction: _ = try RequestStopTransactionRequest.decode(payload, version: .v201)
    case .reservationStatusUpdate: _ = try ReservationStatusUpdateRequest.decode(payload, version: .v201)
    case .reserveNow: _ = try ReserveNowRequest.decode(payload, version: .v201)
    case .reset: _ = try ResetRequest.decode(payload, version: .v201)
    case .securityEventNotification: _ = try SecurityEventNotificationRequest.decode(payload, version: .v201)
    case .sendLocalList: _ = try SendLocalListRequest.decode(payload, version: .v201)
    case .setChargingProfile: _ = try SetChargingProfileRequest.decode(payload, version: .v201)
    case .setDisplayMessage: _ = try SetDisplayMessageRequest.decode(payload, version: .v201)
    case .setMonitoringBase: _ = try SetMonitoringBaseRequest.decode(payload, version: .v201)
    case .setMonitoringLevel: _ = try SetMonitoringLevelRequest.decode(payload, version: .v201)
    case .setNetworkProfile: _ = try SetNetworkProfileRequest.decode(payload, version: .v201)
    case .setVariableMonitoring: _ = try SetVariableMonitoringRequest.decode(payload, version: .v201)
    case .setVariables: _ = try SetVariablesRequest.decode(payload, version: .v201)
    case .signCertificate: _ = try SignCertificateRequest.decode(payload, version: .v201)
    case .statusNotification: _ = try StatusNotificationRequest.decode(payload, version: .v201)
    case .transactionEvent: _ = try TransactionEventRequest.decode(payload, version: .v201)
    case .triggerMessage: _ = try TriggerMessageRequest.decode(payload, version: .v201)
    case .unlockConnector: _ = try UnlockConnectorRequest.decode(payload, version: .v201)
    case .unpublishFirmware: _ = try UnpublishFirmwareRequest.decode(payload, version: .v201)
    case .updateFirmware: _ = try UpdateFirmwareRequest.decode(payload, version: .v201)
    default: break
    }
  }

  private static func checkResponse(_ action: OCPPAction, _ payload: ArraySlice<UInt8>) throws(MessageViolation) {
    switch action {
    case .authorize: _ = try AuthorizeResponse.decode(payload, version: .v201)
    case .bootNotification: _ = try BootNotificationResponse.decode(payload, version: .v201)
    case .cancelReservation: _ = try CancelReservationResponse.decode(payload, version: .v201)
    case .certificateSigned: _ = try CertificateSignedResponse.decode(payload, version: .v201)
    case .changeAvailability: _ = try ChangeAvailabilityResponse.decode(payload, version: .v201)
    case .clearCache: _ = try ClearCacheResponse.decode(payload, version: .v201)
    case .clearChargingProfile: _ = try ClearChargingProfileResponse.decode(payload, version: .v201)
    case .clearDisplayMessage: _ = try ClearDisplayMessageResponse.decode(payload, version: .v201)
    case .clearVariableMonitoring: _ = try ClearVariableMonitoringResponse.decode(payload, version: .v201)
    case .clearedChargingLimit: _ = try ClearedChargingLimitResponse.decode(payload, version: .v201)
    case .costUpdated: _ = try CostUpdatedResponse.decode(payload, version: .v201)
    case .customerInformation: _ = try CustomerInformationResponse.decode(payload, version: .v201)
    case .dataTransfer: _ = try DataTransferResponse.decode(payload, version: .v201)
    case .deleteCertificate: _ = try DeleteCertificateResponse.decode(payload, version: .v201)
    case .firmwareStatusNotification: _ = try FirmwareStatusNotificationResponse.decode(payload, version: .v201)
    case .get15118EVCertificate: _ = try Get15118EVCertificateResponse.decode(payload, version: .v201)
    case .getBaseReport: _ = try GetBaseReportResponse.decode(payload, version: .v201)
    case .getCertificateStatus: _ = try GetCertificateStatusResponse.decode(payload, version: .v201)
    case .getChargingProfiles: _ = try GetChargingProfilesResponse.decode(payload, version: .v201)
    case .getCompositeSchedule: _ = try GetCompositeScheduleResponse.decode(payload, version: .v201)
    case .getDisplayMessages: _ = try GetDisplayMessagesResponse.decode(payload, version: .v201)
    case .getInstalledCertificateIds: _ = try GetInstalledCertificateIdsResponse.decode(payload, version: .v201)
    case .getLocalListVersion: _ = try GetLocalListVersionResponse.decode(payload, version: .v201)
    case .getLog: _ = try GetLogResponse.decode(payload, version: .v201)
    case .getMonitoringReport: _ = try GetMonitoringReportResponse.decode(payload, version: .v201)
    case .getReport: _ = try GetReportResponse.decode(payload, version: .v201)
    case .getTransactionStatus: _ = try GetTransactionStatusResponse.decode(payload, version: .v201)
    case .getVariables: _ = try GetVariablesResponse.decode(payload, version: .v201)
    case .heartbeat: _ = try HeartbeatResponse.decode(payload, version: .v201)
    case .installCertificate: _ = try InstallCertificateResponse.decode(payload, version: .v201)
    case .logStatusNotification: _ = try LogStatusNotificationResponse.decode(payload, version: .v201)
    case .meterValues: _ = try MeterValuesResponse.decode(payload, version: .v201)
    case .notifyChargingLimit: _ = try NotifyChargingLimitResponse.decode(payload, version: .v201)
    case .notifyCustomerInformation: _ = try NotifyCustomerInformationResponse.decode(payload, version: .v201)
    case .notifyDisplayMessages: _ = try NotifyDisplayMessagesResponse.decode(payload, version: .v201)
    case .notifyEVChargingNeeds: _ = try NotifyEVChargingNeedsResponse.decode(payload, version: .v201)
    case .notifyEVChargingSchedule: _ = try NotifyEVChargingScheduleResponse.decode(payload, version: .v201)
    case .notifyEvent: _ = try NotifyEventResponse.decode(payload, version: .v201)
    case .notifyMonitoringReport: _ = try NotifyMonitoringReportResponse.decode(payload, version: .v201)
    case .notifyReport: _ = try NotifyReportResponse.decode(payload, version: .v201)
    case .publishFirmware: _ = try PublishFirmwareResponse.decode(payload, version: .v201)
    case .publishFirmwareStatusNotification:
      _ = try PublishFirmwareStatusNotificationResponse.decode(payload, version: .v201)
    case .reportChargingProfiles: _ = try ReportChargingProfilesResponse.decode(payload, version: .v201)
    case .requestStartTransaction: _ = try RequestStartTransactionResponse.decode(payload, version: .v201)
    case .requestStopTransaction: _ = try RequestStopTransactionResponse.decode(payload, version: .v201)
    case .reservationStatusUpdate: _ = try ReservationStatusUpdateResponse.decode(payload, version: .v201)
    case .reserveNow: _ = try ReserveNowResponse.decode(payload, version: .v201)
    case .reset: _ = try ResetResponse.decode(payload, version: .v201)
    case .securityEventNotification: _ = try SecurityEventNotificationResponse.decode(payload, version: .v201)
    case .sendLocalList: _ = try SendLocalListResponse.decode(payload, version: .v201)
    case .setChargingProfile: _ = try SetChargingProfileResponse.decode(payload, version: .v201)
    case .setDisplayMessage: _ = try SetDisplayMessageResponse.decode(payload, version: .v201)
    case .setMonitoringBase: _ = try SetMonitoringBaseResponse.decode(payload, version: .v201)
    case .setMonitoringLevel: _ = try SetMonitoringLevelResponse.decode(payload, version: .v201)
    case .setNetworkProfile: _ = try SetNetworkProfileResponse.decode(payload, version: .v201)
    case .setVariableMonitoring: _ = try SetVariableMonitoringResponse.decode(payload, version: .v201)
    case .setVariables: _ = try SetVariablesResponse.decode(payload, version: .v201)
    case .signCertificate: _ = try SignCertificateResponse.decode(payload, version: .v201)
    case .statusNotification: _ = try StatusNotificationResponse.decode(payload, version: .v201)
    case .transactionEvent: _ = try TransactionEventResponse.decode(payload, version: .v201)
    case .triggerMessage: _ = try TriggerMessageResponse.decode(payload, version: .v201)
    case .unlockConnector: _ = try UnlockConnectorResponse.decode(payload, version: .v201)
    case .unpublishFirmware: _ = try UnpublishFirmwareResponse.decode(payload, version: .v201)
    case .updateFirmware: _ = try UpdateFirmwareResponse.decode(payload, version: .v201)
    default: break
    }
  }
}
