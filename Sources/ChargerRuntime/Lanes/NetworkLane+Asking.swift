import ChargerBase
import Glibc
import NIOConcurrencyHelpers
import NIOCore

extension NetworkLane {
  /// Runs `body` on the loop and waits for its answer, for `limit` at most: nil when the loop does not get to it. From
  /// any thread but the loop's own; for a program that ends, since a hung loop must not hold it.
  func ask<Answer: Sendable>(within limit: Duration, _ body: @escaping @Sendable () -> Answer) -> Answer? {
    let box = NIOLockedValueBox<Answer?>(nil)
    eventLoop.execute {
      let answer = body()
      box.withLockedValue { $0 = answer }
    }
    let deadline = time.now + limit
    while true {
      if let answer = box.withLockedValue({ $0 }) { return answer }
      guard time.now < deadline else { return nil }
      usleep(1_000)
    }
  }
}
