import OCPPPorts

/// What could be read from a damaged database, told to the operator.
package struct SalvageReport: Sendable, Equatable {
  /// Where the damaged file is kept.
  package var keptAt: String
  /// What was wrong.
  package var reason: String
  package var records: Int
  package var deadLetters: Int
  package var documents: Int
  /// Some table could not be read to its end: something is lost.
  package var isIncomplete: Bool
}

/// Copies from a damaged file into a new one what can still be read.
enum StoreSalvage {
  static func copy(from path: String, to database: SQLiteDatabase, reason: String) -> SalvageReport {
    var report = SalvageReport(
      keptAt: path, reason: reason, records: 0, deadLetters: 0, documents: 0, isIncomplete: false)
    do throws(SQLiteError) {
      try database.execute("PRAGMA synchronous=FULL; BEGIN IMMEDIATE")
      if let source = openSource(path) {
        for lane in OutboxLane.allCases {
          let table = StoreSchema.outboxTable(lane)
          report.records += rows(table, key: "number", columns: 6, from: source, to: database, &report.isIncomplete)
        }
        report.deadLetters = rows(
          "dead_letters", key: "sequence", columns: 8, from: source, to: database, &report.isIncomplete)
        report.documents = rows("documents", key: "id", columns: 4, from: source, to: database, &report.isIncomplete)
        report.isIncomplete = !counters(from: source, to: database) || report.isIncomplete
      } else {
        report.isIncomplete = true
      }
      try recount(database)
      try database.execute("COMMIT")
    } catch {
      if database.isInTransaction { try? database.execute("ROLLBACK") }
      report.isIncomplete = true
    }
    return report
  }

  /// A file whose first page is unreadable gets the first page that every database of ours begins with: tables made by
  /// the same steps have the same root pages. The page that was there is kept beside the file.
  private static func openSource(_ path: String) -> SQLiteDatabase? {
    func connect() -> SQLiteDatabase? {
      guard let source = try? SQLiteDatabase(path: path, create: false) else { return nil }
      guard (try? source.execute("PRAGMA locking_mode=EXCLUSIVE")) != nil,
        (try? source.integer("SELECT count(*) FROM counters")) != nil
      else { return nil }
      return source
    }
    if let source = connect() { return source }
    guard DamagedFile.replaceFirstPage(of: path) else { return nil }
    return connect()
  }

  /// Reads a table upwards until it breaks, then downwards from its end: a broken page costs what lies on it.
  private static func rows(
    _ table: String, key: String, columns: Int32, from source: SQLiteDatabase, to target: SQLiteDatabase,
    _ isIncomplete: inout Bool
  ) -> Int {
    var copied = 0
    do throws(SQLiteError) {
      let places = (1...columns).map { "?\($0)" }.joined(separator: ",")
      let insert = try target.prepare("INSERT OR IGNORE INTO \(table) VALUES(\(places))")
      for direction in ["ASC", "DESC"] {
        do throws(SQLiteError) {
          let select = try source.prepare("SELECT * FROM \(table) NOT INDEXED ORDER BY \(key) \(direction)")
          while try select.step() {
            try insert.bind(row: select, columns: columns)
            try insert.run()
            copied += target.changes
          }
          return copied
        } catch {
          isIncomplete = true
        }
      }
    } catch {
      isIncomplete = true
    }
    return copied
  }

  private static func counters(from source: SQLiteDatabase, to target: SQLiteDatabase) -> Bool {
    do throws(SQLiteError) {
      let select = try source.prepare("SELECT last,offline,dropped FROM counters WHERE id=1")
      guard try select.step() else { return false }
      try target.execute(
        """
        UPDATE counters SET last=\(select.integer(0)),offline=\(select.integer(1)),dropped=\(select.integer(2))
        """)
      return true
    } catch {
      return false
    }
  }

  /// Ordinals of salvaged rows no longer tell how many there are.
  private static func recount(_ database: SQLiteDatabase) throws(SQLiteError) {
    var highest: Int64 = 0
    for lane in OutboxLane.allCases {
      let table = StoreSchema.outboxTable(lane)
      let count = try database.integer("SELECT count(*) FROM \(table)") ?? 0
      let ordinal = try database.integer("SELECT coalesce(max(ordinal),0) FROM \(table)") ?? 0
      highest = max(highest, try database.integer("SELECT coalesce(max(number),0) FROM \(table)") ?? 0)
      let appended = max(ordinal, count)
      try database.execute(
        "UPDATE counters SET appended\(lane.rawValue)=\(appended),removed\(lane.rawValue)=\(appended - count)")
    }
    highest = max(highest, try database.integer("SELECT coalesce(max(number),0) FROM dead_letters") ?? 0)
    try database.execute(
      "UPDATE counters SET last=max(last,\(highest)),dead=(SELECT count(*) FROM dead_letters)")
  }
}
