import ChargerBase
import OCPPTypes

/// What the device model says about sessions, read anew before every event: a change takes effect at once, on running
/// transactions too. The defaults are those that the device model lists.
package struct SessionSettings: Sendable, Equatable {
  package var startPoints: TransactionPoints = .powerPathClosed
  package var stopPoints: TransactionPoints = [.evConnected, .authorized]
  /// TxCtrlr.EVConnectionTimeOut: how long an authorized driver has to plug in.
  package var connectionTimeout: Duration = .seconds(60)
  package var stopsOnInvalidToken = true
  package var stopsOnVehicleSideDisconnect = true
  /// OCPPCommCtrlr.UnlockOnEVSideDisconnect.
  package var unlocksOnVehicleSideDisconnect = true
  /// TxCtrlr.MaxEnergyOnInvalidId in Wh; nil or zero for none.
  package var maximumEnergyOnInvalidToken: Decimal?
  package var startedMeasurands: [Measurand] = [.energyActiveImportRegister]
  package var updatedMeasurands: [Measurand] = [.energyActiveImportRegister]
  /// SampledDataCtrlr.TxUpdatedInterval; zero for no periodic events.
  package var updatedInterval: Duration = .seconds(60)
  package var endedMeasurands: [Measurand] = [.energyActiveImportRegister]
  /// SampledDataCtrlr.TxEndedInterval; zero for the first and last values alone.
  package var endedInterval: Duration = .zero
  /// TxCtrlr.ResumeTransactions: false ends every transaction that was open when the program stopped.
  package var resumesTransactions = true
  /// TxCtrlr.ResumeTimeLimit: the longest time away after which a transaction goes on; zero for no limit.
  package var resumeTimeLimit: Duration = .seconds(86_400)
  /// AuthCtrlr.Enabled: false lets every vehicle charge.
  package var requiresAuthorization = true
  /// AuthCtrlr.StartButtonAuthorizes.
  package var startButtonAuthorizes = false
  /// AuthCtrlr.AuthorizeRemoteStart.
  package var authorizesRemoteStart = true
  /// AuthCtrlr.OfflineTxForUnknownIdEnabled.
  package var acceptsUnknownTokensOffline = false
  /// Clock-aligned and signed values.
  package var metering = MeteringSettings()

  package init() {}

  /// `value` gives a variable's actual value as text; one that is not there leaves the default.
  package init(value: (VariableKey) -> String?) {
    self.init()
    func text(_ component: String, _ variable: String) -> String? { value(VariableKey(component, variable)) }
    func flag(_ component: String, _ variable: String) -> Bool? {
      switch text(component, variable) {
      case "true", "True", "TRUE", "1": true
      case "false", "False", "FALSE", "0": false
      default: nil
      }
    }
    func seconds(_ component: String, _ variable: String) -> Duration? {
      text(component, variable).flatMap { Int64($0) }.map { Duration(clampingSeconds: $0) }
    }
    func measurands(_ variable: String) -> [Measurand]? {
      text("SampledDataCtrlr", variable).map { [Measurand](memberList: $0) }
    }
    if let list = text("TxCtrlr", "TxStartPoint") { startPoints = TransactionPoints(memberList: list) }
    if let list = text("TxCtrlr", "TxStopPoint") { stopPoints = TransactionPoints(memberList: list) }
    connectionTimeout = seconds("TxCtrlr", "EVConnectionTimeOut") ?? connectionTimeout
    stopsOnInvalidToken = flag("TxCtrlr", "StopTxOnInvalidId") ?? stopsOnInvalidToken
    stopsOnVehicleSideDisconnect = flag("TxCtrlr", "StopTxOnEVSideDisconnect") ?? stopsOnVehicleSideDisconnect
    unlocksOnVehicleSideDisconnect =
      flag("OCPPCommCtrlr", "UnlockOnEVSideDisconnect") ?? unlocksOnVehicleSideDisconnect
    if let energy = text("TxCtrlr", "MaxEnergyOnInvalidId").flatMap({ Decimal($0) }), energy > 0 {
      maximumEnergyOnInvalidToken = energy
    }
    resumesTransactions = flag("TxCtrlr", "ResumeTransactions") ?? resumesTransactions
    resumeTimeLimit = seconds("TxCtrlr", "ResumeTimeLimit") ?? resumeTimeLimit
    requiresAuthorization = flag("AuthCtrlr", "Enabled") ?? requiresAuthorization
    startButtonAuthorizes = flag("AuthCtrlr", "StartButtonAuthorizes") ?? startButtonAuthorizes
    authorizesRemoteStart = flag("AuthCtrlr", "AuthorizeRemoteStart") ?? authorizesRemoteStart
    acceptsUnknownTokensOffline = flag("AuthCtrlr", "OfflineTxForUnknownIdEnabled") ?? acceptsUnknownTokensOffline
    // SampledDataCtrlr.Enabled set to false silences sampled data altogether.
    guard flag("SampledDataCtrlr", "Enabled") ?? true else {
      startedMeasurands = []
      updatedMeasurands = []
      endedMeasurands = []
      updatedInterval = .zero
      return
    }
    startedMeasurands = measurands("TxStartedMeasurands") ?? startedMeasurands
    updatedMeasurands = measurands("TxUpdatedMeasurands") ?? updatedMeasurands
    endedMeasurands = measurands("TxEndedMeasurands") ?? endedMeasurands
    updatedInterval = seconds("SampledDataCtrlr", "TxUpdatedInterval") ?? updatedInterval
    endedInterval = seconds("SampledDataCtrlr", "TxEndedInterval") ?? endedInterval
  }
}
