import CLinux
import ChargerBase
import Glibc
import Synchronization

/// A thread that works on files which may block (a converter behind I2C, a PWM behind SPI), so that the control lane
/// never does. What hangs in a file hangs here; the driver notices that no news come.
final class SysfsThread: @unchecked Sendable {
  // Unchecked: `thread` belongs to the owner; the descriptor and the body are constant.
  private let name: String
  private let body: () -> Duration
  private let bell = linux_eventfd()
  private let isStopping = Atomic(false)
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
    isStopping.store(true, ordering: .sequentiallyConsistent)
    ring()
    pthread_join(thread, nil)
  }

  private func run() {
    linux_name_thread(name)
    var entry = pollfd(fd: bell, events: Int16(POLLIN), revents: 0)
    while !isStopping.load(ordering: .sequentiallyConsistent) {
      let pause = body()
      _ = poll(&entry, 1, Int32(clamping: max(1, pause.wholeMilliseconds)))
      linux_eventfd_drain(bell)
    }
  }
}
