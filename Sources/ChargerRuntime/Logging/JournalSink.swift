import CLinux
import Glibc

/// systemd's journal, spoken to directly over its datagram socket: one datagram of fields for each line, so that
/// `journalctl -u chargerd CHARGER_EVSE=2` finds what happened there.
struct JournalSink: LogSink {
  static let standardPath = "/run/systemd/journal/socket"
  /// Fields of ours begin with this, as the journal wants it of programs.
  static let fieldPrefix = "CHARGER_"

  private let socket: DatagramSocket
  private let identifier: String

  /// - Parameter identifier: the program's name.
  init?(path: String = JournalSink.standardPath, identifier: String) {
    guard let socket = DatagramSocket(path: path) else { return nil }
    self.socket = socket
    self.identifier = identifier
  }

  func write(_ line: LogLine) -> Bool {
    var bytes: [UInt8] = []
    func add(_ name: String, _ value: String) {
      // A value of one line: `printable` has no other.
      bytes += Array("\(name)=\(value)\n".utf8)
    }
    add("PRIORITY", String(line.priority))
    add("SYSLOG_IDENTIFIER", identifier)
    add("MESSAGE", line.printable)
    for field in line.fields {
      add(Self.fieldPrefix + field.name.uppercased(), field.value.filter { !$0.isNewline })
    }
    return socket.send(bytes)
  }

  /// Whether standard error goes to the journal, as JOURNAL_STREAM tells it by device and inode.
  static func isStandardError(_ stream: String?) -> Bool {
    guard let parts = stream?.split(separator: ":"), parts.count == 2 else { return false }
    var status = stat()
    guard fstat(2, &status) == 0 else { return false }
    return UInt64(parts[0]) == UInt64(status.st_dev) && UInt64(parts[1]) == UInt64(status.st_ino)
  }
}
