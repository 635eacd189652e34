import TemporaryDirectories

/// What the kernel accounts to this process.
struct ProcessCounters {
  var writtenBytes = 0
  var writeCalls = 0

  static func now() -> ProcessCounters {
    var counters = ProcessCounters()
    for line in String(decoding: TemporaryDirectory.read("/proc/self/io"), as: UTF8.self).split(separator: "\n") {
      let value = line.split(separator: " ").last.flatMap { Int($0) } ?? 0
      if line.hasPrefix("write_bytes") { counters.writtenBytes = value }
      if line.hasPrefix("syscw") { counters.writeCalls = value }
    }
    return counters
  }
}
