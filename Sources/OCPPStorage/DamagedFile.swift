import CLinux
import Glibc

/// The first page of a damaged database: header and list of tables.
enum DamagedFile {
  /// Puts a sound first page in place of the one that is there, which is kept as `PATH-page1`. False when that is no
  /// use or not possible.
  static func replaceFirstPage(of path: String) -> Bool {
    let pageSize = Int(StoreSchema.pageSize)
    var page = soundFirstPage()
    guard page.count == pageSize else { return false }
    let descriptor = Glibc.open(path, O_RDWR | O_CLOEXEC)
    guard descriptor >= 0 else { return false }
    defer { Glibc.close(descriptor) }
    let pages = lseek(descriptor, 0, SEEK_END) / pageSize
    guard pages > 1, let pageCount = UInt32(exactly: pages) else { return false }
    var original = [UInt8](repeating: 0, count: pageSize)
    guard pread(descriptor, &original, pageSize, 0) == pageSize, keep(original, at: path + "-page1") else {
      return false
    }
    // Offsets of the file format: 18 and 19 say "write-ahead log", 28 the size in pages, 32…39 the unused pages.
    page.replaceSubrange(18...19, with: [2, 2])
    page.replaceSubrange(28..<32, with: (0..<4).map { UInt8(truncatingIfNeeded: pageCount >> (24 - 8 * $0)) })
    page.replaceSubrange(32..<40, with: repeatElement(0, count: 8))
    // The size holds only when the change counter (24…27) and its copy (92…95) agree.
    page.replaceSubrange(92..<96, with: Array(page[24..<28]))
    return pwrite(descriptor, page, pageSize, 0) == pageSize
  }

  private static func soundFirstPage() -> [UInt8] {
    guard let database = try? SQLiteDatabase(path: ":memory:", create: true),
      (try? database.execute("PRAGMA page_size=\(StoreSchema.pageSize)")) != nil,
      (try? StoreSchema.migrate(database)) != nil
    else { return [] }
    return Array(database.serialized().prefix(Int(StoreSchema.pageSize)))
  }

  private static func keep(_ bytes: [UInt8], at path: String) -> Bool {
    let descriptor = Glibc.open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { return false }
    defer { Glibc.close(descriptor) }
    return write(descriptor, bytes, bytes.count) == bytes.count
  }
}
