import HAL
import OCPPCore

/// What a driver reads for each state: one table, so that every display agrees.
package enum DriverGuidance {
  /// At most two lines.
  package static func lines(for feedback: DriverFeedback) -> [String] {
    switch feedback {
    case .available: ["Ready", "Plug in and present your card"]
    case .plugIn: ["Card accepted", "Plug in your vehicle"]
    case .presentToken: ["Plugged in", "Present your card"]
    case .authorizing: ["One moment", "Checking your card"]
    case .accepted: ["Card accepted"]
    case .rejected: ["Card not accepted", "Ask your provider"]
    case .preparing: ["Waiting for your vehicle"]
    case .charging: ["Charging"]
    case .suspendedByVehicle: ["Your vehicle is not charging now"]
    case .suspendedByStation: ["Charging is paused", "It goes on by itself"]
    case .finished: ["Charging ended", "You can unplug"]
    case .unavailable: ["Out of service"]
    case .faulted(let text): ["Out of order", text]
    case .reserved: ["Reserved"]
    case .enteringCode(let count): ["Your code", String(repeating: "*", count: count)]
    case .chooseWhatToStop: ["Which charging should end?", "Choose on the display"]
    }
  }
}
