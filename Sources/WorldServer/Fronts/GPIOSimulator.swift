import CLinux
import Glibc

/// One chip of the kernel's gpio-sim: made in configfs, and its lines as whoever stands outside the chip sees them.
struct GPIOSimulator {
  static let configuration = "/sys/kernel/config/gpio-sim"

  private let folder: String
  private let values: [Int32]
  private let pulls: [Int32]

  /// Makes the chip; one of the same label from before is removed.
  init(label: String, lines: [String]) throws(FrontError) {
    let folder = "\(Self.configuration)/\(label)"
    let bank = folder + "/bank0"
    Self.remove(folder, lines: lines.count)
    guard mkdir(folder, 0o755) == 0, mkdir(bank, 0o755) == 0 else {
      throw FrontError("\(folder) cannot be made: \(Self.reason) (the kernel needs gpio-sim, the program root)")
    }
    try Self.write("\(lines.count)", to: bank + "/num_lines")
    try Self.write(label, to: bank + "/label")
    for (number, name) in lines.enumerated() {
      guard mkdir("\(bank)/line\(number)", 0o755) == 0 else {
        throw FrontError("\(bank)/line\(number): \(Self.reason)")
      }
      try Self.write(name, to: "\(bank)/line\(number)/name")
    }
    try Self.write("1", to: folder + "/live")
    let device = try Self.read(folder + "/dev_name")
    let chip = try Self.read(bank + "/chip_name")
    self.folder = folder
    var values: [Int32] = []
    var pulls: [Int32] = []
    for number in lines.indices {
      let line = "/sys/devices/platform/\(device)/\(chip)/sim_gpio\(number)"
      let value = open(line + "/value", O_RDONLY | O_CLOEXEC)
      let pull = open(line + "/pull", O_WRONLY | O_CLOEXEC)
      guard value >= 0, pull >= 0 else { throw FrontError("\(line) cannot be opened: \(Self.reason)") }
      values.append(value)
      pulls.append(pull)
    }
    self.values = values
    self.pulls = pulls
  }

  /// The level on the line, driven or pulled; nil when it cannot be read.
  func level(_ line: Int) -> Bool? {
    guard values.indices.contains(line) else { return nil }
    var byte: UInt8 = 0
    guard pread(values[line], &byte, 1, 0) == 1 else { return nil }
    return byte == UInt8(ascii: "1")
  }

  /// Pulls a line that nobody drives.
  func pull(_ line: Int, up: Bool) {
    guard pulls.indices.contains(line) else { return }
    let word = up ? "pull-up" : "pull-down"
    _ = word.withCString { pwrite(pulls[line], $0, strlen($0), 0) }
  }

  func remove() {
    for descriptor in values + pulls { close(descriptor) }
    Self.remove(folder, lines: values.count)
  }

  private static func remove(_ folder: String, lines: Int) {
    guard access(folder, F_OK) == 0 else { return }
    try? write("0", to: folder + "/live")
    for number in 0..<max(lines, GPIOFrontConfiguration.maximumLines) { rmdir("\(folder)/bank0/line\(number)") }
    rmdir(folder + "/bank0")
    rmdir(folder)
  }

  private static var reason: String { String(cString: strerror(linux_errno())) }

  private static func write(_ text: String, to path: String) throws(FrontError) {
    let descriptor = open(path, O_WRONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw FrontError("\(path) cannot be opened: \(reason)") }
    defer { close(descriptor) }
    let written = text.withCString { Glibc.write(descriptor, $0, strlen($0)) }
    guard written == text.utf8.count else { throw FrontError("\(path) does not take \(text): \(reason)") }
  }

  private static func read(_ path: String) throws(FrontError) -> String {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw FrontError("\(path) cannot be opened: \(reason)") }
    defer { close(descriptor) }
    let bytes = [UInt8](unsafeUninitializedCapacity: 128) { buffer, count in
      count = max(0, Glibc.read(descriptor, buffer.baseAddress, buffer.count))
    }
    return String(decoding: bytes.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
  }
}
