import OCPPJSON

/// `station.explain` in sentences.
enum ExplainText {
  static func render(_ answer: JSONValue) -> String {
    let evses = answer.array ?? []
    guard !evses.isEmpty else { return "The station has no EVSE to speak of." }
    return (evses.map(evse) + station(evses)).joined(separator: "\n\n")
  }

  /// Each EVSE's answer has the same notes of the station.
  private static func station(_ evses: [JSONValue]) -> [String] {
    let notes = evses.first.map { self.notes($0, ofEVSE: false) } ?? []
    guard !notes.isEmpty else { return [] }
    return ["The station, with nobody kept from charging:\n" + notes.flatMap(sentences).joined(separator: "\n")]
  }

  private static func notes(_ evse: JSONValue, ofEVSE isOfEVSE: Bool) -> [JSONValue] {
    (evse["notes"]?.array ?? []).filter { ($0["values"]?["evse"] != nil) == isOfEVSE }
  }

  private static func evse(_ evse: JSONValue) -> String {
    let name = "EVSE \(Text.printable(evse["evse"]))"
    var lines: [String] = []
    if evse["charging"]?.bool == true {
      lines.append("\(name) is charging.")
      if let current = evse["current"], !current.isNull { lines += sentences(current) }
    } else {
      let reasons = evse["reasons"]?.array ?? []
      lines.append("\(name) is not charging\(reasons.isEmpty ? ", and the station does not say why." : ":")")
      for reason in reasons { lines += sentences(reason) }
    }
    for note in notes(evse, ofEVSE: true) { lines += sentences(note) }
    let limits = (evse["limits"]?.array ?? []).map(LimitText.render)
    if !limits.isEmpty { lines.append("  Limits: " + limits.joined(separator: ", ")) }
    return lines.joined(separator: "\n")
  }

  private static func sentences(_ reason: JSONValue) -> [String] {
    var text = "  - \(Text.printable(reason["text"] ?? reason["code"]))"
    if let code = reason["values"]?["technicianCode"]?.string {
      text += " [\(Text.printable(reason["code"])), \(Text.printable(code))]"
    }
    guard let remedy = reason["remedy"]?.string, !remedy.isEmpty else { return [text] }
    return [text, "    → \(Text.printable(remedy))"]
  }
}

/// One limit of `station.status` or `station.explain`: `10 A external "ems" for 14 min`.
enum LimitText {
  static func render(_ limit: JSONValue) -> String {
    var text = limit["limitW"] == nil ? Text.amperes(limit["limitA"]) : Text.kilowatts(limit["limitW"])
    text += " \(name(source: limit["source"], owner: limit["owner"]))"
    if let phases = limit["phases"]?.int64 { text += " on \(phases == 1 ? "one phase" : "\(phases) phases")" }
    if let seconds = limit["expiresInS"]?.decimal?.scaled(places: 0) { text += " for \(Text.span(seconds: seconds))" }
    return text
  }

  /// `external "ems"`, `hardware`.
  static func name(source: JSONValue?, owner: JSONValue?) -> String {
    let words = Text.words(source?.string ?? "?")
    guard let owner = owner?.string, !owner.isEmpty else { return words }
    return "\(words) \"\(Text.printable(owner))\""
  }
}
