import ArgumentParser
import CLinux
import Glibc

enum Terminal {
  /// Writes all of a text to standard output at once, so that what is piped on arrives line by line.
  static func write(_ text: String) {
    let bytes = Array(text.utf8)
    var sent = 0
    while sent < bytes.count {
      let count = bytes[sent...].withUnsafeBytes { CLinux.write(1, $0.baseAddress, $0.count) }
      if count > 0 { sent += count } else if linux_errno() != EINTR { return }
    }
  }

  static func writeLine(_ text: String) { write(text + "\n") }

  static func writeError(_ text: String) {
    let bytes = Array((text + "\n").utf8)
    bytes.withUnsafeBytes { raw in
      raw.withMemoryRebound(to: CChar.self) { linux_write_stderr($0.baseAddress, $0.count) }
    }
  }

  /// Runs a command's body; a failure goes to standard error and into the exit code.
  static func run(_ body: () throws(Failure) -> Void) throws {
    do throws(Failure) {
      try body()
    } catch {
      writeError("chargerctl: \(error.text)")
      throw ExitCode(error.code)
    }
  }

  // MARK: - What stands behind standard output and input

  static var isInteractive: Bool { isatty(1) == 1 && variable("TERM") != "dumb" }
  static var isInputTyped: Bool { isatty(0) == 1 }

  /// Colours only on a terminal, and not for those who have asked for none (no-color.org).
  static var usesColour: Bool { isInteractive && (variable("NO_COLOR") ?? "").isEmpty }

  private static func variable(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }

  /// Columns and rows of the terminal, or what a terminal without a size is taken for.
  static var size: (columns: Int, rows: Int) {
    var columns: UInt16 = 0
    var rows: UInt16 = 0
    guard linux_terminal_size(1, &columns, &rows) == 1 else { return (80, 24) }
    return (Int(columns), Int(rows))
  }

  // MARK: - A page that is drawn in place

  /// Clears the screen and hides the cursor until the program ends, by Ctrl-C or a termination, with code 0.
  static func beginScreen() {
    signal(SIGINT) { _ in Terminal.leave() }
    signal(SIGTERM) { _ in Terminal.leave() }
    write("\u{1B}[?25l\u{1B}[2J\u{1B}[H")
  }

  /// A line that is typed; nil at the end of the input. What comes from elsewhere is shown as if it were typed.
  static func read(_ prompt: String) -> String? {
    write(prompt)
    let line = readLine(strippingNewline: true)
    if !isInputTyped { writeLine(line ?? "") }
    return line
  }

  /// A line that is typed without being shown; nil at the end of the input.
  static func readSecret(_ prompt: String) -> String? {
    write(prompt)
    guard isInputTyped else {
      defer { writeLine("") }
      return readLine(strippingNewline: true)
    }
    signal(SIGINT) { _ in
      linux_terminal_echo(0, 1)
      _exit(130)
    }
    linux_terminal_echo(0, 0)
    let line = readLine(strippingNewline: true)
    linux_terminal_echo(0, 1)
    signal(SIGINT, SIG_DFL)
    writeLine("")
    return line
  }

  /// Ends a view that runs until somebody ends it, without a page.
  static func endsQuietly() {
    signal(SIGINT) { _ in _exit(0) }
    signal(SIGTERM) { _ in _exit(0) }
  }

  /// In a signal handler: nothing but calls that are safe there.
  private static func leave() {
    // The page stays; the cursor goes below it.
    let text: StaticString = "\u{1B}[?25h\u{1B}[999;1H\r\n"
    _ = CLinux.write(1, text.utf8Start, text.utf8CodeUnitCount)
    _exit(0)
  }
}
