import ChargerBase

/// Where a string stands in the text, and what is known of it after its bytes have been checked.
struct ScannedString {
  /// The first byte after the opening quote.
  let start: Int
  /// Bytes between the quotes.
  let count: Int
  /// Unicode scalars, where there are no escapes.
  let scalars: Int
  let hasEscapes: Bool
}

extension JSONReader {
  /// Checks the string at `index` (its opening quote) and moves behind its closing quote.
  mutating func scanString() throws(JSONFault) -> ScannedString {
    let start = index + 1
    var place = start
    var continuations = 0
    var hasEscapes = false
    while true {
      // Eight plain ASCII bytes at a time: neither control characters nor quote nor backslash nor anything above 127.
      while end - place >= 8 {
        let word = base.loadUnaligned(fromByteOffset: place, as: UInt64.self)
        let ones: UInt64 = 0x0101_0101_0101_0101
        let quote = word ^ (ones &* 0x22)
        let backslash = word ^ (ones &* 0x5C)
        let special =
          (word | (word &- ones &* 0x20) | (quote &- ones) | (backslash &- ones)) & (ones &* 0x80)
        if special != 0 {
          place += special.trailingZeroBitCount >> 3
          break
        }
        place += 8
      }
      guard place < end else { throw JSONFault(.syntax, at: index) }
      let byte = byte(at: place)
      switch byte {
      case UInt8(ascii: "\""):
        guard place - start <= limits.maximumStringBytes else { throw JSONFault(.stringTooLong, at: index) }
        index = place + 1
        let count = place - start
        return ScannedString(start: start, count: count, scalars: count - continuations, hasEscapes: hasEscapes)
      case UInt8(ascii: "\\"):
        hasEscapes = true
        place = try skipEscape(at: place)
      case 0..<0x20: throw JSONFault(.syntax, at: place)
      case 0x80...:
        let length = utf8Length(at: place)
        guard length > 0 else { throw JSONFault(.notUTF8, at: place) }
        continuations += length - 1
        place += length
      default: place += 1
      }
    }
  }

  /// The place behind the escape at `place`; a half of a surrogate pair alone is refused.
  private func skipEscape(at place: Int) throws(JSONFault) -> Int {
    guard place + 1 < end else { throw JSONFault(.syntax, at: place) }
    switch byte(at: place + 1) {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
      UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
      return place + 2
    case UInt8(ascii: "u"):
      guard let unit = hexadecimal(at: place + 2) else { throw JSONFault(.syntax, at: place) }
      switch unit {
      case 0xD800..<0xDC00:
        guard place + 7 < end, byte(at: place + 6) == UInt8(ascii: "\\"), byte(at: place + 7) == UInt8(ascii: "u"),
          let second = hexadecimal(at: place + 8), (0xDC00..<0xE000).contains(second)
        else { throw JSONFault(.syntax, at: place) }
        return place + 12
      case 0xDC00..<0xE000: throw JSONFault(.syntax, at: place)
      default: return place + 6
      }
    default: throw JSONFault(.syntax, at: place)
    }
  }

  private func hexadecimal(at place: Int) -> UInt32? {
    guard place + 4 <= end else { return nil }
    var value: UInt32 = 0
    for offset in 0..<4 {
      let digit = byte(at: place + offset)
      switch digit {
      case 48...57: value = value << 4 | UInt32(digit - 48)
      case 65...70: value = value << 4 | UInt32(digit - 55)
      case 97...102: value = value << 4 | UInt32(digit - 87)
      default: return nil
      }
    }
    return value
  }

