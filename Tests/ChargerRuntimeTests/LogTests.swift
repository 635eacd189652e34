import ChargerBase
import Logging
import NIOConcurrencyHelpers
import Testing

@testable import ChargerRuntime

@Suite("The log: bounded, searchable, never in the way")
struct LogTests {
  /// Keeps lines, or refuses them.
  private final class Sink: LogSink, Sendable {
    let lines = NIOLockedValueBox<[LogLine]>([])
    let isStuck = NIOLockedValueBox(false)
    func write(_ line: LogLine) -> Bool {
      guard !isStuck.withLockedValue({ $0 }) else { return false }
      lines.withLockedValue { $0.append(line) }
      return true
    }
    var count: Int { lines.withLockedValue { $0.count } }
    var texts: [String] { lines.withLockedValue { $0.map { $0.text } } }
  }

  private final class Clock: Sendable {
    let value = NIOLockedValueBox(MonotonicInstant(nanoseconds: 1_000_000_000))
    var now: MonotonicInstant { value.withLockedValue { $0 } }
    func pass(_ duration: Duration) { value.withLockedValue { $0 = $0 + duration } }
  }

  private func line(_ text: String, kind: String = "link", level: Logger.Level = .info) -> LogLine {
    LogLine(
      level: level, label: "chargerd", text: text, fields: [("kind", kind)],
      writtenAt: WallTime(millisecondsSinceEpoch: 1_795_426_200_000))
  }

  @Test("Whatever happens is told in full at first; a subject that goes on and on gets a trickle, and nobody else pays")
  func burstAndTrickle() {
    let sink = Sink()
    let clock = Clock()
    let log = DaemonLog(sink: sink, budget: LogBudget(), now: { clock.now })
    for number in 0..<40 { log.write(line("flap \(number)")) }
    #expect(sink.count == 40)
    for number in 0..<1_000 { log.write(line("flap again \(number)")) }
    #expect(sink.count == 40)
    log.write(line("plugged in", kind: "connector"))
    #expect(sink.texts.last == "plugged in")
    clock.pass(.seconds(301))
    log.write(line("flap after a while"))
    #expect(sink.texts.suffix(2) == ["1000 lines about link were left out, to spare the flash", "flap after a while"])
  }

  @Test(
    "Complaint 9: a week of a missing meter, a flapping link and a CSMS that sends nonsense stays under the stated lines an hour"
  )
  func week() {
    let sink = Sink()
    let clock = Clock()
    let log = DaemonLog(sink: sink, budget: LogBudget(), now: { clock.now })
    var afterFirstHour = 0
    for second in 0..<(7 * 24 * 3_600) {
      if second % 10 == 0 { log.write(line("the meter does not answer", kind: "connector", level: .warning)) }
      if second % 7 == 0 { log.write(line("no connection: timeout", kind: "link")) }
      if second % 3 == 0 { log.write(line("InvalidMessages: not JSON", kind: "security")) }
      if second % 60 == 0 { log.write(line("the store cannot be written", kind: "storage", level: .error)) }
      clock.pass(.seconds(1))
      if second == 3_600 { afterFirstHour = sink.count }
    }
    let hours = 7 * 24 - 1
    let anHour = Double(sink.count - afterFirstHour) / Double(hours)
    #expect(anHour <= Double(LogBudget.linesAnHour))
    #expect(sink.count <= 600 + LogBudget.linesAnHour * 7 * 24)
    // Trouble that goes on is never quite silent.
    #expect(anHour >= 20)
    for kind in ["connector", "link", "security", "storage"] {
      #expect(sink.lines.withLockedValue { $0.suffix(200).contains { $0.fields.first?.value == kind } }, "\(kind)")
    }
  }

  @Test("Errors have a budget of their own: chatter does not hide them")
  func errors() {
    let sink = Sink()
    let clock = Clock()
    let log = DaemonLog(sink: sink, budget: LogBudget(), now: { clock.now })
    for number in 0..<10_000 { log.write(line("chatter", kind: "kind \(number % 100)")) }
    log.write(line("the store cannot be written", kind: "storage", level: .error))
    #expect(sink.texts.last == "the store cannot be written")
    for _ in 0..<10_000 { log.write(line("the store cannot be written", kind: "storage", level: .error)) }
    #expect(sink.count <= 400 + 60)
  }

  @Test("A reader that is behind costs lines, which are counted; everything stays readable on the station socket")
  func slowReader() throws {
    let sink = Sink()
    let clock = Clock()
    let log = DaemonLog(sink: sink, budget: nil, now: { clock.now })
    sink.isStuck.withLockedValue { $0 = true }
    for number in 0..<5 { log.write(line("lost \(number)")) }
    sink.isStuck.withLockedValue { $0 = false }
    log.write(line("found"))
    #expect(sink.texts == ["5 log lines were dropped: their reader was behind", "found"])
    #expect(log.newest(100)["lines"]?.array?.count == 6)
    #expect(log.newest(1)["lines"]?[0]?["text"] == "chargerd: found")
  }

  @Test("The journal gets priority, program, text and searchable fields in one datagram on a real socket")
  func journal() throws {
    let listener = try DatagramListener()
    let sink = try #require(JournalSink(path: listener.path, identifier: "chargerd"))
    let log = DaemonLog(sink: sink, budget: nil, now: { .zero })
    let logger = Logger(label: "chargerd", factory: { DaemonLogHandler(label: $0, level: .info, log: log) })
    logger.warning(
      "connector: 2: the plug\nMESSAGE=forged", metadata: ["kind": "connector", "evse": "2", "secret": "1234"])
    let fields = try #require(listener.next()).split(separator: "\n").map { String($0) }
    #expect(
      fields == [
        "PRIORITY=4", "SYSLOG_IDENTIFIER=chargerd", "MESSAGE=chargerd: connector: 2: the plug MESSAGE=forged",
        "CHARGER_KIND=connector", "CHARGER_EVSE=2",
      ])
  }

  @Test("Standard error is the journal only where the service manager says so by device and inode")
  func journalStream() {
    #expect(!JournalSink.isStandardError(nil))
    #expect(!JournalSink.isStandardError(""))
    #expect(!JournalSink.isStandardError("1:2:3"))
    #expect(!JournalSink.isStandardError("0:0"))
  }
}
