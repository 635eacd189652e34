import CSQLite

/// One connection. To be used by one thread at a time; the library's own locking is off.
package final class SQLiteDatabase {
  private let handle: OpaquePointer

  /// Opens for reading and writing. `create` makes a missing file.
  package init(path: String, create: Bool) throws(SQLiteError) {
    var opened: OpaquePointer?
    let flags =
      SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_EXRESCODE
      | (create ? SQLITE_OPEN_CREATE : 0)
    let result = sqlite3_open_v2(path, &opened, flags, nil)
    guard result == SQLITE_OK, let opened else {
      let message = opened.flatMap { sqlite3_errmsg($0) }.map { String(cString: $0) } ?? "no memory"
      let systemError = opened.map { sqlite3_system_errno($0) } ?? 0
      sqlite3_close_v2(opened)
      throw SQLiteError(
        code: SQLiteResultCode(rawValue: result), message: "\(message): \(path)", systemError: systemError)
    }
    handle = opened
  }

  deinit {
    // Statements that are still alive keep the connection until they are finalized.
    sqlite3_close_v2(handle)
  }

  /// The version of the library that was loaded, not of the header.
  package static var libraryVersion: String { String(cString: sqlite3_libversion()) }

  /// Runs one or more statements that answer nothing that matters.
  package func execute(_ sql: String) throws(SQLiteError) {
    let result = sqlite3_exec(handle, sql, nil, nil, nil)
    guard result == SQLITE_OK else { throw error(result, sql: sql) }
  }

  package func prepare(_ sql: String) throws(SQLiteError) -> SQLiteStatement {
    let statement = SQLiteStatement(database: self, sql: sql)
    try statement.compile()
    return statement
  }

  /// A statement that is compiled, and found wrong, at its first use: what a start does not need costs it nothing.
  func prepareLater(_ sql: String) -> SQLiteStatement { SQLiteStatement(database: self, sql: sql) }

  func compile(_ sql: String) throws(SQLiteError) -> OpaquePointer {
    var statement: OpaquePointer?
    let result = sqlite3_prepare_v3(handle, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &statement, nil)
    guard result == SQLITE_OK, let statement else { throw error(result, sql: sql) }
    return statement
  }

  /// The first column of the first row; nil when there is no row.
  package func integer(_ sql: String) throws(SQLiteError) -> Int64? {
    let statement = try prepare(sql)
    return try statement.step() ? statement.integer(0) : nil
  }

  package func text(_ sql: String) throws(SQLiteError) -> String? {
    let statement = try prepare(sql)
    return try statement.step() ? statement.text(0) : nil
  }

  /// False once an error has made SQLite roll back on its own.
  package var isInTransaction: Bool { sqlite3_get_autocommit(handle) == 0 }

  /// Rows changed by the last statement.
  package var changes: Int { Int(sqlite3_changes(handle)) }

  /// Every statement of this connection waits at most so long for another connection's lock.
  package func setBusyTimeout(milliseconds: Int32) { sqlite3_busy_timeout(handle, milliseconds) }

  /// The bytes of the database as a file would hold them; for small databases.
  package func serialized() -> [UInt8] {
    var count: sqlite3_int64 = 0
    guard let start = sqlite3_serialize(handle, "main", &count, 0) else { return [] }
    defer { sqlite3_free(start) }
    return Array(UnsafeBufferPointer(start: start, count: Int(clamping: count)))
  }

  func error(_ result: Int32, sql: String?) -> SQLiteError {
    let message = sqlite3_errmsg(handle).map { String(cString: $0) } ?? ""
    return SQLiteError(
      code: SQLiteResultCode(rawValue: result), message: message, sql: sql,
      systemError: sqlite3_system_errno(handle))
  }
}
