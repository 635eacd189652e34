import ChargerBase

/// A contactless card as the virtual reader `vpcd` sees it: bytes of its connection in, bytes out.
///
/// Every message is a two-byte length, high byte first, and as many bytes. One byte is an order (0 power off, 1 power on,
/// 2 reset, 4 send the ATR), more are a command of the card. A connection means that the card lies on the reader; whoever
/// owns the socket closes it to take the card away. The card has no clock and no thread of its own.
public struct VirtualCard: Sendable {
  /// The ATRs that readers make up (PC/SC part 3, 3.1.3.2.3).
  public enum Kind: Sendable, CaseIterable {
    /// ISO 14443 type A without a processor (MIFARE Classic 1K).
    case iso14443
    /// ISO 14443-4 with a processor (DESFire).
    case iso14443Processor
    /// ISO 15693 (ICODE SLI).
    case iso15693
    /// FeliCa, which OCPP has no name for.
    case feliCa
    /// A card with contacts.
    case contacts

    public var atr: [UInt8] {
      switch self {
      case .iso14443: Self.memoryCard(standard: 0x03, name: 0x0001)
      case .iso14443Processor: [0x3B, 0x81, 0x80, 0x01, 0x80, 0x80]
      case .iso15693: Self.memoryCard(standard: 0x0B, name: 0x0014)
      case .feliCa: Self.memoryCard(standard: 0x11, name: 0x003B)
      case .contacts: [0x3B, 0x65, 0x00, 0x00, 0x20, 0x63, 0xCB, 0x68, 0x00]
      }
    }

    private static func memoryCard(standard: UInt8, name: UInt16) -> [UInt8] {
      let atr: [UInt8] =
        [0x3B, 0x8F, 0x80, 0x01, 0x80, 0x4F, 0x0C, 0xA0, 0x00, 0x00, 0x03, 0x06, standard]
        + [UInt8(name >> 8), UInt8(name & 0xFF), 0, 0, 0, 0]
      // All after the first byte and the check byte cancel out.
      return atr + [atr.dropFirst().reduce(0, ^)]
    }
  }

  /// What goes wrong with it.
  public enum Fault: Sendable, Equatable {
    /// The UID is refused with this status word.
    case statusWord(UInt16)
    /// The answer has only so many bytes of the UID, and 9000.
    case shortUID(Int)
    /// The answer has no status word.
    case tornAnswer
    /// Every answer to a command takes so long.
    case delay(Duration)
    /// The card is taken away while a command runs: `isClosed`.
    case closesDuringCommand
    /// Nothing is ever answered to a command.
    case silent
    /// It has no ATR.
    case mute
  }

  /// Bound of what may arrive before it was understood: one message of the largest length.
  static let maximumInput = 65_538

  public var uid: [UInt8]
  public var atr: [UInt8]
  public var fault: Fault?
  /// The commands that it was sent, the newest last; at most 32.
  public private(set) var commands: [[UInt8]] = []
  /// The owner of the socket has to close it: the card is gone.
  public private(set) var isClosed = false
  private var input: [UInt8] = []
  private var answers: [(at: MonotonicInstant, bytes: [UInt8])] = []

  public init(uid: [UInt8], kind: Kind = .iso14443, fault: Fault? = nil) {
    self.uid = uid
    atr = kind.atr
    self.fault = fault
  }

  /// Takes what has arrived from the reader.
  public mutating func receive(_ bytes: [UInt8], at now: MonotonicInstant) {
    input += bytes.prefix(Self.maximumInput - min(Self.maximumInput, input.count))
    while input.count >= 2 {
      let length = Int(input[0]) << 8 | Int(input[1])
      guard input.count >= 2 + length else { return }
      let message = Array(input[2..<(2 + length)])
      input.removeFirst(2 + length)
      take(message, at: now)
    }
  }

  /// What is due to be sent to the reader.
  public mutating func takeOutput(at now: MonotonicInstant) -> [UInt8] {
    var output: [UInt8] = []
    while let first = answers.first, first.at <= now {
      output += [UInt8(first.bytes.count >> 8), UInt8(first.bytes.count & 0xFF)] + first.bytes
      answers.removeFirst()
    }
    return output
  }

  /// When there is something to send next.
  public var nextOutput: MonotonicInstant? { answers.first?.at }

  private mutating func take(_ message: [UInt8], at now: MonotonicInstant) {
    switch message {
    case [0], [1], [2]: break
    case [4]: answers.append((now, fault == .mute ? [] : atr))
    case let command where command.count > 1:
      commands.append(command)
      if commands.count > 32 { commands.removeFirst() }
      answer(command, at: now)
    default: break
    }
  }

  private mutating func answer(_ command: [UInt8], at now: MonotonicInstant) {
    var delay = Duration.zero
    var given = Self.status(0x6D00)
    if command.starts(with: [0xFF, 0xCA, 0x00, 0x00]) {
      given = uid + Self.status(0x9000)
    } else if command.first == 0xFF {
      // Orders to the reader's lamps and buzzer.
      given = Self.status(0x9000)
    }
    switch fault {
    case .statusWord(let word): given = Self.status(word)
    case .shortUID(let count): given = Array(uid.prefix(max(0, count))) + Self.status(0x9000)
    case .tornAnswer: given = Array(uid.prefix(1))
    case .delay(let time): delay = time
    case .closesDuringCommand:
      isClosed = true
      return
    case .silent: return
    case .mute, nil: break
    }
    answers.append((now + delay, given))
  }

  private static func status(_ word: UInt16) -> [UInt8] { [UInt8(word >> 8), UInt8(word & 0xFF)] }
}
