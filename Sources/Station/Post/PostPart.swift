import ChargerBase
import HAL
import OCPPCore

/// A part at the post whose silence is told to the operator, and keeps nobody from charging in another way.
package enum PostPart: String, Sendable, CaseIterable {
  case reader, keypad, startButton, parkingBay, mainMeter

  /// OCPP 2.0.1 Part 2, appendix 3, where it has a component for it.
  var component: String {
    switch self {
    case .reader: "TokenReader"
    case .keypad: "Keypad"
    case .startButton: "StartButton"
    case .parkingBay: "BayOccupancySensor"
    case .mainMeter: "FiscalMetering"
    }
  }

  package var code: String { "\(rawValue)Silent" }

  var text: String {
    switch self {
    case .reader: "A card reader does not answer."
    case .keypad: "A keypad does not answer."
    case .startButton: "A start button does not answer."
    case .parkingBay: "A parking bay sensor does not answer."
    case .mainMeter: "The meter of the whole station does not answer."
    }
  }

  private var remedy: String {
    switch self {
    case .reader: "Start in another way, and call service: check the reader's supply and its bus."
    case .keypad: "Present a card instead, and call service: check the keypad's wiring."
    case .startButton: "Present a card instead, and call service: check the button's wiring."
    case .parkingBay: "Call service: check the sensor's supply and its wiring."
    case .mainMeter: "Charging goes on. Call service: check the meter's supply and its bus."
    }
  }

  /// `names`: which of them, where they have names.
  func reason(_ names: [String]) -> EnergyReason {
    EnergyReason(code: code, text: text, remedy: remedy).with("name", names.joined(separator: ", "))
  }

  func fault(tier: StationFault.Tier) -> StationFault {
    StationFault(
      code: code, component: component, variable: "Problem", text: text, severity: Int32(FaultSeverity.error.rawValue),
      tier: tier, hindersCharging: false)
  }
}

/// One part of the post and how it was told last.
struct WatchedPart {
  let part: PostPart
  /// Its one EVSE; nil for a part of the whole station, or of several.
  let evse: EVSEID?
  /// EVSEs whose drivers miss it; nil for all.
  let serves: [EVSEID]?
  let name: String?
  let driver: any StationLaneDriver
  var isSilent = false
}
