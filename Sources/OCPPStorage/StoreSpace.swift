import CLinux
import ChargerBase
import OCPPPorts

/// Watches how much room is left, on the disk and within the quota.
///
/// What may be dropped gives way first: an expendable record is refused while there is still room for the others.
/// Removals always go through.
final class StoreSpace {
  private let directory: String
  private let reservedFreeBytes: UInt64
  private let maximumPages: Int64
  private let pageCount: SQLiteStatement
  private let freePages: SQLiteStatement
  private var isShort = false
  private var isExhausted = false

  init(_ database: SQLiteDatabase, directory: String, options: StoreOptions) throws(SQLiteError) {
    self.directory = directory
    reservedFreeBytes = options.reservedFreeBytes
    maximumPages = max(16, options.quotaBytes / StoreSchema.pageSize)
    pageCount = try database.prepare("PRAGMA page_count")
    freePages = try database.prepare("PRAGMA freelist_count")
    try database.execute("PRAGMA max_page_count=\(maximumPages)")
  }

  /// Two counters and one system call, once per transaction.
  func look() {
    guard let pages = try? count(pageCount), let unused = try? count(freePages) else { return }
    isShort = pages - unused > maximumPages / 10 * 9
    isExhausted = false
    var status = statvfs()
    guard statvfs(directory, &status) == 0 else { return }
    let (free, overflow) = UInt64(status.f_bavail).multipliedReportingOverflow(by: UInt64(status.f_frsize))
    guard !overflow else { return }
    // Pages that removals have freed are room as well: the file does not shrink.
    let room = free.addingSaturating(UInt64(clamping: unused).multipliedSaturating(by: UInt64(StoreSchema.pageSize)))
    isExhausted = room < reservedFreeBytes
    if room / 2 < reservedFreeBytes { isShort = true }
  }

  func refusal(of mutations: [StoreMutation]) -> StoreFailure? {
    guard isShort else { return nil }
    for mutation in mutations {
      switch mutation {
      case .append(let entry) where isExhausted || entry.isExpendable:
        return StoreFailure(.full, detail: isExhausted ? "the disk is full" : "no room for what can be done without")
      case .putDocument(let kind, _, _) where isExhausted || kind == .authorization:
        return StoreFailure(.full, detail: isExhausted ? "the disk is full" : "no room for what can be done without")
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
