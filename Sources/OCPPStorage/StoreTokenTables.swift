import ChargerBase
import OCPPPorts

/// The local authorization list and the authorization cache on disk: within whatever transaction is open, and with no
/// entry in memory.
final class StoreTokenTables {
  /// Entries that leave a full cache in one reading of it.
  private static let evictedTogether = 256
  /// So much of a full cache is emptied besides, so that it is not read through for every new token.
  private static let spareShare = 64

  private struct Statements {
    let listed: SQLiteStatement
    let list: SQLiteStatement
    let unlist: SQLiteStatement
    let unlistAll: SQLiteStatement
    let cached: SQLiteStatement
    let cache: SQLiteStatement
    let touch: SQLiteStatement
    let uncache: SQLiteStatement
    let uncacheAll: SQLiteStatement
    let saveState: SQLiteStatement
  }

  private let database: SQLiteDatabase
  /// Made when they are first needed: a start needs none of them.
  private var made: Statements?

  init(_ database: SQLiteDatabase) { self.database = database }

  func readState(into counters: inout StoreCounters) throws(SQLiteError) {
    let row = try database.prepare("SELECT version,entries,bytes,cached,cachedbytes,clock FROM token_state WHERE id=1")
    guard try row.step() else { throw SQLiteError(code: .corrupt, message: "the state of the token tables is missing") }
    counters.tokens.listVersion = Int32(clamping: row.integer(0))
    counters.tokens.listEntries = Int(clamping: row.integer(1))
    counters.tokens.listBytes = Int(clamping: row.integer(2))
    counters.tokens.cacheEntries = Int(clamping: row.integer(3))
    counters.tokens.cacheBytes = Int(clamping: row.integer(4))
    counters.tokenClock = row.integer(5)
  }

  func saveState(_ counters: inout StoreCounters) throws(SQLiteError) {
    guard counters.areTokensDirty else { return }
    let statement = try statements().saveState
    let tokens = counters.tokens
    let values = [
      Int64(tokens.listVersion), Int64(tokens.listEntries), Int64(tokens.listBytes), Int64(tokens.cacheEntries),
      Int64(tokens.cacheBytes), counters.tokenClock,
    ]
    for (index, value) in values.enumerated() { try statement.bind(value, at: Int32(index + 1)) }
    try statement.run()
    counters.areTokensDirty = false
  }

  func record(of digest: TokenDigest) throws(SQLiteError) -> TokenRecord {
    let statements = try statements()
    return TokenRecord(
      listed: try row(statements.listed, digest).flatMap { $0.body(of: digest) },
      cached: try row(statements.cached, digest).flatMap { $0.body(of: digest) })
  }

  func apply(_ mutation: StoreMutation, _ counters: inout StoreCounters) throws(StoreFailure) {
    counters.areTokensDirty = true
    switch mutation {
    case .updateTokenList(let update): try apply(update, &counters)
    case .cacheToken(let token):
      guard token.body.count <= TokenLimits.maximumBodyBytes else {
        throw StoreFailure(.limit, detail: "\(token.body.count) bytes about one token")
      }
      try orStoreFailure { () throws(SQLiteError) in try cache(token, &counters) }
    case .touchCachedToken(let digest): try orStoreFailure { () throws(SQLiteError) in try touch(digest, &counters) }
    case .removeCachedToken(let digest): try orStoreFailure { () throws(SQLiteError) in try uncache(digest, &counters) }
    case .clearTokenCache:
      try orStoreFailure { () throws(SQLiteError) in try statements().uncacheAll.run() }
      counters.tokens.cacheEntries = 0
      counters.tokens.cacheBytes = 0
    default: break
    }
  }

  // MARK: - The list

