import CLinux
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
    var status = statvfs()
    if statvfs(directory, &status) == 0 {
      let (free, overflow) = UInt64(status.f_bavail).multipliedReportingOverflow(by: UInt64(status.f_frsize))
      isExhausted = !overflow && free < reservedFreeBytes
      isShort = !overflow && free / 2 < reservedFreeBytes
    }
    if let used = try? usedPages(), used > maximumPages / 10 * 9 { isShort = true }
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

  private func usedPages() throws(SQLiteError) -> Int64 {
    let pages = try pageCount.step() ? pageCount.integer(0) : 0
    pageCount.reset()
    let free = try freePages.step() ? freePages.integer(0) : 0
    freePages.reset()
    return pages - free
  }
}
