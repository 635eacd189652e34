import CLinux
import ChargerBase
import OCPPPorts

/// Applies requests to the database, as many as wait in one transaction. Used by the storage thread alone.
///
/// One connection serves both durabilities. In WAL mode `synchronous=FULL` flushes the log at the end of each commit and
/// `NORMAL` leaves that to the next flush; the log's order keeps a later commit from surviving without an earlier one.
/// Switching costs a few microseconds, where a second connection would throw away its page cache whenever the other
/// has written.
final class StoreWriter {
  /// Requests that share a transaction at most; what they write must fit the log that one checkpoint takes over.
  static let maximumRequestsPerTransaction = 512

  /// An update of the local list with so many entries is large.
  private static let bulkEntries = 256

  private let database: SQLiteDatabase
  private let tables: StoreTables
  private let space: SpaceGauge
  private let begin: SQLiteStatement
  private let commit: SQLiteStatement
  private let rollback: SQLiteStatement
  private let savepoint: SQLiteStatement
  private let release: SQLiteStatement
  private let rollbackToSavepoint: SQLiteStatement
  private var durability: StoreDurability?
  private(set) var statistics = StoreStatistics()
  /// Told once per failure that means a damaged file.
  private let onCorruption: () -> Void
  private var toldSpace: StoreSpace
  private var toldTokens: TokenTablesState
  private let checkpointPages: Int
  /// A large update was written, and `rest` has not been called since.
  private(set) var isBulky = false

  init(
    _ database: SQLiteDatabase, tables: StoreTables, space: SpaceGauge, checkpointPages: Int,
    onCorruption: @escaping () -> Void
  ) throws(SQLiteError) {
    self.checkpointPages = checkpointPages
    self.database = database
    self.tables = tables
    self.space = space
    toldSpace = space.level
    toldTokens = tables.counters.tokens
    self.onCorruption = onCorruption
    begin = try database.prepare("BEGIN IMMEDIATE")
    commit = try database.prepare("COMMIT")
    rollback = try database.prepare("ROLLBACK")
    savepoint = try database.prepare("SAVEPOINT request")
    release = try database.prepare("RELEASE request")
    rollbackToSavepoint = try database.prepare("ROLLBACK TO request")
  }

  /// Answers every request, in order. The answers are true when this returns.
  func process(_ requests: [StoreRequest]) -> [StoreEvent] {
    if !isBulky, requests.contains(where: { $0.listEntries >= Self.bulkEntries }) { prepareForBulk() }
    var events: [StoreEvent] = []
    events.reserveCapacity(requests.count)
    var start = 0
    while start < requests.count {
      let end = min(start + Self.maximumRequestsPerTransaction, requests.count)
      let group = requests[start..<end]
      start = end
      let first = events.count
      if let answers = processTogether(group) {
        events += answers
      } else {
        // The shared transaction was lost. So that one request cannot take others with it, each gets its own.
        for request in group { events.append(processAlone(request)) }
      }
      // What the requests have changed is told before their answers.
      if tables.counters.tokens != toldTokens {
        toldTokens = tables.counters.tokens
        events.insert(.tokenTables(toldTokens), at: first)
      }
      if space.level != toldSpace {
        toldSpace = space.level
        events.insert(.space(toldSpace), at: first)
      }
    }
    statistics.requests += requests.count
    for case .failed in events { statistics.failures += 1 }
    return events
  }

  // MARK: - Large updates

  /// The places of a list's entries are random, so that a thousand of them change nearly a third of a list of 100,000, and
  /// a CSMS that sends a thousand sends the next. Meanwhile the pages stay in memory and are copied out of the log once
  /// for several messages. Each message is on disk before it is answered, as ever.
  private func prepareForBulk() {
    guard space.level == .ample else { return }
    isBulky = true
    let pages = checkpointPages.multipliedSaturating(by: 4)
    try? database.execute("PRAGMA cache_size=-\(StoreSchema.bulkCacheKibibytes); PRAGMA wal_autocheckpoint=\(pages)")
  }

  /// Nothing has come for a while: the log is brought back to its size, and the memory to the system.
  func rest() {
    guard isBulky else { return }
    isBulky = false
    try? database.execute("PRAGMA wal_autocheckpoint=\(checkpointPages); PRAGMA wal_checkpoint(PASSIVE)")
    let isLocked = linux_begin_return_of_memory()
    defer { linux_end_return_of_memory(isLocked) }
    try? database.execute("PRAGMA cache_size=-\(StoreSchema.cacheKibibytes); PRAGMA shrink_memory")
  }

  // MARK: - Transactions

