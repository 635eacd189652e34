import Glibc
import Synchronization

/// Notices when this program's threads do not run although they could: it was stopped, or the machine does other work.
///
/// As many threads as there are processors sleep for moments, and look how much later than wanted they wake up.
final class StandstillWatch: Sendable {
  /// Shorter delays than this are no standstill: every limit of the suites has room for more.
  private static let shortest: Int64 = 20_000_000
  private static let pause: UInt32 = 2_000
  private static let mostThreads = 8

  private let hasStoodStill = Atomic<Bool>(false)
  private let isStopping = Atomic<Bool>(false)
  private let threads = Mutex<[PlainThread]>([])

  func start() {
    let processors = max(1, min(sysconf(Int32(_SC_NPROCESSORS_ONLN)), Self.mostThreads))
    for _ in 0..<processors { watch() }
  }

  /// Ends the watching; answers whether the program has stood still meanwhile.
  func stop() -> Bool {
    isStopping.store(true, ordering: .relaxed)
    threads.withLock { threads in
      for thread in threads { thread.join() }
      threads = []
    }
    return hasStoodStill.load(ordering: .relaxed)
  }

  private func watch() {
    guard let thread = try? PlainThread({ [self] in run() }) else { return }
    threads.withLock { $0.append(thread) }
  }

  private func run() {
    while !isStopping.load(ordering: .relaxed) {
      let before = clock()
      usleep(Self.pause)
      if clock() - before > Self.shortest { hasStoodStill.store(true, ordering: .relaxed) }
    }
  }

  private func clock() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }
}
