import ChargerBase
import EVSEControl

/// The AC types of OCPP's `ConnectorEnumType` (Part 2 §3.22), which variable `Connector.ConnectorType` reports.
public enum ConnectorType: String, Sendable, CaseIterable {
  case cType1, cType2
  case cTesla
  case sType2, sType3
  case s309OnePhase16A = "s309-1P-16A"
  case s309OnePhase32A = "s309-1P-32A"
  case s309ThreePhase16A = "s309-3P-16A"
  case s309ThreePhase32A = "s309-3P-32A"
  case sBS1361
  case sCEE77 = "sCEE-7-7"
  case otherOnePhaseMax16A = "Other1PhMax16A"
  case otherOnePhaseOver16A = "Other1PhOver16A"
  case otherThreePhase = "Other3Ph"
  case undetermined = "Undetermined"
  case unknown = "Unknown"

  /// Whether the type says that the cable is fixed to the station (`c…`) or that there is a socket (`s…`).
  package var cable: CableKind? {
    switch self {
    case .cType1, .cType2, .cTesla: .fixed
    case .sType2, .sType3, .s309OnePhase16A, .s309OnePhase32A, .s309ThreePhase16A, .s309ThreePhase32A, .sBS1361,
      .sCEE77:
      .socket
    case .otherOnePhaseMax16A, .otherOnePhaseOver16A, .otherThreePhase, .undetermined, .unknown: nil
    }
  }

  /// The most current that a plug of this type is rated for, where its name or its standard says so.
  package var ratedCurrent: Current? {
    switch self {
    case .s309OnePhase16A, .s309ThreePhase16A, .sCEE77, .otherOnePhaseMax16A: Current(amperes: 16)
    case .s309OnePhase32A, .s309ThreePhase32A: Current(amperes: 32)
    case .sBS1361: Current(amperes: 13)
    default: nil
    }
  }

  /// False for types that have one phase only.
  package var hasThreePhases: Bool {
    switch self {
    case .cType1, .s309OnePhase16A, .s309OnePhase32A, .sBS1361, .sCEE77, .otherOnePhaseMax16A, .otherOnePhaseOver16A:
      false
    default: true
    }
  }
}
