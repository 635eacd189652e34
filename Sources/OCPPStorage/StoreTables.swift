import ChargerBase
import OCPPPorts

/// Rows and counters: every mutation and query as prepared statements, within whatever transaction is open.
final class StoreTables {
  /// A query answers at most this many records, and stops after the record that passes the bytes.
  static let maximumEntriesPerQuery = 1_000

  private struct LaneStatements {
    let lane: OutboxLane
    let insert: SQLiteStatement
    let delete: SQLiteStatement
    let setAttempts: SQLiteStatement
    let one: SQLiteStatement
    let page: SQLiteStatement
    let outline: SQLiteStatement
    let outlineOfGroup: SQLiteStatement
  }

  var counters: StoreCounters
  private let database: SQLiteDatabase
  private let maximumDeadLetters: Int64
  private let lanes: [LaneStatements]
  private let writeCounters: SQLiteStatement
  private let putDocument: SQLiteStatement
  private let removeDocument: SQLiteStatement
  private let insertDeadLetter: SQLiteStatement
  private let dropDeadLetter: SQLiteStatement
  private let listDeadLetters: SQLiteStatement
  let tokens: StoreTokenTables

  init(_ database: SQLiteDatabase, maximumDeadLetters: Int) throws(SQLiteError) {
    self.database = database
    self.maximumDeadLetters = Int64(max(1, maximumDeadLetters))
    // What is compiled here names every column, so that a damaged schema is found when the store is opened.
    var lanes: [LaneStatements] = []
    for lane in OutboxLane.allCases {
      let table = StoreSchema.outboxTable(lane)
      lanes.append(
        LaneStatements(
          lane: lane,
          insert: try database.prepare("INSERT INTO \(table) VALUES(?1,?2,?3,?4,?5,?6)"),
          delete: database.prepareLater("DELETE FROM \(table) WHERE number=?1"),
          setAttempts: database.prepareLater("UPDATE \(table) SET attempts=?2 WHERE number=?1"),
          one: database.prepareLater("SELECT number,flags,attempts,grp,body FROM \(table) WHERE number=?1"),
          page: try database.prepare(
            "SELECT number,flags,attempts,grp,body FROM \(table) WHERE number>?1 ORDER BY number LIMIT ?2"),
          outline: database.prepareLater(
            "SELECT number,flags,attempts,grp,NULL FROM \(table) WHERE number>?1 ORDER BY number LIMIT ?2"),
          outlineOfGroup: database.prepareLater(
            "SELECT number,flags,attempts,grp,NULL FROM \(table) WHERE number>?1 AND grp=?3 ORDER BY number LIMIT ?2"
          )))
    }
    self.lanes = lanes
    writeCounters = try database.prepare(
      "REPLACE INTO counters VALUES(1,?1,?2,?3,?4,?5,?6,?7,?8,?9,?10)")
    putDocument = try database.prepare(StoreSchema.putDocument)
    removeDocument = database.prepareLater("DELETE FROM documents WHERE kind=?1 AND key=?2")
    insertDeadLetter = try database.prepare(
      "INSERT INTO dead_letters(number,lane,flags,attempts,grp,body,reason) VALUES(?1,?2,?3,?4,?5,?6,?7)")
    dropDeadLetter = database.prepareLater(
      "DELETE FROM dead_letters WHERE sequence=(SELECT min(sequence) FROM dead_letters)")
    listDeadLetters = database.prepareLater(
      """
      SELECT number,flags,attempts,grp,body,lane,reason FROM
      (SELECT * FROM dead_letters ORDER BY sequence DESC LIMIT ?1) ORDER BY sequence
      """)
    counters = try Self.readCounters(database)
    tokens = StoreTokenTables(database)
    try tokens.readState(into: &counters)
  }

  /// A handful of look-ups, however long the queue.
  private static func readCounters(_ database: SQLiteDatabase) throws(SQLiteError) -> StoreCounters {
    var counters = StoreCounters()
    let row = try database.prepare("SELECT * FROM counters WHERE id=1")
    guard try row.step() else {
      throw SQLiteError(code: .corrupt, message: "the counters are missing")
    }
    counters.lastNumber = row.integer(1)
    counters.offlineThrough = row.integer(2)
    counters.deadLetters = row.integer(3)
    counters.deadLettersDropped = row.integer(4)
    for (index, lane) in OutboxLane.allCases.enumerated() {
      let column = Int32(5 + 2 * index)
      var values = StoreCounters.Lane(appended: row.integer(column), removed: row.integer(column + 1))
      let last = try database.prepare(
        "SELECT number,ordinal FROM \(StoreSchema.outboxTable(lane)) ORDER BY number DESC LIMIT 1")
      if try last.step() {
        values.highest = last.integer(0)
        values.appended = max(values.appended, last.integer(1))
        counters.lastNumber = max(counters.lastNumber, values.highest)
      }
      counters[lane] = values
    }
    return counters
  }

