import CLinux
import Glibc

/// Small files, read and replaced whole.
enum FileAccess {
  static let maximumBytes = 4 << 20

  private static func failure(_ what: String, _ path: String) -> Failure {
    Failure(text: "\(path): \(what): \(String(cString: strerror(linux_errno())))", code: 74)
  }

  /// Nil when there is no such file.
  static func read(_ path: String, limit: Int = maximumBytes) throws(Failure) -> [UInt8]? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      if linux_errno() == ENOENT { return nil }
      throw failure("cannot be read", path)
    }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while bytes.count <= limit {
      let count = Glibc.read(descriptor, &chunk, chunk.count)
      if count < 0 {
        if linux_errno() == EINTR { continue }
        throw failure("cannot be read", path)
      }
      if count == 0 { return bytes }
      bytes += chunk[..<count]
    }
    throw Failure(text: "\(path): is longer than \(limit) bytes", code: 74)
  }

  /// Puts a new file in the place of the old one, so that a power cut leaves one of them whole. When root writes it, it
  /// belongs to whoever `place` belongs to: the station runs as a user of its own and has to read it.
  static func replace(
    _ path: String, with bytes: [UInt8], mode: mode_t, ownedLike place: String? = nil
  ) throws(Failure) {
    let temporary = path + ".new"
    unlink(temporary)
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
    guard descriptor >= 0 else { throw failure("cannot be written", path) }
    if let place, geteuid() == 0 {
      var owner = stat()
      if stat(place, &owner) == 0 { _ = fchown(descriptor, owner.st_uid, owner.st_gid) }
    }
    var sent = 0
    while sent < bytes.count {
      let count = bytes[sent...].withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if count < 0, linux_errno() == EINTR { continue }
      guard count > 0 else {
        close(descriptor)
        throw failure("cannot be written", path)
      }
      sent += count
    }
    let isSynced = fsync(descriptor) == 0
    close(descriptor)
    guard isSynced, rename(temporary, path) == 0 else { throw failure("cannot be written", path) }
    let directory = path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
    let parent = open(directory, O_RDONLY | O_CLOEXEC)
    if parent >= 0 {
      fsync(parent)
      close(parent)
    }
  }
}
