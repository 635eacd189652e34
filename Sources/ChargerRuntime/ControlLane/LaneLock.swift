import CLinux
import Glibc

/// The lock between lanes. Its holder inherits the priority of who waits for it, so that the control thread never waits
/// behind a thread of middle priority; sections under it only move values.
final class LaneLock: @unchecked Sendable {
  // Unchecked: the mutex is what makes other things safe to share, and its address never changes.
  private let mutex: UnsafeMutablePointer<pthread_mutex_t>

  init() {
    mutex = .allocate(capacity: 1)
    mutex.initialize(to: pthread_mutex_t())
    var attributes = pthread_mutexattr_t()
    pthread_mutexattr_init(&attributes)
    // Where the kernel has no priority inheritance the lock is a plain one.
    pthread_mutexattr_setprotocol(&attributes, Int32(PTHREAD_PRIO_INHERIT))
    if pthread_mutex_init(mutex, &attributes) != 0 { pthread_mutex_init(mutex, nil) }
    pthread_mutexattr_destroy(&attributes)
  }

  deinit {
    pthread_mutex_destroy(mutex)
    mutex.deallocate()
  }

  func locked<Result>(_ body: () -> Result) -> Result {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    return body()
  }
}
