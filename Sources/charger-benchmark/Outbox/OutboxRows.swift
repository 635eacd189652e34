import CLinux
import ChargerBase
import Glibc
import OCPPJSON

/// Rows about the queue: a3, b2, e1–e5, and what the flash memory bears in an hour and in a day.
///
/// No meter gives ten thousand events in a minute, so a process with the real network loop, engine, store and WebSocket
/// client (`OutboxStation`) makes them; the whole bench station is started on the state that it left behind.
struct OutboxRows {
  let places: BenchmarkPlaces
  let isQuick: Bool
  private let events = 10_000
  /// CPU time of all bare round trips of this run.
  private var bareCPU = 0.0

  init(places: BenchmarkPlaces, isQuick: Bool) {
    self.places = places
    self.isQuick = isQuick
  }

  mutating func measure(into report: inout BenchmarkReport) throws {
    let csms = try BenchmarkCSMS(clock: { MonotonicInstant(nanoseconds: linux_boottime_ns()) })
    defer { csms.stop() }
    let children = try OutboxChildren(port: csms.port)
    let counts = try Callgrind.isInstalled ? instructions(children) : nil
    try online(children, csms, counts, &report)
    try offline(children, counts, &report)
    try drain(children, csms, counts, &report)
    try flash(children, &report)
    try restarts(children, csms, &report)
  }

  // MARK: Instructions

  private struct Counts {
    var online = 0.0
    var offline = 0.0
    var drain = 0.0
    var bare = 0.0
  }

  /// From the difference of a short and a longer run, so that start and end do not count.
  private func instructions(_ children: OutboxChildren) throws -> Counts {
    let (few, many) = isQuick ? (150, 650) : (200, 2_200)
    func slope(_ task: OutboxStation.Task) throws -> Double {
      let less = try children.countInstructions(task, few)
      return (try children.countInstructions(task, many) - less) / Double(many - few)
    }
    var counts = Counts(online: try slope(.online), offline: try slope(.offline), drain: 0, bare: try slope(.bare))
    counts.drain = try slope(.drain) - counts.offline
    return counts
  }

  // MARK: Through the queue

  private func perEvent(_ nanoseconds: Double) -> Double { nanoseconds / Double(events) }

  private func row(
    _ number: String, _ measurement: String, nanoseconds: Double, cpu: Double, instructions: Double?, more: String,
    goal: String, isMet: Bool?
  ) -> BenchmarkRow {
    var figure = instructions.map { Figure.instructions($0) + "; " } ?? ""
    figure += "\(Figure.fixed(1e9 / perEvent(nanoseconds), 0))/s, \(Figure.microseconds(perEvent(cpu))) CPU"
    return BenchmarkRow(
      number: number, measurement: measurement, figure: figure + more, goal: goal, isMet: isMet,
      isBinding: instructions != nil,
      values: [("perSecond", 1e9 / perEvent(nanoseconds)), ("cpuNanoseconds", perEvent(cpu))]
        + (instructions.map { [("instructions", $0)] } ?? []))
  }

  private mutating func online(
    _ children: OutboxChildren, _ csms: BenchmarkCSMS, _ counts: Counts?, _ report: inout BenchmarkReport
  ) throws {
    let bare = try children.run(.bare, events, isPinned: true)
    let online = try children.run(.online, events, isPinned: true)
    bareCPU = bare["answeredCPU"]
    let rate = 1e9 / perEvent(bare["answeredNanoseconds"])
    let cpu = online["answeredCPU"]
    var trip = " = \(Figure.ratio(cpu, bareCPU, "a bare round trip")) (\(Figure.fixed(rate, 0))/s"
    if let counts { trip += ", " + Figure.instructions(counts.bare) }
    report.add(
      row(
        "e1", "TransactionEvent online, \(OutboxSample.frame.count) bytes, \(events) one by one",
        nanoseconds: online["answeredNanoseconds"], cpu: cpu, instructions: counts?.online, more: trip + ")",
        goal: "≤ 280 k instr., ≤ 90 µs CPU", isMet: counts.map { $0.online <= 280_000 }))
  }

