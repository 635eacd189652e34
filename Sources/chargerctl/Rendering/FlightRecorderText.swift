import ChargerBase
import EVSEControl

/// A flight recording, an entry a line: seconds since the machine's start, the time since the entry before, what happened.
enum FlightRecorderText {
  static func render(_ recording: FlightRecording, last: Int) -> String {
    guard let newest = recording.records.last else { return "The flight recorder is empty." }
    let shown = recording.records.suffix(last)
    var lines = ["seconds since boot      +ms  what"]
    var before: MonotonicInstant?
    for record in shown {
      let step = before.map { milliseconds((record.at - $0).wholeNanoseconds) } ?? ""
      before = record.at
      lines.append("\(right(seconds(record.at), 18)) \(right(step, 8))  \(record.sentence)")
    }
    var summary = "\(shown.count) of \(recording.records.count) entries, the newest is number \(newest.sequence)."
    if recording.gaps > 0 { summary += " \(recording.gaps) between them are missing." }
    if recording.unreadable > 0 {
      summary += " \(recording.unreadable) not whole: being written when the program ended."
    }
    lines.append(summary)
    return lines.joined(separator: "\n")
  }

  private static func seconds(_ instant: MonotonicInstant) -> String {
    Text.fixed(Decimal(significand: instant.nanoseconds / 1_000, places: 6), places: 6)
  }

  private static func milliseconds(_ nanoseconds: Int64) -> String {
    Text.fixed(Decimal(significand: nanoseconds / 1_000, places: 3), places: 1)
  }

  private static func right(_ text: String, _ width: Int) -> String {
    String(repeating: " ", count: max(0, width - text.count)) + text
  }
}
