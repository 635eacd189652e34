import ArgumentParser
import CLinux

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
}
