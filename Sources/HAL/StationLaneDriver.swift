import ChargerBase

/// A driver that Station serves from the network loop: readers, keypads, buttons, bay detectors, lights, displays.
///
/// 1. Members are called on the network loop alone, and return within 1 ms: bus traffic belongs to a thread of the
///    driver's own.
/// 2. After `start`, the driver calls `notify` (from any thread) whenever it has something new; it may call it more
///    often than needed. What is new is fetched by the owner on the network loop.
/// 3. `health` tells when the hardware has fallen silent; its return is told by `notify` too.
public protocol StationLaneDriver: AnyObject {
  func start(notify: @escaping @Sendable () -> Void)
  func stop()
  var health: DriverHealth { get }
}

/// A reader of identification tokens.
///
/// Obligations, beside those of `StationLaneDriver`:
/// 1. Each presentation is given out once, in order; at most 16 wait to be fetched, older ones are dropped first.
/// 2. A card that stays on the reader is one presentation.
public protocol TokenReader: StationLaneDriver {
  /// The name that the board profile gives it.
  var name: String { get }
  func takePresentedTokens() -> [PresentedToken]
}

/// A token as a reader saw it.
public struct PresentedToken: Sendable, Equatable {
  /// The identifier, for RFID the UID in upper-case hexadecimal. At most 255 characters.
  public var value: String
  public var kind: TokenKind
  /// EVSEs that this presentation is meant for; nil when the reader itself does not say.
  public var evses: [EVSEID]?

  public init(value: String, kind: TokenKind, evses: [EVSEID]? = nil) {
    self.value = value
    self.kind = kind
    self.evses = evses
  }
}

/// Kinds of token that hardware can present; the names are OCPP's.
public enum TokenKind: String, Sendable, CaseIterable {
  case iso14443 = "ISO14443"
  case iso15693 = "ISO15693"
  case keyCode = "KeyCode"
  case local = "Local"
  case macAddress = "MacAddress"
  case central = "Central"
  case eMAID = "eMAID"
  case noAuthorization = "NoAuthorization"
}

/// The status light of an EVSE.
///
/// Obligations, beside those of `StationLaneDriver`:
/// 1. `show` replaces the pattern, to be seen within 100 ms; showing the present one again is harmless.
public protocol IndicatorLight: StationLaneDriver {
  func show(_ pattern: LightPattern)
}

public struct LightPattern: Sendable, Equatable {
  public enum Colour: String, Sendable, CaseIterable { case off, green, blue, red, yellow, white }
  public enum Rhythm: String, Sendable, CaseIterable { case steady, blinking, pulsing }
  public var colour: Colour
  public var rhythm: Rhythm

  public init(_ colour: Colour, _ rhythm: Rhythm = .steady) {
    self.colour = colour
    self.rhythm = rhythm
  }
}

/// The station's display for drivers.
///
/// Obligations, beside those of `StationLaneDriver`:
/// 1. `show` replaces the text of one area, to be seen within 100 ms; other areas stay as they are.
/// 2. At most 4 lines of 64 characters are shown; what is longer is cut.
public protocol DriverDisplay: StationLaneDriver {
  /// Replaces the text of one EVSE's area (nil: the whole station's); at most 4 lines of 64 characters are shown.
  func show(lines: [String], evse: EVSEID?)
  /// The same display where people can choose on it; nil where they cannot.
  var chooser: (any ChoiceDisplay)? { get }
}

extension DriverDisplay {
  public var chooser: (any ChoiceDisplay)? { nil }
}

extension ChoiceDisplay {
  public var chooser: (any ChoiceDisplay)? { self }
}
