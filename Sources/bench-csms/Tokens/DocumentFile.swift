import CLinux
import Glibc
import JSONRPC
import OCPPJSON

/// A JSON document of one file, read whole at the start and replaced whole at each change.
struct DocumentFile {
  static let maximumBytes = 256 * 1024 * 1024
  let path: String

  /// Why a file cannot be used, in words.
  struct Failure: Error {
    var words: String
  }

  /// Nil when there is no such file.
  func read() throws(Failure) -> JSONValue? {
    let descriptor = linux_open(path, O_RDONLY | O_CLOEXEC, 0)
    guard descriptor >= 0 else {
      if linux_errno() == ENOENT { return nil }
      throw failure("cannot be read")
    }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = Glibc.read(descriptor, &chunk, chunk.count)
      if count < 0, linux_errno() == EINTR { continue }
      guard count >= 0 else { throw failure("cannot be read") }
      if count == 0 { break }
      bytes += chunk[..<count]
      guard bytes.count <= Self.maximumBytes else { throw Failure(words: "\(path): is longer than 256 MiB") }
    }
    do throws(JSONError) {
      return try JSONValue(
        parsing: bytes, limits: JSONLimits(maximumBytes: Self.maximumBytes, maximumItems: Self.maximumBytes))
    } catch {
      throw Failure(words: "\(path): is no JSON: \(error)")
    }
  }

  /// A cut at any instant leaves the old or the new document.
  func write(_ document: JSONValue) throws(Failure) {
    let temporary = path + ".new"
    unlink(temporary)
    let descriptor = linux_open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw failure("cannot be written") }
    var rest = (Self.lines(document) + [UInt8(ascii: "\n")])[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if count < 0, linux_errno() == EINTR { continue }
      guard count > 0 else {
        close(descriptor)
        throw failure("cannot be written")
      }
      rest = rest.dropFirst(count)
    }
    let isSynced = fsync(descriptor) == 0
    close(descriptor)
    guard isSynced, rename(temporary, path) == 0 else { throw failure("cannot be written") }
  }

  private func failure(_ what: String) -> Failure {
    Failure(words: "\(path): \(what): \(String(cString: strerror(linux_errno())))")
  }

  /// One line for each member and for each element of an array, so that a person can edit it.
  private static func lines(_ document: JSONValue) -> [UInt8] {
    guard let members = document.members else { return document.bytes }
    var text: [UInt8] = Array("{\n".utf8)
    for (index, member) in members.enumerated() {
      text += Array("  ".utf8) + JSONValue.string(member.name).bytes + Array(": ".utf8)
      if let elements = member.value.array, !elements.isEmpty {
        text += Array("[\n".utf8)
        for (place, element) in elements.enumerated() {
          text += Array("    ".utf8) + element.bytes + Array((place < elements.count - 1 ? ",\n" : "\n").utf8)
        }
        text += Array("  ]".utf8)
      } else {
        text += member.value.bytes
      }
      text += Array((index < members.count - 1 ? ",\n" : "\n").utf8)
    }
    return text + Array("}".utf8)
  }
}
