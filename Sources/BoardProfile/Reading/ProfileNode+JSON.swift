import ChargerBase
import OCPPJSON

extension ProfileNode {
  /// Limits of a profile or unit file: far beyond any real one, and read in a moment.
  package static let limits = JSONLimits(
    maximumBytes: 262_144, maximumDepth: 16, maximumItems: 1_024, maximumStringBytes: 4_096)

  /// The file's tree with the place of each value.
  package init(parsing bytes: [UInt8]) throws(JSONError) {
    self = try JSONReader.read(bytes, limits: Self.limits) { (reader) throws(JSONFault) in
      try ProfileNode(from: &reader, bytes: bytes)
    }
  }

  private init(from reader: inout JSONReader, bytes: [UInt8]) throws(JSONFault) {
    offset = reader.valueOffset()
    switch try reader.peekKind() {
    case .object:
      var members: [Member] = []
      try reader.object { (reader, name) throws(JSONFault) in
        let nameOffset = Self.startOfName(before: reader.index, in: bytes)
        let value = try ProfileNode(from: &reader, bytes: bytes)
        members.append(Member(name: name, nameOffset: nameOffset, value: value))
      }
      content = .object(members)
    case .array:
      content = .array(
        try reader.array { (reader) throws(JSONFault) in try ProfileNode(from: &reader, bytes: bytes) })
    case .string: content = .string(try reader.string())
    case .number:
      if case .number(let value) = try JSONValue(from: &reader) {
        content = .number(value)
      } else {
        content = .number(nil)
      }
    case .bool: content = .boolean(try reader.bool())
    case .null:
      try reader.null()
      content = .null
    }
  }

  /// The opening quote of the name whose colon stands right before `end`.
  private static func startOfName(before end: Int, in bytes: [UInt8]) -> Int {
    var quotes = 0
    for place in bytes.indices.prefix(end).reversed() where bytes[place] == UInt8(ascii: "\"") {
      let backslashes = bytes[..<place].reversed().prefix { $0 == UInt8(ascii: "\\") }.count
      // The closing quote comes first and may follow escaped backslashes; a quote behind an odd number is text.
      guard quotes == 0 || backslashes.isMultiple(of: 2) else { continue }
      quotes += 1
      if quotes == 2 { return place }
    }
    return end
  }
}

extension ProblemCollector {
  /// What is wrong with a text that is no JSON, or breaks a limit.
  func report(_ error: JSONError) {
    let limits = ProfileNode.limits
    let (message, allowed): (String, String?) =
      switch error.code {
      case .syntax: ("is not JSON from here on", "JSON as RFC 8259 has it: no comments, no comma after the last item")
      case .notUTF8: ("has bytes that are not UTF-8", "text in UTF-8")
      case .trailingData: ("has something after the end of the JSON object", "one JSON object")
      case .tooManyBytes: ("is too long", "at most \(limits.maximumBytes) bytes")
      case .tooDeep: ("is nested too deeply", "at most \(limits.maximumDepth) levels")
      case .tooManyItems: ("has too many items", "at most \(limits.maximumItems) in one list or object")
      case .stringTooLong: ("is too long a text", "at most \(limits.maximumStringBytes) bytes")
      case .duplicateKey: ("is there twice", "each key once")
      default: ("cannot be read: \(error.code.explanation)", nil)
      }
    report(at: error.offset, path: error.path, message, allowed: allowed)
  }
}