  // MARK: - Mutations

  func apply(_ mutation: StoreMutation) throws(StoreFailure) {
    switch mutation {
    case .append(let entry): try append(entry)
    case .remove(let numbers):
      for number in numbers { try orStoreFailure { () throws(SQLiteError) in try remove(number) } }
    case .markOffline(let through):
      if through.rawValue > counters.offlineThrough {
        counters.offlineThrough = through.rawValue
        counters.isDirty = true
      }
    case .setFailedAttempts(let number, let attempts):
      try orStoreFailure { () throws(SQLiteError) in
        for statements in lanes {
          try statements.setAttempts.bind(number.rawValue, at: 1)
          try statements.setAttempts.bind(Int64(attempts), at: 2)
          try statements.setAttempts.run()
          if database.changes > 0 { return }
        }
      }
    case .moveToDeadLetters(let number, let attempts, let reason):
      try orStoreFailure { () throws(SQLiteError) in
        try moveToDeadLetters(number, failedAttempts: attempts, reason: reason)
      }
    case .putDocument(let kind, let key, let body):
      guard key.utf8.count <= StoreLimits.maximumKeyBytes, body.count <= StoreLimits.maximumDocumentBytes else {
        throw StoreFailure(.other, detail: "document of \(body.count) bytes with a key of \(key.utf8.count)")
      }
      try orStoreFailure { () throws(SQLiteError) in
        try putDocument.bind(Int64(kind.rawValue), at: 1)
        try putDocument.bind(key, at: 2)
        try putDocument.bind(body, at: 3)
        try putDocument.run()
      }
    case .removeDocument(let kind, let key):
      try orStoreFailure { () throws(SQLiteError) in
        try removeDocument.bind(Int64(kind.rawValue), at: 1)
        try removeDocument.bind(key, at: 2)
        try removeDocument.run()
      }
    case .updateTokenList, .cacheToken, .touchCachedToken, .removeCachedToken, .clearTokenCache:
      try tokens.apply(mutation, &counters)
    }
  }

  private func append(_ entry: OutboxEntry) throws(StoreFailure) {
    let number = entry.number.rawValue
    guard number > 0, entry.body.count <= StoreLimits.maximumRecordBytes,
      entry.group.utf8.count <= StoreLimits.maximumKeyBytes
    else {
      throw StoreFailure(.other, detail: "record \(number) of \(entry.body.count) bytes")
    }
    if number <= counters.lastNumber, try orStoreFailure({ () throws(SQLiteError) in try find(number) }) != nil {
      throw StoreFailure(.other, detail: "record \(number) is already there")
    }
    guard let statements = lanes.first(where: { $0.lane == entry.lane }) else { return }
    var lane = counters[entry.lane]
    lane.appended = lane.appended.addingSaturating(1)
    try orStoreFailure { () throws(SQLiteError) in
      try statements.insert.bind(number, at: 1)
      try statements.insert.bind(lane.appended, at: 2)
      try statements.insert.bind(flags(entry), at: 3)
      try statements.insert.bind(Int64(entry.failedAttempts), at: 4)
      try statements.insert.bind(entry.group, at: 5)
      try statements.insert.bind(entry.body, at: 6)
      try statements.insert.run()
    }
    if number < lane.highest { counters.isDirty = true }
    lane.highest = max(lane.highest, number)
    counters.lastNumber = max(counters.lastNumber, number)
    counters[entry.lane] = lane
  }

  private func remove(_ number: OutboxNumber) throws(SQLiteError) {
    for statements in lanes {
      try statements.delete.bind(number.rawValue, at: 1)
      try statements.delete.run()
      guard database.changes > 0 else { continue }
      counters[statements.lane].removed = counters[statements.lane].removed.addingSaturating(1)
      counters.isDirty = true
      return
    }
  }

  private func moveToDeadLetters(
    _ number: OutboxNumber, failedAttempts: Int32, reason: String
  ) throws(SQLiteError) {
    guard let entry = try find(number.rawValue) else { return }
    try insertDeadLetter.bind(number.rawValue, at: 1)
    try insertDeadLetter.bind(Int64(entry.lane.rawValue), at: 2)
    try insertDeadLetter.bind(flags(entry), at: 3)
    try insertDeadLetter.bind(Int64(max(entry.failedAttempts, failedAttempts)), at: 4)
    try insertDeadLetter.bind(entry.group, at: 5)
    try insertDeadLetter.bind(entry.body, at: 6)
    try insertDeadLetter.bind(String(decoding: reason.utf8.prefix(StoreLimits.maximumKeyBytes), as: UTF8.self), at: 7)
    try insertDeadLetter.run()
    try remove(number)
    counters.deadLetters = counters.deadLetters.addingSaturating(1)
    counters.isDirty = true
    while counters.deadLetters > maximumDeadLetters {
      try dropDeadLetter.run()
      counters.deadLetters -= 1
      counters.deadLettersDropped = counters.deadLettersDropped.addingSaturating(1)
    }
  }

