import CLinux
import ChargerBase
import Glibc
import Synchronization

/// A driver whose lines belong to a thread of their own, because the network loop may not wait for them: buttons, bay
/// detectors, lights.
protocol FrontPart: AnyObject, Sendable {
  /// Readable when `step` has something to do.
  var descriptors: [Int32] { get }
  /// Reads and drives the lines, on the lane's thread. Answers when it wants to be called again at the latest.
  func step(at now: MonotonicInstant) -> MonotonicInstant
}

/// Who steps the parts.
protocol FrontHost: AnyObject, Sendable {
  /// The part is stepped from now on, soon for the first time.
  func add(_ part: any FrontPart)
  /// The part is stepped once more, soon, and then let go.
  func remove(_ part: any FrontPart)
  /// Something was asked of a part.
  func wake()
}

/// The thread that serves all front parts of the station. It runs while there are parts.
final class FrontLane: FrontHost {
  static let shared = FrontLane()
  /// Parts are stepped this often whatever they say.
  private static let longestWait = Duration.seconds(1)

  private struct State {
    var parts: [any FrontPart] = []
    var leaving: [any FrontPart] = []
    var isRunning = false
  }

  private let state = Mutex(State())
  private let epoll = linux_epoll_create()
  private let bell = linux_eventfd()

  init() { linux_epoll_add(epoll, bell, 0) }

  deinit {
    for descriptor in [epoll, bell] where descriptor >= 0 { close(descriptor) }
  }

  func add(_ part: any FrontPart) {
    for descriptor in part.descriptors { linux_epoll_add(epoll, descriptor, 1) }
    let begins = state.withLock { state in
      state.parts.append(part)
      defer { state.isRunning = true }
      return !state.isRunning
    }
    if begins && !start() { state.withLock { $0.isRunning = false } }
    wake()
  }

  func remove(_ part: any FrontPart) {
    state.withLock { state in
      guard state.parts.contains(where: { $0 === part }) else { return }
      state.parts.removeAll { $0 === part }
      state.leaving.append(part)
    }
    for descriptor in part.descriptors { linux_epoll_remove(epoll, descriptor) }
    wake()
  }

  func wake() { linux_eventfd_signal(bell) }

  private func start() -> Bool {
    var thread = pthread_t()
    let retained = Unmanaged.passRetained(self)
    let code = pthread_create(
      &thread, nil,
      { argument in
        guard let argument else { return nil }
        Unmanaged<FrontLane>.fromOpaque(argument).takeRetainedValue().run()
        return nil
      }, retained.toOpaque())
    if code == 0 { pthread_detach(thread) } else { retained.release() }
    return code == 0
  }

  private func run() {
    linux_name_thread("gpio-front")
    var all = sigset_t()
    sigfillset(&all)
    pthread_sigmask(SIG_BLOCK, &all, nil)
    var tags = [UInt64](repeating: 0, count: 16)
    while true {
      let (parts, leaving, isOver) = state.withLock { state in
        defer { state.leaving = [] }
        let isOver = state.parts.isEmpty && state.leaving.isEmpty
        if isOver { state.isRunning = false }
        return (state.parts, state.leaving, isOver)
      }
      if isOver { return }
      let now = MonotonicInstant(nanoseconds: linux_boottime_ns())
      var next = now + Self.longestWait
      for part in leaving { _ = part.step(at: now) }
      if parts.isEmpty { continue }
      for part in parts { next = min(next, part.step(at: now)) }
      // Rounded up: a part is not stepped in vain a moment before its time.
      let milliseconds = max(0, (next - now).wholeMilliseconds + 1)
      let count = tags.withUnsafeMutableBufferPointer {
        linux_epoll_wait(epoll, $0.baseAddress, Int32($0.count), Int32(clamping: milliseconds))
      }
      if count > 0 { linux_eventfd_drain(bell) }
    }
  }
}
