import CLinux
import ChargerBase
import Synchronization

/// Tells people of trouble on a line: once when it begins and once when it is over, with what was
/// counted between.
public final class ModbusReport: Sendable {
  /// What has the trouble.
  enum Subject: Hashable, Sendable {
    case line
    case device(UInt8)
    /// The device is not the one that its map or its serial number says.
    case identity(UInt8)
    /// Something about a register of a device that does not end by itself.
    case finding(UInt8, register: Int)
    case signing(UInt8)
  }

  private struct Episode {
    var failures: UInt64 = 0
    var isRunning = false
    var isTold = false
    var lastTold: MonotonicInstant?
    /// Episodes that were not told because another had been just before.
    var untold: UInt64 = 0
  }

  /// Trouble that comes and goes is told this often.
  static let quiet: Duration = .seconds(60)

  private let line: String
  private let tell: @Sendable (String) -> Void
  /// At most three for each of the line's devices, one for each of their registers that a map names, one for the line.
  private let episodes = Mutex<[Subject: Episode]>([:])  // allowed: looked up, never iterated

  init(line: String, tell: @escaping @Sendable (String) -> Void) {
    self.line = line
    self.tell = tell
  }

  /// One line on standard error, which the journal keeps.
  public static let toStandardError: @Sendable (String) -> Void = { text in
    var bytes = Array("Modbus \(text)\n".utf8)
    linux_write_stderr(&bytes, bytes.count)
  }

  /// A failure; told when it is the first since all was well, and none was told just before.
  func begin(_ subject: Subject, _ what: @autoclosure () -> String) {
    let now = MonotonicInstant(nanoseconds: linux_boottime_ns())
    let untold = episodes.withLock { episodes -> UInt64? in
      var episode = episodes[subject] ?? Episode()
      defer { episodes[subject] = episode }
      episode.failures = episode.failures.addingSaturating(1)
      guard !episode.isRunning else { return nil }
      episode.isRunning = true
      guard episode.lastTold.map({ $0.duration(to: now) >= Self.quiet }) ?? true else {
        episode.untold = episode.untold.addingSaturating(1)
        return nil
      }
      episode.isTold = true
      episode.lastTold = now
      defer { episode.untold = 0 }
      return episode.untold
    }
    guard let untold else { return }
    tell("\(name(subject)): \(what())" + (untold > 0 ? " (and \(untold) times before, not told)" : ""))
  }

  /// All is well again; told when its beginning was.
  func end(_ subject: Subject, _ what: @autoclosure () -> String) {
    let failures = episodes.withLock { episodes -> UInt64? in
      guard var episode = episodes[subject], episode.isRunning else { return nil }
      defer {
        episode.failures = 0
        episode.isRunning = false
        episode.isTold = false
        episodes[subject] = episode
      }
      return episode.isTold ? episode.failures : nil
    }
    guard let failures else { return }
    tell("\(name(subject)): \(what()), after \(failures) failure\(failures == 1 ? "" : "s")")
  }

  private func name(_ subject: Subject) -> String {
    switch subject {
    case .line: line
    case .device(let number), .identity(let number), .finding(let number, _), .signing(let number):
      "\(line) device \(number)"
    }
  }
}
