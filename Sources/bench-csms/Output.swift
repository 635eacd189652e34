import CLinux

/// Lines for people on the standard output, each with the time of day.
struct Output: Sendable {
  var isQuiet = false

  /// `09:30:12 CS-001 EVSE 1: charging`.
  func say(_ words: String) {
    if isQuiet { return }
    var seconds = time_t(linux_realtime_ms() / 1_000)
    var parts = tm()
    localtime_r(&seconds, &parts)
    func two(_ value: Int32) -> String { value < 10 ? "0\(value)" : "\(value)" }
    line("\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec)) \(words)")
  }

  /// Without control characters, with which a station could take over the terminal or forge a line.
  static func printable(_ text: String) -> String {
    String(
      String.UnicodeScalarView(
        text.unicodeScalars.map { $0.value < 0x20 || (0x7F...0x9F).contains($0.value) ? "\u{FFFD}" : $0 }))
  }

  func line(_ text: String) {
    var rest = Array((Self.printable(text) + "\n").utf8)[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { write(1, $0.baseAddress, $0.count) }
      if count < 0, linux_errno() == EINTR { continue }
      guard count > 0 else { return }
      rest = rest.dropFirst(count)
    }
  }
}
