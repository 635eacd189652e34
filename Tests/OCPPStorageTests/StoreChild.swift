import ChargerBase
import Glibc
import OCPPPorts
import TemporaryDirectories
import Testing

@testable import OCPPStorage

/// This test program a second time, as a process that can be killed and measured by itself.
///
/// The child runs the test `runsAsChild` alone, which does the work that the environment names.
struct StoreChild {
  static let directoryVariable = "CHARGER_STORE_CHILD_DIRECTORY"
  static let taskVariable = "CHARGER_STORE_CHILD_TASK"
  let process: pid_t

  init(task: String, directory: String) throws {
    let arguments = [
      "/proc/self/exe", "--testing-library", "swift-testing", "--filter", "runsAsChild",
    ]
    let environment = ["\(Self.directoryVariable)=\(directory)", "\(Self.taskVariable)=\(task)"]
    var argv: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
    var envp: [UnsafeMutablePointer<CChar>?] = environment.map { strdup($0) } + [nil]
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

  /// The exit status, or nil when the child had to be killed after five minutes.
  func wait() -> Int32? {
    var status: Int32 = 0
    for _ in 0..<30_000 {
      if waitpid(process, &status, WNOHANG) == process { return status }
      usleep(10_000)
    }
    kill()
    return nil
  }
}

@Suite("Work done in a process of its own")
struct StoreChildWork {
  /// What the child noted, eight bytes a number, each written by one call: it survives the kill.
  static let noteName = "acknowledged"

  static func notes(in directory: TemporaryDirectory) -> [Int64] {
    let bytes = directory.bytes(of: noteName)
    return stride(from: 0, to: bytes.count - bytes.count % 8, by: 8).map { start in
      bytes[start..<start + 8].reversed().reduce(0) { $0 << 8 | Int64($1) }
    }
  }

  static func noteCount(in directory: String) -> Int {
    var status = stat()
    return stat("\(directory)/\(noteName)", &status) == 0 ? Int(status.st_size) / 8 : 0
  }

  @Test("A child of this test program writes until it is killed, or measures one pattern; otherwise nothing is done")
  func runsAsChild() throws {
    guard let directory = getenv(StoreChild.directoryVariable).map({ String(cString: $0) }),
      let task = getenv(StoreChild.taskVariable).map({ String(cString: $0) })
    else { return }
    let descriptor = open("\(directory)/\(Self.noteName)", O_WRONLY | O_CREAT | O_APPEND, 0o600)
    @Sendable func note(_ number: Int64) {
      withUnsafeBytes(of: number.littleEndian) { _ = write(descriptor, $0.baseAddress, 8) }
    }
    switch task {
    case "commit":
      let state = "\(directory)/state"
      let (store, snapshot) = try SQLiteStationStore.open(directory: state) { event in
        if case .committed(let id) = event { note(Int64(id.number)) }
      }
      var number = snapshot.lastOutboxNumber.rawValue
      let first = number - Int64(Self.noteCount(in: directory))
      let parent = getppid()  // a child whose test program was killed must not go on
      while getppid() == parent {
        number += 1
        // The record, its transaction's document and the removal of an old record in one commit.
        store.commit(
          [
            .append(entry(number, bytes: 300)),
            .putDocument(
              .transaction, key: "1", body: [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: 400)),
            .remove([OutboxNumber(number - 50)]),
          ], durability: number % 4 == 0 ? .relaxed : .full, id: StoreRequestID(UInt64(number)))
        while Int64(Self.noteCount(in: directory)) + 40 < number - first { usleep(500) }
      }
    case "lists":
      let (store, _) = try SQLiteStationStore.open(directory: "\(directory)/state") { event in
        if case .committed(let id) = event { note(Int64(id.number)) }
      }
      let parent = getppid()
      var version = 0
      while getppid() == parent {
        version += 1
        let body = [UInt8(truncatingIfNeeded: version)]
        store.commit(
          [TokenSamples.full(Int32(version), version..<version + 500, body: body)], durability: .full,
          id: StoreRequestID(UInt64(version)))
        while Self.noteCount(in: directory) < version - 1 { usleep(200) }
      }
    case "paced":
      // Online: a record with its transaction's document, durable; then its removal.
      let store = try StoreUnderTest("\(directory)/state")
      for number: Int64 in 1...20 { onlineEvent(store, number, in: directory) }
      let before = ProcessCounters.now()
      let flushes = store.store.statistics.flushes
      for number: Int64 in 21...120 { onlineEvent(store, number, in: directory) }
      note(Int64(ProcessCounters.now().writtenBytes - before.writtenBytes))
      note(Int64(store.store.statistics.flushes - flushes))
    case "offline":
      let store = try StoreUnderTest("\(directory)/state")
      for number: Int64 in 1...20 { store.commit([.append(entry(number, isOffline: true, bytes: 350))]) }
      let before = ProcessCounters.now()
      for number: Int64 in 21...120 { store.commit([.append(entry(number, isOffline: true, bytes: 350))]) }
      note(Int64(ProcessCounters.now().writtenBytes - before.writtenBytes))
    default: break
    }
  }

  private func onlineEvent(_ store: StoreUnderTest, _ number: Int64, in directory: String) {
    let body = [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: 300)
    store.commit([.append(entry(number, bytes: 350)), .putDocument(.transaction, key: "1", body: body)])
    store.commit([.remove([OutboxNumber(number)])], .relaxed)
    // At one event a minute the kernel writes the log's pages back in between.
    let log = open("\(directory)/state/station.db-wal", O_RDONLY)
    fsync(log)
    close(log)
  }

  @Test("Killed at any instant, nothing that was told committed is lost and nothing is half there", arguments: 0..<8)
  func killed(round: Int) throws {
    let directory = try TemporaryDirectory("store")
    let state = "\(directory.path)/state"
    defer { withExtendedLifetime(directory) {} }
    for life in 0..<2 {
      let child = try StoreChild(task: "commit", directory: directory.path)
      let wanted = Self.noteCount(in: directory.path) + 20 + round * 17
      for _ in 0..<120_000 where Self.noteCount(in: directory.path) < wanted { usleep(1_000) }
      usleep(UInt32(round * 311))
      child.kill()
      let acknowledged = Self.notes(in: directory).max() ?? 0
      #expect(acknowledged > 0, "the child of life \(life) did nothing")

      let store = try StoreUnderTest(state)
      #expect(store.store.salvage == nil)
      let last = store.snapshot.lastOutboxNumber.rawValue
      #expect(last >= acknowledged)
      let numbers = store.outbox().map(\.number.rawValue)
      #expect(numbers == Array(max(1, last - 49)...last))
      #expect(store.snapshot.waiting == [numbers.count, 0, 0])
      // The document of the same commit.
      #expect(store.snapshot.documents.first?.body.first == UInt8(truncatingIfNeeded: last))
    }
  }

  @Test("Flash: at most 14 kB and one flush for an online event, less for an offline one")
  func writtenBytes() throws {
    for (task, limit) in [("paced", 14_000), ("offline", 14_000)] {
      let directory = try TemporaryDirectory("store")
      #expect(try StoreChild(task: task, directory: directory.path).wait() == 0)
      let notes = Self.notes(in: directory)
      let bytes = try #require(notes.first) / 100
      print(
        "storage: \(bytes) bytes written per event, \(task)\(notes.count > 1 ? ", \(notes[1]) flushes per 100" : "")")
      #expect(bytes <= limit)
      if notes.count > 1 { #expect(notes[1] == 100) }
    }
  }
}
