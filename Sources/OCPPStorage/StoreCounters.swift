import OCPPPorts

/// What the store knows without looking at its rows. A value, so that a savepoint can put it back.
struct StoreCounters: Equatable {
  struct Lane: Equatable {
    /// Records ever put into the lane, and ever taken out.
    var appended: Int64 = 0
    var removed: Int64 = 0
    /// The highest number seen in the lane by this run; an append beyond it lands at the table's end.
    var highest: Int64 = 0

    var waiting: Int { Int(max(0, appended - removed)) }
  }

  var lastNumber: Int64 = 0
  var offlineThrough: Int64 = 0
  var transaction = Lane()
  var security = Lane()
  var general = Lane()
  var deadLetters: Int64 = 0
  var deadLettersDropped: Int64 = 0
  /// The row on disk must be rewritten in this transaction. An append at the end of a lane needs no rewriting: its own
  /// ordinal and number tell the same.
  var isDirty = false
  var tokens = TokenTablesState()
  /// Counts what comes into the cache and is used there.
  var tokenClock: Int64 = 0
  /// The same for the row of the token tables.
  var areTokensDirty = false

  subscript(lane: OutboxLane) -> Lane {
    get {
      switch lane {
      case .transaction: transaction
      case .security: security
      case .general: general
      }
    }
    set {
      switch lane {
      case .transaction: transaction = newValue
      case .security: security = newValue
      case .general: general = newValue
      }
    }
  }

  var waiting: [Int] { OutboxLane.allCases.map { self[$0].waiting } }
}
