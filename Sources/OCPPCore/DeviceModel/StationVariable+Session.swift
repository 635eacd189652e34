import ChargerBase
import OCPPTypes

// The variables of authorization and transactions; the session controller enforces them.

extension StationVariable {
  /// Conditions of TxStartPoint (E01); DataSigned beside them where a meter signs (`DeviceModel.build`).
  static let startPoints = [
    "ParkingBayOccupancy", "EVConnected", "Authorized", "PowerPathClosed", "EnergyTransfer",
  ]
  /// Conditions of TxStopPoint (E06; errata 2.24 takes DataSigned out).
  static let stopPoints = startPoints

  var sessionDefinition: VariableDefinition {
    let boolean = VariableCharacter(.boolean)
    return switch self {
    case .authorizationEnabled:
      .init("AuthCtrlr", "Enabled", boolean, .readWrite, "true")
    case .authorizeRemoteStart:
      .init("AuthCtrlr", "AuthorizeRemoteStart", boolean, .readWrite, "true")
    case .localAuthorizeOffline:
      .init("AuthCtrlr", "LocalAuthorizeOffline", boolean, .readWrite, "true")
    case .localPreAuthorize:
      .init("AuthCtrlr", "LocalPreAuthorize", boolean, .readWrite, "false")
    case .offlineTxForUnknownIdEnabled:
      .init("AuthCtrlr", "OfflineTxForUnknownIdEnabled", boolean, .readWrite, "false")
    case .startButtonAuthorizes:
      // Not the standard's: whether the start button lets anybody charge (C02). False, so that a button beside a card
      // reader does not give energy away; a board without a reader says true.
      .init("AuthCtrlr", "StartButtonAuthorizes", boolean, .readWrite, "false")
    case .evConnectionTimeOut:
      .init("TxCtrlr", "EVConnectionTimeOut", Self.seconds(from: 0, to: 86_400), .readWrite, "60")
    case .maxEnergyOnInvalidId:
      .init(
        "TxCtrlr", "MaxEnergyOnInvalidId", .init(.integer, unit: "Wh", minimum: 0, maximum: 1_000_000), .readWrite, "0")
    case .stopTxOnEVSideDisconnect:
      .init("TxCtrlr", "StopTxOnEVSideDisconnect", boolean, .readWrite, "true")
    case .stopTxOnInvalidId:
      .init("TxCtrlr", "StopTxOnInvalidId", boolean, .readWrite, "true")
    case .txStartPoint:
      .init(
        "TxCtrlr", "TxStartPoint", .init(.memberList, members: Self.startPoints, allowsEmpty: false), .readWrite,
        "PowerPathClosed")
    case .txStopPoint:
      .init(
        "TxCtrlr", "TxStopPoint", .init(.memberList, members: Self.stopPoints, allowsEmpty: false), .readWrite,
        "EVConnected,Authorized")
    // Not the standard's: what becomes of transactions over restarts (`ResumeTable`).
    case .resumeTransactions:
      .init("TxCtrlr", "ResumeTransactions", boolean, .readWrite, "true")
    case .resumeTimeLimit:
      .init("TxCtrlr", "ResumeTimeLimit", Self.seconds(from: 0), .readWrite, "86400")
    case .txBeforeAcceptedEnabled:
      // A station that the CSMS has not accepted charges as one without a link does.
      .init("TxCtrlr", "TxBeforeAcceptedEnabled", boolean, .readOnly, "true")
    default: tokenDefinition ?? meteringDefinition
    }
  }
}
