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
  /// Database, logs, lock, note and what was set aside, with room to spare.
  private static let maximumFiles = 64

  let path: String
  private let lock: Int32
  /// Eight bytes that exist from the start on, so that they can be rewritten on a full disk; -1 when they cannot be had.
  private var unwritten: Int32 = -1

  var databasePath: String { path + "/" + Self.databaseName }
  private var suspectPath: String { path + "/" + Self.suspectName }

  /// What was open to others at the start, and what became of it; for people.
  private(set) var exposures: [String] = []

  /// Makes the directory (0700) and the database file (0600) when they are missing, and takes the lock. Both hold
  /// passwords: what others may read of it is closed to them.
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
    closeToOthers()
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

  // MARK: - Who may read it

  /// A directory that is not the station's alone is not closed, only told: shared ones are sticky, another user's, or
  /// hold directories of others.
  private func closeToOthers() {
    var status = stat()
    guard stat(path, &status) == 0 else { return }
    let (names, hasDirectories) = Self.contents(of: path)
    for name in names {
      let file = path + "/" + name
      guard lstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_mode & 0o077 != 0 else { continue }
      closeToOthers(file, status.st_mode, to: 0o600)
    }
    guard stat(path, &status) == 0, status.st_mode & 0o077 != 0 else { return }
    guard status.st_mode & S_ISVTX == 0, status.st_uid == geteuid(), !hasDirectories else {
      return tell(path, status.st_mode, "it is shared, so it stays as it is. Remedy: a directory for the station alone")
    }
    closeToOthers(path, status.st_mode, to: 0o700)
  }

  private func closeToOthers(_ name: String, _ mode: mode_t, to closed: mode_t) {
    guard chmod(name, closed) == 0 else {
      return tell(name, mode, "and that could not be mended (\(String(cString: strerror(errno))))")
    }
    tell(name, mode, "mended: mode \(String(closed, radix: 8))")
  }

  private func tell(_ name: String, _ mode: mode_t, _ outcome: String) {
    exposures.append(
      "\(name) was open to others (mode \(String(mode & 0o777, radix: 8))) and holds passwords; \(outcome)")
  }

  /// Files of the station's own, whatever their state, at most `maximumFiles`; and whether there are directories.
  private static func contents(of path: String) -> (names: [String], hasDirectories: Bool) {
    guard let directory = opendir(path) else { return ([], false) }
    defer { closedir(directory) }
    var names: [String] = []
    var hasDirectories = false
    while let entry = readdir(directory) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name.hasPrefix("station."), names.count < maximumFiles { names.append(name) }
      if name != ".", name != "..", entry.pointee.d_type == UInt8(DT_DIR) { hasDirectories = true }
    }
    return (names, hasDirectories)
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