  /// The length of the well-formed UTF-8 sequence (Unicode, table 3-7) of two bytes or more at `place`, or zero.
  private func utf8Length(at place: Int) -> Int {
    func continuation(_ offset: Int, _ range: ClosedRange<UInt8> = 0x80...0xBF) -> Bool {
      place + offset < end && range.contains(byte(at: place + offset))
    }
    switch byte(at: place) {
    case 0xC2...0xDF: return continuation(1) ? 2 : 0
    case 0xE0: return continuation(1, 0xA0...0xBF) && continuation(2) ? 3 : 0
    case 0xED: return continuation(1, 0x80...0x9F) && continuation(2) ? 3 : 0
    case 0xE1...0xEF: return continuation(1) && continuation(2) ? 3 : 0
    case 0xF0: return continuation(1, 0x90...0xBF) && continuation(2) && continuation(3) ? 4 : 0
    case 0xF1...0xF3: return continuation(1) && continuation(2) && continuation(3) ? 4 : 0
    case 0xF4: return continuation(1, 0x80...0x8F) && continuation(2) && continuation(3) ? 4 : 0
    default: return 0
    }
  }

  /// The UTF-8 bytes that a checked string means.
  func unescaped(_ string: ScannedString) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(string.count)
    var place = string.start
    let stop = string.start + string.count
    while place < stop {
      let byte = byte(at: place)
      guard byte == UInt8(ascii: "\\"), place + 1 < stop else {
        result.append(byte)
        place += 1
        continue
      }
      let letter = self.byte(at: place + 1)
      place += 2
      switch letter {
      case UInt8(ascii: "b"): result.append(0x08)
      case UInt8(ascii: "f"): result.append(0x0C)
      case UInt8(ascii: "n"): result.append(0x0A)
      case UInt8(ascii: "r"): result.append(0x0D)
      case UInt8(ascii: "t"): result.append(0x09)
      case UInt8(ascii: "u"):
        var scalar = hexadecimal(at: place) ?? 0xFFFD
        place += 4
        if (0xD800..<0xDC00).contains(scalar), let low = hexadecimal(at: place + 2) {
          scalar = 0x10000 + ((scalar - 0xD800) << 10 | (low & 0x3FF))
          place += 6
        }
        result.append(
          contentsOf: Unicode.UTF8.encode(Unicode.Scalar(scalar) ?? "\u{FFFD}")
            ?? Unicode.UTF8.encodedReplacementCharacter)
      default: result.append(letter)
      }
    }
    return result
  }

  private mutating func scanStringValue() throws(JSONFault) -> ScannedString {
    skipWhitespace()
    guard peek() == UInt8(ascii: "\"") else { throw unexpectedValue() }
    return try scanString()
  }

  func text(_ string: ScannedString) -> String {
    if string.hasEscapes { return String(decoding: unescaped(string), as: UTF8.self) }
    return String(decoding: UnsafeRawBufferPointer(start: base + string.start, count: string.count), as: UTF8.self)
  }

  /// A string of at most `maximum` Unicode scalars.
  public mutating func string(maximum: Int = .max) throws(JSONFault) -> String {
    let string = try scanStringValue()
    if !string.hasEscapes {
      guard string.scalars <= maximum else { throw JSONFault(.textTooLong, at: string.start - 1) }
      return text(string)
    }
    let text = text(string)
    guard text.unicodeScalars.count <= maximum else { throw JSONFault(.textTooLong, at: string.start - 1) }
    return text
  }

  /// A string that is one of `names` (at most 64, each led by its length as one byte) whose bit is set in `allowed`.
  public mutating func name(of names: StaticString, allowed: UInt64 = .max) throws(JSONFault) -> UInt8 {
    let string = try scanStringValue()
    let place =
      string.hasEscapes ? findEscaped(string, in: names) : NameTable.find(base + string.start, string.count, in: names)
    guard place >= 0, place < 64, allowed & (1 << UInt64(place)) != 0 else {
      throw JSONFault(.unknownName, at: string.start - 1)
    }
    return UInt8(truncatingIfNeeded: place)
  }

  /// An RFC 3339 date-time.
  public mutating func wallTime() throws(JSONFault) -> WallTime {
    let string = try scanStringValue()
    let time: WallTime? =
      if string.hasEscapes {
        unescaped(string).withUnsafeBytes { WallTime(rfc3339Bytes: $0) }
      } else {
        WallTime(rfc3339Bytes: UnsafeRawBufferPointer(start: base + string.start, count: string.count))
      }
    guard let time else { throw JSONFault(.badDateTime, at: string.start - 1) }
    return time
  }
}
