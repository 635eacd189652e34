import HAL

/// What a card is by its answer to reset. Readers make one up for contactless cards (PC/SC part 3, 3.1.3.2.3).
enum SmartCardKind: Sendable, Equatable {
  case iso14443
  case iso15693
  /// A card with contacts, FeliCa, or an ATR that says nothing.
  case unknown

  init(atr: [UInt8]) {
    // 3B, 8 and the number of historical bytes, 80 01: a contactless card.
    guard atr.count >= 5, atr[0] == 0x3B, atr[1] & 0xF0 == 0x80, atr[2] == 0x80, atr[3] == 0x01 else {
      self = .unknown
      return
    }
    let historical = atr.dropFirst(4).prefix(Int(atr[1] & 0x0F))
    // 80 4F, a length, the registered identifier of the PC/SC workgroup, then the standard: a card without a processor.
    // A processor card shows its own historical bytes instead: ISO 14443-4, types A and B.
    guard historical.starts(with: [0x80, 0x4F]) else {
      self = .iso14443
      return
    }
    guard historical.dropFirst(3).starts(with: [0xA0, 0x00, 0x00, 0x03, 0x06]) else {
      self = .unknown
      return
    }
    switch historical.dropFirst(8).first {
    case 0x01?, 0x02?, 0x03?, 0x05?, 0x06?, 0x07?: self = .iso14443
    case 0x09?, 0x0A?, 0x0B?, 0x0C?: self = .iso15693
    default: self = .unknown
    }
  }
}

/// A card's UID, read and judged; its token is what the station is told.
struct SmartCardUID: Sendable, Equatable {
  /// GET DATA for the UID (PC/SC part 3, 3.2.2.1.3).
  static let command: [UInt8] = [0xFF, 0xCA, 0x00, 0x00, 0x00]

  /// As the reader gave it.
  let bytes: [UInt8]
  let kind: TokenKind

  /// Why a card's answer gives no token.
  enum Refusal: Error, Sendable, Equatable {
    /// The answer's status word is not 9000: the card was taken away too early, or has no UID.
    case statusWord(UInt16)
    /// Too short to hold a status word.
    case noStatusWord
    /// No UID has this length; a torn answer.
    case length(Int)
    /// ISO 14443-3: a first byte of 08 marks a number that the card makes anew each time.
    case random
    /// The profile refuses cards whose ATR is not known.
    case unknownCard
  }

  init(answer: [UInt8], card: SmartCardKind, rules: SmartCardRules) throws(Refusal) {
    guard answer.count >= 2 else { throw .noStatusWord }
    let status = answer.suffix(2).reduce(UInt16(0)) { $0 << 8 | UInt16($1) }
    guard status == 0x9000 else { throw .statusWord(status) }
    let uid = Array(answer.dropLast(2))
    let lengths: [Int]
    switch card {
    case .iso14443:
      kind = .iso14443
      lengths = [4, 7, 10]
    case .iso15693:
      kind = .iso15693
      lengths = [8]
    case .unknown:
      guard let tried = rules.unknownCards else { throw .unknownCard }
      kind = tried
      lengths = [4, 7, 8, 10]
    }
    guard lengths.contains(uid.count) else { throw .length(uid.count) }
    if !rules.takesRandomUIDs, kind == .iso14443, uid.count == 4, uid.first == 0x08 { throw .random }
    bytes = uid
  }

  func token(_ rules: SmartCardRules) -> PresentedToken {
    let isReversed = kind == .iso15693 ? rules.reversesISO15693 : rules.reversesISO14443
    return PresentedToken(value: Hexadecimal.text(isReversed ? bytes.reversed() : bytes), kind: kind)
  }
}

/// What the profile says of cards.
public struct SmartCardRules: Sendable, Equatable {
  /// What a card of unknown ATR counts as; nil refuses it.
  public var unknownCards: TokenKind?
  public var takesRandomUIDs: Bool
  public var reversesISO14443: Bool
  public var reversesISO15693: Bool
  /// The same card, gone for less than this, was not gone.
  public var debounce: Duration
  /// How often an unreadable card is tried while it lies there.
  public var readAttempts: Int

  public init(
    unknownCards: TokenKind? = nil, takesRandomUIDs: Bool = false, reversesISO14443: Bool = false,
    reversesISO15693: Bool = false, debounce: Duration = .seconds(1), readAttempts: Int = 3
  ) {
    self.unknownCards = unknownCards
    self.takesRandomUIDs = takesRandomUIDs
    self.reversesISO14443 = reversesISO14443
    self.reversesISO15693 = reversesISO15693
    self.debounce = debounce
    self.readAttempts = readAttempts
  }
}

/// Bytes as upper-case hexadecimal digits.
enum Hexadecimal {
  private static let digits = Array("0123456789ABCDEF".utf8)

  static func text(_ bytes: [UInt8]) -> String {
    var text: [UInt8] = []
    text.reserveCapacity(bytes.count * 2)
    for byte in bytes {
      text.append(digits[Int(byte >> 4)])
      text.append(digits[Int(byte & 0x0F)])
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// Nil for an odd number of digits, and for anything that is no digit.
  static func bytes(_ text: some StringProtocol) -> [UInt8]? {
    let values = text.utf8.map { digit -> UInt8? in
      switch digit {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
      case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
      case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
      default: nil
      }
    }
    guard values.count % 2 == 0, !values.contains(nil) else { return nil }
    return stride(from: 0, to: values.count, by: 2).map { (values[$0] ?? 0) << 4 | (values[$0 + 1] ?? 0) }
  }
}
