import CLinux
import Glibc
import ChargerBase
import OCPPJSON

/// Rows about the station as a process: a1, a2, b1, b3, b4, c1, c2, d, g1.
///
/// Where a goal states instructions, they decide. Times are told beside what the machine needs for the bare thing in the
/// same run: loading the program (`--version`), and answering a frame with the same WebSocket client and no station.
struct StationRows {
  let places: BenchmarkPlaces
  let isQuick: Bool

  func measure(into report: inout BenchmarkReport) throws {
    let csms = try BenchmarkCSMS(clock: { MonotonicInstant(nanoseconds: linux_boottime_ns()) })
    defer { csms.stop() }
    let bench = try StationUnderTest(places: places)
    defer { bench.stop(SIGKILL) }
    let withInstructions = Callgrind.isInstalled
    if !withInstructions { report.notes.append("valgrind is not installed: no instruction counts") }

    var bare = try (0..<(isQuick ? 3 : 11)).map { _ in try bench.bareStart() }
    let bareStart = median(&bare)
    var first = try starts(csms, bench, freshState: true)
    // One warm-up leaves a state directory behind.
    _ = try start(csms, bench, freshState: false)
    var warm = try starts(csms, bench, freshState: false)
    var counts: Counts?
    if withInstructions { counts = try instructions(csms, bench) }
    report.add(
      row(
        "a1", "first start to boot accepted", median(&first), counts?.firstStart, goal: "≤ 20 ms, ≤ 40 M", 40e6,
        bare: (bareStart, "--version"), isBinding: false))
    report.add(
      row(
        "a2", "warm start to boot accepted", median(&warm), counts?.warmStart, goal: "≤ 10 ms, ≤ 20 M", 20e6,
        bare: (bareStart, "--version"), isBinding: false))

    _ = try start(csms, bench, freshState: false)
    try idle(csms, bench, &report)
    try binaries(bench, &report)
    try calls(csms, bench, counts, &report)
    bench.stop()
    if csms.callErrors > 0 { report.notes.append("\(csms.callErrors) calls were answered with an error") }
  }

  // MARK: Starts

  private func start(_ csms: BenchmarkCSMS, _ bench: StationUnderTest, freshState: Bool, callgrind: String? = nil)
    throws -> Double
  {
    bench.stop()
    csms.forgetBoot()
    let begin = linux_boottime_ns()
    try bench.start(port: csms.port, freshState: freshState, callgrind: callgrind)
    try bench.until("BootNotification", seconds: callgrind == nil ? 30 : 180) { csms.bootAcceptedAt != nil }
    guard let accepted = csms.bootAcceptedAt else { return 0 }
    return Double(accepted.nanoseconds - begin)
  }

  private func starts(_ csms: BenchmarkCSMS, _ bench: StationUnderTest, freshState: Bool) throws -> [Double] {
    try (0..<(isQuick ? 3 : 11)).map { _ in try start(csms, bench, freshState: freshState) }
  }

  private func row(
    _ number: String, _ measurement: String, _ time: Double, _ instructions: Double?, goal: String,
    _ instructionLimit: Double, bare: (time: Double, what: String), isBinding: Bool = true
  ) -> BenchmarkRow {
    var figure = instructions.map { Figure.instructions($0) + "; " } ?? ""
    figure += time >= 1_000_000 ? Figure.milliseconds(time) : Figure.microseconds(time)
    figure += " = " + Figure.ratio(time, bare.time, bare.what)
    return BenchmarkRow(
      number: number, measurement: measurement, figure: figure, goal: goal,
      isMet: instructions.map { $0 <= instructionLimit }, isBinding: instructions != nil && isBinding,
      values: [("nanoseconds", time), ("bareNanoseconds", bare.time)]
        + (instructions.map { [("instructions", $0)] } ?? []))
  }

  // MARK: Idle