  private func apply(_ update: TokenListUpdate, _ counters: inout StoreCounters) throws(StoreFailure) {
    let statements = try orStoreFailure { () throws(SQLiteError) -> Statements in try self.statements() }
    if update.replacesAll {
      try orStoreFailure { () throws(SQLiteError) in try statements.unlistAll.run() }
      counters.tokens.listEntries = 0
      counters.tokens.listBytes = 0
    }
    var former: TokenDigest?
    for entry in update.entries {
      // Two tokens of one place: as good as impossible, and nobody's entry is lost by it.
      let isInOrder = former.map { $0.high < entry.digest.high } ?? true
      guard isInOrder else { throw StoreFailure(.other, detail: "entries of the list are out of order, or come twice") }
      former = entry.digest
      // Most entries are new: one way down the tree tells so and writes them.
      if let body = entry.body, try insert(entry.digest, body, statements, &counters) { continue }
      let old = try orStoreFailure { () throws(SQLiteError) in try row(statements.listed, entry.digest) }
      guard let old else { continue }
      guard old.low == entry.digest.low else { throw StoreFailure(.other, detail: "two tokens of one digest") }
      try orStoreFailure { () throws(SQLiteError) in
        try statements.unlist.bind(entry.digest.high, at: 1)
        try statements.unlist.run()
      }
      counters.tokens.listEntries -= 1
      counters.tokens.listBytes -= TokenLimits.bytes(of: old.body)
      if let body = entry.body { _ = try insert(entry.digest, body, statements, &counters) }
    }
    guard counters.tokens.listEntries <= TokenLimits.maximumListEntries,
      counters.tokens.listBytes <= TokenLimits.maximumListBytes
    else {
      throw StoreFailure(
        .limit, detail: "a list of \(counters.tokens.listEntries) entries and \(counters.tokens.listBytes) bytes")
    }
    counters.tokens.listVersion = update.version
  }

  /// False, and nothing is changed, when the place is taken.
  private func insert(
    _ digest: TokenDigest, _ body: [UInt8], _ statements: Statements, _ counters: inout StoreCounters
  ) throws(StoreFailure) -> Bool {
    guard body.count <= TokenLimits.maximumBodyBytes else {
      throw StoreFailure(.limit, detail: "\(body.count) bytes about one token")
    }
    try orStoreFailure { () throws(SQLiteError) in
      try statements.list.bind(digest.high, at: 1)
      try statements.list.bind(StoredToken(low: digest.low, body: body).bytes, at: 2)
      try statements.list.run()
    }
    guard database.changes > 0 else { return false }
    counters.tokens.listEntries += 1
    counters.tokens.listBytes += TokenLimits.bytes(of: body)
    return true
  }

  // MARK: - The cache

  private func cache(_ token: CachedToken, _ counters: inout StoreCounters) throws(SQLiteError) {
    let statements = try statements()
    counters.tokenClock = counters.tokenClock.addingSaturating(1)
    var born = counters.tokenClock
    if let old = try row(statements.cached, token.digest) {
      counters.tokens.cacheEntries -= 1
      counters.tokens.cacheBytes -= TokenLimits.bytes(of: old.body)
      // What is said of a token changes; when it came does not.
      if old.low == token.digest.low { born = old.born }
    }
    try statements.cache.bind(token.digest.high, at: 1)
    try statements.cache.bind(token.isAccepted ? 1 : 0, at: 2)
    try statements.cache.bind(born, at: 3)
    try statements.cache.bind(counters.tokenClock, at: 4)
    try statements.cache.bind(StoredToken(low: token.digest.low, body: token.body).bytes, at: 5)
    try statements.cache.run()
    counters.tokens.cacheEntries += 1
    counters.tokens.cacheBytes += TokenLimits.bytes(of: token.body)
    guard counters.tokens.cacheBytes > token.maximumBytes else { return }
    try makeRoom(for: token, &counters)
  }

