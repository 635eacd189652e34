import CLinux
import Glibc

/// Which start of the operating system this is, as the kernel names it.
package enum BootIdentity {
  /// The kernel's boot id, or nil where there is none.
  package static func current() -> String? {
    guard let bytes = FileReading.contents(of: "/proc/sys/kernel/random/boot_id", limit: 64) else { return nil }
    let text = String(decoding: bytes.prefix { $0 > 32 }, as: UTF8.self)
    return text.isEmpty ? nil : text
  }

  /// Whether the hardware watchdog has reset the system, by its boot status (`WDIOF_CARDRESET`); false where the kernel
  /// shows none.
  package static func wasResetByWatchdog(
    statusFile: String = "/sys/class/watchdog/watchdog0/bootstatus"
  ) -> Bool {
    guard let bytes = FileReading.contents(of: statusFile, limit: 64),
      let status = UInt32(String(decoding: bytes.prefix { $0 > 32 }, as: UTF8.self))
    else { return false }
    return status & 0x20 != 0
  }
}

/// Whole small files.
package enum FileReading {
  /// The file's bytes; nil when it cannot be read, is longer than `limit` or no regular file (`linux_read_document`).
  package static func contents(of path: String, limit: Int) -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: limit)
    let count = linux_read_document(path, &bytes, limit)
    return count < 0 ? nil : Array(bytes.prefix(count))
  }
}
