import CLinux
import Glibc
import ChargerBase

struct BenchmarkFailure: Error, CustomStringConvertible {
  var description: String
}

/// A program that the benchmark starts, watches and ends.
final class ChildProcess {
  let processID: pid_t
  private var hasEnded = false

  /// - Parameter logPath: where its output goes.
  init(_ path: String, _ arguments: [String], logPath: String) throws {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, logPath, O_WRONLY | O_CREAT | O_APPEND, 0o600)
    posix_spawn_file_actions_adddup2(&actions, 1, 2)
    var argv: [UnsafeMutablePointer<CChar>?] = ([path] + arguments).map { strdup($0) }
    argv.append(nil)
    defer { for pointer in argv { free(pointer) } }
    var child: pid_t = 0
    let status = posix_spawnp(&child, path, &actions, nil, argv, linux_environment())
    guard status == 0 else {
      throw BenchmarkFailure(description: "\(path) cannot be started: \(String(cString: strerror(status)))")
    }
    processID = child
  }

  var isRunning: Bool {
    guard !hasEnded else { return false }
    var status: Int32 = 0
    if waitpid(processID, &status, WNOHANG) == processID { hasEnded = true }
    return !hasEnded
  }

  /// Waits until it has ended by itself.
  func wait() { while isRunning { usleep(2_000) } }

  /// Sends a signal and waits for the end.
  func end(_ signal: Int32 = SIGTERM) {
    guard !hasEnded else { return }
    kill(processID, signal)
    var status: Int32 = 0
    while waitpid(processID, &status, 0) < 0, linux_errno() == EINTR {}
    hasEnded = true
  }

  deinit { end(SIGKILL) }
}

/// A folder that goes when the benchmark ends.
final class ScratchFolder {
  let path: String

  /// On /tmp when there is no such folder.
  init(in folder: String = "/tmp") throws {
    let parent = access(folder, W_OK) == 0 ? folder : "/tmp"
    guard let made = linux_make_directory(parent, "charger-benchmark") else {
      throw BenchmarkFailure(description: "no scratch folder can be made in \(parent)")
    }
    defer { free(made) }
    path = String(cString: made)
  }

  deinit {
    if let remover = try? ChildProcess("rm", ["-rf", path], logPath: "/dev/null") {
      var status: Int32 = 0
      waitpid(remover.processID, &status, 0)
    }
  }
}

enum Files {
  static func read(_ path: String, limit: Int = 16 * 1024 * 1024) -> String? {
    bytes(path, limit: limit).map { String(decoding: $0, as: UTF8.self) }
  }

  static func bytes(_ path: String, limit: Int) -> [UInt8]? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var block = [UInt8](repeating: 0, count: 64 * 1024)
    while bytes.count < limit {
      let count = block.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress, $0.count) }
      guard count > 0 else { break }
      bytes.append(contentsOf: block[..<count])
    }
    return bytes
  }

  static func write(_ text: String, to path: String, mode: mode_t = 0o600) throws {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)
    guard descriptor >= 0 else { throw BenchmarkFailure(description: "\(path) cannot be written") }
    defer { close(descriptor) }
    var copy = text
    let written = copy.withUTF8 { Glibc.write(descriptor, $0.baseAddress, $0.count) }
    guard written == text.utf8.count else { throw BenchmarkFailure(description: "\(path) cannot be written whole") }
  }

  static func size(_ path: String) -> Int64? {
    var status = stat()
    return stat(path, &status) == 0 ? Int64(status.st_size) : nil
  }

  static func list(_ path: String) -> [String] {
    guard let directory = opendir(path) else { return [] }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { tuple in
        tuple.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names
  }
}