  /// Nil when nothing was kept.
  private func processTogether(_ group: ArraySlice<StoreRequest>) -> [StoreEvent]? {
    guard group.count > 1 else { return nil }
    let saved = tables.counters
    do {
      space.lookIfDue(adding: group.reduce(0) { $0 + $1.byteCount })
      return try transaction(durability(of: group)) { () throws(SQLiteError) in
        var events: [StoreEvent] = []
        events.reserveCapacity(group.count)
        for request in group {
          guard case .commit(let mutations, _, let id) = request else {
            events.append(answer(request))
            continue
          }
          if let failure = space.refusal(of: mutations) {
            events.append(.failed(id, failure))
            continue
          }
          try savepoint.run()
          let before = tables.counters
          do throws(StoreFailure) {
            for mutation in mutations { try tables.apply(mutation) }
            try orStoreFailure { () throws(SQLiteError) in try release.run() }
            events.append(.committed(id))
          } catch {
            // After some errors SQLite has rolled everything back: then the group starts anew.
            guard database.isInTransaction else { throw SQLiteError(code: .full, message: error.detail) }
            try rollbackToSavepoint.run()
            try release.run()
            tables.counters = before
            events.append(.failed(id, noted(error)))
          }
        }
        return events
      }
    } catch {
      tables.counters = saved
      return nil
    }
  }

  private func processAlone(_ request: StoreRequest) -> StoreEvent {
    guard case .commit(let mutations, let durability, let id) = request else { return answer(request) }
    let saved = tables.counters
    do throws(StoreFailure) {
      space.lookIfDue(adding: request.byteCount)
      if let failure = space.refusal(of: mutations) { throw failure }
      var failure: StoreFailure?
      try orStoreFailure { () throws(SQLiteError) in
        try transaction(durability) { () throws(SQLiteError) in
          do throws(StoreFailure) {
            for mutation in mutations { try tables.apply(mutation) }
          } catch {
            failure = error
            throw SQLiteError(code: .constraint, message: error.detail)
          }
        }
      } orElse: {
        failure
      }
      return .committed(id)
    } catch {
      tables.counters = saved
      return .failed(id, noted(error))
    }
  }

  private func transaction<Value>(
    _ wanted: StoreDurability, _ body: () throws(SQLiteError) -> Value
  ) throws(SQLiteError) -> Value {
    try setDurability(wanted)
    try begin.run()
    do throws(SQLiteError) {
      let value = try body()
      try tables.saveCounters()
      try commit.run()
      statistics.transactions += 1
      if wanted == .full { statistics.flushes += 1 }
      return value
    } catch {
      if database.isInTransaction { try? rollback.run() }
      throw error
    }
  }

  private func durability(of group: ArraySlice<StoreRequest>) -> StoreDurability {
    group.contains { if case .commit(_, .full, _) = $0 { true } else { false } } ? .full : .relaxed
  }

  private func setDurability(_ wanted: StoreDurability) throws(SQLiteError) {
    guard wanted != durability else { return }
    try database.execute(wanted == .full ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL")
    durability = wanted
  }

  private func answer(_ request: StoreRequest) -> StoreEvent {
    switch request {
    case .query(let query, let id):
      do throws(SQLiteError) {
        switch query {
        case .deadLetters(let limit): return .deadLetters(id, try tables.deadLetters(limit: limit))
        case .token(let digest): return .token(id, try tables.tokens.record(of: digest))
        case .outbox, .outline, .outlineOfGroup: return .entries(id, try tables.entries(query))
        }
      } catch {
        return .failed(id, noted(StoreFailure(error)))
      }
    case .commit(_, _, let id), .refused(let id):
      return .failed(id, StoreFailure(.full, detail: "too many requests wait for the storage"))
    }
  }

  private func noted(_ failure: StoreFailure) -> StoreFailure {
    if failure.kind == .corrupt { onCorruption() }
    return failure
  }
}

/// Like `orStoreFailure`, with a failure that is known better than the SQLite error that carried it out.
private func orStoreFailure(
  _ body: () throws(SQLiteError) -> Void, orElse known: () -> StoreFailure?
) throws(StoreFailure) {
  do throws(SQLiteError) {
    try body()
  } catch {
    throw known() ?? StoreFailure(error)
  }
}

extension StoreRequest {
  /// Entries of the local list that it changes.
  fileprivate var listEntries: Int {
    guard case .commit(let mutations, _, _) = self else { return 0 }
    return mutations.reduce(0) { sum, mutation in
      if case .updateTokenList(let update) = mutation { sum + update.entries.count } else { sum }
    }
  }
}
