import CLinux
import ChargerBase
import Glibc

/// One descriptor for all that a driver waits for: the edges of its lines and its own next instant.
///
/// It is an epoll instance with a timer in it; the lane polls it like any other descriptor.
final class LineWake {
  let descriptor: Int32
  private let timer: Int32
  /// What the timer is armed for; zero while it is not.
  private var armedFor: Int64 = 0

  /// Nil when an input cannot tell its edges: the driver must be polled then.
  ///
  /// - Throws: `GPIOError` that names one of the driver's lines, with the system's reason.
  static func over(_ inputs: [any DigitalInput], of address: GPIOLineAddress) throws(GPIOError) -> LineWake? {
    var descriptors: [Int32] = []
    for input in inputs {
      guard let descriptor = input.descriptor else { return nil }
      descriptors.append(descriptor)
    }
    return try LineWake(descriptors, of: address)
  }

  private init(_ descriptors: [Int32], of address: GPIOLineAddress) throws(GPIOError) {
    descriptor = linux_epoll_create()
    timer = linux_timerfd()
    guard descriptor >= 0, timer >= 0, linux_epoll_add(descriptor, timer, 0) == 0,
      descriptors.allSatisfy({ linux_epoll_add(descriptor, $0, 1) == 0 })
    else { throw GPIOError(code: .system, errorNumber: linux_errno(), address: address) }
  }

  deinit {
    for open in [descriptor, timer] where open >= 0 { close(open) }
  }

  /// Wakes at an instant, and not before for the timer's sake; nil: not at all.
  func wake(at instant: MonotonicInstant?) {
    let wanted = instant.map { max(1, $0.nanoseconds) } ?? 0
    // One that has expired stays readable until it is armed for another instant, which may be none.
    guard wanted != armedFor else { return }
    armedFor = wanted
    linux_timerfd_arm(timer, wanted)
  }

  /// Wakes at once.
  func wakeSoon() { wake(at: MonotonicInstant(nanoseconds: 1)) }
}
