/// What SQLite said when a call failed.
package struct SQLiteError: Error, Sendable, CustomStringConvertible {
  /// The extended code.
  package var code: SQLiteResultCode
  package var message: String
  /// The statement without its values, so that nothing private is told; nil when none was involved.
  package var sql: String?
  /// `errno` of the last system call that failed underneath, or 0.
  package var systemError: Int32

  package init(code: SQLiteResultCode, message: String, sql: String? = nil, systemError: Int32 = 0) {
    self.code = code
    self.message = message
    self.sql = sql
    self.systemError = systemError
  }

  package var description: String {
    guard let sql else { return "\(code): \(message)" }
    return "\(code): \(message), in: \(sql)"
  }
}
