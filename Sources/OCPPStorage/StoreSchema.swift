import OCPPPorts

/// The tables, as a list of steps that only ever grows: `user_version` counts the steps that a file has seen.
package enum StoreSchema {
  /// 1 KiB pages: a record of a few hundred bytes then costs one or two pages of flash, not 4 KiB.
  static let pageSize: Int64 = 1024
  /// What SQLite keeps of the pages, always and while a large list comes.
  static let cacheKibibytes = 256
  static let bulkCacheKibibytes = 4096

  /// What every connection begins with. Exclusive: the log's index lies in memory of ours, and no other program can
  /// write underneath. The cache's bound is in KiB.
  package static func settings(checkpointPages: Int) -> String {
    """
    PRAGMA page_size=\(pageSize);
    PRAGMA locking_mode=EXCLUSIVE;
    PRAGMA journal_mode=WAL;
    PRAGMA cache_size=-\(cacheKibibytes);
    PRAGMA temp_store=MEMORY;
    PRAGMA journal_size_limit=4194304;
    PRAGMA wal_autocheckpoint=\(max(1, checkpointPages));
    """
  }

  /// Kind, key, body. A body that is already there dirties no page.
  package static let putDocument = """
    INSERT INTO documents(kind,key,body) VALUES(?1,?2,?3)
    ON CONFLICT(kind,key) DO UPDATE SET body=excluded.body WHERE body IS NOT excluded.body
    """

  /// One table per lane, so that the oldest records of a lane are found without an index of their own. `ordinal` counts
  /// the records ever put into the lane: with `counters` it tells how many wait, without counting them and without a
  /// second page written per record. `documents` has a rowid because a rewritten body then dirties one page.
  static let migrations: [String] = [
    """
    CREATE TABLE outbox_transaction(number INTEGER PRIMARY KEY,ordinal,flags,attempts,grp,body);
    CREATE TABLE outbox_security(number INTEGER PRIMARY KEY,ordinal,flags,attempts,grp,body);
    CREATE TABLE outbox_general(number INTEGER PRIMARY KEY,ordinal,flags,attempts,grp,body);
    CREATE TABLE dead_letters(
      sequence INTEGER PRIMARY KEY,number,lane,flags,attempts,grp,body,reason);
    CREATE TABLE documents(id INTEGER PRIMARY KEY,kind,key,body,UNIQUE(kind,key));
    CREATE TABLE counters(
      id INTEGER PRIMARY KEY,last,offline,dead,dropped,
      appended1,removed1,appended2,removed2,appended3,removed3);
    INSERT INTO counters VALUES(1,0,0,0,0,0,0,0,0,0,0);
    """,
    // The place of a token is the first half of its digest, its body begins with the second: a look-up reads one path
    // of one tree. The cache needs no index for the order in which tokens leave it: it is read through when it is full.
    """
    CREATE TABLE token_list(place INTEGER PRIMARY KEY,body);
    CREATE TABLE token_cache(place INTEGER PRIMARY KEY,accepted,born,used,body);
    CREATE TABLE token_state(id INTEGER PRIMARY KEY,version,entries,bytes,cached,cachedbytes,clock);
    INSERT INTO token_state VALUES(1,0,0,0,0,0,0);
    """,
  ]

  static func outboxTable(_ lane: OutboxLane) -> String {
    switch lane {
    case .transaction: "outbox_transaction"
    case .security: "outbox_security"
    case .general: "outbox_general"
    }
  }

  /// Brings a file to the newest step.
  static func migrate(_ database: SQLiteDatabase) throws(StoreFailure) {
    let known = Int64(migrations.count)
    let version = try orStoreFailure { () throws(SQLiteError) in try database.integer("PRAGMA user_version") } ?? 0
    guard version <= known else {
      throw StoreFailure(
        .other,
        detail: "the state was written by a newer program (schema \(version), this one knows up to \(known))")
    }
    guard version >= 0 else { throw StoreFailure(.corrupt, detail: "schema version \(version)") }
    guard version < known else { return }
    try orStoreFailure { () throws(SQLiteError) in
      try database.execute("PRAGMA synchronous=FULL; BEGIN IMMEDIATE")
      for step in migrations.dropFirst(Int(version)) { try database.execute(step) }
      try database.execute("PRAGMA user_version=\(known); COMMIT")
    }
  }
}

/// Runs a body and tells its SQLite error as a store's failure.
func orStoreFailure<Value>(_ body: () throws(SQLiteError) -> Value) throws(StoreFailure) -> Value {
  do {
    return try body()
  } catch {
    throw StoreFailure(error)
  }
}
