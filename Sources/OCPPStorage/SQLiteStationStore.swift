import CLinux
import ChargerBase
import Glibc
import OCPPPorts

/// How the store is dimensioned.
package struct StoreOptions: Sendable {
  /// The database file grows to this size at most. 256 MiB hold more than 200,000 records of a kibibyte.
  package var quotaBytes: Int64 = Self.quota(records: 200_000)
  /// With less than this free on the disk nothing is added; with less than two and four times as much space is critical
  /// and short (`StoreSpace`).
  package var reservedFreeBytes: UInt64 = 4 * 1024 * 1024
  /// Older dead letters are dropped and counted.
  package var maximumDeadLetters = 10_000
  /// Requests that may wait for the storage thread, and the bytes they may hold; what exceeds them fails as `.full`.
  package var maximumWaitingRequests = 4_096
  package var maximumWaitingBytes = 8 * 1024 * 1024
  /// The log is copied into the database when it has so many pages.
  package var checkpointPages = 1_000

  package init() {}

  /// A database that holds so many records: 256 MiB for 200,000.
  package static func quota(records: Int) -> Int64 {
    Int64(records).multipliedSaturating(by: 256 * 1024 * 1024) / 200_000
  }
}

/// `StationStore` on SQLite: a write-ahead log in the state directory, written by one thread.
///
/// The thread takes all that waits and applies it as one transaction with one flush; a request that fails in it is
/// undone alone. Killing the program at any instant loses nothing that was told `.committed`.
///
/// `@unchecked Sendable`: the queue has a lock of its own, everything else is constant after `open` or belongs to
/// the storage thread; `close` is called once, by the owner.
package final class SQLiteStationStore: StationStore, @unchecked Sendable {
  /// Not nil when a damaged database was found at `open`.
  package let salvage: SalvageReport?
  /// What of the state others could read at `open`, and what became of it; for the log.
  package let exposures: [String]
  private let queue: StoreRequestQueue
  private var thread: pthread_t?

  /// Opens the state of the station, making it if there is none. Takes the time of a few look-ups, however many records
  /// wait; blocks until done.
  ///
  /// - Parameter onEvent: called on the storage thread, once per request in the order of the requests. It must not
  ///   block, and hands over to the caller's own loop.
  /// - Throws: `StoreFailure` when the directory cannot be written, is full, is used by another program, or holds the
  ///   state of a newer one. A damaged file is no failure: it is set aside and told in `salvage`.
  package static func open(
    directory: String, options: StoreOptions = StoreOptions(), onEvent: @escaping @Sendable (StoreEvent) -> Void
  ) throws(StoreFailure) -> (store: SQLiteStationStore, snapshot: StoreSnapshot) {
    let directory = try StateDirectory(directory)
    var report: SalvageReport?
    let opened: OpenedStore
    do throws(StoreFailure) {
      try directory.makeDatabaseFile()
      opened = try OpenedStore(directory, options: options, checksThoroughly: directory.isSuspect)
    } catch {
      guard error.kind == .corrupt else { throw error }
      let damaged = try directory.setAside()
      try directory.makeDatabaseFile()
      report = try OpenedStore.salvage(from: damaged, into: directory, options: options, reason: error.detail)
      opened = try OpenedStore(directory, options: options, checksThoroughly: false)
    }
    directory.clearSuspect()
    let snapshot = opened.snapshot
    let queue = StoreRequestQueue(
      maximumRequests: options.maximumWaitingRequests, maximumBytes: options.maximumWaitingBytes)
    let lane = StorageLane(queue: queue, opened: opened, onEvent: onEvent)
    let store = SQLiteStationStore(queue: queue, salvage: report, exposures: directory.exposures)
    store.thread = try lane.start()
    return (store, snapshot)
  }

  private init(queue: StoreRequestQueue, salvage: SalvageReport?, exposures: [String]) {
    self.queue = queue
    self.exposures = exposures
    self.salvage = salvage
  }

  deinit { close() }

  package func commit(_ mutations: [StoreMutation], durability: StoreDurability, id: StoreRequestID) {
    queue.add(.commit(mutations, durability, id))
  }

  package func query(_ query: StoreQuery, id: StoreRequestID) {
    queue.add(.query(query, id))
  }

  package func noteUnwritten(_ records: Int) { queue.noteUnwritten(records) }

  package var statistics: StoreStatistics { queue.statistics }

  /// Answers what waits, closes the files and frees the state directory; blocks until done. Requests that come later
  /// are not answered. Not to be called from `onEvent`.
  package func close() {
    queue.close()
    guard let thread else { return }
    self.thread = nil
    pthread_join(thread, nil)
  }
}
