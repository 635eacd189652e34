/// The names met so far in one object whose names are not known beforehand. At most `JSONLimits.maximumMembers`.
struct SeenNames {
  private var keys: [ScannedString] = []
  /// Of each key, so that most comparisons are of one word.
  private var hashes: [UInt64] = []
  private static let usualNames = 8

  /// Refuses a name that was there already, and one too many.
  mutating func insert(_ key: ScannedString, in reader: borrowing JSONReader) throws(JSONFault) {
    guard keys.count < reader.limits.maximumMembers else { throw JSONFault(.tooManyItems, at: key.start - 1) }
    if keys.isEmpty {
      // Most objects have fewer: one allocation each instead of one at every doubling.
      keys.reserveCapacity(Self.usualNames)
      hashes.reserveCapacity(Self.usualNames)
    }
    let hash = reader.hash(of: key)
    for place in hashes.indices where hashes[place] == hash && reader.isSame(keys[place], key) {
      throw JSONFault(.duplicateKey, at: key.start - 1)
    }
    keys.append(key)
    hashes.append(hash)
  }
}

extension JSONReader {
  /// FNV-1a of what the string means.
  func hash(of string: ScannedString) -> UInt64 {
    func step(_ hash: inout UInt64, _ byte: UInt8) { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    if string.hasEscapes {
      for byte in unescaped(string) { step(&hash, byte) }
    } else {
      for place in string.start..<(string.start + string.count) { step(&hash, byte(at: place)) }
    }
    return hash
  }

  func isSame(_ left: ScannedString, _ right: ScannedString) -> Bool {
    if left.hasEscapes || right.hasEscapes { return unescaped(left) == unescaped(right) }
    return left.count == right.count && Self.isEqual(base + left.start, base + right.start, left.count)
  }
}

extension JSONReader {
  /// Moves to the value of the next member, whatever its name; nil at the end of the object.
  mutating func nextMember(isFirst: Bool) throws(JSONFault) -> ScannedString? {
    skipWhitespace()
    if peek() == UInt8(ascii: "}") {
      index += 1
      depth -= 1
      return nil
    }
    if !isFirst {
      guard peek() == UInt8(ascii: ",") else { throw JSONFault(.syntax, at: index) }
      index += 1
      skipWhitespace()
    }
    guard peek() == UInt8(ascii: "\"") else { throw JSONFault(.syntax, at: index) }
    let key = try scanString()
    try takeColon()
    return key
  }

  /// Reads an object of any members: `member` gets each name and reads or skips its value.
  public mutating func object(
    _ member: (inout JSONReader, String) throws(JSONFault) -> Void
  ) throws(JSONFault) {
    try enterObject()
    var seen = SeenNames()
    var isFirst = true
    while let key = try nextMember(isFirst: isFirst) {
      try seen.insert(key, in: self)
      isFirst = false
      try member(&self, text(key))
    }
  }

  /// Checks one value of any type and moves behind it. Its nesting is bounded by `JSONLimits.maximumDepth`.
  ///
  /// With `isCheckingNames` false names may repeat and containers may be of any size: for text that is read again.
  public mutating func skipValue(isCheckingNames: Bool = true) throws(JSONFault) {
    skipWhitespace()
    switch peek() {
    case UInt8(ascii: "\""): _ = try scanString()
    case UInt8(ascii: "-"), 48...57: _ = try skipNumber()
    case UInt8(ascii: "t"): try takeLiteral("true")
    case UInt8(ascii: "f"): try takeLiteral("false")
    case UInt8(ascii: "n"): try takeLiteral("null")
    case UInt8(ascii: "["):
      try enterArray()
      var count = 0
      while try nextElement(&count) {
        try skipValue(isCheckingNames: isCheckingNames)
        if !isCheckingNames { count = 1 }
      }
    case UInt8(ascii: "{"):
      try enterObject()
      var seen = SeenNames()
      var isFirst = true
      while let key = try nextMember(isFirst: isFirst) {
        if isCheckingNames { try seen.insert(key, in: self) }
        isFirst = false
        try skipValue(isCheckingNames: isCheckingNames)
      }
    default: throw JSONFault(.syntax, at: index)
    }
  }

  /// The bytes of the text from `offset` to where the reader stands.
  public func bytes(from offset: Int) -> [UInt8] {
    guard offset >= 0, offset <= index else { return [] }
    return Array(UnsafeRawBufferPointer(start: base + offset, count: index - offset))
  }
}
