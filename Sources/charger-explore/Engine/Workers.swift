import Glibc
import Synchronization

/// Explores scenarios side by side, the next one in the list whenever a thread is free.
final class Workers: Sendable {
  struct Options: Sendable {
    var mostStates = 20_000_000
    var ignored: [Rule] = []
    /// Ends everything as soon as one rule is broken.
    var stopsAtFirst = false
  }

  private struct Progress {
    var next = 0
    var results: [Exploration.Result] = []
  }

  private let scenarios: [Scenario]
  private let options: Options
  private let progress = Mutex(Progress())
  private let isStopped = Atomic(false)

  init(_ scenarios: [Scenario], _ options: Options) {
    self.scenarios = scenarios
    self.options = options
  }

  /// Explores all of them and answers the results in the order in which they came.
  func run(threads count: Int) -> [Exploration.Result] {
    var threads: [pthread_t] = []
    for _ in 0..<max(1, count) {
      var thread = pthread_t()
      let context = Unmanaged.passRetained(self).toOpaque()
      let status = pthread_create(
        &thread, nil,
        { context in
          guard let context else { return nil }
          Unmanaged<Workers>.fromOpaque(context).takeRetainedValue().work()
          return nil
        }, context)
      if status == 0 {
        threads.append(thread)
      } else {
        Unmanaged<Workers>.fromOpaque(context).release()
      }
    }
    // No thread could be had: then this one does it alone.
    if threads.isEmpty { work() }
    for thread in threads { pthread_join(thread, nil) }
    return progress.withLock(\.results)
  }

  private func work() {
    while let scenario = takeNext() {
      let exploration = Exploration(scenario, mostStates: options.mostStates, ignoring: options.ignored)
      let result = exploration.run { self.isStopped.load(ordering: .relaxed) }
      progress.withLock { progress in
        if result.wasStopped { return }
        progress.results.append(result)
        print(Report.line(result))
        if let finding = result.violation { print(Report.describe(finding, scenario)) }
        fflush(nil)
      }
      if result.violation != nil && options.stopsAtFirst { isStopped.store(true, ordering: .relaxed) }
    }
  }

  private func takeNext() -> Scenario? {
    guard !isStopped.load(ordering: .relaxed) else { return nil }
    return progress.withLock { progress in
      guard progress.next < scenarios.count else { return nil }
      defer { progress.next += 1 }
      return scenarios[progress.next]
    }
  }
}
