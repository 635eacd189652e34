import Glibc
import NIOConcurrencyHelpers
import OCPPPorts
import OCPPStorage

/// Makes the store's write-ahead log nine tenths as long as it gets: what it holds is read and checked at each start, and
/// where in its cycle of a thousand pages a kill finds it is chance. Not the whole length: a start's own commits could then
/// have the log taken over in one run and not in the next.
struct LogPadding: Sendable {
  private let path: String
  private let answered = NIOLockedValueBox<UInt64>(0)

  init(directory: String) { path = directory + "/station.db-wal" }

  /// The engine's requests count from one.
  private static let firstID: UInt64 = 1 << 62

  func takes(_ event: StoreEvent) -> Bool {
    guard case .committed(let id) = event, id.number >= Self.firstID else { return false }
    answered.withLockedValue { $0 = id.number }
    return true
  }

  /// Writes the same small document until the log is as long as it should be.
  func fill(_ store: SQLiteStationStore) throws {
    let limit = StoreOptions().checkpointPages
    var id = Self.firstID
    while !((limit - 130)..<(limit - 100)).contains(pages) {
      id += 1
      guard id < Self.firstID + 4_000 else {
        throw BenchmarkFailure(description: "\(path) does not grow to \(limit - 130) pages")
      }
      store.commit(
        [
          .putDocument(
            .engine, key: "benchmark.padding", body: Array(repeating: UInt8(truncatingIfNeeded: id), count: 64))
        ],
        durability: .relaxed, id: StoreRequestID(id))
      var waited = 0
      while answered.withLockedValue({ $0 }) != id {
        usleep(200)
        waited += 1
        guard waited < 300_000 else { throw BenchmarkFailure(description: "the store does not answer") }
      }
    }
  }

  /// Pages in the log since it was last begun anew; those carry its present salts (SQLite, "The WAL File Format").
  private var pages: Int {
    guard let bytes = Files.bytes(path, limit: 64 * 1024 * 1024), bytes.count >= 32 else { return 0 }
    let size = bytes[8..<12].reduce(0) { $0 << 8 | Int($1) }
    guard size > 0 else { return 0 }
    let salts = bytes[16..<24]
    var count = 0
    var start = 32
    while start + 24 + size <= bytes.count, bytes[start + 8..<start + 16].elementsEqual(salts) {
      count += 1
      start += 24 + size
    }
    return count
  }
}
