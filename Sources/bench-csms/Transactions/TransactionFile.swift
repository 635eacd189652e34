import CLinux
import Glibc
import OCPPJSON

/// Every transaction event as a line of JSON, appended to a file; read back at the next start.
final class TransactionFile {
  /// A longer file is neither read back nor continued.
  static let maximumBytes = 256 * 1024 * 1024
  private let descriptor: Int32
  private var size: Int

  /// Nil when the file cannot be opened.
  init?(path: String) {
    descriptor = Glibc.open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
    if descriptor < 0 { return nil }
    size = Int(lseek(descriptor, 0, SEEK_END))
  }

  deinit { close(descriptor) }

  /// False when the file is full or cannot be written.
  func append(_ line: JSONValue) -> Bool {
    let bytes = line.bytes + [UInt8(ascii: "\n")]
    guard size <= Self.maximumBytes - bytes.count, write(descriptor, bytes, bytes.count) == bytes.count else {
      return false
    }
    size += bytes.count
    return true
  }

  /// The lines of earlier runs; one that was cut off is left out.
  func lines() -> [JSONValue] {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    lseek(descriptor, 0, SEEK_SET)
    while bytes.count < Self.maximumBytes {
      let count = read(descriptor, &buffer, buffer.count)
      guard count > 0 else { break }
      bytes += buffer.prefix(count)
    }
    return bytes.split(separator: UInt8(ascii: "\n")).compactMap { try? JSONValue(parsing: $0) }
  }
}