  private func offline(_ children: OutboxChildren, _ counts: Counts?, _ report: inout BenchmarkReport) throws {
    let figures = try children.run(.offline, events, isOnMemory: true)
    let nanoseconds = figures["storedNanoseconds"]
    report.add(
      row(
        "e2", "stored offline, on tmpfs", nanoseconds: nanoseconds, cpu: figures["storedCPU"],
        instructions: counts?.offline, more: "", goal: "≥ 30,000/s, ≤ 150 k instr.",
        isMet: counts.map { $0.offline <= 150_000 }))
    let growth = figures["residentAfter"] - figures["residentBefore"]
    report.add(
      BenchmarkRow(
        number: "b2", measurement: "RSS growth with \(events) queued",
        figure:
          "\(Figure.megabytes(growth)), private \(Figure.megabytes(figures["privateAfter"] - figures["privateBefore"]))",
        goal: "≤ +1 MB", isMet: growth <= 1_000_000, values: [("residentBytes", growth)]))
  }

  private func drain(
    _ children: OutboxChildren, _ csms: BenchmarkCSMS, _ counts: Counts?, _ report: inout BenchmarkReport
  ) throws {
    csms.forgetEvents()
    let figures = try children.run(.drain, events, isPinned: true)
    let arrived = csms.arrived(of: events)
    report.add(
      row(
        "e3", "drained after the link is back", nanoseconds: figures["answeredNanoseconds"],
        cpu: figures["answeredCPU"], instructions: counts?.drain,
        more: " = " + Figure.ratio(figures["answeredCPU"], bareCPU, "a bare round trip"),
        goal: "≤ 280 k instr.", isMet: counts.map { $0.drain <= 280_000 }))
    report.add(
      BenchmarkRow(
        number: "e5", measurement: "of \(events) offline events, arrived", figure: "\(arrived)", goal: "all",
        isMet: arrived == events, isBinding: true, values: [("arrived", Double(arrived))]))
  }

  // MARK: Flash memory

  private func flash(_ children: OutboxChildren, _ report: inout BenchmarkReport) throws {
    let rounds = isQuick ? 300 : 1_000
    let kilobytes = { (bytes: Double) in Figure.fixed(bytes / 1_000, 1) + " kB" }
    for (task, what, limit) in [
      (SteppedStation.Task.online, "one a minute, accepted", 14_000.0), (.offline, "one a minute, kept", 14_000),
      (.batches, "in batches of 100, accepted", 4_000),
    ] {
      let figures = try children.run(task, task == .batches ? rounds / 50 : rounds)
      let bytes = figures["bytes"] / figures["events"]
      let flushes = figures["flushes"] / figures["events"]
      report.add(
        BenchmarkRow(
          number: "e4", measurement: "written per event, \(what)",
          figure: "\(kilobytes(bytes)), \(Figure.fixed(flushes, 2)) fsyncs",
          goal: task == .batches ? "≤ 4 kB, shared" : "≤ 14 kB, 1 fsync",
          isMet: bytes == 0 ? nil : bytes <= limit && flushes <= (task == .batches ? 0.05 : 1.001), isBinding: true,
          values: [("bytes", bytes), ("flushes", flushes)]))
      if bytes == 0 { report.notes.append("e4: /tmp is in memory here, so nothing was written") }
    }
    let hour = try children.run(.hour, 1)
    let day = try children.run(.day, 1)
    report.add(
      BenchmarkRow(
        number: "e4", measurement: "written per charging hour / idle day",
        figure:
          "\(kilobytes(hour["bytes"])), \(Figure.fixed(hour["flushes"], 0)) fsyncs / \(kilobytes(day["bytes"])), \(Figure.fixed(day["flushes"], 0)) fsyncs",
        goal: "told", isMet: nil,
        values: [
          ("hourBytes", hour["bytes"]), ("hourFlushes", hour["flushes"]), ("dayBytes", day["bytes"]),
          ("dayFlushes", day["flushes"]),
        ]))
    if hour["transactions"] == 0 { report.notes.append("e4: the session of the charging hour did not begin") }
  }

  // MARK: The bench station on a long queue

  private func start(
    _ bench: StationUnderTest, _ csms: BenchmarkCSMS, on state: String, callgrind: String? = nil
  ) throws -> Double {
    bench.stop(SIGKILL)
    try bench.replaceState(with: state)
    csms.forgetBoot()
    let begin = linux_boottime_ns()
    try bench.start(port: csms.port, freshState: false, callgrind: callgrind)
    try bench.until("BootNotification", seconds: callgrind == nil ? 30 : 180) { csms.bootAcceptedAt != nil }
    return Double((csms.bootAcceptedAt?.nanoseconds ?? begin) - begin)
  }

