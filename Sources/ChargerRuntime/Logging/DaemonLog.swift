import CLinux
import ChargerBase
import Glibc
import Logging
import OCPPJSON

/// The program's log: to systemd's journal where that reads standard error, else to standard error itself.
///
/// A log must never hold up the station: when its reader is behind, lines are dropped and counted, and the next line
/// that gets through tells how many. What is written keeps to `LogBudget`, unless somebody is looking: at a terminal, or
/// with `--log-level debug`. The newest lines are kept in memory in any case, for `station.log`.
package final class DaemonLog: @unchecked Sendable {  // one lock guards all state
  private let lock: UnsafeMutablePointer<pthread_mutex_t>
  private let sink: any LogSink
  private let now: @Sendable () -> MonotonicInstant
  private var budget: LogBudget?
  private var dropped = 0
  /// The newest lines, for `station.log`.
  private var ring = BoundedRing<JSONValue>(capacity: 1_000)
  private var linesPushedOut = 0

  package static let shared = DaemonLog(
    sink: standardSink(), budget: isatty(2) == 1 ? nil : LogBudget(),
    now: { MonotonicInstant(nanoseconds: linux_boottime_ns()) })

  /// - Parameter budget: nil for a log without one.
  init(sink: any LogSink, budget: LogBudget?, now: @escaping @Sendable () -> MonotonicInstant) {
    lock = .allocate(capacity: 1)
    lock.initialize(to: pthread_mutex_t())
    pthread_mutex_init(lock, nil)
    self.sink = sink
    self.budget = budget
    self.now = now
  }

  deinit {
    pthread_mutex_destroy(lock)
    lock.deinitialize(count: 1)
    lock.deallocate()
  }

  private static func standardSink() -> any LogSink {
    let stream = getenv("JOURNAL_STREAM").map { String(cString: $0) }
    if JournalSink.isStandardError(stream), let journal = JournalSink(identifier: "chargerd") { return journal }
    return StandardErrorSink(isReadByServiceManager: stream != nil)
  }

  /// Somebody wants to see every line.
  func liftBudget() {
    pthread_mutex_lock(lock)
    budget = nil
    pthread_mutex_unlock(lock)
  }

  package func write(_ line: LogLine) {
    pthread_mutex_lock(lock)
    defer { pthread_mutex_unlock(lock) }
    keep(line)
    var leftOut = 0
    if budget != nil {
      guard let count = budget?.admit(line.subject, isError: line.level >= .error, at: now()) else { return }
      leftOut = count
    }
    if dropped > 0, sink.write(remark("\(dropped) log lines were dropped: their reader was behind", on: line)) {
      dropped = 0
    }
    if leftOut > 0 {
      _ = sink.write(remark("\(leftOut) lines about \(line.subject) were left out, to spare the flash", on: line))
    }
    if !sink.write(line) { dropped = dropped.addingSaturating(1) }
  }

  private func remark(_ text: String, on line: LogLine) -> LogLine {
    LogLine(level: .warning, label: line.label, text: text, writtenAt: line.writtenAt)
  }

  private func keep(_ line: LogLine) {
    let entry = JSONValue.object([
      JSONMember("time", JSONValue(line.writtenAt)), JSONMember("level", JSONValue(line.level.rawValue)),
      JSONMember("text", JSONValue("\(line.label): \(line.text)")),
    ])
    if ring.appendOverwriting(entry) != nil { linesPushedOut = linesPushedOut.addingSaturating(1) }
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
}

/// swift-log's handler over `DaemonLog`.
package struct DaemonLogHandler: LogHandler {
  package var logLevel: Logger.Level
  package var metadata: Logger.Metadata = [:]
  private let label: String
  private let log: DaemonLog

  package init(label: String, level: Logger.Level, log: DaemonLog = .shared) {
    self.label = label
    self.log = log
    logLevel = level
  }

  package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  package func log(event: LogEvent) {
    let fields = Self.names.compactMap { name -> (name: String, value: String)? in
      guard case .string(let value)? = event.metadata?[name] ?? metadata[name] else { return nil }
      return (name, value)
    }
    log.write(
      LogLine(
        level: event.level, label: label, text: "\(event.message)", fields: fields,
        writtenAt: WallTime(millisecondsSinceEpoch: linux_realtime_ms())))
  }

  /// What a line can be searched by; other metadata is not written.
  static let names = ["kind", "evse", "connector"]
}
