/// The place of a value in a JSON text: `$[3].evse.id`.
public struct JSONPath: Sendable, Hashable, CustomStringConvertible {
  public enum Component: Sendable, Hashable {
    case name(String)
    case index(Int)
  }

  /// From the outermost value inwards; empty for the whole text.
  public var components: [Component]

  public init(_ components: [Component] = []) { self.components = components }

  public var description: String {
    var text = "$"
    for component in components {
      switch component {
      case .index(let index): text += "[\(index)]"
      case .name(let name): text += Self.isPlain(name) ? ".\(name)" : "[\(Self.quoted(name))]"
      }
    }
    return text
  }

  private static func isPlain(_ name: String) -> Bool {
    !name.isEmpty
      && name.utf8.allSatisfy {
        ($0 >= 48 && $0 <= 57) || ($0 >= 65 && $0 <= 90) || ($0 >= 97 && $0 <= 122) || $0 == UInt8(ascii: "_")
      }
  }

  private static func quoted(_ name: String) -> String {
    var writer = JSONWriter()
    writer.write(name)
    return String(decoding: writer.bytes, as: UTF8.self)
  }

  /// The path of the innermost value around the byte at `offset`; within a name, the member's.
  ///
  /// The text need be valid only up to there. Names that are no valid strings end the path.
  init(at offset: Int, in bytes: UnsafeRawBufferPointer) {
    self.init(PathScanner(bytes: bytes).components(at: offset))
  }

  /// The path of the innermost value around the byte at `offset` of `bytes`.
  public init(at offset: Int, in bytes: [UInt8]) {
    self = bytes.withUnsafeBytes { JSONPath(at: offset, in: $0) }
  }
}

/// Walks tokens from the start of a text and keeps the path. At most `maximumDepth` containers deep.
private struct PathScanner {
  static let maximumDepth = 1_024
  let bytes: UnsafeRawBufferPointer

  /// A container: nil `name` in an array.
  private struct Level {
    let isObject: Bool
    var index = 0
    var name: Range<Int>?
    var isExpectingName: Bool
  }

  func components(at offset: Int) -> [JSONPath.Component] {
    var levels: [Level] = []
    var place = 0
    let stop = min(offset, bytes.count - 1)
    while place <= stop {
      switch bytes[place] {
      case UInt8(ascii: "{"), UInt8(ascii: "["):
        if place == stop { break }
        guard levels.count < Self.maximumDepth else { return path(levels) }
        let isObject = bytes[place] == UInt8(ascii: "{")
        levels.append(Level(isObject: isObject, isExpectingName: isObject))
      case UInt8(ascii: "}"), UInt8(ascii: "]"):
        if place == stop {
          if let last = levels.indices.last { levels[last].name = nil }
          return path(levels, isEnding: true)
        }
        _ = levels.popLast()
      case UInt8(ascii: ","):
        if let last = levels.indices.last {
          levels[last].index += 1
          levels[last].isExpectingName = levels[last].isObject
        }
      case UInt8(ascii: "\""):
        let close = endOfString(from: place)
        if let last = levels.indices.last, levels[last].isExpectingName {
          levels[last].name = (place + 1)..<max(place + 1, close)
          levels[last].isExpectingName = false
        }
        place = close
      default: break
      }
      place += 1
    }
    return path(levels)
  }

  /// The place of the closing quote, or the end of the text.
  private func endOfString(from start: Int) -> Int {
    var place = start + 1
    while place < bytes.count, bytes[place] != UInt8(ascii: "\"") {
      place += bytes[place] == UInt8(ascii: "\\") ? 2 : 1
    }
    return min(place, bytes.count)
  }

  private func path(_ levels: [Level], isEnding: Bool = false) -> [JSONPath.Component] {
    var components: [JSONPath.Component] = []
    for (place, level) in levels.enumerated() {
      if isEnding, place == levels.count - 1 { break }
      if level.isObject {
        guard let range = level.name else { break }
        components.append(.name(name(range)))
      } else {
        components.append(.index(level.index))
      }
    }
    return components
  }

  private func name(_ range: Range<Int>) -> String {
    let raw = bytes[range.clamped(to: 0..<bytes.count)]
    guard raw.contains(UInt8(ascii: "\\")) else { return String(decoding: raw, as: UTF8.self) }
    let quoted = [UInt8(ascii: "\"")] + Array(raw) + [UInt8(ascii: "\"")]
    let text = try? JSONReader.read(quoted) { (reader) throws(JSONFault) in try reader.string() }
    return text ?? String(decoding: raw, as: UTF8.self)
  }
}
