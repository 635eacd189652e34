import CLinux
import ChargerBase
import Glibc

/// A number in a file of the kernel's, kept open.
protocol SysfsValue: AnyObject {
  /// The number in thousandths of a millionth (ten to the minus nine); nil for what is none.
  func read() -> Int64?
  /// False when the kernel did not take it.
  func write(_ value: Int64) -> Bool
}

final class SysfsFile: SysfsValue {
  static let billion: Int64 = 1_000_000_000
  private let descriptor: Int32

  /// - Throws: `SysfsError` that names the file.
  init(_ path: String, writes: Bool = false) throws(SysfsError) {
    descriptor = linux_open(path, (writes ? O_RDWR : O_RDONLY) | O_CLOEXEC, 0)
    guard descriptor >= 0 else { throw SysfsError(path: path, errorNumber: linux_errno()) }
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  func read() -> Int64? {
    var text: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
    return withUnsafeMutableBytes(of: &text) { buffer -> Int64? in
      // Reading from the beginning makes the kernel measure anew.
      let count = pread(descriptor, buffer.baseAddress, buffer.count - 1, 0)
      guard count > 0, count < buffer.count - 1 else { return nil }
      return Self.parse(UnsafeRawBufferPointer(rebasing: buffer[0..<count]))
    }
  }

  func write(_ value: Int64) -> Bool {
    var text: (UInt64, UInt64, UInt64) = (0, 0, 0)
    return withUnsafeMutableBytes(of: &text) { buffer in
      var place = buffer.count - 1
      buffer[place] = UInt8(ascii: "\n")
      var rest = value.magnitude
      repeat {
        place -= 1
        buffer[place] = UInt8(truncatingIfNeeded: 48 + rest % 10)
        rest /= 10
      } while rest > 0 && place > 1
      if value < 0 {
        place -= 1
        buffer[place] = UInt8(ascii: "-")
      }
      let count = buffer.count - place
      return pwrite(descriptor, UnsafeRawBufferPointer(rebasing: buffer[place...]).baseAddress, count, 0) == count
    }
  }

  /// One line with one decimal number, as IIO writes them (`-12`, `0.250000000`); nil for anything else.
  static func parse(_ bytes: UnsafeRawBufferPointer) -> Int64? {
    var end = bytes.firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
    while end > 0, bytes[end - 1] == UInt8(ascii: " ") || bytes[end - 1] == 0 { end -= 1 }
    guard end > 0, let number = Decimal(jsonNumber: UnsafeRawBufferPointer(rebasing: bytes[0..<end])) else {
      return nil
    }
    return number.scaled(places: 9)
  }
}

/// A file of the kernel's that is not there, or refuses. Two errors are equal when their numbers are.
public struct SysfsError: Error, Sendable, Equatable, CustomStringConvertible {
  public let path: String
  /// Linux's error number; 0 where `reason` says more.
  public let errorNumber: Int32
  var reason = ""

  public static func == (left: SysfsError, right: SysfsError) -> Bool { left.errorNumber == right.errorNumber }

  public var description: String {
    guard errorNumber != 0, let text = strerror(errorNumber) else { return "\(path) \(reason)" }
    return "\(path): \(String(cString: text))"
  }
}
