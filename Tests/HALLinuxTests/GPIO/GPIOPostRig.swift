import ChargerBase
import HAL
import HALConformance

@testable import HALLinux

/// A start button, a bay detector and a light on lines; what else the suites know is not there.
final class GPIOPostRig: GPIORig, PostRig, StationLaneRig {
  let evse = EVSEID(1)
  private static let missing = ConformanceViolation("not on GPIO lines")

  // MARK: Button

  func makeStartButton() throws -> any StartButton {
    var configuration = GPIOStartButton.Configuration(.unused)
    configuration.silentAfter = .milliseconds(300)
    return GPIOStartButton(configuration, input: inputs[0], host: host)
  }

  /// A contact that bounces both ways.
  func pressStart() throws {
    for isPressed in [true, false] {
      for _ in 0..<3 {
        show(isPressed)
        wait(.milliseconds(2))
        show(!isPressed)
        wait(.milliseconds(1))
      }
      show(isPressed)
      wait(.milliseconds(60))
    }
  }

  func holdStart() throws { show(true) }
  func setStartButtonSilent(_ isSilent: Bool) throws { inputs[0].isDead = isSilent }

  // MARK: Bay

  func makeParkingBaySensor() throws -> any ParkingBaySensor { makeBay() }

  func makeBay() -> GPIOParkingBaySensor {
    var configuration = GPIOParkingBaySensor.Configuration(.unused)
    configuration.silentAfter = .milliseconds(300)
    return GPIOParkingBaySensor(configuration, input: inputs[0], fault: inputs[1], host: host)
  }

  func setBay(occupied: Bool) throws { show(occupied) }
  func setBaySilent(_ isSilent: Bool) throws { inputs[0].isDead = isSilent }

  // MARK: Light

  func makeLight() throws -> any IndicatorLight { makeLamp() }

  func makeLamp() -> GPIOLight {
    var configuration = GPIOLight.Configuration()
    configuration.red = .unused
    configuration.green = .unused
    configuration.blue = .unused
    return GPIOLight(configuration, outputs: outputs, host: host)
  }

  /// Watches the lamps for as long as the eye needs to tell a rhythm.
  func lightSeen() throws -> LightPattern? {
    var colours: [UInt8] = []
    for _ in 0..<400 {
      wait(.milliseconds(10))
      watched += .milliseconds(10)
      colours.append(outputs.active)
    }
    let lit = colours.filter { $0 != 0 }
    guard let first = lit.first, let colour = Self.colours.first(where: { $0.bits == first })?.colour else {
      return LightPattern(.off)
    }
    guard lit.allSatisfy({ $0 == first }) else { return nil }
    switch lit.count {
    case 400: return LightPattern(colour)
    case 180...220: return LightPattern(colour, .blinking)
    case 280...320: return LightPattern(colour, .pulsing)
    default: return nil
    }
  }

  private static let colours: [(bits: UInt8, colour: LightPattern.Colour)] = [
    (1, .red), (2, .green), (4, .blue), (3, .yellow), (7, .white),
  ]

  // MARK: What is not there

  var keypadName: String { "" }
  var readerName: String { "" }
  func makeKeypad() throws -> any Keypad { throw Self.missing }
  func type(_ legends: String) throws { throw Self.missing }
  func setKeypadSilent(_ isSilent: Bool) throws { throw Self.missing }
  func makeChoiceDisplay() throws -> any ChoiceDisplay { throw Self.missing }
  func choicesSeen() throws -> [String] { throw Self.missing }
  func choose(_ meaning: DisplayItem.Meaning) throws { throw Self.missing }
  func makeReader() throws -> any TokenReader { throw Self.missing }
  func present(_ token: PresentedToken) throws { throw Self.missing }
  func hold(_ token: PresentedToken) throws { throw Self.missing }
  func setReaderSilent(_ isSilent: Bool) throws { throw Self.missing }
  func makeDisplay() throws -> any DriverDisplay { throw Self.missing }
  func linesSeen(_ evse: EVSEID?) throws -> [String] { throw Self.missing }
}
