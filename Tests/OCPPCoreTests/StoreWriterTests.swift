import ChargerBase
import OCPPPorts
import Testing

@testable import OCPPCore

/// What the engine's writer makes of what is ready at the end of a turn: one commit, as lasting as its most lasting part.
@Suite("Batches for the store")
struct StoreWriterTests {
  private final class Store: StationStore {
    var commits: [(mutations: [StoreMutation], durability: StoreDurability)] = []

    func commit(_ mutations: [StoreMutation], durability: StoreDurability, id: StoreRequestID) {
      commits.append((mutations, durability))
    }
    func query(_ query: StoreQuery, id: StoreRequestID) {}
  }

  private let store = Store()
  private let writer: StoreWriter
  init() { writer = StoreWriter(store, snapshot: StoreSnapshot()) }

  private func event(_ number: Int64) -> StoreMutation {
    .append(
      OutboxEntry(
        number: OutboxNumber(number), lane: .transaction, group: "tx", isExpendable: false, position: Int32(number),
        isOffline: false, body: [UInt8(number)]))
  }

  private func transaction(_ key: String, _ body: UInt8) -> StoreMutation {
    .putDocument(.transaction, key: key, body: [body])
  }

  @Test("A billing event is flushed to the disk, whatever shares its commit, and wherever in it", arguments: 0..<3)
  func durability(place: Int) {
    for item in 0..<3 {
      if item == place {
        writer.write([event(1)], .full, .untilStored)
      } else {
        writer.write([transaction("\(item)", 1)], .relaxed, .untilStored)
      }
    }
    writer.flush(at: .zero)
    #expect(store.commits.map { $0.durability } == [.full])
    #expect(store.commits.first?.mutations.count == 3)
  }

  @Test("Of a document that changes several times in a commit the last word counts, and no event is left out or moved")
  func lastBody() {
    writer.write([event(1), transaction("1", 1)], .full, .untilStored)
    writer.write([transaction("2", 7)], .relaxed, .untilStored)
    writer.write([event(2), transaction("1", 2)], .full, .untilStored)
    writer.write([event(3), .removeDocument(.transaction, key: "2")], .full, .untilStored)
    writer.flush(at: .zero)
    #expect(
      store.commits.map { $0.mutations } == [
        [event(1), event(2), transaction("1", 2), event(3), .removeDocument(.transaction, key: "2")]
      ])
  }

  @Test("While a commit is under way the next waits, and one that failed comes before what came after it")
  func order() {
    writer.write([event(1)], .full, .untilStored)
    writer.flush(at: .zero)
    writer.write([event(2)], .full, .untilStored)
    writer.flush(at: .zero)
    #expect(store.commits.map { $0.mutations } == [[event(1)]])
    writer.handle(.failed(StoreRequestID(1), StoreFailure(.full, detail: "full")), at: .zero)
    writer.flush(at: .zero)
    #expect(store.commits.count == 1 && writer.nextDeadline == .zero + .seconds(1))
    writer.flush(at: .zero + .seconds(1))
    #expect(store.commits.map { $0.mutations } == [[event(1)], [event(1), event(2)]])
  }
}
