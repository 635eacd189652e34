import CLinux
import Glibc
import OCPPPorts

/// The storage thread: takes what waits, writes it, tells it.
///
/// `@unchecked Sendable`: made by the opener and handed over whole to the thread; from then on the thread alone uses it.
final class StorageLane: @unchecked Sendable {
  private static let stackBytes = 512 * 1024
  /// After so long without a request, a large update is over.
  private static let rest = Duration.milliseconds(500)
  private let queue: StoreRequestQueue
  private let onEvent: @Sendable (StoreEvent) -> Void
  private var opened: OpenedStore?

  init(queue: StoreRequestQueue, opened: OpenedStore, onEvent: @escaping @Sendable (StoreEvent) -> Void) {
    self.queue = queue
    self.opened = opened
    self.onEvent = onEvent
  }

  func start() throws(StoreFailure) -> pthread_t {
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    pthread_attr_setstacksize(&attributes, Self.stackBytes)
    defer { pthread_attr_destroy(&attributes) }
    var thread = pthread_t()
    let lane = Unmanaged.passRetained(self)
    let result = pthread_create(
      &thread, &attributes,
      { argument in
        guard let argument else { return nil }
        let lane = Unmanaged<StorageLane>.fromOpaque(argument).takeRetainedValue()
        linux_name_thread("storage")
        lane.run()
        return nil
      }, lane.toOpaque())
    guard result == 0 else {
      lane.release()
      throw StoreFailure(errno: result, doing: "cannot start the storage thread")
    }
    return thread
  }

  private func run() {
    while let requests = queue.takeAll(patience: opened?.writer.isBulky == true ? Self.rest : nil) {
      guard let opened else { return }
      if let count = queue.takeUnwritten() { opened.directory.noteUnwritten(count) }
      guard !requests.isEmpty else {
        opened.writer.rest()
        continue
      }
      let events = opened.writer.process(requests)
      queue.statistics = opened.writer.statistics
      for event in events { onEvent(event) }
    }
    // Closes the connection, which copies the log into the database.
    opened = nil
  }
}
