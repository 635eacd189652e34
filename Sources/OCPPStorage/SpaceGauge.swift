import CLinux
import ChargerBase
import OCPPPorts

/// Watches how much room is left, on the disk and within the quota. Removals always go through.
final class SpaceGauge {
  /// While there is ample room it is looked at once in so many transactions, or after so many bytes.
  private static let restTransactions = 16
  private static let restBytes = 512 * 1024

  private(set) var level = StoreSpace.ample
  private let directory: String
  private let reservedFreeBytes: UInt64
  private let maximumPages: Int64
  private let pageCount: SQLiteStatement
  private let freePages: SQLiteStatement
  private var unseenTransactions = 0
  private var unseenBytes = 0

  init(_ database: SQLiteDatabase, directory: String, options: StoreOptions) throws(SQLiteError) {
    self.directory = directory
    reservedFreeBytes = options.reservedFreeBytes
    maximumPages = max(16, options.quotaBytes / StoreSchema.pageSize)
    pageCount = try database.prepare("PRAGMA page_count")
    freePages = try database.prepare("PRAGMA freelist_count")
    try database.execute("PRAGMA max_page_count=\(maximumPages)")
    look()
  }

  /// Before a transaction that adds so many bytes.
  func lookIfDue(adding bytes: Int) {
    unseenTransactions += 1
    unseenBytes = unseenBytes.addingSaturating(bytes)
    guard level != .ample || unseenTransactions >= Self.restTransactions || unseenBytes >= Self.restBytes else {
      return
    }
    look()
  }

  /// Two counters and one system call.
  func look() {
    unseenTransactions = 0
    unseenBytes = 0
    guard let pages = try? count(pageCount), let unused = try? count(freePages) else { return }
    level = max(quotaLevel(used: pages - unused), diskLevel(unusedPages: unused))
  }

  private func quotaLevel(used: Int64) -> StoreSpace {
    if used > maximumPages / 20 * 19 { return .critical }
    return used > maximumPages / 10 * 9 ? .short : .ample
  }

  private func diskLevel(unusedPages: Int64) -> StoreSpace {
    var status = statvfs()
    guard statvfs(directory, &status) == 0 else { return .ample }
    let (free, overflow) = UInt64(status.f_bavail).multipliedReportingOverflow(by: UInt64(status.f_frsize))
    guard !overflow else { return .ample }
    // Pages that removals have freed are room as well: the file does not shrink.
    let room = free.addingSaturating(
      UInt64(clamping: unusedPages).multipliedSaturating(by: UInt64(StoreSchema.pageSize)))
    if room < reservedFreeBytes { return .exhausted }
    if room / 2 < reservedFreeBytes { return .critical }
    return room / 4 < reservedFreeBytes ? .short : .ample
  }

  func refusal(of mutations: [StoreMutation]) -> StoreFailure? {
    guard level >= .critical else { return nil }
    for mutation in mutations {
      switch mutation {
      // What is left is for transactions.
      case .updateTokenList(let update) where update.entries.contains { $0.body != nil }:
        return StoreFailure(.full, detail: "there is no room for a list")
      case .append, .putDocument, .cacheToken:
        if level == .exhausted { return StoreFailure(.full, detail: "the disk is full") }
      default: continue
      }
    }
    return nil
  }

  private func count(_ statement: SQLiteStatement) throws(SQLiteError) -> Int64 {
    defer { statement.reset() }
    return try statement.step() ? statement.integer(0) : 0
  }
}
