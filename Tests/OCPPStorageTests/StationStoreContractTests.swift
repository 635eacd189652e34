import ChargerBase
import OCPPPorts
import TemporaryDirectories
import Testing

@testable import OCPPStorage

@Suite("StationStore's obligations, on SQLite")
struct StationStoreContractTests {
  let directory: TemporaryDirectory
  init() throws { directory = try TemporaryDirectory("store") }

  @Test("StationStore 1: every request is answered once, in the order of the requests")
  func answersInOrder() throws {
    let store = try StoreUnderTest(directory.path)
    var ids: [StoreRequestID] = []
    for number in 1...300 {
      switch number % 3 {
      case 0:
        let id = store.nextID()
        store.store.query(.outbox(.transaction, after: OutboxNumber(0), limit: 1), id: id)
        ids.append(id)
      case 1: ids.append(store.submit([.append(entry(Int64(number)))], number % 2 == 0 ? .full : .relaxed))
      default: ids.append(store.submit([.append(entry(1))]))
      }
    }
    #expect(store.answers(300).map(\.id) == ids)
    store.store.close()
    #expect(store.answers(300).count == 300)
  }

  @Test("StationStore 2: a commit is applied whole or not at all, and the ones beside it are not touched")
  func wholeOrNotAtAll() throws {
    let store = try StoreUnderTest(directory.path)
    store.submit([.append(entry(1))])
    store.submit([.append(entry(2)), .putDocument(.engine, key: "boot", body: [1]), .append(entry(1))])
    store.submit([.append(entry(3)), .markOffline(through: OutboxNumber(1))])
    let answers = store.answers(3)
    #expect(answers.map(\.isCommitted) == [true, false, true])
    #expect(store.outbox().map(\.number.rawValue) == [1, 3])
    store.store.close()
    let again = try StoreUnderTest(directory.path)
    #expect(again.snapshot.documents.isEmpty)
    #expect(again.snapshot.waiting == [2, 0, 0])
    #expect(again.snapshot.lastOutboxNumber == OutboxNumber(3))
    #expect(again.snapshot.offlineThrough == OutboxNumber(1))
  }

  @Test("StationStore 2: a query sees all commits before it and none after it")
  func queriesInOrder() throws {
    let store = try StoreUnderTest(directory.path)
    var expected: [Int] = []
    for number in 1...100 {
      store.submit([.append(entry(Int64(number)))], .relaxed)
      store.store.query(.outbox(.transaction, after: OutboxNumber(0), limit: 1_000), id: store.nextID())
      expected.append(number)
    }
    let counts = store.answers(200).compactMap { if case .entries(_, let entries) = $0 { entries.count } else { nil } }
    #expect(counts == expected)
  }

  @Test("StationStore 3: what was told committed is there after the program's end, relaxed or full")
  func survives() throws {
    var store: StoreUnderTest? = try StoreUnderTest(directory.path)
    store?.commit([.append(entry(7, lane: .security, group: "", isOffline: true))], .full)
    store?.commit([.append(entry(8, lane: .general)), .putDocument(.variable, key: "a/b", body: [1, 2])], .relaxed)
    // The files as a crash would leave them: no orderly end.
    let copy = try TemporaryDirectory("store")
    for name in directory.names { copy.write(directory.bytes(of: name), to: name) }
    store = nil
    let again = try StoreUnderTest(copy.path)
    #expect(again.snapshot.waiting == [0, 1, 1])
    #expect(again.outbox(.security) == [entry(7, lane: .security, group: "", isOffline: true)])
    #expect(again.snapshot.documents == [.init(kind: .variable, key: "a/b", body: [1, 2])])
  }

  @Test("StationStore 4: commits that wait together share one flush")
  func sharedFlush() throws {
    let store = try StoreUnderTest(directory.path)
    store.whileBusy {
      for number: Int64 in 1...200 { store.submit([.append(entry(number))], number == 77 ? .full : .relaxed) }
    }
    let failures = store.answers(201).filter { !$0.isCommitted }
    #expect(failures == [])
    // One for the 200, none for the one that made them wait.
    #expect(store.store.statistics.flushes == 1)
    #expect(store.store.statistics.transactions == 2)
  }

