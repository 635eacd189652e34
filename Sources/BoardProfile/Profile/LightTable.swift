import HAL

/// What a driver is to be told, one name per state: the keys of a profile's `lights`. They are the case names of
/// OCPPCore's `DriverFeedback`.
public enum FeedbackKind: String, CaseIterable, Sendable {
  case available, plugIn, presentToken, authorizing, accepted, rejected, preparing, charging, suspendedByVehicle
  case suspendedByStation, finished, unavailable, faulted, reserved, chooseWhatToStop, enteringCode
}

extension FeedbackKind: ProfileKey {}

/// Which pattern a status light shows for which feedback.
public struct LightTable: Sendable, Equatable {
  private var patterns: [FeedbackKind: LightPattern] = [:]

  public init() {}

  /// The profile's pattern, else the one that `boards/README.md` lists as default.
  public subscript(_ feedback: FeedbackKind) -> LightPattern {
    get { patterns[feedback] ?? Self.standard(feedback) }
    set { patterns[feedback] = newValue }
  }

  package static func standard(_ feedback: FeedbackKind) -> LightPattern {
    switch feedback {
    case .available: LightPattern(.green)
    case .plugIn, .presentToken: LightPattern(.green, .blinking)
    case .authorizing: LightPattern(.blue, .blinking)
    case .accepted: LightPattern(.blue)
    case .rejected: LightPattern(.red, .blinking)
    case .preparing: LightPattern(.blue)
    case .charging: LightPattern(.blue, .pulsing)
    case .suspendedByVehicle: LightPattern(.blue)
    case .suspendedByStation: LightPattern(.yellow)
    case .finished: LightPattern(.green, .pulsing)
    case .unavailable: LightPattern(.yellow, .blinking)
    case .faulted: LightPattern(.red)
    case .reserved: LightPattern(.yellow, .pulsing)
    case .enteringCode: LightPattern(.white)
    case .chooseWhatToStop: LightPattern(.white, .blinking)
    }
  }
}
