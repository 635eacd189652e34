import CLinux
import Glibc
import OCPPPorts

/// The directory of the state, held by one program at a time.
final class StateDirectory {
  static let databaseName = "station.db"
  static let lockName = "station.lock"
  static let suspectName = "station.db.suspect"
  static let unwrittenName = "station.unwritten"
  /// Damaged files that are kept at most; the oldest names go first.
  static let maximumSetAside = 8

  let path: String
  private let lock: Int32
  /// Eight bytes that exist from the start on, so that they can be rewritten on a full disk; -1 when they cannot be had.
  private var unwritten: Int32 = -1

  var databasePath: String { path + "/" + Self.databaseName }
  private var suspectPath: String { path + "/" + Self.suspectName }

  /// Makes the directory (0700) and the database file (0600) when they are missing, and takes the lock.
  init(_ path: String) throws(StoreFailure) {
    self.path = path
    try Self.makeDirectory(path)
    let lockPath = path + "/" + Self.lockName
    let descriptor = Glibc.open(lockPath, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw StoreFailure(errno: errno, doing: "cannot open \(lockPath)") }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      let code = errno
      Glibc.close(descriptor)
      if code == EWOULDBLOCK {
        throw StoreFailure(.other, detail: "another program already uses the state directory \(path)")
      }
      throw StoreFailure(errno: code, doing: "cannot lock \(lockPath)")
    }
    lock = descriptor
  }

  deinit {
    Glibc.close(lock)
    if unwritten >= 0 { Glibc.close(unwritten) }
  }

  /// SQLite gives its log the same mode as the database.
  func makeDatabaseFile() throws(StoreFailure) {
    let descriptor = Glibc.open(databasePath, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw StoreFailure(errno: errno, doing: "cannot open \(databasePath)") }
    Glibc.close(descriptor)
    Self.synchronize(path)
  }

  private static func makeDirectory(_ path: String) throws(StoreFailure) {
    var made = ""
    for (index, part) in path.split(separator: "/", omittingEmptySubsequences: true).enumerated() {
      made += (index == 0 && !path.hasPrefix("/") ? "" : "/") + String(part)
      if mkdir(made, 0o700) == 0 || errno == EEXIST { continue }
      // A parent may be there and closed to us; the last part decides.
      let code = errno
      var status = stat()
      guard stat(made, &status) == 0 else { throw StoreFailure(errno: code, doing: "cannot make \(made)") }
    }
    var status = stat()
    guard stat(path, &status) == 0 else { throw StoreFailure(errno: errno, doing: "cannot use \(path)") }
    guard status.st_mode & S_IFMT == S_IFDIR else { throw StoreFailure(.other, detail: "\(path) is no directory") }
  }

  /// Makes new names durable.
  private static func synchronize(_ directory: String) {
    let descriptor = Glibc.open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    fsync(descriptor)
    Glibc.close(descriptor)
  }

  // MARK: - Records that could not be written

  /// What the last run could not write, and opens the note for this one. The number stays until `noteUnwritten`.
  func takeUnwritten() -> Int {
    let name = path + "/" + Self.unwrittenName
    unwritten = Glibc.open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard unwritten >= 0 else { return 0 }
    var bytes = [UInt8](repeating: 0, count: 8)
    guard pread(unwritten, &bytes, 8, 0) == 8 else {
      noteUnwritten(0)
      return 0
    }
    return bytes.reduce(0) { ($0 & 0xFF_FFFF) << 8 | Int($1) }
  }

  /// In place, big end first, and flushed.
  func noteUnwritten(_ count: Int) {
    guard unwritten >= 0 else { return }
    let value = UInt64(clamping: count)
    let bytes = (0..<8).map { UInt8(truncatingIfNeeded: value >> (56 - 8 * UInt64($0))) }
    guard pwrite(unwritten, bytes, 8, 0) == 8 else { return }
    fdatasync(unwritten)
  }

  // MARK: - Damage

  /// Asks the next start for a thorough check.
  func markSuspect() {
    let descriptor = Glibc.open(suspectPath, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
    if descriptor >= 0 { Glibc.close(descriptor) }
  }

  var isSuspect: Bool { access(suspectPath, F_OK) == 0 }

  func clearSuspect() { unlink(suspectPath) }

  /// Renames the database and its log to `station.db.corrupt-N`, and answers the new path.
  func setAside() throws(StoreFailure) -> String {
    var number = 1
    while number < Self.maximumSetAside, access("\(databasePath).corrupt-\(number)", F_OK) == 0 { number += 1 }
    let target = "\(databasePath).corrupt-\(number)"
    unlink(target + "-wal")
    unlink(target + "-shm")
    guard rename(databasePath, target) == 0 else {
      throw StoreFailure(errno: errno, doing: "cannot set aside \(databasePath)")
    }
    rename(databasePath + "-wal", target + "-wal")
    unlink(databasePath + "-shm")
    Self.synchronize(path)
    return target
  }
}
