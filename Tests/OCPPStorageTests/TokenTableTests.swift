import ChargerBase
import Glibc
import OCPPPorts
import OCPPTypes
import TemporaryDirectories
import Testing

@testable import OCPPStorage

/// Tokens and lists for tests of the token tables.
enum TokenSamples {
  static func digest(_ number: Int) -> TokenDigest { TokenDigest(IdToken(idToken: "CARD\(number)", type: .iso14443)) }

  /// Entries in the order that the store asks for.
  static func entries(_ numbers: some Sequence<Int>, body: [UInt8]?) -> [TokenListUpdate.Entry] {
    numbers.map { TokenListUpdate.Entry(digest($0), body: body) }.sorted { $0.digest < $1.digest }
  }

  static func full(_ version: Int32, _ numbers: some Sequence<Int>, body: [UInt8] = [1]) -> StoreMutation {
    .updateTokenList(TokenListUpdate(version: version, replacesAll: true, entries: entries(numbers, body: body)))
  }

  static func differential(_ version: Int32, _ numbers: some Sequence<Int>, body: [UInt8]?) -> StoreMutation {
    .updateTokenList(TokenListUpdate(version: version, replacesAll: false, entries: entries(numbers, body: body)))
  }

  static func cached(
    _ number: Int, isAccepted: Bool = true, policy: TokenCachePolicy = .refusedFirst, maximumBytes: Int = 1_000_000
  ) -> StoreMutation {
    .cacheToken(
      CachedToken(
        digest(number), body: [UInt8](repeating: 1, count: 40), isAccepted: isAccepted, maximumBytes: maximumBytes,
        policy: policy))
  }
}

@Suite("Token tables on SQLite")
struct TokenTableTests {
  let directory: TemporaryDirectory
  init() throws { directory = try TemporaryDirectory("store") }

  private func listed(_ store: StoreUnderTest, _ number: Int) -> [UInt8]? {
    store.token(TokenSamples.digest(number))?.listed
  }

