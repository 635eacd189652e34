import ChargerBase
import OCPPJSON

/// One row of the table: what was measured, what it came to, what it should be.
struct BenchmarkRow {
  var number: String
  var measurement: String
  var figure: String
  var goal: String
  /// Nil where the goal is not a limit that this run can judge.
  var isMet: Bool?
  /// The verdict rests on counts (instructions, bytes, flushes, records) that are the same on every machine: a miss fails
  /// the program. What rests on times, or on memory that the kernel maps as it sees fit, is told alone.
  var isBinding = false
  /// What the verdict rests on, where it is not the whole goal as it stands.
  var judgedBy: String?
  /// For programs: name and value, in the unit that the name tells.
  var values: [(name: String, value: Double)] = []
}

struct BenchmarkReport {
  private(set) var rows: [BenchmarkRow] = []
  var notes: [String] = []

  mutating func add(_ row: BenchmarkRow) { rows.append(row) }

  /// Rows whose miss is the program's own.
  var missed: [BenchmarkRow] { rows.filter { $0.isBinding && $0.isMet == false } }

  func printTable() {
    let header = BenchmarkRow(number: "#", measurement: "measurement", figure: "this run", goal: "goal")
    let all = [header] + rows
    func width(_ text: (BenchmarkRow) -> String) -> Int { all.map { text($0).count }.max() ?? 0 }
    let widths = (width(\.number), width(\.measurement), width(\.figure), width(\.goal))
    func padded(_ text: String, _ width: Int) -> String {
      text + String(repeating: " ", count: max(0, width - text.count))
    }
    for row in all {
      let verdict = (row.isMet.map { $0 ? "met" : "MISSED" } ?? "") + (row.judgedBy.map { " (\($0))" } ?? "")
      print(
        [
          padded(row.number, widths.0), padded(row.measurement, widths.1), padded(row.figure, widths.2),
          padded(row.goal, widths.3), verdict,
        ].joined(separator: "  "))
    }
    for note in notes { print("note: \(note)") }
  }

  func printJSON() {
    let list = rows.map { row -> JSONValue in
      .object([
        JSONMember("row", JSONValue(row.number)), JSONMember("measurement", JSONValue(row.measurement)),
        JSONMember("figure", JSONValue(row.figure)), JSONMember("goal", JSONValue(row.goal)),
        JSONMember("met", row.isMet.map { JSONValue($0) } ?? .null), JSONMember("binding", JSONValue(row.isBinding)),
        JSONMember("judgedBy", row.judgedBy.map { JSONValue($0) } ?? .null),
        JSONMember(
          "values",
          .object(
            row.values.map { item in
              JSONMember(
                item.name,
                JSONValue(Decimal(thousandths: Int64((item.value * 1_000).rounded().clamped(to: -1e15...1e15)))))
            })),
      ])
    }
    print(JSONValue.object([JSONMember("rows", .array(list))]).description)
  }
}

/// Numbers as people read them.
enum Figure {
  static func milliseconds(_ nanoseconds: Double) -> String { fixed(nanoseconds / 1_000_000, 1) + " ms" }
  static func microseconds(_ nanoseconds: Double) -> String { fixed(nanoseconds / 1_000, 1) + " µs" }

  static func instructions(_ count: Double) -> String {
    if count >= 10_000_000 { return fixed(count / 1_000_000, 1) + " M instr." }
    if count >= 10_000 { return fixed(count / 1_000, 0) + " k instr." }
    return fixed(count, 0) + " instr."
  }

  /// How many times the bare reference of the same run.
  static func ratio(_ value: Double, _ bare: Double, _ what: String) -> String {
    bare > 0 ? "\(fixed(value / bare, 1)) × \(what)" : ""
  }

  static func megabytes(_ bytes: Double) -> String { fixed(bytes / 1_000_000, 1) + " MB" }

  static func fixed(_ value: Double, _ places: Int) -> String {
    var scale = 1.0
    for _ in 0..<places { scale *= 10 }
    let scaled = Int64((value * scale).rounded())
    guard places > 0 else { return "\(scaled)" }
    let whole = scaled / Int64(scale)
    var fraction = "\(abs(scaled % Int64(scale)))"
    while fraction.count < places { fraction = "0" + fraction }
    return "\(scaled < 0 && whole == 0 ? "-" : "")\(whole).\(fraction)"
  }
}