  /// Once per transaction, when something that the rows do not tell has changed.
  func saveCounters() throws(SQLiteError) {
    try tokens.saveState(&counters)
    guard counters.isDirty else { return }
    let values = [
      counters.lastNumber, counters.offlineThrough, counters.deadLetters, counters.deadLettersDropped,
      counters.transaction.appended, counters.transaction.removed,
      counters.security.appended, counters.security.removed,
      counters.general.appended, counters.general.removed,
    ]
    for (index, value) in values.enumerated() { try writeCounters.bind(value, at: Int32(index + 1)) }
    try writeCounters.run()
    counters.isDirty = false
  }

  // MARK: - Queries

  func entries(_ query: StoreQuery) throws(SQLiteError) -> [OutboxEntry] {
    switch query {
    case .outbox(let lane, let after, let limit):
      guard let statements = lanes.first(where: { $0.lane == lane }) else { return [] }
      return try read(statements.page, lane, after: after, limit: limit)
    case .outline(let lane, let after, let limit):
      guard let statements = lanes.first(where: { $0.lane == lane }) else { return [] }
      return try read(statements.outline, lane, after: after, limit: limit)
    case .outlineOfGroup(let lane, let group, let after, let limit):
      guard let statements = lanes.first(where: { $0.lane == lane }) else { return [] }
      try statements.outlineOfGroup.bind(group, at: 3)
      return try read(statements.outlineOfGroup, lane, after: after, limit: limit)
    case .deadLetters(let limit): return try deadLetters(limit: limit).map(\.entry)
    case .token: return []
    }
  }

  /// The newest, oldest first.
  func deadLetters(limit: Int) throws(SQLiteError) -> [DeadLetter] {
    try listDeadLetters.bind(Int64(limit.clamped(to: 0...Self.maximumEntriesPerQuery)), at: 1)
    var letters: [DeadLetter] = []
    var bytes = 0
    while try listDeadLetters.step() {
      let lane = UInt8(exactly: listDeadLetters.integer(5)).flatMap(OutboxLane.init(rawValue:)) ?? .general
      let letter = DeadLetter(entry(listDeadLetters, lane: lane), reason: listDeadLetters.text(6))
      bytes += letter.entry.body.count
      letters.append(letter)
      if bytes > StoreLimits.maximumAnswerBytes {
        listDeadLetters.reset()
        break
      }
    }
    return letters
  }

  private func read(
    _ statement: SQLiteStatement, _ lane: OutboxLane, after: OutboxNumber, limit: Int
  ) throws(SQLiteError) -> [OutboxEntry] {
    try statement.bind(after.rawValue, at: 1)
    try statement.bind(Int64(limit.clamped(to: 0...Self.maximumEntriesPerQuery)), at: 2)
    var entries: [OutboxEntry] = []
    var bytes = 0
    while try statement.step() {
      let entry = entry(statement, lane: lane)
      bytes += entry.body.count
      entries.append(entry)
      if bytes > StoreLimits.maximumAnswerBytes {
        statement.reset()
        break
      }
    }
    return entries
  }

  private func find(_ number: Int64) throws(SQLiteError) -> OutboxEntry? {
    for statements in lanes {
      try statements.one.bind(number, at: 1)
      guard try statements.one.step() else { continue }
      let entry = entry(statements.one, lane: statements.lane)
      statements.one.reset()
      return entry
    }
    return nil
  }

  /// Bit 0 expendable, bit 1 offline, from bit 2 on the position.
  private func flags(_ entry: OutboxEntry) -> Int64 {
    (entry.isExpendable ? 1 : 0) | (entry.isOffline ? 2 : 0) | Int64(max(0, entry.position)) << 2
  }

  private func entry(_ row: SQLiteStatement, lane: OutboxLane) -> OutboxEntry {
    let number = row.integer(0)
    let flags = row.integer(1)
    return OutboxEntry(
      number: OutboxNumber(number), lane: lane, group: row.text(3), isExpendable: flags & 1 != 0,
      position: Int32(clamping: flags >> 2), isOffline: flags & 2 != 0 || number <= counters.offlineThrough,
      failedAttempts: Int32(clamping: row.integer(2)), body: row.bytes(4))
  }

  /// All documents in the order of kind and key; kinds of a newer program are left alone.
  func documents() throws(SQLiteError) -> [StoreSnapshot.Document] {
    let statement = try database.prepare("SELECT kind,key,body FROM documents ORDER BY kind,key")
    var documents: [StoreSnapshot.Document] = []
    while try statement.step() {
      guard let kind = UInt8(exactly: statement.integer(0)).flatMap(DocumentKind.init(rawValue:)) else { continue }
      documents.append(
        StoreSnapshot.Document(kind: kind, key: statement.text(1), body: statement.bytes(2)))
    }
    return documents
  }
}
