import CSQLite

/// A prepared statement. Parameters count from 1, columns from 0, as in SQLite.
package final class SQLiteStatement {
  /// Nil until the first use of a statement that was prepared for later.
  private var compiled: OpaquePointer?
  /// Keeps the connection open.
  private let database: SQLiteDatabase
  private let sql: String

  init(database: SQLiteDatabase, sql: String) {
    self.database = database
    self.sql = sql
  }

  deinit { sqlite3_finalize(compiled) }

  func compile() throws(SQLiteError) { _ = try handle() }

  private func handle() throws(SQLiteError) -> OpaquePointer {
    if let compiled { return compiled }
    let made = try database.compile(sql)
    compiled = made
    return made
  }

  package func bind(_ value: Int64, at parameter: Int32) throws(SQLiteError) {
    try check(sqlite3_bind_int64(try handle(), parameter, value))
  }

  package func bind(_ value: String, at parameter: Int32) throws(SQLiteError) {
    var copy = value
    let handle = try handle()
    try check(
      copy.withUTF8 { bytes in
        guard let start = bytes.baseAddress else { return csqlite_bind_text(handle, parameter, "", 0) }
        return start.withMemoryRebound(to: CChar.self, capacity: bytes.count) {
          csqlite_bind_text(handle, parameter, $0, Int32(clamping: bytes.count))
        }
      })
  }

  package func bind(_ value: [UInt8], at parameter: Int32) throws(SQLiteError) {
    let handle = try handle()
    guard !value.isEmpty else { return try check(sqlite3_bind_zeroblob(handle, parameter, 0)) }
    try check(
      value.withUnsafeBytes { csqlite_bind_blob(handle, parameter, $0.baseAddress, Int32(clamping: $0.count)) })
  }

  /// True when a row is there, false at the end. After an error or the end the statement is ready for another run.
  package func step() throws(SQLiteError) -> Bool {
    let handle = try handle()
    switch sqlite3_step(handle) {
    case SQLITE_ROW: return true
    case SQLITE_DONE:
      sqlite3_reset(handle)
      return false
    case let result:
      let error = database.error(result, sql: sql)
      sqlite3_reset(handle)
      throw error
    }
  }

  /// Runs to the end; rows are dropped.
  package func run() throws(SQLiteError) {
    while try step() {}
  }

  /// Ends a run before its last row.
  package func reset() { sqlite3_reset(compiled) }

  package func integer(_ column: Int32) -> Int64 { compiled == nil ? 0 : sqlite3_column_int64(compiled, column) }

  /// Bytes that are not UTF-8 become replacement characters.
  package func text(_ column: Int32) -> String {
    guard let compiled, let start = sqlite3_column_text(compiled, column) else { return "" }
    let count = Int(sqlite3_column_bytes(compiled, column))
    return String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self)
  }

  package func bytes(_ column: Int32) -> [UInt8] {
    guard let compiled, let start = sqlite3_column_blob(compiled, column) else { return [] }
    return Array(UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(compiled, column))))
  }

  /// Binds the first columns of another statement's row, each with its own type.
  package func bind(row: SQLiteStatement, columns: Int32) throws(SQLiteError) {
    for column in 0..<max(0, columns) { try bind(columnOf: row, column, at: column + 1) }
  }

  private func bind(columnOf row: SQLiteStatement, _ column: Int32, at parameter: Int32) throws(SQLiteError) {
    try check(sqlite3_bind_value(try handle(), parameter, sqlite3_column_value(try row.handle(), column)))
  }

  private func check(_ result: Int32) throws(SQLiteError) {
    guard result == SQLITE_OK else { throw database.error(result, sql: sql) }
  }
}
