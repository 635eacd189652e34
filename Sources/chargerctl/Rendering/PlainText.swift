import OCPPJSON

/// Any JSON as an indented list, for answers whose shape belongs to the world.
enum PlainText {
  static func render(_ value: JSONValue, indent: String = "") -> String {
    switch value {
    case .object(let members):
      members.isEmpty
        ? indent + Text.nothing
        : members.map { line("\(indent)\(Text.printable($0.name)):", $0.value, indent: indent) }.joined(separator: "\n")
    case .array(let elements):
      elements.isEmpty
        ? indent + Text.nothing : elements.map { line("\(indent)-", $0, indent: indent) }.joined(separator: "\n")
    default: indent + Text.printable(value)
    }
  }

  private static func line(_ start: String, _ value: JSONValue, indent: String) -> String {
    switch value {
    case .object(let members) where !members.isEmpty: start + "\n" + render(value, indent: indent + "  ")
    case .array(let elements) where !elements.isEmpty:
      elements.allSatisfy { $0.members == nil && $0.array == nil }
        ? start + " " + elements.map { Text.printable($0) }.joined(separator: ", ")
        : start + "\n" + render(value, indent: indent + "  ")
    case .object, .array: "\(start) \(Text.nothing)"
    default: "\(start) \(Text.printable(value))"
    }
  }
}
