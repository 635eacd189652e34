import Glibc
import OCPPPorts

/// What waits for the storage thread.
enum StoreRequest: Sendable {
  case commit([StoreMutation], StoreDurability, StoreRequestID)
  case query(StoreQuery, StoreRequestID)
  /// Came when the queue was full: answered in its turn, its contents are gone.
  case refused(StoreRequestID)

  var id: StoreRequestID {
    switch self {
    case .commit(_, _, let id), .query(_, let id), .refused(let id): id
    }
  }

  /// About how much memory the request holds.
  var byteCount: Int {
    guard case .commit(let mutations, _, _) = self else { return 0 }
    return mutations.reduce(0) { sum, mutation in
      switch mutation {
      case .append(let entry): sum + 64 + entry.body.count
      case .putDocument(_, let key, let body): sum + 64 + key.utf8.count + body.count
      case .remove(let numbers): sum + 64 + 8 * numbers.count
      case .updateTokenList(let update): sum + 64 + update.byteCount
      case .cacheToken(let token): sum + 128 + token.body.count
      default: sum + 64
      }
    }
  }
}

extension TokenListUpdate {
  /// About how much memory the entries hold, and room in the file they take.
  fileprivate var byteCount: Int { entries.reduce(0) { $0 + 24 + ($1.body?.count ?? 0) } }
}

/// What the store has done since it was opened; for benchmarks and the support bundle.
package struct StoreStatistics: Sendable, Equatable {
  package var requests = 0
  /// Transactions, and those among them that ended with a flush of their own.
  package var transactions = 0
  package var flushes = 0
  package var failures = 0
}

/// Hands requests from the callers to the storage thread.
///
/// `@unchecked Sendable`: every stored property is read and written under `mutex` alone.
final class StoreRequestQueue: @unchecked Sendable {
  /// Requests with contents that may wait. A refused one keeps only its id, and its caller keeps at least as much.
  let maximumRequests: Int
  let maximumBytes: Int
  private let mutex: UnsafeMutablePointer<pthread_mutex_t>
  private let condition: UnsafeMutablePointer<pthread_cond_t>
  private var waiting: [StoreRequest] = []
  private var contents = 0
  private var bytes = 0
  private var isClosed = false
  private var unwritten: Int?
  private var statisticsStorage = StoreStatistics()

  init(maximumRequests: Int, maximumBytes: Int) {
    self.maximumRequests = max(1, maximumRequests)
    self.maximumBytes = max(1, maximumBytes)
    mutex = .allocate(capacity: 1)
    condition = .allocate(capacity: 1)
    pthread_mutex_init(mutex, nil)
    // Waits end by the clock that nobody sets.
    var attributes = pthread_condattr_t()
    pthread_condattr_init(&attributes)
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
    pthread_cond_init(condition, &attributes)
    pthread_condattr_destroy(&attributes)
  }

  deinit {
    pthread_cond_destroy(condition)
    pthread_mutex_destroy(mutex)
    condition.deallocate()
    mutex.deallocate()
  }

  /// False after `close`: nobody will answer.
  @discardableResult
  func add(_ request: StoreRequest) -> Bool {
    let size = request.byteCount
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    guard !isClosed else { return false }
    let wasEmpty = waiting.isEmpty
    if contents < maximumRequests, contents == 0 || bytes + size <= maximumBytes {
      waiting.append(request)
      contents += 1
      bytes += size
    } else {
      waiting.append(.refused(request.id))
    }
    if wasEmpty { pthread_cond_signal(condition) }
    return true
  }

  /// The newest of these numbers alone counts.
  func noteUnwritten(_ count: Int) {
    pthread_mutex_lock(mutex)
    unwritten = count
    pthread_cond_signal(condition)
    pthread_mutex_unlock(mutex)
  }

  func takeUnwritten() -> Int? {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    defer { unwritten = nil }
    return unwritten
  }

  /// Waits for requests and takes all of them, none when there is only a note, or nothing came for so long; nil once the
  /// queue is closed and empty.
  func takeAll(patience: Duration? = nil) -> [StoreRequest]? {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    var end = timespec()
    if let patience {
      clock_gettime(CLOCK_MONOTONIC, &end)
      let nanoseconds = Int64(end.tv_nsec) + patience.components.attoseconds / 1_000_000_000
      end.tv_sec += Int(patience.components.seconds + nanoseconds / 1_000_000_000)
      end.tv_nsec = Int(nanoseconds % 1_000_000_000)
    }
    while waiting.isEmpty, unwritten == nil, !isClosed {
      guard patience != nil else {
        pthread_cond_wait(condition, mutex)
        continue
      }
      if pthread_cond_timedwait(condition, mutex, &end) == ETIMEDOUT { return [] }
    }
    guard !waiting.isEmpty || unwritten != nil else { return nil }
    let taken = waiting
    waiting = []
    contents = 0
    bytes = 0
    return taken
  }

  var statistics: StoreStatistics {
    get {
      pthread_mutex_lock(mutex)
      defer { pthread_mutex_unlock(mutex) }
      return statisticsStorage
    }
    set {
      pthread_mutex_lock(mutex)
      statisticsStorage = newValue
      pthread_mutex_unlock(mutex)
    }
  }

  /// What waits is still answered.
  func close() {
    pthread_mutex_lock(mutex)
    isClosed = true
    pthread_cond_signal(condition)
    pthread_mutex_unlock(mutex)
  }
}
