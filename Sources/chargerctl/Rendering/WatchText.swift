import OCPPJSON

/// The page of `chargerctl watch`.
enum WatchText {
  static func page(status: JSONValue, events: [String]) -> String {
    let page = StatusText.render(status)
    return events.isEmpty ? page : page + "\n\n" + events.joined(separator: "\n")
  }

  /// The terminal codes that put a page in the place of the last one, without a flicker: home, each line cleared to
  /// its end, then all below.
  static func screen(_ page: String) -> String {
    let lines = page.split(separator: "\n", omittingEmptySubsequences: false)
    return "\u{1B}[H" + lines.map { $0 + "\u{1B}[K\r\n" }.joined() + "\u{1B}[J"
  }
}
