import OCPPJSON

/// `station.explain` in sentences.
enum ExplainText {
  static func render(_ answer: JSONValue) -> String {
    let evses = answer.array ?? []
    guard !evses.isEmpty else { return "The station has no EVSE to speak of." }
    return evses.map(evse).joined(separator: "\n\n")
  }

  private static func evse(_ evse: JSONValue) -> String {
    let name = "EVSE \(Text.printable(evse["evse"]))"
    if evse["charging"]?.bool == true { return "\(name) is charging." }
    let reasons = evse["reasons"]?.array ?? []
    guard !reasons.isEmpty else { return "\(name) is not charging, and the station does not say why." }
    let sentences = reasons.map { reason in
      var text = "  - \(Text.printable(reason["text"] ?? reason["code"]))"
      if let remedy = reason["remedy"]?.string, !remedy.isEmpty { text += "\n    → \(Text.printable(remedy))" }
      return text
    }
    return "\(name) is not charging:\n" + sentences.joined(separator: "\n")
  }
}
