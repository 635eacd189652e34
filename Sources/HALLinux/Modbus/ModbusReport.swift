import CLinux
import ChargerBase
import Synchronization

/// Tells people of trouble on a line: once when it begins and once when it is over, with what was counted between.
public final class ModbusReport: Sendable {
  /// What has the trouble.
  enum Subject: Hashable, Sendable {
    case line
    case device(UInt8)
    /// Something about a device that does not end by itself.
    case finding(UInt8)
    case signing(UInt8)
  }

  private let line: String
  private let tell: @Sendable (String) -> Void
  /// At most three for each of the line's devices, and one for the line.
  private let running = Mutex<[Subject: UInt64]>([:])  // allowed: looked up, never iterated

  init(line: String, tell: @escaping @Sendable (String) -> Void) {
    self.line = line
    self.tell = tell
  }

  /// One line on standard error, which the journal keeps.
  public static let toStandardError: @Sendable (String) -> Void = { text in
    var bytes = Array("Modbus \(text)\n".utf8)
    linux_write_stderr(&bytes, bytes.count)
  }

  /// A failure; told when it is the first of its kind since all was well.
  func begin(_ subject: Subject, _ what: @autoclosure () -> String) {
    let isFirst = running.withLock { running in
      let count = running[subject] ?? 0
      running[subject] = count.addingSaturating(1)
      return count == 0
    }
    if isFirst { tell("\(name(subject)): \(what())") }
  }

  /// All is well again; told when it was not.
  func end(_ subject: Subject, _ what: @autoclosure () -> String) {
    guard let count = running.withLock({ $0.removeValue(forKey: subject) }) else { return }
    tell("\(name(subject)): \(what()), after \(count) failure\(count == 1 ? "" : "s")")
  }

  private func name(_ subject: Subject) -> String {
    switch subject {
    case .line: line
    case .device(let number), .finding(let number), .signing(let number): "\(line) device \(number)"
    }
  }
}