  private func idle(_ csms: BenchmarkCSMS, _ bench: StationUnderTest, _ report: inout BenchmarkReport) throws {
    // How much of the program comes into memory with what it runs depends on where it was loaded.
    var resident = [try bench.memoryAtRest()]
    for _ in 1..<(isQuick ? 3 : 7) {
      _ = try start(csms, bench, freshState: false)
      resident.append(try bench.memoryAtRest())
    }
    var figures = resident.map { Double($0.residentBytes) }
    let residentBytes = median(&figures)
    sleep(isQuick ? 2 : 5)
    let before = ProcessFigures.read(bench.processID)
    let seconds: UInt32 = isQuick ? 4 : 20
    sleep(seconds)
    let after = ProcessFigures.read(bench.processID)
    report.add(
      BenchmarkRow(
        number: "b1", measurement: "idle: RSS / private / threads",
        figure:
          "\(Figure.megabytes(residentBytes)) / \(Figure.megabytes(Double(after.privateBytes))) / \(after.threads)",
        goal: "≤ 16 / ≤ 3 MB / ≤ 5",
        isMet: residentBytes <= 16_000_000 && after.privateBytes <= 3_000_000 && after.threads <= 5,
        values: [
          ("residentBytes", residentBytes), ("privateBytes", Double(after.privateBytes)),
          ("threads", Double(after.threads)),
        ]))
    let perSecond = Double(after.cpuNanoseconds - before.cpuNanoseconds) / Double(seconds) / 1_000_000
    let wakeups = Double(after.wakeups - before.wakeups) / Double(seconds)
    report.add(
      BenchmarkRow(
        number: "b4", measurement: "idle: CPU, wakeups",
        figure: "\(Figure.fixed(perSecond, 2)) ms/s, \(Figure.fixed(wakeups, 1)) a second",
        goal: "≤ 3 ms/s (pilot sampled)", isMet: perSecond <= 3,
        values: [("cpuMillisecondsPerSecond", perSecond), ("wakeupsPerSecond", wakeups)]))
  }

  private func binaries(_ bench: StationUnderTest, _ report: inout BenchmarkReport) throws {
    let stripped = bench.scratch.path + "/chargerd"
    let strip = try ChildProcess("strip", ["-s", "-o", stripped, places.programs + "/chargerd"], logPath: "/dev/null")
    while strip.isRunning { usleep(1_000) }
    let binary = Double(Files.size(stripped) ?? 0)
    let libraries = MappedLibraries.read(bench.processID)
    let shared = libraries.reduce(0.0) { $0 + Double(Files.size($1) ?? 0) }
    report.add(
      BenchmarkRow(
        number: "b3", measurement: "chargerd stripped + libraries beyond libc",
        figure: "\(Figure.megabytes(binary)) + \(Figure.megabytes(shared))", goal: "≤ 26 MB together",
        isMet: binary > 0 && binary + shared <= 26_000_000, isBinding: true,
        values: [("binaryBytes", binary), ("libraryBytes", shared)]))
  }

  // MARK: Calls

  private static let one = #"{"component":{"name":"OCPPCommCtrlr"},"variable":{"name":"HeartbeatInterval"}}"#
  private static let getOne = "{\"getVariableData\":[\(one)]}"
  private static let getTen = "{\"getVariableData\":[\(Array(repeating: one, count: 10).joined(separator: ","))]}"

  private func calls(
    _ csms: BenchmarkCSMS, _ bench: StationUnderTest, _ counts: Counts?, _ report: inout BenchmarkReport
  ) throws {
    let rounds = isQuick ? 500 : 5_000
    func cpu(_ count: Int, _ body: () throws -> Void) throws -> Double {
      let before = ProcessFigures.read(bench.processID).cpuNanoseconds
      for _ in 0..<count { try body() }
      return Double(ProcessFigures.read(bench.processID).cpuNanoseconds - before) / Double(count)
    }
    let single = try cpu(rounds) { try csms.call("GetVariables", Self.getOne) }
    let ten = try cpu(rounds) { try csms.call("GetVariables", Self.getTen) }
    let reports = isQuick ? 20 : 100
    let bytesBefore = csms.reportBytes
    let full = try cpu(reports) { try self.fullInventory(csms, bench) }
    let bytes = (csms.reportBytes - bytesBefore) / reports
    var round = 0
    let set = try cpu(rounds / 10) {
      round += 1
      try csms.call("SetVariables", SetVariablesRow.payload(round))
    }
    bench.stop()
    let answer = try BareAnswer.measure(csms, Self.getOne, rounds: rounds, countsInstructions: counts != nil)
    let bare = (answer.nanoseconds, "a bare answer")
    report.add(
      row(
        "c1", "GetVariables ×1, CPU of the station", single, counts?.getOne, goal: "≤ 40 µs, ≤ 80 k", 80e3, bare: bare))
    report.add(
      row(
        "c2", "GetVariables ×10, CPU of the station", ten, counts?.getTen, goal: "≤ 90 µs, ≤ 250 k", 250e3, bare: bare))
    report.add(
      row(
        "d", "FullInventory, \(bytes) bytes, CPU of the station", full, counts?.fullInventory, goal: "≤ 1 ms, ≤ 8 M",
        8e6, bare: bare))
    report.add(
      SetVariablesRow.row(
        nanoseconds: set, instructions: counts?.setOne, bareAnswer: answer.nanoseconds,
        commit: counts == nil ? nil : try BareCommit.countInstructions(state: bench.scratch.path + "/state")))
    report.add(
      BenchmarkRow(
        number: "c, g", measurement: "a bare answer: the same WebSocket client, no station",
        figure: (answer.instructions.map { Figure.instructions($0) + "; " } ?? "")
          + Figure.microseconds(answer.nanoseconds),
        goal: "told", isMet: nil,
        values: [("nanoseconds", answer.nanoseconds)] + (answer.instructions.map { [("instructions", $0)] } ?? [])))
  }

