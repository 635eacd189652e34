import ChargerBase

/// The calls of PC/SC that a reader's thread makes: pcscd itself, or a scripted one in tests. All of them may block, and
/// all but `cancel` belong to one thread.
protocol SmartCardService: AnyObject, Sendable {
  /// Begins a context; nothing else works before.
  func establish() throws(SmartCardFailure)
  /// Ends the context; harmless without one.
  func release()
  /// Ends a `wait` that another thread is in; harmless without one.
  func cancel()
  /// The readers that there are, at most `SmartCardLimits.readers` of them.
  func readerNames() throws(SmartCardFailure) -> [String]
  /// Waits until something differs from `sights`, and brings them up to date. Time that runs out is no failure.
  func wait(for sights: inout [SmartCardSight], timeout: Duration) throws(SmartCardFailure)
  /// - Parameter direct: speaks to the reader itself, with or without a card.
  func connect(to reader: String, direct: Bool) throws(SmartCardFailure) -> SmartCardConnection
  func disconnect(_ connection: SmartCardConnection)
  /// Sends one command to the card; the answer has at most `SmartCardLimits.answerBytes` bytes.
  func transmit(_ command: [UInt8], over connection: SmartCardConnection) throws(SmartCardFailure) -> [UInt8]
  /// Sends one command to the reader.
  func control(
    _ code: UInt32, _ command: [UInt8], over connection: SmartCardConnection
  ) throws(SmartCardFailure) -> [UInt8]
  func serialNumber(over connection: SmartCardConnection) throws(SmartCardFailure) -> String
}

enum SmartCardLimits {
  /// PC/SC lite has 16 readers at most.
  static let readers = 16
  /// The list of their names: 16 names of 128 bytes.
  static let listBytes = 2_048 + 64
  /// A short answer: 256 bytes and the status word, with PC/SC lite's own margin.
  static let answerBytes = 264
  static let atrBytes = 33
}

/// An open connection to a reader or to the card on it.
struct SmartCardConnection: Sendable, Equatable {
  var handle: Int
  /// The protocol that was agreed on (1: T=0, 2: T=1).
  var activeProtocol: UInt = 0
}

/// What is known of one reader.
struct SmartCardSight: Sendable, Equatable {
  /// Stands for readers that come and go.
  static let plugAndPlayName = "\\\\?PnP?\\Notification"

  var reader: String
  /// As the service gave it; zero for "not known yet".
  var state: UInt32 = 0
  var atr: [UInt8] = []

  var isChanged: Bool { state & 0x0002 != 0 }
  /// The service does not know the reader, or cannot speak to it.
  var isReaderLost: Bool { state & (0x0004 | 0x0008) != 0 }
  var isCardPresent: Bool { state & 0x0020 != 0 }
  /// A card that does not answer its reset.
  var isMute: Bool { state & 0x0200 != 0 }
  /// Grows with every card that comes or goes.
  var eventCount: UInt32 { state >> 16 }

  static var plugAndPlay: SmartCardSight { SmartCardSight(reader: plugAndPlayName) }
}

/// Why a call failed, by PC/SC's own numbers: an open set. It never holds anything of a card.
struct SmartCardFailure: Error, Sendable, Equatable {
  let code: UInt32

  static let cancelled = SmartCardFailure(code: 0x8010_0002)
  static let noMemory = SmartCardFailure(code: 0x8010_0006)
  static let unknownReader = SmartCardFailure(code: 0x8010_0009)
  static let timeout = SmartCardFailure(code: 0x8010_000A)
  static let sharingViolation = SmartCardFailure(code: 0x8010_000B)
  static let noSmartCard = SmartCardFailure(code: 0x8010_000C)
  static let communication = SmartCardFailure(code: 0x8010_0013)
  static let readerUnavailable = SmartCardFailure(code: 0x8010_0017)
  static let noService = SmartCardFailure(code: 0x8010_001D)
  static let serviceStopped = SmartCardFailure(code: 0x8010_001E)
  static let noReadersAvailable = SmartCardFailure(code: 0x8010_002E)
  static let unresponsiveCard = SmartCardFailure(code: 0x8010_0066)
  static let removedCard = SmartCardFailure(code: 0x8010_0069)

  /// The reader is gone, the service is not.
  var isReaderLost: Bool { self == .unknownReader || self == .readerUnavailable || self == .noReadersAvailable }
  /// There is no card any more.
  var isCardGone: Bool { self == .removedCard || self == .noSmartCard }
  /// The service is gone, or this context of it.
  var isServiceLost: Bool {
    self == .noService || self == .serviceStopped || self == .communication || code == 0x8010_0003
      || code == 0x8010_0001
  }
}
