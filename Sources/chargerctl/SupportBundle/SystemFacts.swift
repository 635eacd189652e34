import CLinux
import ChargerBase
import Glibc

/// What the machine says of itself: kernel, memory, disk, clock.
enum SystemFacts {
  static func text(stateDirectory: String?) -> String {
    var lines: [String] = []
    func add(_ name: String, _ value: String?) { lines.append("\(name): \(value ?? "not known")") }
    add("kernel", firstLine("/proc/version"))
    add("system", assignments("/etc/os-release", ["PRETTY_NAME"]).first?.1)
    add("processor", colons("/proc/cpuinfo", ["model name", "Model", "Hardware"]).first?.1)
    add("uptime", firstLine("/proc/uptime").flatMap { seconds($0) })
    add("load", firstLine("/proc/loadavg"))
    for (name, value) in colons("/proc/meminfo", ["MemTotal", "MemAvailable", "SwapTotal", "SwapFree"]) {
      add(name, value)
    }
    for zone in 0..<8 {
      if let heat = firstLine("/sys/class/thermal/thermal_zone\(zone)/temp"), let milli = Int64(heat) {
        add("temperature \(zone)", "\(milli / 1_000) °C")
      }
    }
    for place in ["/", "/run", stateDirectory].compactMap({ $0 }) { add("space at \(place)", space(at: place)) }
    let now = WallTime(millisecondsSinceEpoch: linux_realtime_ms())
    add("clock", now.rfc3339)
    add("clock since the kernel's start", Text.span(seconds: linux_boottime_ns() / 1_000_000_000))
    add("time zone", firstLine("/etc/timezone") ?? "not set")
    add("clock set by the network", access("/run/systemd/timesync/synchronized", F_OK) == 0 ? "yes" : "not known")
    add("boot", firstLine("/proc/sys/kernel/random/boot_id"))
    return lines.joined(separator: "\n")
  }

  private static let maximumBytes = 64 * 1024

  private static func lines(of path: String) -> [String] {
    guard let bytes = (try? FileAccess.read(path, limit: maximumBytes)) ?? nil else { return [] }
    return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
  }

  private static func firstLine(_ path: String) -> String? { lines(of: path).first }

  private static func seconds(_ text: String) -> String? {
    text.split(separator: ".").first.flatMap { Int64($0) }.map { Text.span(seconds: $0) }
  }

  private static func colons(_ path: String, _ names: [String]) -> [(String, String)] {
    pairs(path, ":", names)
  }

  private static func assignments(_ path: String, _ names: [String]) -> [(String, String)] {
    pairs(path, "=", names).map { ($0.0, $0.1.filter { $0 != "\"" }) }
  }

  private static func pairs(_ path: String, _ separator: Character, _ names: [String]) -> [(String, String)] {
    var found: [(String, String)] = []
    for line in lines(of: path) {
      guard let place = line.firstIndex(of: separator) else { continue }
      let name = line[..<place].trimmed
      if names.contains(name), !found.contains(where: { $0.0 == name }) {
        found.append((name, line[line.index(after: place)...].trimmed))
      }
    }
    return found
  }

  private static func space(at path: String) -> String? {
    var figures = statvfs()
    guard statvfs(path, &figures) == 0 else { return nil }
    let unit = UInt64(figures.f_frsize)
    func megabytes(_ blocks: UInt64) -> UInt64 { blocks.multipliedReportingOverflow(by: unit).partialValue / 1_000_000 }
    return "\(megabytes(UInt64(figures.f_bavail))) MB free of \(megabytes(UInt64(figures.f_blocks))) MB, "
      + "\(figures.f_favail) of \(figures.f_files) inodes free"
  }
}

extension Substring {
  var trimmed: String {
    let left = drop { $0 == " " || $0 == "\t" }
    var text = String(left)
    while let last = text.last, last == " " || last == "\t" { text.removeLast() }
    return text
  }
}
