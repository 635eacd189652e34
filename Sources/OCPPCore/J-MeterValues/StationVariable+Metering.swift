import ChargerBase
import OCPPTypes

// The variables of SampledDataCtrlr and AlignedDataCtrlr. What only some stations have is registered by the session
// controller: SendDuringIdle of each EVSE, and what concerns signed readings where a meter signs (Part 2 §2.7.3: a
// station that does not sign shall not report it).

extension StationVariable {
  /// Every measurand; a station narrows them to what its meters give (`ChargePointConfiguration.measurands`).
  private static let measurands = Measurand.allCases.filter { $0.isDefined(in: .v201) }.map { $0.rawName }
  static let measurandLists: [StationVariable] = [
    .sampledTxStartedMeasurands, .sampledTxUpdatedMeasurands, .sampledTxEndedMeasurands, .alignedMeasurands,
    .alignedTxEndedMeasurands,
  ]

  var meteringDefinition: VariableDefinition {
    let sampled = "SampledDataCtrlr"
    let aligned = "AlignedDataCtrlr"
    let boolean = VariableCharacter(.boolean)
    let measurands = VariableCharacter(.memberList, maximum: 1_000, members: Self.measurands)
    let register = Measurand.energyActiveImportRegister.rawName
    return switch self {
    case .sampledDataAvailable: .init(sampled, "Available", boolean, .readOnly, "true")
    case .sampledDataEnabled: .init(sampled, "Enabled", boolean, .readWrite, "true")
    case .sampledRegisterValuesWithoutPhases:
      .init(sampled, "RegisterValuesWithoutPhases", boolean, .readWrite, "false")
    case .sampledTxStartedMeasurands: .init(sampled, "TxStartedMeasurands", measurands, .readWrite, register)
    case .sampledTxUpdatedMeasurands: .init(sampled, "TxUpdatedMeasurands", measurands, .readWrite, register)
    case .sampledTxUpdatedInterval: .init(sampled, "TxUpdatedInterval", Self.seconds(from: 0), .readWrite, "300")
    case .sampledTxEndedMeasurands: .init(sampled, "TxEndedMeasurands", measurands, .readWrite, register)
    case .sampledTxEndedInterval: .init(sampled, "TxEndedInterval", Self.seconds(from: 0), .readWrite, "0")
    case .alignedDataAvailable: .init(aligned, "Available", boolean, .readOnly, "true")
    case .alignedDataEnabled: .init(aligned, "Enabled", boolean, .readWrite, "true")
    case .alignedSendDuringIdle: .init(aligned, "SendDuringIdle", boolean, .readWrite, "false")
    case .alignedInterval: .init(aligned, "Interval", Self.seconds(from: 0, to: 86_400), .readWrite, "0")
    // What triggered MeterValues tell too (F06.FR.06).
    case .alignedMeasurands: .init(aligned, "Measurands", measurands, .readWrite, register)
    case .alignedTxEndedInterval:
      .init(aligned, "TxEndedInterval", Self.seconds(from: 0, to: 86_400), .readWrite, "0")
    default:
      // The last of them; that each case has a definition of its own is tested.
      .init(aligned, "TxEndedMeasurands", measurands, .readWrite, "")
    }
  }
}

extension DeviceModel {
  /// The variables of metering that depend on what the station has.
  func registerMetering(of configuration: ChargePointConfiguration) {
    let boolean = VariableCharacter(.boolean)
    for evse in configuration.evses {
      var silence = VariableDefinition("AlignedDataCtrlr", "SendDuringIdle", boolean, .readWrite, "false")
      silence.key.evse = evse.id
      register(silence)
    }
    guard configuration.evses.contains(where: { $0.meterSigns }) else { return }
    register(VariableDefinition("SampledDataCtrlr", "SignReadings", boolean, .readWrite, "true"))
    register(
      VariableDefinition(
        "OCPPCommCtrlr", "PublicKeyWithSignedMeterValue",
        .init(.optionList, members: MeteringSettings.PublicKeyTelling.allCases.map { $0.rawValue }), .readWrite,
        MeteringSettings.PublicKeyTelling.oncePerTransaction.rawValue))
  }
}
