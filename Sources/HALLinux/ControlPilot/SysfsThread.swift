import CLinux
import ChargerBase
import Glibc

/// What a driver's own thread and the control lane share is moved under this lock. Its holder inherits the priority of
/// who waits for it.
final class SysfsLock: @unchecked Sendable {
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

/// A thread that works on files which may block (a converter behind I2C, a PWM behind SPI), so that the control lane
/// never does. What hangs in a file hangs here; the driver notices that no news come.
final class SysfsThread: @unchecked Sendable {
  // Unchecked: `thread` belongs to the owner; `isStopping` is under the lock; the descriptor and the body are constant.
  private let name: String
  private let body: () -> Duration
  private let bell = linux_eventfd()
  private let lock = SysfsLock()
  private var isStopping = false
  private var thread = pthread_t()
  private var isRunning = false

  /// - Parameter body: does one round and answers how long the thread may sleep when nobody rings.
  init(_ name: String, body: @escaping () -> Duration) {
    self.name = name
    self.body = body
  }

  deinit { if bell >= 0 { close(bell) } }

  /// False when there is no thread to be had.
  func start() -> Bool {
    guard bell >= 0, !isRunning else { return false }
    let retained = Unmanaged.passRetained(self)
    let code = pthread_create(
      &thread, nil,
      { argument in
        if let argument { Unmanaged<SysfsThread>.fromOpaque(argument).takeRetainedValue().run() }
        return nil
      }, retained.toOpaque())
    isRunning = code == 0
    if !isRunning { retained.release() }
    return isRunning
  }

  /// Ends the sleep.
  func ring() { linux_eventfd_signal(bell) }

  /// Waits for the end of the round that runs.
  func stop() {
    guard isRunning else { return }
    isRunning = false
    lock.locked { isStopping = true }
    ring()
    pthread_join(thread, nil)
  }

  private func run() {
    linux_name_thread(name)
    var entry = pollfd(fd: bell, events: Int16(POLLIN), revents: 0)
    while !lock.locked({ isStopping }) {
      let pause = body()
      _ = poll(&entry, 1, Int32(clamping: max(1, pause.wholeMilliseconds)))
      linux_eventfd_drain(bell)
    }
  }
}
