/// A page of plain text that is shown again and again in the same place.
enum WatchText {
  /// The terminal codes that put a page in the place of the last one, without a flicker: home, each line cleared to
  /// its end, then all below.
  static func screen(_ page: String) -> String {
    let lines = page.split(separator: "\n", omittingEmptySubsequences: false)
    return "\u{1B}[H" + lines.map { $0 + "\u{1B}[K\r\n" }.joined() + "\u{1B}[J"
  }
}
