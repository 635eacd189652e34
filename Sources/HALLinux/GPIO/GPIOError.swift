import CGPIOD
import CLinux

/// Why a GPIO line could not be taken. Two errors are equal when their codes are.
public struct GPIOError: Error, Sendable, Equatable, CustomStringConvertible {
  public enum Code: UInt8, Sendable {
    /// The chip cannot be opened, or there is none of that name or label.
    case chip
    /// The chip has no such line.
    case line
    /// Someone else holds the line, or it cannot be what was asked of it.
    case request
    /// Several chips, or several lines, have that name.
    case ambiguous
    /// The driver cannot wait for its lines: a call of the system failed.
    case system
  }

  public let code: Code
  /// Linux's error number.
  public let errorNumber: Int32
  public let address: GPIOLineAddress
  /// Who holds the line, as he has named himself to the kernel; nil when nobody does.
  public var holder: String?

  init(code: Code, errorNumber: Int32, address: GPIOLineAddress, holder: String? = nil) {
    self.code = code
    self.errorNumber = errorNumber
    self.address = address
    self.holder = holder
  }

  public static func == (left: GPIOError, right: GPIOError) -> Bool { left.code == right.code }

  public var description: String {
    if let holder { return "\(address): the line is held by \(holder.isEmpty ? "somebody without a name" : holder)" }
    let reason = strerror(errorNumber).map { String(cString: $0) } ?? "error \(errorNumber)"
    let what =
      switch code {
      case .chip where address.chip == nil, .line where address.chip == nil: "no chip has such a line"
      case .chip where errorNumber == ENOENT && address.chip?.contains("/") == false:
        "no chip has this name or label"
      case .chip: "the chip cannot be opened: \(reason)"
      case .line: "the chip has no such line"
      case .request: "the line cannot be taken: \(reason)"
      case .ambiguous: "several lines have this name: the chip must be named by its path"
      case .system: "cannot be waited for: \(reason)"
      }
    return "\(address): \(what)"
  }
}

extension GPIOError.Code {
  init(step: Int32) {
    switch UInt32(bitPattern: step) {
    case cgpiod_step_chip.rawValue: self = .chip
    case cgpiod_step_line.rawValue: self = .line
    case cgpiod_step_ambiguous.rawValue: self = .ambiguous
    default: self = .request
    }
  }
}
