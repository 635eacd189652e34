import CLinux
import ChargerRuntime
import Glibc
import NIOConcurrencyHelpers

/// What the machine itself does to a control thread: the same two wake-ups as for an opening (the edge by eventfd, the
/// end of the filter by timer, in one epoll) at the same SCHED_FIFO priority, and nothing to do in them. How late it is
/// under a load is how late the best control thread would be.
final class BareThread: @unchecked Sendable {
  // Unchecked: descriptors are constant, times lie behind the lock, `thread` belongs to the owner.
  private struct Times {
    var edge: Int64 = 0
    var done: Int64?
    var isOver = false
  }

  private static let edgeTag: UInt64 = 0
  private static let timerTag: UInt64 = 1

  private let edges = linux_eventfd()
  private let bell = linux_eventfd()
  private let timer = linux_timerfd()
  private let epoll = linux_epoll_create()
  private let filter: Int64
  private let times = NIOLockedValueBox(Times())
  private var thread: WorkThread?

  /// - Parameter filter: nanoseconds between edge and deadline.
  init(filter: Int64) {
    self.filter = filter
    _ = linux_epoll_add(epoll, edges, Self.edgeTag)
    _ = linux_epoll_add(epoll, timer, Self.timerTag)
    thread = WorkThread { [self] in run() }
  }

  deinit { for descriptor in [edges, bell, timer, epoll] { close(descriptor) } }

  func stop() {
    times.withLockedValue { $0.isOver = true }
    linux_eventfd_signal(edges)
    thread?.join()
    thread = nil
  }

  /// One edge: nanoseconds from it to the end of the second wake-up, without the filter.
  func measure() throws -> Int64 {
    let edge = linux_boottime_ns()
    times.withLockedValue {
      $0.edge = edge
      $0.done = nil
    }
    linux_eventfd_signal(edges)
    while true {
      if let done = times.withLockedValue({ $0.done }) { return max(0, done - edge - filter) }
      guard linux_boottime_ns() - edge < 10_000_000_000 else {
        throw BenchmarkFailure(description: "the bare thread does not wake within 10 s")
      }
      var entry = pollfd(fd: bell, events: Int16(POLLIN), revents: 0)
      _ = poll(&entry, 1, 100)
      linux_eventfd_drain(bell)
    }
  }

  private func run() {
    if let priority = ControlLane.Options().realtimePriority { _ = linux_realtime_thread(priority) }
    linux_touch_stack(128 * 1024)
    var tags = [UInt64](repeating: 0, count: 2)
    while true {
      let count = tags.withUnsafeMutableBufferPointer { linux_epoll_wait(epoll, $0.baseAddress, Int32($0.count), -1) }
      guard count > 0 else { continue }
      for tag in tags.prefix(Int(count)) {
        if tag == Self.edgeTag {
          linux_eventfd_drain(edges)
          if times.withLockedValue({ $0.isOver }) { return }
          linux_timerfd_arm(timer, linux_boottime_ns() + filter)
        } else {
          linux_eventfd_drain(timer)
          let now = linux_boottime_ns()
          times.withLockedValue { $0.done = now }
          linux_eventfd_signal(bell)
        }
      }
    }
  }
}

/// How late something was, many times.
struct Lateness {
  let median: Double
  let high99: Double
  let high999: Double
  let worst: Double
  /// How many were later than the goal.
  let overGoal: Int

  /// - Parameters: nanoseconds.
  init(_ latencies: [Double], goal: Double) {
    let sorted = latencies.sorted()
    func at(_ thousandths: Int) -> Double {
      sorted.isEmpty ? 0 : sorted[min(sorted.count - 1, sorted.count * thousandths / 1_000)]
    }
    median = at(500)
    high99 = at(990)
    high999 = at(999)
    worst = sorted.last ?? 0
    overGoal = sorted.count { $0 > goal }
  }

  var text: String {
    "median \(Figure.microseconds(median)), 99 % \(Figure.microseconds(high99)), 99.9 % \(Figure.microseconds(high999)), worst \(Figure.microseconds(worst)), \(overGoal) over 2 ms"
  }

  func values(_ prefix: String) -> [(name: String, value: Double)] {
    [
      (prefix + "medianNanoseconds", median), (prefix + "high99Nanoseconds", high99),
      (prefix + "high999Nanoseconds", high999), (prefix + "worstNanoseconds", worst),
      (prefix + "overGoal", Double(overGoal)),
    ]
  }

  /// Half as much again and a tenth of a millisecond for the lane's own work. The worst is one single value of each, and
  /// differs by more between two runs of the same thread.
  func isAsGood(as bare: Lateness) -> Bool {
    func isNear(_ value: Double, _ other: Double) -> Bool { value <= 1.5 * other + 100_000 }
    return isNear(median, bare.median) && isNear(high99, bare.high99) && isNear(high999, bare.high999)
      && worst <= 2 * bare.worst
  }
}
