import CLinux
import Glibc
import OCPPJSON

/// Every transaction event as a line of JSON, appended to a file; read back at the next start.
final class TransactionFile {
  /// A longer file is not read back.
  static let maximumBytes = 256 * 1024 * 1024
  private let descriptor: Int32

  /// Nil when the file cannot be opened.
  init?(path: String) {
    descriptor = Glibc.open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
    if descriptor < 0 { return nil }
  }

  deinit { close(descriptor) }

  func append(_ line: JSONValue) {
    let bytes = line.bytes + [UInt8(ascii: "\n")]
    _ = write(descriptor, bytes, bytes.count)
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
