import CLinux

/// What the kernel accounts to a process.
struct ProcessFigures {
  var residentBytes: Int64 = 0
  /// Anonymous memory: what the process really costs.
  var privateBytes: Int64 = 0
  var threads: Int64 = 0
  /// Times that a thread of it gave up the processor by itself.
  var wakeups: Int64 = 0
  /// Time on a processor, in ns.
  var cpuNanoseconds: Int64 = 0
  var writtenBytes: Int64 = 0

  static func read(_ processID: pid_t) -> ProcessFigures {
    var figures = ProcessFigures()
    let folder = "/proc/\(processID)"
    for line in lines(folder + "/smaps_rollup") {
      if line.hasPrefix("Rss:") { figures.residentBytes = number(line) * 1_024 }
      if line.hasPrefix("Anonymous:") { figures.privateBytes = number(line) * 1_024 }
    }
    for line in lines(folder + "/io") where line.hasPrefix("write_bytes:") { figures.writtenBytes = number(line) }
    for thread in Files.list(folder + "/task") {
      figures.threads += 1
      for line in lines("\(folder)/task/\(thread)/status") where line.hasPrefix("voluntary_ctxt_switches:") {
        figures.wakeups += number(line)
      }
      let schedule = Files.read("\(folder)/task/\(thread)/schedstat") ?? ""
      figures.cpuNanoseconds += schedule.split(separator: " ").first.flatMap { Int64($0) } ?? 0
    }
    return figures
  }

  private static func lines(_ path: String) -> [Substring] {
    (Files.read(path) ?? "").split(separator: "\n")
  }

  private static func number(_ line: Substring) -> Int64 {
    Int64(line.drop { !$0.isNumber }.prefix { $0.isNumber }) ?? 0
  }
}

/// The shared libraries that a process maps, beside those of the C library itself.
enum MappedLibraries {
  private static let ofTheSystem = [
    "/libc.so", "/ld-linux", "/libm.so", "/libpthread", "/libdl", "/librt", "/libgcc_s", "/libresolv",
  ]

  static func read(_ processID: pid_t) -> [String] {
    var found: [String] = []
    for line in (Files.read("/proc/\(processID)/maps") ?? "").split(separator: "\n") {
      guard let start = line.firstIndex(of: "/") else { continue }
      let path = String(line[start...])
      guard path.contains(".so"), !ofTheSystem.contains(where: { path.contains($0) }), !found.contains(path) else {
        continue
      }
      found.append(path)
    }
    return found
  }
}
