import HAL
import OCPPCore

/// What a driver sees for each state: one table, so that every light and display of every board agrees. A board profile
/// may replace the patterns.
package struct DriverGuidance: Sendable {
  package struct Entry: Sendable, Equatable {
    package var light: LightPattern
    package var lines: [String]
  }

  package init() {}

  package func entry(for feedback: DriverFeedback) -> Entry {
    switch feedback {
    case .available: Entry(light: LightPattern(.green), lines: ["Ready", "Plug in and present your card"])
    case .plugIn: Entry(light: LightPattern(.green, .blinking), lines: ["Card accepted", "Plug in your vehicle"])
    case .presentToken: Entry(light: LightPattern(.blue, .blinking), lines: ["Plugged in", "Present your card"])
    case .authorizing: Entry(light: LightPattern(.white, .pulsing), lines: ["One moment", "Checking your card"])
    case .accepted: Entry(light: LightPattern(.green, .pulsing), lines: ["Card accepted"])
    case .rejected: Entry(light: LightPattern(.red, .blinking), lines: ["Card not accepted", "Ask your provider"])
    case .preparing: Entry(light: LightPattern(.blue, .pulsing), lines: ["Waiting for your vehicle"])
    case .charging: Entry(light: LightPattern(.blue), lines: ["Charging"])
    case .suspendedByVehicle: Entry(light: LightPattern(.blue, .pulsing), lines: ["Your vehicle is not charging now"])
    case .suspendedByStation:
      Entry(light: LightPattern(.blue, .pulsing), lines: ["Charging is paused", "It goes on by itself"])
    case .finished: Entry(light: LightPattern(.green, .pulsing), lines: ["Charging ended", "You can unplug"])
    case .unavailable: Entry(light: LightPattern(.yellow), lines: ["Out of service"])
    case .faulted(let text): Entry(light: LightPattern(.red), lines: ["Out of order", text])
    case .reserved: Entry(light: LightPattern(.yellow, .pulsing), lines: ["Reserved"])
    }
  }
}
