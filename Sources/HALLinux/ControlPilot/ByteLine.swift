import CLinux
import ChargerBase
import Glibc

/// A line on which bytes go both ways and nothing waits.
protocol ByteLine: AnyObject {
  /// Becomes readable when bytes have come or the instant of `wake(at:)` has; nil for a line that must be asked.
  var wakeDescriptor: Int32? { get }
  /// Reads what has come into the buffer's beginning; 0 when there is nothing.
  func read(into buffer: inout [UInt8]) -> Int
  /// The time after the last read. What was read has come by then; it may have come after `now`, where the thread was
  /// held up between taking its time and reading.
  func arrival(servedAt now: MonotonicInstant) -> MonotonicInstant
  /// Writes a part of the buffer; answers how many bytes the line has taken.
  func write(_ buffer: [UInt8], from start: Int, to end: Int) -> Int
  /// Makes the descriptor readable at this instant; replaces the instant before.
  func wake(at instant: MonotonicInstant)
  /// Opens the line again when its device was gone and is back; answers whether there is a line now.
  func restore(at now: MonotonicInstant) -> Bool
}

/// A serial port under a driver that never waits: 8 data bits, no parity, one stop bit, raw, no flow control, no modem
/// control, nobody else on it.
///
/// A port whose device vanishes (a USB adapter that is pulled) is tried again once a second.
final class SerialPort: ByteLine {
  /// The rates that a profile can name, in bits per second.
  static let rates: [Int64] = [9_600, 19_200, 38_400, 57_600, 115_200, 230_400, 460_800, 921_600]

  private static let reopenInterval = Duration.seconds(1)

  let path: String
  let rate: Int64
  var wakeDescriptor: Int32? { epoll }
  private let epoll: Int32
  private let timer: Int32
  /// Negative while the device is gone.
  private var descriptor: Int32
  private var nextAttempt = MonotonicInstant.zero
  private var armedFor: MonotonicInstant?

  /// - Throws: `SerialPortError` that names the port, the step and the system's reason.
  init(path: String, rate: Int64) throws(SerialPortError) {
    self.path = path
    self.rate = rate
    descriptor = try Self.open(path, rate)
    epoll = linux_epoll_create()
    timer = linux_timerfd()
    guard epoll >= 0, timer >= 0, linux_epoll_add(epoll, descriptor, 0) == 0, linux_epoll_add(epoll, timer, 1) == 0
    else { throw SerialPortError(path: path, step: .open, errorNumber: linux_errno(), rate: rate) }
  }

  deinit {
    for descriptor in [descriptor, timer, epoll] where descriptor >= 0 { close(descriptor) }
  }

  private static func open(_ path: String, _ rate: Int64) throws(SerialPortError) -> Int32 {
    var step: Int32 = 0
    let descriptor = linux_serial_open(path, Int(rate), &step)
    guard descriptor >= 0 else {
      throw SerialPortError(
        path: path, step: SerialPortError.Step(rawValue: UInt8(clamping: step)) ?? .open, errorNumber: linux_errno(),
        rate: rate)
    }
    return descriptor
  }

  func read(into buffer: inout [UInt8]) -> Int {
    guard descriptor >= 0 else { return 0 }
    let count = buffer.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress, $0.count) }
    if count > 0 { return count }
    let reason = linux_errno()
    // An end of file, or any error that waiting does not mend: the device is gone.
    if count == 0 || (reason != EAGAIN && reason != EINTR) { giveUp() }
    return 0
  }

  func arrival(servedAt now: MonotonicInstant) -> MonotonicInstant {
    max(now, MonotonicInstant(nanoseconds: linux_boottime_ns()))
  }

  func write(_ buffer: [UInt8], from start: Int, to end: Int) -> Int {
    guard descriptor >= 0, start >= 0, start < end, end <= buffer.count else { return 0 }
    let count = buffer.withUnsafeBytes {
      Glibc.write(descriptor, UnsafeRawBufferPointer(rebasing: $0[start..<end]).baseAddress, end - start)
    }
    return max(0, count)
  }

  func wake(at instant: MonotonicInstant) {
    // A timer that has fired is armed anew, which makes it quiet.
    guard instant != armedFor else { return }
    armedFor = instant
    linux_timerfd_arm(timer, max(1, instant.nanoseconds))
  }

  func restore(at now: MonotonicInstant) -> Bool {
    if descriptor >= 0 { return true }
    guard now >= nextAttempt else { return false }
    nextAttempt = now + Self.reopenInterval
    guard let new = try? Self.open(path, rate) else { return false }
    guard linux_epoll_add(epoll, new, 0) == 0 else {
      close(new)
      return false
    }
    descriptor = new
    return true
  }

  /// Closing takes it out of the wait, too: a device that is gone must not keep the lane awake.
  private func giveUp() {
    close(descriptor)
    descriptor = -1
  }
}

/// Why a serial port could not be had. Two errors are equal when their steps are.
public struct SerialPortError: Error, Sendable, Equatable, CustomStringConvertible {
  public enum Step: UInt8, Sendable {
    /// The device cannot be opened.
    case open
    /// It is no serial port.
    case notATerminal
    /// It does not take 8 data bits, no parity, no flow control.
    case settings
    /// It does not run at this rate.
    case rate
    /// Another program has it.
    case busy
  }

  public let path: String
  public let step: Step
  /// Linux's error number; 0 when Linux took a setting and did not keep it.
  public let errorNumber: Int32
  /// In bits per second.
  public let rate: Int64

  public static func == (left: SerialPortError, right: SerialPortError) -> Bool { left.step == right.step }

  public var description: String {
    let what =
      switch step {
      case .open: "cannot be opened"
      case .notATerminal: "is no serial port"
      case .settings: "does not take 8 data bits, no parity, one stop bit, no flow control"
      case .rate: "does not run at \(rate) Bd"
      case .busy: "is taken by another program"
      }
    guard errorNumber != 0, let reason = strerror(errorNumber) else { return "\(path) \(what)" }
    return "\(path) \(what): \(String(cString: reason))"
  }
}
