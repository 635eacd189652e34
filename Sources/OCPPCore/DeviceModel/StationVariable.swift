import ChargerBase
import OCPPTypes

/// The station-wide variables that the engine and its blocks read: one case each, so that a read is an array access and
/// a misspelt name does not compile.
package enum StationVariable: Int, Sendable, CaseIterable {
  // OCPPCommCtrlr
  case activeNetworkProfile, fileTransferProtocols, heartbeatInterval, messageAttemptInterval, messageAttempts
  case messageTimeout, networkConfigurationPriority, networkProfileConnectionAttempts, offlineThreshold, resetRetries
  case retryBackOffRandomRange, retryBackOffRepeatTimes, retryBackOffWaitMinimum, unlockOnEVSideDisconnect
  case webSocketPingInterval, queueAllMessages, minimumStatusDuration
  // SecurityCtrlr
  case basicAuthPassword, certificateEntries, identity, organizationName, securityProfile
  case additionalRootCertificateCheck, allowCSMSTLSWildcards, allowSecurityProfileDowngrade
  // ClockCtrlr
  case dateTime, timeSource, timeAdjustmentReportingThreshold
  // DeviceDataCtrlr
  case itemsPerGetReport, itemsPerGetVariables, itemsPerSetVariables
  case bytesPerGetReport, bytesPerGetVariables, bytesPerSetVariables
  case configurationValueSize, reportingValueSize
  // AuthCtrlr, AuthCacheCtrlr
  case authorizationEnabled, authorizeRemoteStart, localAuthorizeOffline, localPreAuthorize,
    offlineTxForUnknownIdEnabled
  case disableRemoteAuthorization, masterPassGroupId, startButtonAuthorizes
  case authCacheAvailable, authCacheEnabled, authCacheLifeTime, authCachePolicy, authCacheDisablePostAuthorize
  case authCacheStorage
  // LocalAuthListCtrlr
  case localListAvailable, localListEnabled, localListEntries, localListItemsPerMessage, localListBytesPerMessage
  case localListStorage, localListSupportsExpiryDateTime, localListDisablePostAuthorize
  // TxCtrlr
  case evConnectionTimeOut, maxEnergyOnInvalidId, stopTxOnEVSideDisconnect, stopTxOnInvalidId, txStartPoint
  case txStopPoint, txBeforeAcceptedEnabled, resumeTransactions, resumeTimeLimit
  // SampledDataCtrlr, AlignedDataCtrlr
  case sampledDataAvailable, sampledDataEnabled, sampledRegisterValuesWithoutPhases
  case sampledTxStartedMeasurands, sampledTxUpdatedMeasurands, sampledTxUpdatedInterval
  case sampledTxEndedMeasurands, sampledTxEndedInterval
  case alignedDataAvailable, alignedDataEnabled, alignedSendDuringIdle
  case alignedInterval, alignedMeasurands, alignedTxEndedInterval, alignedTxEndedMeasurands
  // ChargingStation
  case stationAvailable, stationAvailabilityState, stationSupplyPhases, stationVendorName, stationModel
  case stationProblem

  package var definition: VariableDefinition { Self.definitions[rawValue] }
  package var key: VariableKey { definition.key }

  static let definitions: [VariableDefinition] = allCases.map { variable in
    variable.communicationDefinition ?? variable.controllerDefinition ?? variable.sessionDefinition
  }

  /// A year in seconds: the longest time that any variable may hold.
  static let longest: Decimal = 31_536_000

  static func seconds(from minimum: Decimal, to maximum: Decimal = longest) -> VariableCharacter {
    VariableCharacter(.integer, unit: "s", minimum: minimum, maximum: maximum)
  }
}

extension StationVariable {
  private static let communication = "OCPPCommCtrlr"

  fileprivate var communicationDefinition: VariableDefinition? {
    let component = Self.communication
    return switch self {
    case .activeNetworkProfile:
      .init(component, "ActiveNetworkProfile", .init(.integer, minimum: 0), .readOnly, "0")
    case .minimumStatusDuration:
      .init("ChargingStation", "MinimumStatusDuration", Self.seconds(from: 0, to: 3_600), .readWrite, "0")
    case .fileTransferProtocols:
      // Empty for as long as no functional block transfers files.
      .init(
        component, "FileTransferProtocols", .init(.memberList, members: ["HTTP", "HTTPS", "FTP", "SFTP"]), .readOnly, ""
      )
    case .heartbeatInterval:
      .init(component, "HeartbeatInterval", Self.seconds(from: 1), .readWrite, "300")
    case .messageAttemptInterval:
      .init(
        component, "MessageAttemptInterval", instance: "TransactionEvent", Self.seconds(from: 0, to: 86_400),
        .readWrite, "60")
    case .messageAttempts:
      .init(
        component, "MessageAttempts", instance: "TransactionEvent", .init(.integer, minimum: 1, maximum: 1_000),
        .readWrite, "5")
    case .messageTimeout:
      .init(component, "MessageTimeout", instance: "Default", Self.seconds(from: 1), .readOnly, "30")
    case .networkConfigurationPriority:
      .init(
        component, "NetworkConfigurationPriority",
        .init(.sequenceList, members: ["1"], allowsEmpty: false, needsReboot: true), .readWrite, "1")
    case .networkProfileConnectionAttempts:
      .init(
        component, "NetworkProfileConnectionAttempts", .init(.integer, minimum: 1, maximum: 1_000), .readWrite, "3")
    case .offlineThreshold:
      .init(component, "OfflineThreshold", Self.seconds(from: 0), .readWrite, "60")
    case .resetRetries:
      .init(component, "ResetRetries", .init(.integer, minimum: 0, maximum: 100), .readWrite, "3")
    case .retryBackOffRandomRange:
      .init(component, "RetryBackOffRandomRange", Self.seconds(from: 0, to: 86_400), .readWrite, "10")
    case .retryBackOffRepeatTimes:
      .init(component, "RetryBackOffRepeatTimes", .init(.integer, minimum: 0, maximum: 16), .readWrite, "5")
    case .retryBackOffWaitMinimum:
      .init(component, "RetryBackOffWaitMinimum", Self.seconds(from: 1, to: 86_400), .readWrite, "10")
    case .unlockOnEVSideDisconnect:
      .init(component, "UnlockOnEVSideDisconnect", .init(.boolean), .readWrite, "true")
    case .webSocketPingInterval:
      .init(component, "WebSocketPingInterval", Self.seconds(from: 0, to: 86_400), .readWrite, "60")
    case .queueAllMessages:
      // Transactions, security events, statuses and events are queued; other messages are not.
      .init(component, "QueueAllMessages", .init(.boolean), .readOnly, "false")
    default: nil
    }
  }