  @Test("StationStore 5: a failure leaves what was there before, and the store goes on")
  func failureLeavesAll() throws {
    let store = try StoreUnderTest(directory.path)
    store.commit([.append(entry(1)), .putDocument(.engine, key: "k", body: [1])])
    let tooLong = String(repeating: "k", count: 513)
    #expect(store.commit([.remove([OutboxNumber(1)]), .putDocument(.engine, key: tooLong, body: [])])?.failure != nil)
    let tooBig = [UInt8](repeating: 0, count: StoreLimits.maximumDocumentBytes + 1)
    #expect(store.commit([.putDocument(.engine, key: "k", body: tooBig)])?.failure != nil)
    #expect(store.outbox() == [entry(1)])
    #expect(store.commit([.append(entry(2))])?.isCommitted == true)
  }

  @Test("Removed records leave the queue, and their numbers are remembered as given out")
  func removal() throws {
    var store: StoreUnderTest? = try StoreUnderTest(directory.path)
    store?.commit((1...10).map { .append(entry($0, lane: $0 % 2 == 0 ? .security : .transaction)) })
    store?.commit([.remove([2, 3, 9, 10, 77].map { OutboxNumber($0) })], .relaxed)
    store = nil
    store = try StoreUnderTest(directory.path)
    #expect(store?.snapshot.waiting == [3, 3, 0])
    #expect(store?.snapshot.lastOutboxNumber == OutboxNumber(10))
    #expect(store?.outbox(.security).map(\.number.rawValue) == [4, 6, 8])
    store?.commit([.remove((1...10).map { OutboxNumber($0) })], .relaxed)
    store?.commit([.append(entry(11))])
    store = nil
    store = try StoreUnderTest(directory.path)
    #expect(store?.snapshot.waiting == [1, 0, 0])
    #expect(store?.snapshot.lastOutboxNumber == OutboxNumber(11))
  }

