import ChargerBase
import HAL
import HALConformance
import HALSimulated
import SimulatedWorld

extension SimulatedRig: PostRig {
  var keypadName: String { "pad" }
  func makeKeypad() throws -> any Keypad { drivers.keypad(named: keypadName) }
  func type(_ legends: String) throws { try act(.typeKeys(legends)) }
  func setKeypadSilent(_ isSilent: Bool) throws { try fault(.keypadSilent, isSilent) }
  func makeStartButton() throws -> any StartButton { drivers.startButton(for: connector.evse) }
  func pressStart() throws { try act(.pressStart(connector.evse)) }
  /// The world's button gives one edge, however long it is held.
  func holdStart() throws { try pressStart() }
  func setStartButtonSilent(_ isSilent: Bool) throws { try fault(.startButtonSilent, isSilent) }
  func makeParkingBaySensor() throws -> any ParkingBaySensor { drivers.parkingBaySensor(for: connector.evse) }
  func setBay(occupied: Bool) throws { try act(.parkingBay(connector.evse, occupied: occupied)) }
  func setBaySilent(_ isSilent: Bool) throws { try fault(.parkingBaySilent, isSilent) }
  func makeChoiceDisplay() throws -> any ChoiceDisplay { drivers.choiceDisplay() }
  func choicesSeen() throws -> [String] { try look { $0.offeredChoices.map(\.text) } }
  func choose(_ meaning: DisplayItem.Meaning) throws { try act(.chooseOnDisplay(meaning.name)) }
}
