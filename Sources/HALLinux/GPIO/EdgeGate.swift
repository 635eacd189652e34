import CLinux
import ChargerBase
import Glibc

/// The descriptor by which an input wakes its driver: readable with each edge, and in a storm of edges every tick only.
///
/// It is an epoll instance over the line and a timer.
final class EdgeGate {
  let descriptor: Int32
  private let line: Int32
  private let timer: Int32
  private var storm = EdgeStorm()
  /// The line's edges wake; else the timer does.
  private var isWatched = true

  /// Nil when the system gives no descriptors.
  init?(over line: Int32) {
    self.line = line
    descriptor = linux_epoll_create()
    timer = linux_timerfd()
    guard descriptor >= 0, timer >= 0, linux_epoll_add(descriptor, timer, 0) == 0,
      linux_epoll_add(descriptor, line, 1) == 0
    else { return nil }
  }

  deinit {
    for open in [descriptor, timer] where open >= 0 { close(open) }
  }

  var isStorming: Bool { storm.isRaging }

  /// The line was read, with so many edges that had waited.
  func wasRead(edges: Int, at now: MonotonicInstant) {
    let hasChanged = storm.note(edges, at: now)
    if storm.isRaging {
      if hasChanged { linux_epoll_remove(descriptor, line) }
      isWatched = false
    } else if !isWatched, linux_epoll_add(descriptor, line, 1) == 0 {
      // What waits there wakes at once.
      isWatched = true
      linux_timerfd_arm(timer, 0)
    }
    // Arming anew makes it unreadable until the next tick. A system that has no memory for the line now is asked again.
    if !isWatched { linux_timerfd_arm(timer, (now + EdgeStorm.tick).nanoseconds) }
  }
}
