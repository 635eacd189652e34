import OCPPJSON

/// What waits to be sent, and what was given up on.
enum OutboxText {
  static func render(_ answer: JSONValue) -> String {
    let waiting = (answer["waiting"]?.members ?? []).filter { ($0.value.int64 ?? 0) > 0 }
    var lines = [
      waiting.isEmpty
        ? "Nothing waits to be sent."
        : "Waiting to be sent: " + waiting.map { "\($0.value) \(Text.printable($0.name))" }.joined(separator: ", ")
    ]
    if let thinned = answer["thinned"]?.int64, thinned > 0 {
      lines.append("\(thinned) intermediate meter readings were left out for want of space.")
    }
    let letters = answer["deadLetters"]?.array ?? []
    guard !letters.isEmpty else { return lines.joined(separator: "\n") }
    lines.append("Given up on:")
    var table = TextTable(header: ["NUMBER", "KIND", "TRANSACTION", "ATTEMPTS", "REASON"])
    for letter in letters {
      let group = letter["group"]?.string ?? ""
      table.append([
        Text.printable(letter["number"]), Text.printable(letter["lane"]),
        group.isEmpty ? Text.nothing : Text.printable(group), Text.printable(letter["attempts"]),
        Text.printable(letter["reason"]),
      ])
    }
    lines.append(table.text)
    return lines.joined(separator: "\n")
  }
}

/// `station.version` in one line.
enum VersionText {
  static func render(_ answer: JSONValue) -> String {
    let versions = (answer["ocpp"]?.array ?? []).compactMap(\.string).map { Text.printable($0) }
    var text = "\(Text.printable(answer["program"])) \(Text.printable(answer["version"]))"
    if let board = answer["board"]?.string { text += " on \(Text.printable(board))" }
    if !versions.isEmpty { text += ", speaks \(versions.joined(separator: ", "))" }
    return text
  }
}
