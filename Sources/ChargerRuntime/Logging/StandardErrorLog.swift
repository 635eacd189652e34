import CLinux
import ChargerBase
import Glibc
import Logging
import OCPPJSON

/// Log lines on standard error: `<6>text` under systemd (its journal reads the level), time and level in a terminal.
///
/// A log must never hold up the station: when standard error would block, lines are dropped and counted, and the next
/// line that gets through tells how many. At most `linesPerMinute` ordinary lines are written, which spares flash.
package final class StandardErrorLog: @unchecked Sendable {  // one lock guards all state
  private static let linesPerMinute = 600
  private let lock: UnsafeMutablePointer<pthread_mutex_t>
  private let underJournal: Bool
  private var dropped = 0
  private var minute: Int64 = 0
  private var writtenThisMinute = 0
  /// The newest lines, for `station.log`.
  private var ring = BoundedRing<JSONValue>(capacity: 1_000)
  private var linesPushedOut = 0

  package static let shared = StandardErrorLog()

  private init() {
    lock = .allocate(capacity: 1)
    lock.initialize(to: pthread_mutex_t())
    pthread_mutex_init(lock, nil)
    underJournal = getenv("JOURNAL_STREAM") != nil
  }

  package func write(level: Logger.Level, _ text: String) {
    pthread_mutex_lock(lock)
    defer { pthread_mutex_unlock(lock) }
    let milliseconds = linux_realtime_ms()
    if milliseconds / 60_000 != minute {
      minute = milliseconds / 60_000
      writtenThisMinute = 0
    }
    let entry = JSONValue.object([
      JSONMember("time", JSONValue(WallTime(millisecondsSinceEpoch: milliseconds))),
      JSONMember("level", JSONValue(level.rawValue)), JSONMember("text", JSONValue(text)),
    ])
    if ring.appendOverwriting(entry) != nil { linesPushedOut += 1 }
    var poller = pollfd(fd: 2, events: Int16(POLLOUT), revents: 0)
    guard writtenThisMinute < Self.linesPerMinute || level >= .error, poll(&poller, 1, 0) == 1,
      poller.revents & Int16(POLLOUT) != 0
    else {
      dropped += 1
      return
    }
    writtenThisMinute += 1
    var line = ""
    if dropped > 0 {
      line += prefix(.warning, milliseconds) + "\(dropped) log lines were dropped\n"
      dropped = 0
    }
    line += prefix(level, milliseconds)
    for scalar in text.unicodeScalars { line.unicodeScalars.append(scalar.value < 32 ? " " : scalar) }
    line += "\n"
    line.withUTF8 { bytes in
      bytes.withMemoryRebound(to: CChar.self) { linux_write_stderr($0.baseAddress, $0.count) }
    }
  }

  /// The newest lines, oldest first, and how many older ones are gone.
  package func newest(_ count: Int) -> JSONValue {
    pthread_mutex_lock(lock)
    defer { pthread_mutex_unlock(lock) }
    let lines = ring.elements.suffix(max(0, count))
    return .object([
      JSONMember("lines", .array(Array(lines))), JSONMember("dropped", JSONValue(linesPushedOut)),
    ])
  }

  private func prefix(_ level: Logger.Level, _ milliseconds: Int64) -> String {
    guard !underJournal else { return "<\(Self.priority(level))>" }
    return "\(WallTime(millisecondsSinceEpoch: milliseconds).rfc3339) \(level.rawValue) "
  }

  /// syslog's priorities.
  private static func priority(_ level: Logger.Level) -> Int {
    switch level {
    case .critical: 2
    case .error: 3
    case .warning: 4
    case .notice: 5
    case .info: 6
    case .debug, .trace: 7
    }
  }
}

/// swift-log's handler over `StandardErrorLog`.
package struct StandardErrorLogHandler: LogHandler {
  package var logLevel: Logger.Level
  package var metadata: Logger.Metadata = [:]
  private let label: String

  package init(label: String, level: Logger.Level) {
    self.label = label
    logLevel = level
  }

  package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  package func log(event: LogEvent) {
    StandardErrorLog.shared.write(level: event.level, "\(label): \(event.message)")
  }
}
