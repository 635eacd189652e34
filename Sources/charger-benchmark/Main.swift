import ArgumentParser
import CLinux
import Glibc

/// Measures the station as its users meet it, both ends in one run, and prints a table beside the goals.
@main
struct ChargerBenchmark: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "charger-benchmark",
    abstract:
      "Measures the station, its messages and its control lane; times drift with the machine, instruction counts do not."
  )

  @Flag(help: "Fewer rounds: a minute instead of several.")
  var quick = false

  @Flag(help: "One JSON object instead of a table.")
  var json = false

  @Option(help: "Folder of the release programs; default: where this program lies.")
  var programs: String?

  @Option(help: "Board profile.")
  var board = "boards/bench-ac-dual.json"

  @Option(help: "Unit file.")
  var unit = "boards/bench-unit.json"

  @Option(
    help:
      "Some rows alone: i, j, g for those of the local list (g2, g3), e for those of the queue (a3, b2, e1…e5), or m, the way through a companion MCU, which is measured by this alone."
  )
  var row: String?

  @Option(help: ArgumentHelp("Runs one inner loop only (for valgrind).", visibility: .hidden))
  var inner: String?

  @Option(help: ArgumentHelp("Rounds of the inner loop.", visibility: .hidden))
  var rounds = 1

  @Option(help: ArgumentHelp("State directory of the inner loop.", visibility: .hidden))
  var state = ""

  @Option(help: ArgumentHelp("Port of the inner loop's CSMS.", visibility: .hidden))
  var port = 9

  func validate() throws {
    guard row.map({ ["i", "j", "e", "g", "m"].contains($0) }) ?? true else {
      throw ValidationError("--row takes i, j, e, g or m.")
    }
  }

  func run() throws {
    if let inner {
      if inner == SteadyControl.name {
        guard SteadyControl.run(rounds: rounds) else { throw ExitCode.failure }
        return
      }
      if inner == BareCommit.name { return try BareCommit.run(rounds: rounds, state: state) }
      if let task = OutboxStation.Task(name: inner) {
        return try OutboxStation.run(task, rounds: rounds, state: state, port: port)
      }
      if let task = SteppedStation.Task(name: inner) {
        return try SteppedStation.run(task, rounds: rounds, state: state)
      }
      guard let work = CodecRow.Work(rawValue: inner) else { throw ValidationError("no inner loop '\(inner)'") }
      guard CodecRow.run(work, rounds: rounds) >= 0 else { throw ExitCode.failure }
      return
    }
    signal(SIGPIPE, SIG_IGN)
    var places = BenchmarkPlaces.standard()
    if let programs { places.programs = programs }
    places.board = BenchmarkPlaces.found(board)
    places.unit = BenchmarkPlaces.found(unit)
    var report = BenchmarkReport()
    if let row {
      switch row {
      case "g": try TokenRows(places: places, isQuick: quick).measure(into: &report)
      case "i": try ControlLaneRow.measure(isQuick: quick, places: places, into: &report)
      case "j": try FeedbackRow.measure(isQuick: quick, places: places, into: &report)
      case "m": try MicrocontrollerRow.measure(isQuick: quick, into: &report)
      default:
        var rows = OutboxRows(places: places, isQuick: quick)
        try rows.measure(into: &report)
      }
      return try show(report)
    }
    try StationRows(places: places, isQuick: quick).measure(into: &report)
    try TokenRows(places: places, isQuick: quick).measure(into: &report)
    var queue = OutboxRows(places: places, isQuick: quick)
    try queue.measure(into: &report)
    try CodecRow.measure(isQuick: quick, into: &report)
    try ControlLaneRow.measure(isQuick: quick, places: places, into: &report)
    try FeedbackRow.measure(isQuick: quick, places: places, into: &report)
    try show(report)
  }

  private func show(_ report: BenchmarkReport) throws {
    if json { report.printJSON() } else { report.printTable() }
    fflush(nil)
    guard report.missed.isEmpty else {
      let names = report.missed.map(\.number).joined(separator: ", ")
      let line = Array("FAILED: counts over their goals, whatever the machine: \(names)\n".utf8)
      _ = write(STDERR_FILENO, line, line.count)
      throw ExitCode.failure
    }
  }
}
