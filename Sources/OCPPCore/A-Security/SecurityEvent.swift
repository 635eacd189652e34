/// The security events of the standard (Part 2, appendix 1), by the name in messages.
public enum SecurityEvent: String, Sendable, CaseIterable {
  case firmwareUpdated = "FirmwareUpdated"
  case failedToAuthenticateAtCsms = "FailedToAuthenticateAtCsms"
  case csmsFailedToAuthenticate = "CsmsFailedToAuthenticate"
  case settingSystemTime = "SettingSystemTime"
  case startupOfTheDevice = "StartupOfTheDevice"
  case resetOrReboot = "ResetOrReboot"
  case securityLogWasCleared = "SecurityLogWasCleared"
  case reconfigurationOfSecurityParameters = "ReconfigurationOfSecurityParameters"
  case memoryExhaustion = "MemoryExhaustion"
  case invalidMessages = "InvalidMessages"
  case attemptedReplayAttacks = "AttemptedReplayAttacks"
  case tamperDetectionActivated = "TamperDetectionActivated"
  case invalidFirmwareSignature = "InvalidFirmwareSignature"
  case invalidFirmwareSigningCertificate = "InvalidFirmwareSigningCertificate"
  case invalidCsmsCertificate = "InvalidCsmsCertificate"
  case invalidChargingStationCertificate = "InvalidChargingStationCertificate"
  case invalidTLSVersion = "InvalidTLSVersion"
  case invalidTLSCipherSuite = "InvalidTLSCipherSuite"
  case maintenanceLoginAccepted = "MaintenanceLoginAccepted"
  case maintenanceLoginFailed = "MaintenanceLoginFailed"

  /// Critical events go to the CSMS (A04.FR.01); all go to the security log (A04.FR.04).
  public var isCritical: Bool {
    switch self {
    case .failedToAuthenticateAtCsms, .csmsFailedToAuthenticate, .reconfigurationOfSecurityParameters,
      .invalidMessages, .attemptedReplayAttacks:
      false
    default: true
    }
  }
}
