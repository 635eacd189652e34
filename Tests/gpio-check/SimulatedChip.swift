import CLinux
import Glibc

/// A GPIO chip of the kernel's own simulator (gpio-sim), made through configfs: needs root and the module.
final class SimulatedChip {
  struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  private static let configuration = "/sys/kernel/config/gpio-sim"
  private let folder: String
  private let lines: [String]
  private var files = ""
  let label: String
  /// As `gpiochip3`.
  private(set) var name = ""

  static var isThere: Bool { access(configuration, W_OK) == 0 }

  init(label: String, lines: [String]) throws(Failure) {
    self.label = label
    self.lines = lines
    folder = "\(Self.configuration)/\(label)"
    try Self.make(folder)
    try Self.make(folder + "/bank0")
    try Self.write("\(lines.count)", to: folder + "/bank0/num_lines")
    try Self.write(label, to: folder + "/bank0/label")
    for (offset, line) in lines.enumerated() {
      try Self.make("\(folder)/bank0/line\(offset)")
      try Self.write(line, to: "\(folder)/bank0/line\(offset)/name")
    }
    try Self.write("1", to: folder + "/live")
    name = try Self.read(folder + "/bank0/chip_name")
    files = "/sys/devices/platform/\(try Self.read(folder + "/dev_name"))/\(name)"
  }

  deinit {
    try? Self.write("0", to: folder + "/live")
    for offset in lines.indices { rmdir("\(folder)/bank0/line\(offset)") }
    rmdir(folder + "/bank0")
    rmdir(folder)
  }

  var path: String { "/dev/\(name)" }

  /// What a program drives a line to, or what the line is pulled to.
  func level(_ line: String) throws(Failure) -> Bool { try Self.read(try file(line) + "/value") == "1" }

  /// What an input of a program sees.
  func pull(_ line: String, _ isHigh: Bool) throws(Failure) {
    try Self.write(isHigh ? "pull-up" : "pull-down", to: try file(line) + "/pull")
  }

  /// To write `pull-up` and `pull-down` to; the caller closes it.
  func openPull(_ line: String) throws(Failure) -> Int32 {
    let path = try file(line) + "/pull"
    let descriptor = open(path, O_WRONLY)
    guard descriptor >= 0 else { throw Failure(description: "\(path) cannot be opened: \(Self.reason)") }
    return descriptor
  }

  private func file(_ line: String) throws(Failure) -> String {
    guard let offset = lines.firstIndex(of: line) else { throw Failure(description: "no line \(line)") }
    return "\(files)/sim_gpio\(offset)"
  }

  private static func make(_ path: String) throws(Failure) {
    guard mkdir(path, 0o755) == 0 || linux_errno() == EEXIST else {
      throw Failure(description: "\(path) cannot be made: \(reason)")
    }
  }

  private static func write(_ text: String, to path: String) throws(Failure) {
    let descriptor = open(path, O_WRONLY)
    guard descriptor >= 0 else { throw Failure(description: "\(path) cannot be opened: \(reason)") }
    defer { close(descriptor) }
    let bytes = Array(text.utf8)
    guard Glibc.write(descriptor, bytes, bytes.count) == bytes.count else {
      throw Failure(description: "\(path) does not take \(text): \(reason)")
    }
  }

  private static func read(_ path: String) throws(Failure) -> String {
    let descriptor = open(path, O_RDONLY)
    guard descriptor >= 0 else { throw Failure(description: "\(path) cannot be opened: \(reason)") }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: 256)
    let count = Glibc.read(descriptor, &bytes, bytes.count)
    return String(decoding: bytes.prefix(max(0, count)).prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
  }

  private static var reason: String { strerror(linux_errno()).map { String(cString: $0) } ?? "" }
}
