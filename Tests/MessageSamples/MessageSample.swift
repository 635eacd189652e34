import Glibc
import OCPPJSON
import OCPPTypes

/// One message of one version: valid samples, and changes to the larger of them with what must come of each.
package struct MessageSample: Sendable, CustomStringConvertible {
  package struct Change: Sendable {
    package let path: [Substring]
    package let operation: Substring
    /// The code that the change must lead to; nil when the message stays valid.
    package let code: OCPPErrorCode?
  }

  package let name: String
  package let version: OCPPVersion
  package private(set) var minimal: [UInt8] = []
  package private(set) var maximal: [UInt8] = []
  package private(set) var changes: [Change] = []

  package var description: String { name }

  /// Every message of a version, from the file that scripts/generate-message-samples writes.
  package static func all(_ version: OCPPVersion) -> [MessageSample] {
    let name = version == .v201 ? "samples-2.0.1.txt" : "samples-2.1.txt"
    var samples: [MessageSample] = []
    for line in text(ofResource: name).split(separator: "\n") {
      let parts = line.split(separator: " ", maxSplits: 1)
      guard parts.count == 2 else { continue }
      if parts[0] == "message" {
        samples.append(MessageSample(name: String(parts[1]), version: version))
        continue
      }
      guard let last = samples.indices.last else { continue }
      switch parts[0] {
      case "minimal": samples[last].minimal = Array(parts[1].utf8)
      case "maximal": samples[last].maximal = Array(parts[1].utf8)
      default: samples[last].changes.append(Change(parts[1], isViolation: parts[0] == "-"))
      }
    }
    return samples
  }

  private static func text(ofResource name: String) -> String {
    let directory = #filePath.split(separator: "/").dropLast(2).joined(separator: "/")
    guard let file = fopen("/\(directory)/Resources/OCPPMessages/\(name)", "r") else { return "" }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while case let count = fread(&chunk, 1, chunk.count, file), count > 0 { bytes += chunk.prefix(count) }
    return String(decoding: bytes, as: UTF8.self)
  }
}

extension MessageSample.Change {
  init(_ text: Substring, isViolation: Bool) {
    let parts = text.split(separator: " ", maxSplits: 1)
    path = parts[0] == "$" ? [] : parts[0].split(separator: ".")
    guard isViolation else {
      operation = parts[1]
      code = nil
      return
    }
    operation = parts[1].dropLast(2)
    code =
      switch parts[1].last?.lowercased() {
      case "t": .typeConstraintViolation
      case "o": .occurrenceConstraintViolation
      case "p": .propertyConstraintViolation
      case "f": .formatViolation
      default: .internalError
      }
  }

  /// The path as an error tells it.
  package var jsonPath: String {
    JSONPath(path.map { part in Int(part).map { .index($0) } ?? .name(String(part)) }).description
  }

  package func applied(to document: JSONValue) throws -> JSONValue {
    try changed(document, path[...])
  }

  private func changed(_ value: JSONValue, _ rest: ArraySlice<Substring>) throws -> JSONValue {
    let words = operation.split(separator: " ", maxSplits: 1)
    let argument = words.count > 1 ? String(words[1]) : ""
    guard let first = rest.first else {
      switch words[0] {
      case "whole", "set": return try JSONValue(parsing: argument)
      case "text": return .string(String(repeating: "é", count: Int(argument) ?? 0))
      case "fill":
        let parts = argument.split(separator: " ", maxSplits: 1)
        return .array(Array(repeating: try JSONValue(parsing: String(parts[1])), count: Int(parts[0]) ?? 0))
      default: return value
      }
    }
    if var elements = value.array {
      let place = Int(first) ?? 0
      elements[place] = try changed(elements[place], rest.dropFirst())
      return .array(elements)
    }
    var members = value.members ?? []
    let place = members.firstIndex { $0.name == first }
    if rest.count == 1, operation == "remove" || operation == "duplicate", let place {
      if operation == "remove" { members.remove(at: place) } else { members.append(members[place]) }
    } else {
      let old = place.map { members[$0].value } ?? .null
      let member = JSONMember(String(first), try changed(old, rest.dropFirst()))
      if let place { members[place] = member } else { members.append(member) }
    }
    return .object(members)
  }
}
