import ChargerBase
import HAL

/// Duty cycle and offered current (IEC 61851-1 Annex A): 0.6 A a percent from 10 % to 85 %, 2.5 A a percent above 64 %
/// from there to 96 %.
extension DutyCycle {
  /// The least current that a duty cycle can offer.
  public static let leastOffer = Current(amperes: 6)
  /// The most current that a duty cycle can offer.
  public static let greatestOffer = Current(amperes: 80)

  /// The duty cycle that sends the vehicle to a higher-level stack (ISO 15118, DIN 70121): nominally 5 %, read as such
  /// from 3 % to 7 %. It offers no current by itself, and nothing but a command for such a stack puts it on the pilot.
  public static let digitalCommunication = DutyCycle(hundredthsOfPercent: 500)

  /// Whether a vehicle reads this duty cycle as a call for a higher-level stack.
  public var meansDigitalCommunication: Bool { (300...700).contains(hundredthsOfPercent) }

  /// The duty cycle that offers at most `current`, rounded down; nil under 6 A, where nothing can be offered.
  ///
  /// Between 51 A and 52.5 A lies a gap that no duty cycle can tell: 51 A is offered there.
  public init?(offering current: Current) {
    guard current >= Self.leastOffer else { return nil }
    let milliamperes = min(current, Self.greatestOffer).milliamperes
    let hundredths: Int64 =
      if milliamperes <= 51_000 {
        milliamperes / 6
      } else if milliamperes < 52_500 {
        8_500
      } else {
        milliamperes / 25 + 6_400
      }
    self.init(hundredthsOfPercent: UInt16(clamping: hundredths))
  }

  /// The current that a vehicle may draw under this duty cycle; nil where it offers none (under 8 %, over 97 %).
  public var offeredCurrent: Current? {
    let hundredths = Int64(hundredthsOfPercent)
    return switch hundredths {
    case 800..<1_000: Current(amperes: 6)
    case 1_000...8_500: Current(milliamperes: hundredths * 6)
    case 8_501...9_600: Current(milliamperes: (hundredths - 6_400) * 25)
    case 9_601...9_700: Current(amperes: 80)
    default: nil
    }
  }
}
