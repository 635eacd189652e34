/// A tar archive (ustar, POSIX.1-1988) in memory: what every system can open, and plain enough to be written here.
struct TarArchive {
  private(set) var bytes: [UInt8] = []

  private static let blockSize = 512
  private static let nameLimit = 99

  /// - Parameter modified: seconds since 1970.
  mutating func add(_ name: String, _ content: [UInt8], modified: Int64) {
    var header = [UInt8](repeating: 0, count: Self.blockSize)
    func put(_ text: String, at offset: Int) {
      for (index, byte) in text.utf8.enumerated() where offset + index < Self.blockSize {
        header[offset + index] = byte
      }
    }
    func octal(_ value: Int64, digits: Int) -> String {
      let text = String(max(0, value), radix: 8)
      return String(repeating: "0", count: max(0, digits - text.count)) + text.suffix(digits)
    }
    put(String(decoding: Array(name.utf8.prefix(Self.nameLimit)), as: UTF8.self), at: 0)
    put(octal(0o600, digits: 7), at: 100)
    put(octal(0, digits: 7), at: 108)
    put(octal(0, digits: 7), at: 116)
    put(octal(Int64(content.count), digits: 11), at: 124)
    put(octal(modified, digits: 11), at: 136)
    put("        ", at: 148)
    put("0", at: 156)
    put("ustar", at: 257)
    put("00", at: 263)
    let sum = header.reduce(Int64(0)) { $0 + Int64($1) }
    put(octal(sum, digits: 6), at: 148)
    header[154] = 0
    bytes += header + content
    let rest = content.count % Self.blockSize
    if rest > 0 { bytes += [UInt8](repeating: 0, count: Self.blockSize - rest) }
  }

  /// With the two empty blocks that end an archive.
  var finished: [UInt8] { bytes + [UInt8](repeating: 0, count: 2 * Self.blockSize) }
}
