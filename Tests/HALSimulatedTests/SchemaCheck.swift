import ChargerBase
import Glibc
import JSONRPC
import OCPPJSON

/// Checks values against `schema/sockets.schema.json`: the keywords that this file uses, and no other.
struct SchemaCheck {
  let definitions: JSONValue

  init() throws {
    let bytes = Self.file("sockets.schema.json")
    definitions = try JSONValue(parsing: bytes, limits: JSONRPCMessage.limits)["$defs"] ?? .null
  }

  /// A file of the folder `schema`.
  static func file(_ name: String) -> [UInt8] {
    let root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")
    let file = open(root + "/schema/" + name, O_RDONLY)
    defer { close(file) }
    return [UInt8](unsafeUninitializedCapacity: 1 << 20) { buffer, count in
      count = max(0, read(file, buffer.baseAddress, buffer.count))
    }
  }

  /// Names of methods of one socket that have both parameters and a result.
  func methods(of socket: String) -> [String] {
    (definitions.members ?? []).compactMap { member in
      let parts = member.name.split(separator: ":").map(String.init)
      guard parts.count == 3, parts[0] == socket, parts[2] == "params" else { return nil }
      return definitions["\(socket):\(parts[1]):result"] == nil ? nil : parts[1]
    }
  }

  /// What does not fit, each with its place; empty when everything does.
  func problems(_ value: JSONValue, _ definition: String) -> [String] {
    guard let schema = definitions[definition] else { return ["there is no definition \(definition)"] }
    return problems(value, schema, at: "$")
  }

  private func problems(_ value: JSONValue, _ schema: JSONValue, at path: String) -> [String] {
    if schema.bool == true { return [] }
    var found: [String] = []
    for keyword in schema.members ?? [] {
      switch keyword.name {
      case "description", "required", "additionalProperties", "format", "pattern": break
      case "$ref":
        let name = String((keyword.value.string ?? "").dropFirst("#/$defs/".count))
        found += definitions[name].map { problems(value, $0, at: path) } ?? ["no definition \(name)"]
      case "type":
        let names = keyword.value.array?.compactMap(\.string) ?? [keyword.value.string ?? ""]
        if !names.contains(where: { Self.isKind(value, $0) }) { found.append("\(path) is no \(names)") }
      case "enum": if !(keyword.value.array ?? []).contains(value) { found.append("\(path) is not listed: \(value)") }
      case "const": if value != keyword.value { found.append("\(path) is not \(keyword.value)") }
      case "anyOf":
        if !(keyword.value.array ?? []).contains(where: { problems(value, $0, at: path).isEmpty }) {
          found.append("\(path) fits no alternative")
        }
      case "minimum":
        if let number = value.decimal, let least = keyword.value.decimal, number < least {
          found.append("\(path) is too small")
        }
      case "maximum":
        if let number = value.decimal, let most = keyword.value.decimal, number > most {
          found.append("\(path) is too large")
        }
      case "maxLength": if (value.string?.count ?? 0) > (keyword.value.int ?? 0) { found.append("\(path) is too long") }
      case "maxItems": if (value.array?.count ?? 0) > (keyword.value.int ?? 0) { found.append("\(path) has too many") }
      case "items":
        for (index, element) in (value.array ?? []).enumerated() {
          found += problems(element, keyword.value, at: "\(path)[\(index)]")
        }
      case "properties":
        for member in value.members ?? [] {
          if let property = keyword.value[member.name] {
            found += problems(member.value, property, at: "\(path).\(member.name)")
          } else if schema["additionalProperties"]?.bool == false {
            found.append("\(path).\(member.name) is unknown")
          }
        }
        for name in schema["required"]?.array ?? [] where value.members != nil && value[name.string ?? ""] == nil {
          found.append("\(path).\(name.string ?? "") is missing")
        }
      default: found.append("the check does not know the keyword \(keyword.name)")
      }
    }
    return found
  }

  private static func isKind(_ value: JSONValue, _ name: String) -> Bool {
    switch (value, name) {
    case (.null, "null"), (.bool, "boolean"), (.number, "number"), (.string, "string"), (.array, "array"),
      (.object, "object"):
      true
    case (.number(let number), "integer"): number.integer != nil
    default: false
    }
  }
}
