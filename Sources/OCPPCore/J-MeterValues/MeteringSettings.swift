import ChargerBase
import OCPPTypes

/// What the device model says about clock-aligned and signed values, beside the sampled ones of `SessionSettings`.
package struct MeteringSettings: Sendable, Equatable {
  /// OCPPCommCtrlr.PublicKeyWithSignedMeterValue.
  package enum PublicKeyTelling: String, Sendable, CaseIterable {
    case never = "Never"
    case oncePerTransaction = "OncePerTransaction"
    case everyMeterValue = "EveryMeterValue"
  }

  package var alignedMeasurands: [Measurand] = []
  /// AlignedDataCtrlr.Interval; zero for none.
  package var alignedInterval: Duration = .zero
  package var alignedEndedMeasurands: [Measurand] = []
  /// AlignedDataCtrlr.TxEndedInterval; zero for none.
  package var alignedEndedInterval: Duration = .zero
  /// AlignedDataCtrlr.SendDuringIdle of the station (J01.FR.20), and of EVSEs (J01.FR.19).
  package var isStationSilentInTransaction = false
  package var evsesSilentInTransaction: [Int32] = []
  /// SampledDataCtrlr.SignReadings.
  package var signsReadings = false
  package var publicKeyTelling = PublicKeyTelling.oncePerTransaction
  /// SampledDataCtrlr.RegisterValuesWithoutPhases.
  package var registersWithoutPhases = false
  /// What the readings of one event may take on the wire, in bytes; beyond it they are thinned (J02.FR.20).
  package var maximumReadingBytes = 240 * 1_024

  package init() {}

  /// `value` gives a variable's actual value as text; one that is not there leaves the default.
  package init(evses: [Int32], maximumFrameBytes: Int, value: (VariableKey) -> String?) {
    func aligned(_ variable: String, evse: Int32? = nil) -> String? {
      value(VariableKey("AlignedDataCtrlr", variable, evse: evse))
    }
    func measurands(_ variable: String) -> [Measurand] { [Measurand](memberList: aligned(variable) ?? "") }
    func interval(_ variable: String) -> Duration {
      Duration(clampingSeconds: aligned(variable).flatMap { Int64($0) } ?? 0)
    }
    // A frame of the least size that is of any use still holds the first and the last reading.
    maximumReadingBytes = max(4_096, min(maximumFrameBytes - 8_192, maximumReadingBytes))
    signsReadings = value(VariableKey("SampledDataCtrlr", "SignReadings")) == "true"
    registersWithoutPhases = value(VariableKey("SampledDataCtrlr", "RegisterValuesWithoutPhases")) == "true"
    publicKeyTelling =
      value(VariableKey("OCPPCommCtrlr", "PublicKeyWithSignedMeterValue")).flatMap { PublicKeyTelling(rawValue: $0) }
      ?? publicKeyTelling
    alignedMeasurands = measurands("Measurands")
    // AlignedDataCtrlr.Enabled set to false silences clock-aligned data altogether.
    guard aligned("Enabled") != "false" else { return }
    alignedInterval = interval("Interval")
    alignedEndedMeasurands = measurands("TxEndedMeasurands")
    alignedEndedInterval = interval("TxEndedInterval")
    isStationSilentInTransaction = aligned("SendDuringIdle") == "true"
    evsesSilentInTransaction = evses.filter { aligned("SendDuringIdle", evse: $0) == "true" }
  }
}

extension [Measurand] {
  /// Reads a MemberList; names that are not known are passed over, as the device model does not let them in.
  package init(memberList: String) {
    self = memberList.split(separator: ",").compactMap { Measurand(wireName: String($0.drop { $0 == " " })) }
  }
}
