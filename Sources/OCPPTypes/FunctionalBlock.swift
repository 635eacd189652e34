/// The functional blocks of OCPP 2.0.1 and 2.1 (Part 2), by letter.
public enum FunctionalBlock: UInt8, Sendable, Hashable, CaseIterable {
  case security
  case provisioning
  case authorization
  case localAuthorizationList
  case transactions
  case remoteControl
  case availability
  case reservation
  case tariffAndCost
  case meterValues
  case smartCharging
  case firmwareManagement
  case certificateManagement
  case diagnostics
  case displayMessage
  case dataTransfer
  case bidirectionalPower
  case derControl
  case batterySwapping

  /// `A` for security … `S` for battery swapping.
  public var letter: Character { Character(Unicode.Scalar(65 + rawValue)) }
}
