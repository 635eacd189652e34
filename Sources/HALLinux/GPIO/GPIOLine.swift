import CGPIOD
import CLinux

/// Which line of which chip, and what "active" means on it.
public struct GPIOLineAddress: Sendable, Hashable, CustomStringConvertible {
  /// How the line is found on its chip. Names come from the device tree and survive changes of the numbering.
  public enum Selector: Sendable, Hashable {
    case name(String)
    case offset(UInt32)
  }

  /// The chip's device, as `/dev/gpiochip0`.
  public var chip: String
  public var line: Selector
  /// The line is active when its level is low.
  public var isActiveLow: Bool

  public init(chip: String, line: Selector, isActiveLow: Bool = false) {
    self.chip = chip
    self.line = line
    self.isActiveLow = isActiveLow
  }

  public var description: String {
    switch line {
    case .name(let name): "\(chip) line \"\(name)\""
    case .offset(let offset): "\(chip) line \(offset)"
    }
  }
}

/// Why a GPIO line could not be taken. Two errors are equal when their codes are.
public struct GPIOError: Error, Sendable, Equatable, CustomStringConvertible {
  public enum Code: UInt8, Sendable {
    /// The chip's device cannot be opened.
    case chip
    /// The chip has no such line.
    case line
    /// Someone else holds the line, or it cannot have this direction.
    case request
  }

  public let code: Code
  /// Linux's error number.
  public let errorNumber: Int32
  public let address: GPIOLineAddress

  public static func == (left: GPIOError, right: GPIOError) -> Bool { left.code == right.code }

  public var description: String {
    let what =
      switch code {
      case .chip: "the chip cannot be opened"
      case .line: "the chip has no such line"
      case .request: "the line cannot be taken"
      }
    let reason = strerror(errorNumber).map { String(cString: $0) } ?? "error \(errorNumber)"
    return "\(address): \(what): \(reason)"
  }
}

/// An output that a driver switches; active and inactive, whatever the polarity.
protocol DigitalOutput: AnyObject {
  /// False when the hardware did not take it.
  func set(_ isActive: Bool) -> Bool
}

/// An input that a driver reads.
protocol DigitalInput: AnyObject {
  /// Nil when the hardware did not answer.
  func get() -> Bool?
}

/// A GPIO line held by this process until the object goes away.
final class GPIOLine: DigitalOutput, DigitalInput {
  private let line: UnsafeMutablePointer<cgpiod_line>

  enum Direction {
    case input
    case output(initially: Bool)
  }

  init(_ address: GPIOLineAddress, direction: Direction, consumer: String) throws(GPIOError) {
    var isOutput: Int32 = 0
    var isActive: Int32 = 0
    if case .output(let initially) = direction {
      isOutput = 1
      isActive = initially ? 1 : 0
    }
    let isActiveLow: Int32 = address.isActiveLow ? 1 : 0
    var step: Int32 = 0
    let opened: UnsafeMutablePointer<cgpiod_line>?
    switch address.line {
    case .name(let name):
      opened = cgpiod_open(address.chip, name, 0, consumer, isOutput, isActiveLow, isActive, &step)
    case .offset(let offset):
      opened = cgpiod_open(address.chip, nil, offset, consumer, isOutput, isActiveLow, isActive, &step)
    }
    guard let opened else {
      let errorNumber = linux_errno()
      throw GPIOError(
        code: GPIOError.Code(step: step), errorNumber: errorNumber == 0 ? ENOENT : errorNumber, address: address)
    }
    line = opened
  }

  deinit { cgpiod_close(line) }

  func set(_ isActive: Bool) -> Bool { cgpiod_set(line, isActive ? 1 : 0) == 0 }

  func get() -> Bool? {
    switch cgpiod_get(line) {
    case 0: false
    case 1: true
    default: nil
    }
  }
}

extension GPIOError.Code {
  fileprivate init(step: Int32) {
    switch UInt32(bitPattern: step) {
    case cgpiod_step_chip.rawValue: self = .chip
    case cgpiod_step_line.rawValue: self = .line
    default: self = .request
    }
  }
}
