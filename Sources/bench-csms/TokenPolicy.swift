import OCPPJSON

/// Which cards may charge: all but the blocked ones.
struct TokenPolicy {
  var blocked: [String]

  func status(of token: JSONValue?) -> String {
    guard let text = token?["idToken"]?.string else { return "Invalid" }
    return blocked.contains { $0.lowercased() == text.lowercased() } ? "Blocked" : "Accepted"
  }

  /// Enough to recognise a card, not enough to copy it.
  static func words(_ token: JSONValue?) -> String {
    let text = token?["idToken"]?.string ?? ""
    let type = token?["type"]?.string ?? "?"
    return type == "NoAuthorization" ? "no card" : "\(type) …\(text.suffix(3))"
  }
}