  @Test(
    "D01.FR.15 D01.FR.16 D01.FR.17 D01.FR.10 A list is replaced, added to and taken from, and is there at the next start"
  )
  func steps() throws {
    var store: StoreUnderTest? = try StoreUnderTest(directory.path)
    #expect(store?.snapshot.tokens == TokenTablesState())
    store?.commit([TokenSamples.full(7, 1...100, body: [1])])
    store?.commit([TokenSamples.differential(8, 50...150, body: [2, 2])])
    store?.commit([TokenSamples.differential(9, [1, 2, 999], body: nil)])
    func check(_ store: StoreUnderTest) {
      #expect(listed(store, 1) == nil)
      #expect(listed(store, 3) == [1])
      #expect(listed(store, 50) == [2, 2])
      #expect(listed(store, 150) == [2, 2])
      #expect(listed(store, 151) == nil)
    }
    check(try #require(store))
    var expected = TokenTablesState()
    expected.listVersion = 9
    expected.listEntries = 148
    expected.listBytes = 47 * 25 + 101 * 26
    #expect(store?.tokenTables.last == expected)
    store = nil
    let again = try StoreUnderTest(directory.path)
    #expect(again.snapshot.tokens == expected)
    check(again)
    again.commit([TokenSamples.full(10, [5])])
    #expect(listed(again, 50) == nil)
    #expect(listed(again, 5) == [1])
    again.commit([.updateTokenList(TokenListUpdate(version: 11, replacesAll: true, entries: []))])
    #expect(again.tokenTables.last?.listEntries == 0)
    #expect(again.tokenTables.last?.listBytes == 0)
    #expect(again.tokenTables.last?.listVersion == 11)
  }

  @Test("A large list is in the log when it is answered, and in the database once no more of it comes")
  func largeUpdate() throws {
    let state = try StateDirectory(directory.path)
    try state.makeDatabaseFile()
    let writer = try OpenedStore(state, options: StoreOptions(), checksThoroughly: false).writer
    // As SIGKILL, and as the loss of the log, would leave it.
    func entriesAfterDeath(_ files: [String]) throws -> Int {
      let copy = try TemporaryDirectory("store")
      for name in files { copy.write(directory.bytes(of: name), to: name) }
      return try StoreUnderTest(copy.path).snapshot.tokens.listEntries
    }
    var answers = writer.process([.commit([TokenSamples.full(1, 1...100)], .full, StoreRequestID(1))])
    #expect(!writer.isBulky)
    answers += writer.process([.commit([TokenSamples.full(2, 1...1_000)], .full, StoreRequestID(2))])
    answers += writer.process([
      .commit([TokenSamples.differential(3, 501...1_500, body: [2])], .full, StoreRequestID(3))
    ])
    #expect(answers.filter(\.isCommitted).count == 3)
    #expect(writer.isBulky)
    #expect(try entriesAfterDeath(["station.db", "station.db-wal"]) == 1_500)
    writer.rest()
    #expect(!writer.isBulky)
    #expect(try entriesAfterDeath(["station.db"]) == 1_500)
  }

  @Test("The storage thread waits for requests with patience or without, and takes what is there at once")
  func patience() {
    let queue = StoreRequestQueue(maximumRequests: 4, maximumBytes: 1_000)
    #expect(queue.takeAll(patience: .milliseconds(1))?.isEmpty == true)
    queue.add(.query(.token(TokenSamples.digest(1)), StoreRequestID(1)))
    #expect(queue.takeAll(patience: .seconds(3_600))?.count == 1)
    queue.noteUnwritten(1)
    #expect(queue.takeAll(patience: .seconds(3_600))?.isEmpty == true)
    #expect(queue.takeUnwritten() == 1)
    queue.close()
    #expect(queue.takeAll(patience: .seconds(3_600)) == nil)
  }

  @Test("A list beyond the stated bounds is refused as such, and the list and its version stay as they were")
  func limits() throws {
    let store = try StoreUnderTest(directory.path)
    store.commit([TokenSamples.full(1, 1...10)])
    let large = [UInt8](repeating: 7, count: TokenLimits.maximumBodyBytes)
    let refusals: [StoreMutation] = [
      TokenSamples.differential(2, 1...10, body: large + [7]),
      TokenSamples.full(2, 0...TokenLimits.maximumListEntries),
      TokenSamples.full(2, 0..<17_000, body: large),
    ]
    for mutation in refusals { #expect(store.commit([mutation])?.failure?.kind == .limit) }
    // Twice the same, and out of order.
    let entry = TokenListUpdate.Entry(TokenSamples.digest(1), body: [1])
    let twice = TokenListUpdate(version: 2, replacesAll: true, entries: [entry, entry])
    #expect(store.commit([.updateTokenList(twice)])?.failure != nil)
    #expect(store.token(TokenSamples.digest(1))?.listed == [1])
    #expect(store.tokenTables.last?.listVersion == 1)
    #expect(store.commit([TokenSamples.differential(2, [11], body: [1])])?.isCommitted == true)
    #expect(store.tokenTables.last?.listEntries == 11)
  }

  @Test("StationStore 2: a refused list takes no other commit with it, and none takes the list")
  func company() throws {
    let store = try StoreUnderTest(directory.path)
    store.whileBusy {
      store.submit([.append(entry(1))])
      store.submit([TokenSamples.full(1, 1...5, body: [UInt8](repeating: 0, count: 2_000))])
      store.submit([TokenSamples.full(2, 1...5)])
      store.submit([.append(entry(1))])
      store.submit([TokenSamples.cached(1)], .relaxed)
    }
    #expect(store.answers(6).dropFirst().map(\.isCommitted) == [true, false, true, false, true])
    #expect(store.tokenTables.last?.listVersion == 2)
    #expect(store.tokenTables.last?.cacheEntries == 1)
  }

  @Test("StationStore 6: what the tables hold is told before the answer of the commit that changed it, and only then")
  func told() throws {
    let store = try StoreUnderTest(directory.path)
    store.commit([.append(entry(1))])
    #expect(store.tokenTables.isEmpty)
    store.commit([TokenSamples.cached(1)])
    #expect(store.tokenTables.map(\.cacheEntries) == [1])
    store.commit([.touchCachedToken(TokenSamples.digest(1))])
    #expect(store.tokenTables.count == 1)
  }

  @Test(
    "C10.FR.07 T-33 A full cache takes the newest in; who leaves is the policy's choice",
    arguments: [
      (TokenCachePolicy.refusedFirst, [3, 2]), (.leastRecentlyUsed, [2, 3]), (.firstIn, [1, 2]),
    ])
  func eviction(policy: TokenCachePolicy, leaving: [Int]) throws {
    let store = try StoreUnderTest(directory.path)
    for number in 1...6 { store.commit([TokenSamples.cached(number, isAccepted: number != 3, policy: policy)]) }
    store.commit([.touchCachedToken(TokenSamples.digest(1))], .relaxed)
    let room = 6 * 64
    for (number, gone) in zip([7, 8], leaving) {
      store.commit([TokenSamples.cached(number, policy: policy, maximumBytes: room)], .relaxed)
      #expect(store.token(TokenSamples.digest(gone))?.cached == nil, "\(gone)")
      #expect(store.token(TokenSamples.digest(number))?.cached != nil)
      #expect(store.tokenTables.last?.cacheBytes ?? .max <= room)
    }
  }

  @Test("The cache is cleared and single entries are taken out; the list has nothing to do with it")
  func cacheAndList() throws {
    let store = try StoreUnderTest(directory.path)
    store.commit([TokenSamples.full(3, 1...3), TokenSamples.cached(1), TokenSamples.cached(2), TokenSamples.cached(4)])
    store.commit([.removeCachedToken(TokenSamples.digest(1)), .removeCachedToken(TokenSamples.digest(77))])
    #expect(store.token(TokenSamples.digest(1)) == TokenRecord(listed: [1], cached: nil))
    #expect(store.tokenTables.last?.cacheEntries == 2)
    store.commit([.clearTokenCache])
    #expect(store.token(TokenSamples.digest(2)) == TokenRecord(listed: [1], cached: nil))
    #expect(store.token(TokenSamples.digest(4)) == TokenRecord())
    #expect(store.tokenTables.last?.cacheBytes == 0)
    #expect(store.tokenTables.last?.listEntries == 3)
  }

  @Test("A token of another digest with the same place is nobody's")
  func place() throws {
    let store = try StoreUnderTest(directory.path)
    let own = TokenDigest(high: 5, low: 1)
    let other = TokenDigest(high: 5, low: 2)
    store.commit([
      .updateTokenList(TokenListUpdate(version: 1, replacesAll: true, entries: [.init(own, body: [9])])),
      .cacheToken(CachedToken(own, body: [9], isAccepted: true)),
    ])
    #expect(store.token(own) == TokenRecord(listed: [9], cached: [9]))
    #expect(store.token(other) == TokenRecord())
    let intruder = TokenListUpdate(version: 2, replacesAll: false, entries: [.init(other, body: [8])])
    #expect(store.commit([.updateTokenList(intruder)])?.failure != nil)
    #expect(store.token(own)?.listed == [9])
  }

  @Test("Cut off at any byte of the log, the list is the old one or the new one, with its version")
  func powerCut() throws {
    let store = try StoreUnderTest(directory.path)
    store.commit([TokenSamples.full(1, 1...300, body: [1])])
    let before = directory.bytes(of: "station.db-wal").count
    store.commit([TokenSamples.full(2, 200...700, body: [2])])
    let log = directory.bytes(of: "station.db-wal")
    let file = directory.bytes(of: "station.db")
    var versions: Set<Int32> = []
    for step in 0...8 {
      let cut = try TemporaryDirectory("store")
      cut.write(file, to: "station.db")
      cut.write(Array(log.prefix(before + (log.count - before) * step / 8)), to: "station.db-wal")
      let again = try StoreUnderTest(cut.path)
      let version = again.snapshot.tokens.listVersion
      versions.insert(version)
      #expect(again.snapshot.tokens.listEntries == (version == 1 ? 300 : 501))
      for number in [1, 199, 200, 300, 301, 700, 701] {
        let isThere = version == 1 ? number <= 300 : (200...700).contains(number)
        #expect(listed(again, number) == (isThere ? [UInt8(version)] : nil))
      }
      again.store.close()
    }
    #expect(versions == [1, 2])
  }

  @Test("D01.FR.10 Killed in the middle of lists, the station has a whole one with its version", arguments: 0..<4)
  func killed(round: Int) throws {
    let directory = try TemporaryDirectory("store")
    let state = "\(directory.path)/state"
    defer { withExtendedLifetime(directory) {} }
    let child = try StoreChild(task: "lists", directory: directory.path)
    let wanted = 3 + round * 2
    for _ in 0..<120_000 where StoreChildWork.noteCount(in: directory.path) < wanted { usleep(1_000) }
    usleep(UInt32(round * 4_111))
    child.kill()
    let acknowledged = StoreChildWork.notes(in: directory).max() ?? 0
    let store = try StoreUnderTest(state)
    let version = store.snapshot.tokens.listVersion
    #expect(acknowledged > 0 && version >= acknowledged)
    #expect(store.snapshot.tokens.listEntries == 500)
    // Entries move by one with each version, and say which one it is.
    let first = Int(version)
    #expect(listed(store, first - 1) == nil)
    #expect(listed(store, first) == [UInt8(truncatingIfNeeded: version)])
    #expect(listed(store, first + 499) == [UInt8(truncatingIfNeeded: version)])
    #expect(listed(store, first + 500) == nil)
  }

  @Test("The state of a former program gets its token tables, and keeps what it has")
  func migration() throws {
    let path = "\(directory.path)/station.db"
    do {
      let database = try SQLiteDatabase(path: path, create: true)
      try database.execute("PRAGMA page_size=1024; PRAGMA journal_mode=WAL")
      try database.execute(StoreSchema.migrations[0])
      try database.execute("INSERT INTO documents(kind,key,body) VALUES(5,'ISO14443:card',x'01')")
      try database.execute("PRAGMA user_version=1")
    }
    let store = try StoreUnderTest(directory.path)
    #expect(store.store.salvage == nil)
    #expect(store.snapshot.documents == [.init(kind: .authorization, key: "ISO14443:card", body: [1])])
    #expect(store.snapshot.tokens == TokenTablesState())
    #expect(store.commit([TokenSamples.full(1, 1...3)])?.isCommitted == true)
  }

  @Test("After damage there is no list, and version 0 says so: half a list would let blocked tokens charge")
  func damage() throws {
    var store: StoreUnderTest? = try StoreUnderTest(directory.path)
    store?.commit([TokenSamples.full(4, 1...50), .append(entry(1))])
    store?.store.close()
    store = nil
    var bytes = directory.bytes(of: "station.db")
    for index in 0..<100 { bytes[index] = 0xA5 }
    directory.write(bytes, to: "station.db")
    let again = try StoreUnderTest(directory.path)
    #expect(again.store.salvage?.records == 1)
    #expect(again.snapshot.tokens == TokenTablesState())
    #expect(listed(again, 1) == nil)
  }
}

@Suite("Token digests")
struct TokenDigestTests {
  @Test("C01.FR.25 T-36 Equal are tokens of one type and one text, whatever its case and whatever else is said of them")
  func equality() {
    func digest(_ text: String, _ kind: IdTokenKind = .iso14443, info: String? = nil) -> TokenDigest {
      TokenDigest(
        IdToken(
          idToken: text, type: kind, additionalInfo: info.map { [AdditionalInfo(additionalIdToken: $0, type: "x")] }))
    }
    #expect(digest("04a2ff") == digest("04A2FF"))
    #expect(digest("04A2FF", info: "visual number") == digest("04A2FF"))
    #expect(digest("04A2FF") != digest("04A2FF", .iso15693))
    #expect(digest("04A2FF") != digest("04A2FE"))
    #expect(digest("") != digest(" "))
    #expect(digest("ÄÖ") == digest("äö"))
  }

  @Test("Digests do not change with the program: they are stored")
  func stability() {
    let digest = TokenDigest(IdToken(idToken: "04A2FF", type: .iso14443))
    #expect(digest.high == Self.high)
    #expect(digest.low == Self.low)
  }
  private static let high = Int64(bitPattern: 0x63AD4D42D8EDB2F5)
  private static let low = Int64(bitPattern: 0xE9631C666657C288)
}
