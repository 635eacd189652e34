import ChargerBase

/// One reader of a station, as its profile describes it.
public struct SmartCardReaderConfiguration: Sendable, Equatable {
  /// The reader's name as pcscd lists it, or the beginning of it.
  public var device: String
  /// Tells readers of one kind apart.
  public var serialNumber: String?
  public var rules: SmartCardRules
  public var commands: SmartCardCommands
  /// How long reader or service may be away before `health` says so.
  public var silentAfter: Duration

  public init(
    device: String, serialNumber: String? = nil, rules: SmartCardRules = SmartCardRules(),
    commands: SmartCardCommands = SmartCardCommands(), silentAfter: Duration = .seconds(3)
  ) {
    self.device = device
    self.serialNumber = serialNumber
    self.rules = rules
    self.commands = commands
    self.silentAfter = silentAfter
  }

  /// Whether one physical reader may fit both.
  public func overlaps(_ other: SmartCardReaderConfiguration) -> Bool {
    guard device.hasPrefix(other.device) || other.device.hasPrefix(device) else { return false }
    guard let serialNumber, let otherNumber = other.serialNumber else { return true }
    return serialNumber == otherNumber
  }
}

/// Commands for a reader's buzzer and lamps, which are the reader's own language.
public struct SmartCardCommands: Sendable, Equatable {
  public enum Channel: String, Sendable, CaseIterable {
    /// To the reader itself, by an escape (SCardControl).
    case control
    /// Through the connection to the card (SCardTransmit), which the reader answers in the card's place.
    case transmit
  }

  /// Bound of each list.
  public static let maximumCount = 8

  /// When the reader was found, also after it was away.
  public var start: [[UInt8]]
  /// When a card was read.
  public var presented: [[UInt8]]
  /// When a card gives no token.
  public var refused: [[UInt8]]
  public var channel: Channel
  /// The number of the escape: 1 for libccid, 3500 for the maker's own driver of ACS readers.
  public var controlCode: UInt32

  public init(
    start: [[UInt8]] = [], presented: [[UInt8]] = [], refused: [[UInt8]] = [], channel: Channel = .control,
    controlCode: UInt32 = 1
  ) {
    self.start = start
    self.presented = presented
    self.refused = refused
    self.channel = channel
    self.controlCode = controlCode
  }

  /// Commands in hexadecimal digits with commas between; nil when it is none, or more than `maximumCount`.
  public static func list(_ text: String) -> [[UInt8]]? {
    var commands: [[UInt8]] = []
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      guard let bytes = Hexadecimal.bytes(part.filter { $0 != " " }), !bytes.isEmpty else { return nil }
      commands.append(bytes)
    }
    return commands.count <= maximumCount ? commands : nil
  }
}
