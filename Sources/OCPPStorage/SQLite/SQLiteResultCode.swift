import CSQLite

/// A result code as SQLite reports it: open, because the library adds extended codes with every version.
package struct SQLiteResultCode: RawRepresentable, Sendable, Hashable, CustomStringConvertible {
  package var rawValue: Int32
  package init(rawValue: Int32) { self.rawValue = rawValue }

  package static let ok = SQLiteResultCode(rawValue: SQLITE_OK)
  package static let busy = SQLiteResultCode(rawValue: SQLITE_BUSY)
  package static let locked = SQLiteResultCode(rawValue: SQLITE_LOCKED)
  package static let noMemory = SQLiteResultCode(rawValue: SQLITE_NOMEM)
  package static let readOnly = SQLiteResultCode(rawValue: SQLITE_READONLY)
  package static let inputOutput = SQLiteResultCode(rawValue: SQLITE_IOERR)
  package static let corrupt = SQLiteResultCode(rawValue: SQLITE_CORRUPT)
  package static let full = SQLiteResultCode(rawValue: SQLITE_FULL)
  package static let cannotOpen = SQLiteResultCode(rawValue: SQLITE_CANTOPEN)
  package static let tooBig = SQLiteResultCode(rawValue: SQLITE_TOOBIG)
  package static let constraint = SQLiteResultCode(rawValue: SQLITE_CONSTRAINT)
  package static let permission = SQLiteResultCode(rawValue: SQLITE_PERM)
  package static let notADatabase = SQLiteResultCode(rawValue: SQLITE_NOTADB)
  package static let row = SQLiteResultCode(rawValue: SQLITE_ROW)
  package static let done = SQLiteResultCode(rawValue: SQLITE_DONE)

  /// The code without its extension: `SQLITE_IOERR_WRITE` becomes `SQLITE_IOERR`.
  package var primary: SQLiteResultCode { SQLiteResultCode(rawValue: rawValue & 0xFF) }

  package var description: String {
    guard let text = sqlite3_errstr(rawValue) else { return "code \(rawValue)" }
    return "\(String(cString: text)) (\(rawValue))"
  }
}
