import OCPPJSON

/// What waits to be sent, and what was given up on.
enum OutboxText {
  private static let counts = [
    ("unwritten", "records are in memory only: they go with the program."),
    ("thinned", "intermediate meter readings were left out for want of space."),
    ("refused", "messages were not taken because the queue was full."),
    ("lost", "records were lost because the program ended while they could not be written."),
  ]

  static func render(_ answer: JSONValue) -> String {
    let waiting = (answer["waiting"]?.members ?? []).filter { ($0.value.int64 ?? 0) > 0 }
    var lines = [
      waiting.isEmpty
        ? "Nothing waits to be sent."
        : "Waiting to be sent: " + waiting.map { "\($0.value) \(Text.printable($0.name))" }.joined(separator: ", ")
    ]
    if let failure = answer["storeFailure"]?.string {
      lines.append("NOTHING CAN BE WRITTEN: \(Text.printable(failure))")
    }
    switch answer["space"]?.string {
    case "short": lines.append("Space is short: intermediate meter readings give way.")
    case "critical", "exhausted": lines.append("SPACE IS EXHAUSTED: no new transaction begins.")
    default: break
    }
    for (name, text) in Self.counts {
      if let count = answer[name]?.int64, count > 0 { lines.append("\(count) \(text)") }
    }
    let letters = answer["deadLetters"]?.array ?? []
    guard !letters.isEmpty else { return lines.joined(separator: "\n") }
    let total = answer["deadLetterCount"]?.int64 ?? 0
    lines.append(total > letters.count ? "Given up on (the newest \(letters.count) of \(total)):" : "Given up on:")
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
