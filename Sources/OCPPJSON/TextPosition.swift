/// A place in a text as editors count it.
public struct TextPosition: Sendable, Hashable, CustomStringConvertible {
  /// From 1.
  public let line: Int
  /// From 1, in bytes of UTF-8.
  public let column: Int

  /// The place of the byte at `offset`; beyond the end, the end.
  public init(offset: Int, in bytes: some Collection<UInt8>) {
    var line = 1
    var column = 1
    for byte in bytes.prefix(max(0, offset)) {
      if byte == UInt8(ascii: "\n") {
        line += 1
        column = 1
      } else {
        column += 1
      }
    }
    self.line = line
    self.column = column
  }

  public var description: String { "line \(line), column \(column)" }
}

extension JSONPath {
  /// Where the value at this path begins in a JSON text; for a member, where its name begins. Nil when the text is not
  /// JSON or has no such value.
  public func offset(in bytes: [UInt8], limits: JSONLimits = .standard) -> Int? {
    guard !components.isEmpty else { return bytes.isEmpty ? nil : 0 }
    let found = try? JSONReader.read(bytes, limits: limits) { (reader) throws(JSONFault) in
      let found = try reader.offset(of: components[...])
      reader.rewind()
      try reader.skipValue()  // The whole text is to be JSON, not only what leads to the value.
      return found
    }
    return found ?? nil
  }
}

extension JSONReader {
  fileprivate mutating func offset(of path: ArraySlice<JSONPath.Component>) throws(JSONFault) -> Int? {
    guard let first = path.first else { return valueOffset() }
    let isLast = path.count == 1
    switch first {
    case .index(let wanted):
      guard try peekKind() == .array else { return nil }
      try enterArray()
      var count = 0
      while try nextElement(&count) {
        if count - 1 == wanted { return try offset(of: path.dropFirst()) }
        try skipValue()
      }
    case .name(let wanted):
      guard try peekKind() == .object else { return nil }
      try enterObject()
      var isFirst = true
      while let key = try nextMember(isFirst: isFirst) {
        isFirst = false
        if text(key) == wanted { return isLast ? key.start - 1 : try offset(of: path.dropFirst()) }
        try skipValue()
      }
    }
    return nil
  }
}
