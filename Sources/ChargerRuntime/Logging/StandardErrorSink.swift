import CLinux
import ChargerBase
import Glibc

/// Standard error: time, level and text in a terminal or a file; `<6>text` where a service manager reads it.
struct StandardErrorSink: LogSink {
  var isReadByServiceManager: Bool

  func write(_ line: LogLine) -> Bool {
    var poller = pollfd(fd: 2, events: Int16(POLLOUT), revents: 0)
    guard poll(&poller, 1, 0) == 1, poller.revents & Int16(POLLOUT) != 0 else { return false }
    let prefix = isReadByServiceManager ? "<\(line.priority)>" : "\(line.writtenAt.rfc3339) \(line.level.rawValue) "
    var text = prefix + line.printable + "\n"
    text.withUTF8 { bytes in
      bytes.withMemoryRebound(to: CChar.self) { linux_write_stderr($0.baseAddress, $0.count) }
    }
    return true
  }
}