  /// Instructions from the start to the accepted boot; the queue waits until they are counted.
  private func countStart(_ bench: StationUnderTest, _ csms: BenchmarkCSMS, on state: String) throws -> Double {
    let file = bench.scratch.path + "/count-\(Files.list(bench.scratch.path).count)"
    csms.holdAnswers(true)
    defer { csms.holdAnswers(false) }
    _ = try start(bench, csms, on: state, callgrind: file)
    let counter = Callgrind(
      outFile: file, processID: bench.processID, log: bench.scratch.path + "/callgrind.log")
    let count = try counter.count()
    sleep(1)
    let rest = try counter.count()
    bench.stop(SIGKILL)
    guard rest.isTold else {
      throw BenchmarkFailure(description: "callgrind does not name what goes by the clock: see CallgrindCount")
    }
    return count.ofStart(rest: rest)
  }

  /// The goal states a time and that the queue's length is of no account. Beside the start with one record and a log of
  /// the same length, and in instructions at row a2's rate of 2 M a millisecond.
  private func startRow(
    _ time: Double, _ plainTime: Double, _ counts: (filled: Double, plain: Double)?
  ) -> BenchmarkRow {
    var figure = ""
    if let counts {
      figure = "\(Figure.instructions(counts.filled)) (with 1 queued: \(Figure.instructions(counts.plain))); "
    }
    figure += "\(Figure.milliseconds(time)) = \(Figure.ratio(time, plainTime, "with 1 queued"))"
    return BenchmarkRow(
      number: "a3", measurement: "start with \(events) queued, killed, to boot accepted", figure: figure,
      goal: "≤ 15 ms, whatever is queued",
      isMet: counts.map { $0.filled <= 30e6 && $0.filled <= 1.05 * $0.plain },
      judgedBy: counts.map { _ in "≤ 30 M instr., ≤ 1.05 × with 1 queued" },
      values: [("nanoseconds", time), ("nanosecondsWithout", plainTime)]
        + (counts.map { [("instructions", $0.filled), ("instructionsWithout", $0.plain)] } ?? []))
  }

  private func restarts(
    _ children: OutboxChildren, _ csms: BenchmarkCSMS, _ report: inout BenchmarkReport
  ) throws {
    let filled = try children.fill(events)
    let bench = try StationUnderTest(places: places)
    defer { bench.stop(SIGKILL) }
    // Beside each start on the long queue one on an empty one, so that the machine's mood can be told from the queue.
    let plain = try children.fill(1)
    var times: [Double] = []
    var plainTimes: [Double] = []
    for _ in 0..<(isQuick ? 3 : 11) {
      times.append(try start(bench, csms, on: filled))
      plainTimes.append(try start(bench, csms, on: plain))
    }
    let (time, plainTime) = (median(&times), median(&plainTimes))
    var counts: (filled: Double, plain: Double)?
    if Callgrind.isInstalled {
      var pairs: [(filled: Double, plain: Double)] = []
      for _ in 0..<3 { pairs.append((try countStart(bench, csms, on: filled), try countStart(bench, csms, on: plain))) }
      var (one, other) = (pairs.map(\.filled), pairs.map(\.plain))
      counts = (median(&one), median(&other))
    }
    report.add(startRow(time, plainTime, counts))

    // The last of these starts sends all that there is.
    bench.stop(SIGKILL)
    try bench.replaceState(with: filled)
    csms.forgetEvents()
    try bench.start(port: csms.port, freshState: false)
    try? bench.until("all events", seconds: 300) { csms.arrived(of: events) == events }
    let arrived = csms.arrived(of: events)
    report.add(
      BenchmarkRow(
        number: "e5", measurement: "of \(events) after SIGKILL, arrived", figure: "\(arrived)", goal: "all",
        isMet: arrived == events, isBinding: true, values: [("arrived", Double(arrived))]))

    func resident(_ isFilled: Bool) throws -> Double {
      bench.stop(SIGKILL)
      try bench.replaceState(with: isFilled ? filled : nil)
      // Nobody listens there: nothing is sent.
      try bench.start(port: 9, freshState: false)
      return Double(try bench.memoryAtRest().residentBytes)
    }
    // Half a megabyte is chance: how much of the program comes into memory with what it runs depends on where the system
    // has put it.
    var growths = try (0..<(isQuick ? 5 : 11)).map { _ in try resident(true) - resident(false) }
    let growth = median(&growths)
    report.add(
      BenchmarkRow(
        number: "b2", measurement: "RSS after restart with \(events) queued, over none",
        figure: Figure.megabytes(growth), goal: "≤ +1 MB", isMet: growth <= 1_000_000,
        values: [("residentBytes", growth)]))
    bench.stop(SIGKILL)
  }
}
