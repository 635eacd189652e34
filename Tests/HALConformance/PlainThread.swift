import Glibc

/// A thread of the system's own, which may block: Swift's concurrency has none.
package struct PlainThread: Sendable {
  private final class Work: Sendable {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
  }

  private let thread: pthread_t

  /// - Throws: ``ConformanceViolation`` when the system gives no thread.
  package init(_ body: @escaping @Sendable () -> Void) throws {
    var thread = pthread_t()
    let work = Unmanaged.passRetained(Work(body))
    let code = pthread_create(
      &thread, nil,
      { argument in
        if let argument { Unmanaged<Work>.fromOpaque(argument).takeRetainedValue().body() }
        return nil
      }, work.toOpaque())
    guard code == 0 else {
      work.release()
      throw ConformanceViolation("the system gives no thread: \(String(cString: strerror(code)))")
    }
    self.thread = thread
  }

  /// Waits until the body has been done. Once.
  package func join() { pthread_join(thread, nil) }
}