  fileprivate var controllerDefinition: VariableDefinition? {
    let limit = VariableCharacter(.integer, minimum: 1)
    return switch self {
    case .allowSecurityProfileDowngrade:
      .init("SecurityCtrlr", "AllowSecurityProfileDowngrade", .init(.boolean), .readWrite, "false")
    case .basicAuthPassword:
      .init(
        "SecurityCtrlr", "BasicAuthPassword", .init(.string, minimum: 16, maximum: 64, allowsEmpty: false), .writeOnly,
        "")
    case .certificateEntries:
      .init("SecurityCtrlr", "CertificateEntries", .init(.integer, minimum: 0, maximum: 0), .readOnly, "0")
    case .identity:
      .init("SecurityCtrlr", "Identity", .init(.string, maximum: 48), .readOnly, "")
    case .organizationName:
      .init("SecurityCtrlr", "OrganizationName", .init(.string, maximum: 64), .readOnly, "")
    case .securityProfile:
      .init("SecurityCtrlr", "SecurityProfile", .init(.integer, minimum: 0, maximum: 3), .readOnly, "0")
    case .additionalRootCertificateCheck:
      .init("SecurityCtrlr", "AdditionalRootCertificateCheck", .init(.boolean), .readOnly, "false")
    case .allowCSMSTLSWildcards:
      .init("SecurityCtrlr", "AllowCSMSTLSWildcards", .init(.boolean), .readOnly, "true")
    case .dateTime:
      .init("ClockCtrlr", "DateTime", .init(.dateTime), .readOnly, "")
    case .timeSource:
      .init(
        "ClockCtrlr", "TimeSource",
        .init(.sequenceList, members: ["Heartbeat", "RealTimeClock"], allowsEmpty: false), .readWrite,
        "Heartbeat,RealTimeClock")
    case .timeAdjustmentReportingThreshold:
      .init("ClockCtrlr", "TimeAdjustmentReportingThreshold", Self.seconds(from: 1), .readWrite, "20")
    case .itemsPerGetReport:
      .init("DeviceDataCtrlr", "ItemsPerMessage", instance: "GetReport", limit, .readOnly, "64")
    case .itemsPerGetVariables:
      .init("DeviceDataCtrlr", "ItemsPerMessage", instance: "GetVariables", limit, .readOnly, "64")
    case .itemsPerSetVariables:
      .init("DeviceDataCtrlr", "ItemsPerMessage", instance: "SetVariables", limit, .readOnly, "64")
    case .bytesPerGetReport:
      .init("DeviceDataCtrlr", "BytesPerMessage", instance: "GetReport", limit, .readOnly, "65536")
    case .bytesPerGetVariables:
      .init("DeviceDataCtrlr", "BytesPerMessage", instance: "GetVariables", limit, .readOnly, "65536")
    case .bytesPerSetVariables:
      .init("DeviceDataCtrlr", "BytesPerMessage", instance: "SetVariables", limit, .readOnly, "131072")
    case .configurationValueSize:
      .init("DeviceDataCtrlr", "ConfigurationValueSize", .init(.integer, minimum: 1, maximum: 1_000), .readOnly, "1000")
    case .reportingValueSize:
      .init("DeviceDataCtrlr", "ReportingValueSize", .init(.integer, minimum: 1, maximum: 2_500), .readOnly, "2500")
    case .stationAvailable:
      .init("ChargingStation", "Available", .init(.boolean), .readOnly, "true")
    case .stationAvailabilityState:
      .init("ChargingStation", "AvailabilityState", .availabilityState, .readOnly, "Available")
    case .stationSupplyPhases:
      .init("ChargingStation", "SupplyPhases", .phases, .readOnly, "3")
    case .stationVendorName:
      .init("ChargingStation", "VendorName", .init(.string, maximum: 50), .readOnly, "")
    case .stationModel:
      .init("ChargingStation", "Model", .init(.string, maximum: 20), .readOnly, "")
    case .stationProblem:
      .init("ChargingStation", "Problem", .init(.boolean), .readOnly, "false")
    default: nil
    }
  }
}