  /// C10.FR.07
  private func makeRoom(for token: CachedToken, _ counters: inout StoreCounters) throws(SQLiteError) {
    let order =
      switch token.policy {
      case .leastRecentlyUsed: "used"
      case .firstIn: "born"
      case .refusedFirst: "accepted,used"
      }
    let select = try database.prepare(
      "SELECT place,body FROM token_cache WHERE place<>?1 ORDER BY \(order) LIMIT \(Self.evictedTogether)")
    let target = token.maximumBytes - token.maximumBytes / Self.spareShare
    while counters.tokens.cacheBytes > target {
      var leaving: [TokenDigest] = []
      var bytes = counters.tokens.cacheBytes
      try select.bind(token.digest.high, at: 1)
      while bytes > target, try select.step() {
        guard let stored = StoredToken(select.bytes(1)) else { continue }
        leaving.append(TokenDigest(high: select.integer(0), low: stored.low))
        bytes -= TokenLimits.bytes(of: stored.body)
      }
      select.reset()
      guard !leaving.isEmpty else { return }
      for digest in leaving { try uncache(digest, &counters) }
    }
  }

  private func touch(_ digest: TokenDigest, _ counters: inout StoreCounters) throws(SQLiteError) {
    counters.tokenClock = counters.tokenClock.addingSaturating(1)
    let statement = try statements().touch
    try statement.bind(digest.high, at: 1)
    try statement.bind(counters.tokenClock, at: 2)
    try statement.run()
  }

  private func uncache(_ digest: TokenDigest, _ counters: inout StoreCounters) throws(SQLiteError) {
    let statements = try statements()
    guard let old = try row(statements.cached, digest), old.low == digest.low else { return }
    try statements.uncache.bind(digest.high, at: 1)
    try statements.uncache.run()
    counters.tokens.cacheEntries -= 1
    counters.tokens.cacheBytes -= TokenLimits.bytes(of: old.body)
  }

  // MARK: - Rows

  private func row(_ statement: SQLiteStatement, _ digest: TokenDigest) throws(SQLiteError) -> StoredToken? {
    try statement.bind(digest.high, at: 1)
    guard try statement.step() else { return nil }
    defer { statement.reset() }
    guard var stored = StoredToken(statement.bytes(0)) else {
      throw SQLiteError(code: .corrupt, message: "an entry of the token tables cannot be read")
    }
    stored.born = statement.integer(1)
    return stored
  }

  private func statements() throws(SQLiteError) -> Statements {
    if let made { return made }
    let statements = Statements(
      listed: try database.prepare("SELECT body,0 FROM token_list WHERE place=?1"),
      list: try database.prepare("INSERT INTO token_list VALUES(?1,?2) ON CONFLICT DO NOTHING"),
      unlist: try database.prepare("DELETE FROM token_list WHERE place=?1"),
      unlistAll: try database.prepare("DELETE FROM token_list"),
      cached: try database.prepare("SELECT body,born FROM token_cache WHERE place=?1"),
      cache: try database.prepare("REPLACE INTO token_cache VALUES(?1,?2,?3,?4,?5)"),
      touch: try database.prepare("UPDATE token_cache SET used=?2 WHERE place=?1"),
      uncache: try database.prepare("DELETE FROM token_cache WHERE place=?1"),
      uncacheAll: try database.prepare("DELETE FROM token_cache"),
      saveState: try database.prepare("REPLACE INTO token_state VALUES(1,?1,?2,?3,?4,?5,?6)"))
    made = statements
    return statements
  }
}

/// The body of a row: the second half of the digest, then what is said of the token.
private struct StoredToken {
  var low: Int64
  var body: [UInt8]
  var born: Int64 = 0

  init(low: Int64, body: [UInt8]) {
    self.low = low
    self.body = body
  }

  init?(_ bytes: [UInt8]) {
    guard bytes.count >= 8 else { return nil }
    low = bytes.withUnsafeBytes { Int64(littleEndian: $0.loadUnaligned(as: Int64.self)) }
    body = Array(bytes[8...])
  }

  var bytes: [UInt8] {
    [UInt8](unsafeUninitializedCapacity: 8 + body.count) { buffer, count in
      UnsafeMutableRawBufferPointer(buffer).storeBytes(of: low.littleEndian, as: Int64.self)
      for (place, byte) in body.enumerated() { buffer[8 + place] = byte }
      count = 8 + body.count
    }
  }

  func body(of digest: TokenDigest) -> [UInt8]? { low == digest.low ? body : nil }
}
