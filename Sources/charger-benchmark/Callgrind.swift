import CLinux
import Glibc

/// Exact instruction counts of a running program, by valgrind's callgrind.
final class Callgrind {
  private let outFile: String
  private let processID: pid_t
  private let log: String
  /// The last of callgrind's dumps, which it counts from 1, that a count has taken.
  private var lastDump = 0

  static var isInstalled: Bool {
    guard let probe = try? ChildProcess("valgrind", ["--version"], logPath: "/dev/null") else { return false }
    while probe.isRunning { usleep(1_000) }
    return true
  }

  init(outFile: String, processID: pid_t, log: String) {
    self.outFile = outFile
    self.processID = processID
    self.log = log
  }

  /// Counting begins anew. By a dump, not by `--zero`: whether that arrived is not to be seen.
  func zero() throws { _ = try dump() }

  /// Instructions since the start or the last `zero` or `count`.
  func count() throws -> CallgrindCount {
    try dump().reduce(into: CallgrindCount()) { sum, file in
      guard let thread = Files.read(file, limit: 64 * 1024 * 1024).flatMap(CallgrindCount.init(ofThread:)) else {
        throw BenchmarkFailure(description: "callgrind did not write \(file) to its end")
      }
      sum += thread
    }
  }

  /// Has callgrind write what it has counted since the last dump; answers the files, one for each thread.
  ///
  /// The program has written all of them when the request ends. The threads that the kernel lists are no measure: one
  /// that has just been made and has not run yet has no file. A request that did not reach the program is repeated,
  /// and should it arrive after all, the two dumps together are the count.
  private func dump() throws -> [String] {
    let folder = outFile.lastIndex(of: "/").map { String(outFile[..<$0]) } ?? "."
    let begin = "\(outFile.split(separator: "/").last ?? "")."
    let deadline = linux_boottime_ns() + 60_000_000_000
    repeat {
      let child = try ChildProcess("callgrind_control", ["--dump=benchmark", "\(processID)"], logPath: log)
      // A program that does not answer is no reason to wait for ever; what still asks ends with `child`.
      while child.isRunning, linux_boottime_ns() < deadline { usleep(2_000) }
      let dumps = Files.list(folder).compactMap { name -> (number: Int, path: String)? in
        guard name.hasPrefix(begin), let number = Int(name.dropFirst(begin.count).prefix { $0 != "-" }),
          number > lastDump
        else { return nil }
        return (number, "\(folder)/\(name)")
      }
      if let last = dumps.map(\.number).max() {
        lastDump = last
        return dumps.map(\.path)
      }
      usleep(200_000)
    } while linux_boottime_ns() < deadline
    throw BenchmarkFailure(description: "callgrind wrote no counts to \(outFile): \(Files.read(log) ?? "")")
  }
}

/// What a station has run, and of that what goes by the clock, not by the work that is measured.
///
/// Under callgrind a program is fifty times slower and the clock is not: what the station does at fixed times would be
/// counted fifty times too often, and the more often, the slower the machine.
struct CallgrindCount {
  /// A thread that turns by the clock.
  struct Turning {
    var instructions = 0.0
    var turns = 0.0

    static func += (left: inout Self, right: Self) {
      left.instructions += right.instructions
      left.turns += right.turns
    }

    /// Its first turn alone, by what one takes at rest.
    func first(by rest: Turning) -> Double {
      guard turns > 0, rest.turns > 0 else { return instructions }
      return max(0, instructions - (turns - 1) * rest.instructions / rest.turns)
    }
  }

  var total = 0.0
  /// The control thread, turn by turn.
  private var control = Turning()
  /// The thread that hears the simulated world's drivers, message by message.
  private var world = Turning()
  /// What the network loop makes of the control thread's facts.
  private var facts = 0.0

  init() {}

  /// One thread's file; nil when it is not complete.
  init?(ofThread text: String) {
    var isComplete = false
    var names: [Substring: Mark] = [:]  // looked up, never iterated
    var called: Mark?
    for line in text.split(separator: "\n") {
      if line.hasPrefix("cfn=") || line.hasPrefix("fn=") {
        // fn=(7) name, and from then on fn=(7)
        let rest = line.drop { $0 != "(" }
        guard let end = rest.firstIndex(of: ")") else { continue }
        let number = rest[...end]
        if let mark = Mark(in: rest[end...]) { names[number] = mark }
        if line.hasPrefix("c") { called = names[number] }
      } else if line.hasPrefix("calls="), let mark = called {
        let turns = line.dropFirst(6).prefix { $0.isNumber }
        add(turns: Double(turns) ?? 0, of: mark)
      } else if let mark = called {
        // The line behind `calls=`: a place, and what the calls took.
        if mark == .facts { facts += line.split(separator: " ").last.flatMap { Double($0) } ?? 0 }
        called = nil
      } else if line.hasPrefix("totals:") {
        total = line.split(separator: " ").last.flatMap { Double($0) } ?? 0
        isComplete = true
      }
    }
    guard isComplete else { return nil }
    if control.turns > 0 { control.instructions = total }
    if world.turns > 0 { world.instructions = total }
  }

  /// The functions that tell what goes by the clock.
  private enum Mark {
    case control, world, facts

    init?(in name: Substring) {
      guard name.contains("$s") else { return nil }
      if name.contains("12ControlCycleV7publishyyF") {
        self = .control
      } else if name.contains("11SocketWorldC4take") {
        self = .world
      } else if name.contains("8LoopBellC8Listener"), name.contains("channelReadComplete") {
        self = .facts
      } else {
        return nil
      }
    }
  }

  private mutating func add(turns: Double, of mark: Mark) {
    switch mark {
    case .control: control.turns += turns
    case .world: world.turns += turns
    case .facts: break
    }
  }

  static func += (left: inout Self, right: Self) {
    left.total += right.total
    left.control += right.control
    left.world += right.world
    left.facts += right.facts
  }

  /// The names are found: otherwise the counts would take in what goes by the clock.
  var isTold: Bool { control.turns > 0 && world.turns > 0 }

  /// Without what goes by the clock.
  var own: Double { total - control.instructions - world.instructions - facts }

  /// Of a start: with the first turn of each thread that turns by the clock.
  func ofStart(rest: CallgrindCount) -> Double {
    own + control.first(by: rest.control) + world.first(by: rest.world)
  }
}
