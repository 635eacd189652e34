import OCPPPorts

/// The open database with its statements, before its thread takes it over.
final class OpenedStore {
  let directory: StateDirectory
  let writer: StoreWriter
  let snapshot: StoreSnapshot

  init(_ directory: StateDirectory, options: StoreOptions, checksThoroughly: Bool) throws(StoreFailure) {
    let database = try Self.connect(directory, options: options)
    if checksThoroughly {
      let verdict = try orStoreFailure { () throws(SQLiteError) in try database.text("PRAGMA quick_check(1)") }
      guard verdict == "ok" else { throw StoreFailure(.corrupt, detail: verdict ?? "the check gave no answer") }
    }
    self.directory = directory
    (writer, snapshot) = try Self.asCorruption {
      () throws(SQLiteError) in
      let tables = try StoreTables(database, maximumDeadLetters: options.maximumDeadLetters)
      let space = try SpaceGauge(database, directory: directory.path, options: options)
      let writer = try StoreWriter(
        database, tables: tables, space: space, checkpointPages: max(1, options.checkpointPages)
      ) { directory.markSuspect() }
      let snapshot = StoreSnapshot(
        documents: try tables.documents(), lastOutboxNumber: OutboxNumber(tables.counters.lastNumber),
        offlineThrough: OutboxNumber(tables.counters.offlineThrough), waiting: tables.counters.waiting,
        deadLetters: Int(clamping: tables.counters.deadLetters),
        droppedDeadLetters: Int(clamping: tables.counters.deadLettersDropped),
        unwritten: directory.takeUnwritten(), space: space.level, tokens: tables.counters.tokens)
      return (writer, snapshot)
    }
  }

  /// Makes a new database from what can be read of a damaged one.
  static func salvage(
    from path: String, into directory: StateDirectory, options: StoreOptions, reason: String
  ) throws(StoreFailure) -> SalvageReport {
    let database = try connect(directory, options: options)
    return StoreSalvage.copy(from: path, to: database, reason: reason)
  }

  private static func connect(_ directory: StateDirectory, options: StoreOptions) throws(StoreFailure) -> SQLiteDatabase
  {
    let database = try orStoreFailure { () throws(SQLiteError) in
      let database = try SQLiteDatabase(path: directory.databasePath, create: false)
      try database.execute(StoreSchema.settings(checkpointPages: options.checkpointPages))
      return database
    }
    try StoreSchema.migrate(database)
    return database
  }

  /// At open, a table or column that is missing is damage too.
  private static func asCorruption<Value>(_ body: () throws(SQLiteError) -> Value) throws(StoreFailure) -> Value {
    do throws(SQLiteError) {
      return try body()
    } catch {
      let failure = StoreFailure(error)
      guard error.code.primary.rawValue == 1 else { throw failure }
      throw StoreFailure(.corrupt, detail: failure.detail)
    }
  }
}
