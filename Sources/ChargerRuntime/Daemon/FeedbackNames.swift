import BoardProfile
import OCPPCore

/// The profile's name of what a driver is told.
enum FeedbackNames {
  static func kind(of feedback: DriverFeedback) -> FeedbackKind {
    switch feedback {
    case .available: .available
    case .plugIn: .plugIn
    case .presentToken: .presentToken
    case .authorizing: .authorizing
    case .accepted: .accepted
    case .rejected: .rejected
    case .preparing: .preparing
    case .charging: .charging
    case .suspendedByVehicle: .suspendedByVehicle
    case .suspendedByStation: .suspendedByStation
    case .finished: .finished
    case .unavailable: .unavailable
    case .faulted: .faulted
    case .reserved: .reserved
    case .chooseWhatToStop: .chooseWhatToStop
    case .enteringCode: .enteringCode
    }
  }
}