  @Test("A record that failed when the store was full may be put in later, behind younger ones")
  func lateNumbers() throws {
    var store: StoreUnderTest? = try StoreUnderTest(directory.path)
    for number: Int64 in [1, 5, 3, 6, 2] { #expect(store?.commit([.append(entry(number))])?.isCommitted == true) }
    store = nil
    store = try StoreUnderTest(directory.path)
    #expect(store?.snapshot.waiting == [5, 0, 0])
    #expect(store?.outbox().map(\.number.rawValue) == [1, 2, 3, 5, 6])
    store?.commit([.remove([OutboxNumber(6)])])
    store = nil
    #expect(try StoreUnderTest(directory.path).snapshot.waiting == [4, 0, 0])
  }

  @Test("E04.FR.03 Everything up to the watermark reads as offline, with one write however long the queue")
  func watermark() throws {
    let store = try StoreUnderTest(directory.path)
    store.commit((1...5).map { .append(entry($0)) })
    store.commit([.markOffline(through: OutboxNumber(3))])
    store.commit([.markOffline(through: OutboxNumber(2))])
    #expect(store.outbox().map(\.isOffline) == [true, true, true, false, false])
  }

  @Test("An outline tells of each record all but its body, page by page")
  func outline() throws {
    let store = try StoreUnderTest(directory.path)
    store.commit((1...5).map { .append(entry($0, group: "T\($0)", isExpendable: $0 % 2 == 0)) })
    let page = store.entries(.outline(.transaction, after: OutboxNumber(2), limit: 2))
    #expect(page.map(\.number.rawValue) == [3, 4])
    #expect(page.map(\.group) == ["T3", "T4"] && page.map(\.isExpendable) == [false, true])
    #expect(page.map(\.body) == [[], []])
  }

  @Test("E14: the outline of one group finds its records wherever they lie in the lane, and nobody else's")
  func outlineOfGroup() throws {
    let store = try StoreUnderTest(directory.path)
    store.commit((1...40).map { .append(entry($0, group: $0 % 10 == 0 ? "WANTED" : "T\($0)")) })
    func numbers(after: Int64, limit: Int = 16) -> [Int64] {
      store.entries(.outlineOfGroup(.transaction, "WANTED", after: OutboxNumber(after), limit: limit))
        .map(\.number.rawValue)
    }
    #expect(numbers(after: 0) == [10, 20, 30, 40])
    #expect(numbers(after: 20) == [30, 40] && numbers(after: 0, limit: 1) == [10])
    #expect(store.entries(.outlineOfGroup(.security, "WANTED", after: OutboxNumber(0), limit: 16)).isEmpty)
    store.commit([.remove([OutboxNumber(30), OutboxNumber(40)])])
    #expect(numbers(after: 20).isEmpty)
  }

  @Test("An answer ends early once its bodies are a mebibyte, and never empty")
  func longAnswers() throws {
    let store = try StoreUnderTest(directory.path)
    for number: Int64 in 1...3 { store.commit([.append(entry(number, bytes: StoreLimits.maximumRecordBytes))]) }
    #expect(store.outbox().map(\.number.rawValue) == [1, 2])
    #expect(store.outbox(after: 2).map(\.number.rawValue) == [3])
  }

  @Test("Failed attempts are kept with the record")
  func attempts() throws {
    let store = try StoreUnderTest(directory.path)
    store.commit([.append(entry(1)), .append(entry(2, lane: .general))])
    store.commit([.setFailedAttempts(OutboxNumber(2), 3), .setFailedAttempts(OutboxNumber(9), 1)], .relaxed)
    #expect(store.outbox(.general).map(\.failedAttempts) == [3])
    #expect(store.outbox().map(\.failedAttempts) == [0])
  }

  @Test("E13 Exhausted records can be read among the dead letters, of which the oldest give way")
  func deadLetters() throws {
    var options = StoreOptions()
    options.maximumDeadLetters = 3
    var store: StoreUnderTest? = try StoreUnderTest(directory.path, options: options)
    store?.commit((1...5).map { .append(entry($0)) })
    for number: Int64 in [4, 1, 2, 5] {
      store?.commit([.moveToDeadLetters(OutboxNumber(number), failedAttempts: 3, reason: "refused \(number)")])
    }
    #expect(store?.outbox().map(\.number.rawValue) == [3])
    #expect(store?.deadLetters().map(\.entry.number.rawValue) == [1, 2, 5])
    #expect(store?.deadLetters(limit: 2).map(\.reason) == ["refused 2", "refused 5"])
    store = nil
    store = try StoreUnderTest(directory.path, options: options)
    #expect(store?.snapshot.waiting == [1, 0, 0])
    #expect(store?.snapshot.deadLetters == 3 && store?.snapshot.droppedDeadLetters == 1)
    #expect(store?.deadLetters().map(\.entry.body) == [entry(1), entry(2), entry(5)].map(\.body))
    #expect(store?.deadLetters().map(\.entry.failedAttempts) == [3, 3, 3])
  }

  @Test("Documents come back in the order of kind and key, the last body of each")
  func documents() throws {
    var store: StoreUnderTest? = try StoreUnderTest(directory.path)
    store?.commit([
      .putDocument(.engine, key: "b", body: [1]), .putDocument(.variable, key: "z", body: []),
      .putDocument(.engine, key: "a", body: [2]), .putDocument(.engine, key: "b", body: [3]),
      .putDocument(.availability, key: "gone", body: [4]), .removeDocument(.availability, key: "gone"),
    ])
    store = nil
    store = try StoreUnderTest(directory.path)
    #expect(
      store?.snapshot.documents == [
        .init(kind: .variable, key: "z", body: []), .init(kind: .engine, key: "a", body: [2]),
        .init(kind: .engine, key: "b", body: [3]),
      ])
  }

  @Test("A full request queue answers .full in its turn, and takes requests again when it has room")
  func boundedQueue() throws {
    var options = StoreOptions()
    options.maximumWaitingRequests = 2
    let store = try StoreUnderTest(directory.path, options: options)
    var ids: [StoreRequestID] = []
    store.whileBusy {
      for number: Int64 in 1...10 { ids.append(store.submit([.append(entry(number))])) }
    }
    let answers = store.answers(11).dropFirst()
    #expect(answers.map(\.id) == ids)
    #expect(answers.map(\.isCommitted) == [true, true] + Array(repeating: false, count: 8))
    #expect(answers.last?.failure?.kind == .full)
    #expect(store.outbox().count == answers.filter(\.isCommitted).count)
    #expect(store.commit([.append(entry(1_000))])?.isCommitted == true)
  }

  @Test("The SQLite that runs is one with the calls that the store makes")
  func libraryVersion() {
    let numbers = SQLiteDatabase.libraryVersion.split(separator: ".").compactMap { Int($0) }
    #expect(numbers.count >= 2 && (numbers[0], numbers[1]) >= (3, 37))
  }
}