  private func fullInventory(_ csms: BenchmarkCSMS, _ bench: StationUnderTest) throws {
    let before = csms.completeReports
    try csms.call("GetBaseReport", #"{"requestId":1,"reportBase":"FullInventory"}"#)
    try bench.until("the report", seconds: 60) { csms.completeReports > before }
  }

  // MARK: Instructions

  struct Counts {
    var firstStart = 0.0
    var warmStart = 0.0
    var getOne = 0.0
    var getTen = 0.0
    var fullInventory = 0.0
    var setOne = 0.0
  }

  private func instructions(_ csms: BenchmarkCSMS, _ bench: StationUnderTest) throws -> Counts {
    var counts = Counts()
    let log = bench.scratch.path + "/callgrind.log"
    // What follows the accepted boot waits until the count is taken: the row ends there.
    csms.holdAnswers(true)
    let firstFile = bench.scratch.path + "/first"
    _ = try start(csms, bench, freshState: true, callgrind: firstFile)
    let firstCount = try Callgrind(outFile: firstFile, processID: bench.processID, log: log).count()
    let warmFile = bench.scratch.path + "/warm"
    _ = try start(csms, bench, freshState: false, callgrind: warmFile)
    let counter = Callgrind(outFile: warmFile, processID: bench.processID, log: log)
    let warmCount = try counter.count()
    csms.holdAnswers(false)
    func counted(_ body: () throws -> Void) throws -> (count: CallgrindCount, seconds: Double) {
      try counter.zero()
      let begin = linux_boottime_ns()
      try body()
      let seconds = Double(linux_boottime_ns() - begin) / 1e9
      return (try counter.count(), seconds)
    }
    sleep(3)  // what the start left to do is done
    let idle = try counted { sleep(4) }
    guard idle.count.isTold else {
      throw BenchmarkFailure(description: "callgrind does not name what goes by the clock: see CallgrindCount")
    }
    counts.firstStart = firstCount.ofStart(rest: idle.count)
    counts.warmStart = warmCount.ofStart(rest: idle.count)
    // The idle station's share beyond the threads that are counted apart.
    let idlePerSecond = idle.count.own / idle.seconds
    func per(_ count: Int, _ body: () throws -> Void) throws -> Double {
      try body()  // what is made once is made now
      sleep(2)
      let all = try counted { for _ in 0..<count { try body() } }
      return (all.count.own - idlePerSecond * all.seconds) / Double(count)
    }
    counts.getOne = try per(200) { try csms.call("GetVariables", Self.getOne) }
    counts.getTen = try per(200) { try csms.call("GetVariables", Self.getTen) }
    counts.fullInventory = try per(10) { try self.fullInventory(csms, bench) }
    var round = 0
    counts.setOne = try per(200) {
      round += 1
      try csms.call("SetVariables", SetVariablesRow.payload(round))
    }
    bench.stop()
    return counts
  }
}

func median(_ values: inout [Double]) -> Double {
  values.sort()
  return values.isEmpty ? 0 : values[values.count / 2]
}
