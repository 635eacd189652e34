import CLinux
import Glibc

/// Runs this program again for one task, and reads what it tells.
final class OutboxChildren {
  struct Figures {
    fileprivate var values: [String: Double] = [:]  // looked up, never iterated
    subscript(name: String) -> Double { values[name] ?? 0 }
  }

  private let scratch: ScratchFolder
  private let memory: ScratchFolder
  private let program: String
  private let port: Int
  private var runs = 0

  init(port: Int) throws {
    self.port = port
    scratch = try ScratchFolder()
    memory = try ScratchFolder(in: "/dev/shm")
    program = scratch.path + "/charger-benchmark"
    // Stripped: valgrind reads the symbols of the other for seconds.
    let strip = try ChildProcess(
      "strip", ["-s", "-o", program, BenchmarkPlaces.ownPath], logPath: scratch.path + "/strip.log")
    while strip.isRunning { usleep(1_000) }
  }

  /// - Parameter meanwhile: what the other end does while the task runs; it fails when the task ends before.
  func run(
    _ task: OutboxStation.Task, _ rounds: Int, isPinned: Bool = false, isOnMemory: Bool = true,
    meanwhile: (() throws -> Void)? = nil
  ) throws -> Figures {
    let others = isPinned ? Processors.pinThisProgram() : nil
    defer { if others != nil { Processors.freeThisProgram() } }
    return try run(
      task.name, rounds, state: state(isOnMemory: isOnMemory), before: others.map { ["taskset", "-c", $0] },
      meanwhile: meanwhile)
  }

  func run(_ task: SteppedStation.Task, _ rounds: Int) throws -> Figures {
    try run(task.name, rounds, state: state(isOnMemory: false), before: nil)
  }

  /// Fills a state directory and dies by SIGKILL; answers where it lies.
  func fill(_ rounds: Int) throws -> String {
    let state = state(isOnMemory: false)
    _ = try run(OutboxStation.Task.fill.name, rounds, state: state, before: nil, isKilled: true)
    return state
  }

  func countInstructions(
    _ task: OutboxStation.Task, _ rounds: Int, meanwhile: (() throws -> Void)? = nil
  ) throws -> Double {
    let out = "\(scratch.path)/callgrind-\(task.rawValue)-\(rounds)"
    _ = try run(
      task.name, rounds, state: state(isOnMemory: true),
      before: ["valgrind", "--tool=callgrind", "--callgrind-out-file=\(out)"], meanwhile: meanwhile)
    let totals = (Files.read(out, limit: 64 * 1024 * 1024) ?? "").split(separator: "\n").last {
      $0.hasPrefix("totals:")
    }
    guard let count = totals?.split(separator: " ").dropFirst().first.flatMap({ Double($0) }) else {
      throw BenchmarkFailure(description: "callgrind wrote no counts to \(out)")
    }
    return count
  }

  /// Waits for something that another thread brings about.
  func until(_ what: String, _ condition: () -> Bool) throws {
    let deadline = linux_boottime_ns() + 60_000_000_000
    while !condition() {
      guard linux_boottime_ns() < deadline else { throw BenchmarkFailure(description: "\(what): not within 60 s") }
      usleep(500)
    }
  }

  private func state(isOnMemory: Bool) -> String {
    runs += 1
    return "\((isOnMemory ? memory : scratch).path)/state-\(runs)"
  }

  private func run(
    _ task: String, _ rounds: Int, state: String, before: [String]?, isKilled: Bool = false,
    meanwhile: (() throws -> Void)? = nil
  ) throws -> Figures {
    let log = "\(scratch.path)/\(task)-\(runs).log"
    let arguments = [program, "--inner", task, "--rounds", "\(rounds)", "--state", state, "--port", "\(port)"]
    let command = (before ?? []) + arguments
    let child = try ChildProcess(command[0], Array(command.dropFirst()), logPath: log)
    try meanwhile?()
    let deadline = linux_boottime_ns() + 180_000_000_000
    while child.isRunning {
      guard linux_boottime_ns() < deadline else { throw BenchmarkFailure(description: "\(task) does not end") }
      usleep(5_000)
    }
    var figures = Figures()
    for line in (Files.read(log) ?? "").split(separator: "\n") {
      let parts = line.split(separator: "=")
      if parts.count == 2, let value = Double(parts[1]) { figures.values[String(parts[0])] = value }
    }
    guard !figures.values.isEmpty else {
      throw BenchmarkFailure(description: "\(task) told nothing: \(Files.read(log) ?? "")")
    }
    return figures
  }
}

/// Which processors the two ends of a measurement run on: one for each end, so that neither is moved about.
enum Processors {
  /// Keeps every thread of this program on the first processor; answers the one for the other end, nil where there is
  /// only one or no `taskset`.
  static func pinThisProgram() -> String? {
    guard sysconf(Int32(_SC_NPROCESSORS_ONLN)) > 1, taskset("0") else { return nil }
    return "1"
  }

  static func freeThisProgram() { _ = taskset("0-\(sysconf(Int32(_SC_NPROCESSORS_ONLN)) - 1)") }

  private static func taskset(_ list: String) -> Bool {
    guard let child = try? ChildProcess("taskset", ["-a", "-c", "-p", list, "\(getpid())"], logPath: "/dev/null") else {
      return false
    }
    while child.isRunning { usleep(1_000) }
    return true
  }
}
