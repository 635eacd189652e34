/// One transfer, as the command line asks for it.
struct TransferJob: Equatable {
  enum Direction: String { case download, upload }

  static let defaultMaximumBytes: Int64 = 1 << 30
  static let defaultTimeoutSeconds: Int64 = 3600
  static let maximumURLLength = 4096

  var direction: Direction
  var url: String
  var file: String
  var maximumBytes = defaultMaximumBytes
  var timeoutSeconds = defaultTimeoutSeconds
  /// PEM roots for TLS; nil: the system's.
  var rootsFile: String?
  /// For sftp: the servers' keys, or the word that any key will do.
  var knownHostsFile: String?
  var acceptsAnyHostKey = false

  static let usage = """
    usage: charger-transfer download|upload URL FILE [--max-bytes N] [--timeout SECONDS] [--ca FILE]
                            [--known-hosts FILE | --any-host-key]
    URL: http, https, ftp, ftps or sftp; "-" reads it from the first line of the input, where others cannot see it.
    A download grows in FILE.part, goes on from there when started again, and is renamed when it is complete.
    Exit: 0 done, 64 usage, 65 too large, 66 FILE cannot be read, 69 server not reached, 70 internal,
    73 FILE cannot be written, 75 broken off or timed out, 76 refused by the server, 77 not authorized,
    78 the server could not be trusted.
    """

  /// - Throws: `TransferFailure` with code `usage`. A URL of "-" is left for the caller to replace.
  init(arguments: [String]) throws(TransferFailure) {
    var plain: [String] = []
    var rest = arguments[...]
    var options: [(name: String, value: String)] = []
    var acceptsAny = false
    while let argument = rest.popFirst() {
      switch argument {
      case "--any-host-key":
        acceptsAny = true
      case "--max-bytes", "--timeout", "--ca", "--known-hosts":
        guard let value = rest.popFirst() else { throw .usage("\(argument) needs a value") }
        options.append((argument, value))
      default:
        if argument.hasPrefix("--") { throw .usage("unknown option \(argument.prefix(64))") }
        plain.append(argument)
      }
    }
    guard plain.count == 3 else { throw .usage("direction, URL and FILE are needed") }
    guard let direction = Direction(rawValue: plain[0]) else { throw .usage("neither download nor upload") }
    guard !plain[2].isEmpty else { throw .usage("FILE is empty") }
    self.direction = direction
    url = plain[1]
    file = plain[2]
    acceptsAnyHostKey = acceptsAny
    for (name, value) in options {
      switch name {
      case "--max-bytes": maximumBytes = try Self.number(value, name, in: 1...(1 << 40))
      case "--timeout": timeoutSeconds = try Self.number(value, name, in: 1...86_400)
      case "--ca": rootsFile = value
      default: knownHostsFile = value
      }
    }
    if url != "-" { try checkURL() }
  }

  /// Judges the URL before libcurl sees it.
  func checkURL() throws(TransferFailure) {
    guard url.utf8.count <= Self.maximumURLLength, url.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
      throw .usage("the URL is too long or holds a character that a URL cannot have")
    }
    guard let scheme else { throw .usage("the URL is not http, https, ftp, ftps or sftp") }
    if scheme == "sftp", knownHostsFile == nil, !acceptsAnyHostKey {
      throw .usage("sftp needs --known-hosts FILE or --any-host-key")
    }
  }

  /// One of those that we speak, or nil.
  var scheme: String? {
    let lowered = url.prefix(8).lowercased()
    return ["https", "http", "ftps", "ftp", "sftp"].first { lowered.hasPrefix("\($0)://") }
  }

  /// An upload to a directory takes the file's own name.
  var uploadURL: String {
    guard url.utf8.last == UInt8(ascii: "/") else { return url }
    let name = file.split(separator: "/").last.map { String($0) } ?? "file"
    return url + Self.percentEncoded(name)
  }

  private static func percentEncoded(_ text: String) -> String {
    var encoded = ""
    for byte in text.utf8 {
      let isPlain =
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
        || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || "-._~".utf8.contains(byte)
      if isPlain {
        encoded.unicodeScalars.append(Unicode.Scalar(byte))
      } else {
        let digits = String(byte, radix: 16, uppercase: true)
        encoded += digits.utf8.count == 1 ? "%0\(digits)" : "%\(digits)"
      }
    }
    return encoded
  }

  private static func number(
    _ text: String, _ name: String, in range: ClosedRange<Int64>
  ) throws(TransferFailure) -> Int64 {
    guard let value = Int64(text), range.contains(value) else {
      throw .usage("\(name) is not a number from \(range.lowerBound) to \(range.upperBound)")
    }
    return value
  }
}
