import CLinux
import Glibc
import ChargerBase
import JSONRPC
import OCPPJSON

/// Where the programs and the profile that are measured lie.
struct BenchmarkPlaces {
  /// The folder that holds the release programs.
  var programs: String
  var board: String
  var unit: String

  /// This program's own file.
  static var ownPath: String {
    var buffer = [CChar](repeating: 0, count: 4_096)
    let count = readlink("/proc/self/exe", &buffer, buffer.count - 1)
    return String(decoding: buffer.prefix(max(0, count)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// Beside this program itself, and in the work tree above it.
  static func standard() -> BenchmarkPlaces {
    let own = ownPath
    let folder = own.lastIndex(of: "/").map { String(own[..<$0]) } ?? "."
    return BenchmarkPlaces(programs: folder, board: "boards/bench-ac-dual.json", unit: "boards/bench-unit.json")
  }

  /// The file as it is named, or where the package charger-bench keeps it.
  static func found(_ path: String) -> String {
    let packaged = "/usr/share/charger/" + path
    return access(path, R_OK) != 0 && access(packaged, R_OK) == 0 ? packaged : path
  }
}

/// The simulated world and one bench station, as children.
final class StationUnderTest {
  let scratch: ScratchFolder
  let places: BenchmarkPlaces
  private let world: ChildProcess
  private(set) var station: ChildProcess?
  private let program: String
  private var starts = 0

  var processID: pid_t { station?.processID ?? 0 }

  init(places: BenchmarkPlaces) throws {
    self.places = places
    scratch = try ScratchFolder()
    program = scratch.path + "/chargerd-bench"
    // Stripped, as it ships; instruction counts of the unstripped program are the same.
    let strip = try ChildProcess(
      "strip", ["-s", "-o", program, places.programs + "/chargerd-bench"], logPath: scratch.path + "/strip.log")
    while strip.isRunning { usleep(1_000) }
    guard let unit = Files.read(places.unit) else {
      throw BenchmarkFailure(description: "\(places.unit) cannot be read")
    }
    try Files.write(unit, to: scratch.path + "/unit.json")
    let socket = scratch.path + "/world.sock"
    world = try ChildProcess(
      places.programs + "/bench-world", ["--board", places.board, "--socket", socket],
      logPath: scratch.path + "/world.log")
    try Self.wait(for: socket, of: world)
  }

  /// Starts the station against a CSMS on a loopback port.
  ///
  /// - Parameter callgrind: the file for instruction counts, or nil to run at full speed.
  func start(port: Int, freshState: Bool, callgrind: String? = nil) throws {
    starts += 1
    let state = freshState ? scratch.path + "/state-\(starts)" : scratch.path + "/state"
    let arguments = [
      "--board", places.board, "--unit", scratch.path + "/unit.json", "--state", state,
      "--csms", "ws://127.0.0.1:\(port)/ocpp", "--control", scratch.path + "/station.sock",
      "--world", scratch.path + "/world.sock", "--log-level", "warning",
    ]
    let log = scratch.path + "/station.log"
    if let callgrind {
      station = try ChildProcess(
        "valgrind", ["--tool=callgrind", "--callgrind-out-file=\(callgrind)", program] + arguments, logPath: log)
    } else {
      station = try ChildProcess(program, arguments, logPath: log)
    }
  }

  /// How long the program takes to be loaded, to tell its version and to end: nanoseconds.
  func bareStart() throws -> Double {
    let begin = linux_boottime_ns()
    try ChildProcess(program, ["--version"], logPath: "/dev/null").end(0)
    return Double(linux_boottime_ns() - begin)
  }

  /// Puts a copy of a state directory, or (nil) an empty one, in the place of the station's own.
  func replaceState(with folder: String?) throws {
    let state = scratch.path + "/state"
    for (command, arguments) in [("rm", ["-rf", state])] + (folder.map { [("cp", ["-r", $0, state])] } ?? []) {
      let child = try ChildProcess(command, arguments, logPath: "/dev/null")
      while child.isRunning { usleep(1_000) }
    }
  }

  func stop(_ signal: Int32 = SIGTERM) {
    station?.end(signal)
    station = nil
  }

  /// Plays something in the world.
  func world(_ method: String, _ params: JSONValue) throws {
    let client = try JSONRPCClient(path: scratch.path + "/world.sock")
    defer { client.close() }
    _ = try client.call(method, params)
  }

  /// Waits until `condition` holds; fails after `seconds`.
  func until(_ what: String, seconds: Double = 60, _ condition: () -> Bool) throws {
    let deadline = linux_boottime_ns() + Int64(seconds * 1_000_000_000)
    while !condition() {
      guard linux_boottime_ns() < deadline, station?.isRunning ?? true else {
        throw BenchmarkFailure(
          description:
            "\(what): not within \(Figure.fixed(seconds, 0)) s\n\(Files.read(scratch.path + "/station.log") ?? "")")
      }
      usleep(500)
    }
  }

  private static func wait(for socket: String, of process: ChildProcess) throws {
    let deadline = linux_boottime_ns() + 20_000_000_000
    while Files.size(socket) == nil {
      guard process.isRunning, linux_boottime_ns() < deadline else {
        throw BenchmarkFailure(description: "bench-world does not open \(socket)")
      }
      usleep(1_000)
    }
  }
}

/// Exact instruction counts of a running program, by valgrind's callgrind.
struct Callgrind {
  let outFile: String
  let processID: pid_t
  private let log: String

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

  func zero() throws { try control("--zero") }

  /// Instructions since the start or the last `zero` or `count`; `dump` counts the dumps from 1.
  func count(dump: Int) throws -> Double {
    try control("--dump=benchmark")
    let path = "\(outFile).\(dump)"
    let deadline = linux_boottime_ns() + 20_000_000_000
    while linux_boottime_ns() < deadline {
      for line in (Files.read(path, limit: 64 * 1024 * 1024) ?? "").split(separator: "\n")
      where line.hasPrefix("totals:") || line.hasPrefix("summary:") {
        if let count = line.split(separator: " ").dropFirst().first.flatMap({ Double($0) }) { return count }
      }
      usleep(20_000)
    }
    throw BenchmarkFailure(description: "callgrind wrote no counts to \(path)")
  }

  private func control(_ option: String) throws {
    let child = try ChildProcess("callgrind_control", [option, "\(processID)"], logPath: log)
    while child.isRunning { usleep(2_000) }
  }
}
