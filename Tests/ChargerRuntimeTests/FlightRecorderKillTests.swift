import CLinux
import ChargerBase
import ChargerRuntime
import EVSEControl
import Glibc
import TemporaryDirectories
import Testing

/// This test program a second time, recording until it is killed.
private struct RecordingChild {
  static let pathVariable = "CHARGER_RECORDING_CHILD_PATH"
  let process: pid_t

  init(path: String) throws {
    let arguments = ["/proc/self/exe", "--testing-library", "swift-testing", "--filter", "recordsAsChild"]
    var argv: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
    var envp: [UnsafeMutablePointer<CChar>?] = [strdup("\(Self.pathVariable)=\(path)"), nil]
    defer { for pointer in argv + envp { free(pointer) } }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
    var child: pid_t = 0
    let result = posix_spawn(&child, "/proc/self/exe", &actions, nil, &argv, &envp)
    try #require(result == 0, "posix_spawn: \(result)")
    process = child
  }

  func kill() {
    Glibc.kill(process, SIGKILL)
    var status: Int32 = 0
    waitpid(process, &status, 0)
  }
}

/// A number in a mapped file: the child says there, after each entry, how many it has written.
private final class SharedCounter {
  private let memory: UnsafeMutableRawPointer

  init?(path: String) {
    let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    guard ftruncate(descriptor, 8) == 0,
      let memory = mmap(nil, 8, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0), memory != MAP_FAILED
    else { return nil }
    self.memory = memory
  }

  deinit { munmap(memory, 8) }

  var value: UInt64 {
    get { memory.load(as: UInt64.self) }
    set { memory.storeBytes(of: newValue, as: UInt64.self) }
  }
}

@Suite("Flight recorder of a program that is killed", .serialized)
struct FlightRecorderKillTests {
  static let capacity = 512

  /// Everything in an entry follows from its number, so that a reader can tell a mixed one.
  private static func entry(_ number: UInt64) -> FlightRecord {
    FlightRecord(
      sequence: number, at: MonotonicInstant(nanoseconds: Int64(number) * 1_000_003), kind: .pilotState,
      connector: ConnectorID(evse: EVSEID(Int32(number % 7) + 1), number: Int32(number % 3) + 1),
      first: Int32(truncatingIfNeeded: number &* 2_654_435_761), second: -Int32(truncatingIfNeeded: number % 1_000_000))
  }

  @Test("A child of this test program records until it is killed; otherwise nothing is done")
  func recordsAsChild() {
    guard let path = getenv(RecordingChild.pathVariable).map({ String(cString: $0) }),
      let file = FlightRecorderFile(path: path, capacity: Self.capacity),
      let written = SharedCounter(path: path + ".written")
    else { return }
    let parent = getppid()  // a child whose test program was killed must not go on
    var number = file.recorder.count
    while number % 4_096 != 0 || getppid() == parent {
      number += 1
      file.recorder.record(Self.entry(number))
      written.value = number
    }
  }

  private func read(_ path: String) throws -> FlightRecording {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    try #require(descriptor >= 0)
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: 64 + Self.capacity * 32)
    let count = bytes.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress, $0.count) }
    try #require(count == bytes.count)
    return try #require(bytes.withUnsafeBytes { FlightRecording($0) })
  }

  @Test(
    "Killed with SIGKILL at any instant: every entry up to the kill is there, in order, none torn", arguments: 0..<6)
  func killed(round: Int) throws {
    let directory = try TemporaryDirectory("flight")
    defer { withExtendedLifetime(directory) {} }
    let path = directory.file("recording")
    let written = try #require(SharedCounter(path: path + ".written"))
    for life in 0..<5 {
      let before = written.value
      let child = try RecordingChild(path: path)
      #expect(eventually { written.value > before + 2_000 }, "the child of life \(life) records nothing")
      usleep(UInt32.random(in: 0...3_000))
      child.kill()
      let told = written.value
      let recording = try read(path)
      let newest = try #require(recording.records.last)
      #expect(newest.sequence == told || newest.sequence == told + 1, "the newest is the last that was written")
      #expect(recording.unreadable <= 1, "at most the one that was being written is not whole")
      #expect(recording.gaps == 0)
      #expect(recording.records.count >= Self.capacity - 1)
      #expect(recording.records.allSatisfy { $0 == Self.entry($0.sequence) }, "no entry is mixed from two")
    }
  }
}
