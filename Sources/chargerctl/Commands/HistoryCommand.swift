import ArgumentParser
import CLinux
import ChargerBase
import OCPPJSON

struct HistoryCommand: ParsableCommand {
  enum Format: String, ExpressibleByArgument, CaseIterable { case text, csv, json }

  static let configuration = CommandConfiguration(
    commandName: "history",
    abstract: "The sessions that are over: when, where, how much, whose card, why they began and ended.",
    discussion: """
      The station keeps the newest 500, over restarts and power cuts. Energy is the difference of the registers that the \
      CSMS is told. CSMS: told, waiting (its end is still in the queue), incomplete (an event was given up on; see outbox).
      """)
  @OptionGroup var station: StationOptions
  @Option(name: .long, help: "Of one EVSE only.", completion: Completions.evses) var evse: Int32?
  @Option(name: .long, help: "That ended since: a time (2026-11-23, 2026-11-23T12:00:00Z) or a span (90min, 12h, 7d).")
  var since: String?
  @Option(name: .shortAndLong, help: "So many of the newest, 1…500.") var last: Int32 = 500
  @Option(name: .long, help: "text, csv or json.") var format: Format = .text
  @Option(
    name: .shortAndLong, help: "Into a file (mode 0600) in place of standard output.", completion: .file())
  var output: String?

  func validate() throws {
    guard (1...500).contains(last) else { throw ValidationError("--last takes 1…500.") }
    guard let since, Self.start(since, now: WallTime(millisecondsSinceEpoch: linux_realtime_ms())) == nil else {
      return
    }
    throw ValidationError(
      "\"\(since)\" is neither a time (2026-11-23, 2026-11-23T12:00:00Z) nor a span (90min, 12h, 7d).")
  }

  /// The instant that `text` means: a time, a date (its beginning in UTC), or a span before now.
  static func start(_ text: String, now: WallTime) -> WallTime? {
    if let time = WallTime(rfc3339: text) ?? WallTime(rfc3339: text + "T00:00:00Z") { return time }
    let digits = text.prefix { $0.isASCII && $0.isNumber }
    let units: [(String, Int64)] = [("s", 1), ("min", 60), ("m", 60), ("h", 3_600), ("d", 86_400)]
    guard let count = Int64(digits), let unit = units.first(where: { $0.0 == text.dropFirst(digits.count) }) else {
      return nil
    }
    let (milliseconds, overflows) = count.multipliedReportingOverflow(by: unit.1 &* 1_000)
    return overflows ? nil : now + .milliseconds(-milliseconds)
  }

  var params: JSONValue {
    let now = WallTime(millisecondsSinceEpoch: linux_realtime_ms())
    return .object(
      members([
        ("evse", evse.map { JSONValue($0) }),
        ("since", since.flatMap { Self.start($0, now: now) }.map { JSONValue($0) }),
        ("limit", JSONValue(last)),
      ]))
  }

  func run() throws {
    try Terminal.run { () throws(Failure) in
      let answer = try station.connect().call("station.history", params)
      let text =
        switch station.json ? .json : format {
        case .text: HistoryText.render(answer)
        case .csv: HistoryText.csv(answer)
        case .json: answer.description
        }
      guard let output else { return Terminal.writeLine(text) }
      try FileAccess.replace(output, with: Array((text + "\n").utf8), mode: 0o600)
      let count = answer["sessions"]?.array?.count ?? 0
      Terminal.writeLine("\(count) session\(count == 1 ? "" : "s") written to \(output).")
    }
  }
}
