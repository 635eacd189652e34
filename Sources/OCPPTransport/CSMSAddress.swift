import OCPPPorts

/// An OCPP-J endpoint URL taken apart (Part 4 §3.1.1): what to dial and what to ask for.
package struct CSMSAddress: Sendable, Equatable {
  package static let maximumLength = 2048
  package static let maximumIdentityLength = 255

  package let isSecure: Bool
  /// A name or an address, without brackets.
  package let host: String
  package let port: Int
  /// Begins with "/"; as it stood in the URL.
  package let path: String
  /// With its "?", or empty.
  package let query: String

  /// - Throws: `LinkFailure` of kind `badAddress` that says what is wrong.
  package init(_ url: String) throws(LinkFailure) {
    let bytes = Array(url.utf8)
    guard bytes.count <= Self.maximumLength else {
      throw Self.bad("longer than \(Self.maximumLength) bytes")
    }
    guard bytes.allSatisfy({ Self.isAllowed($0) }) else {
      throw Self.bad("it holds a character that a URL cannot have")
    }
    guard !bytes.contains(UInt8(ascii: "#")) else { throw Self.bad("a WebSocket URL has no fragment (RFC 6455 §3)") }

    var rest: ArraySlice<UInt8>
    if let after = Self.drop(scheme: "wss://", from: bytes) {
      isSecure = true
      rest = after
    } else if let after = Self.drop(scheme: "ws://", from: bytes) {
      isSecure = false
      rest = after
    } else {
      throw Self.bad("it begins with neither ws:// nor wss://")
    }

    let authorityEnd =
      rest.firstIndex { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") } ?? rest.endIndex
    let authority = rest[rest.startIndex..<authorityEnd]
    rest = rest[authorityEnd...]
    (host, port) = try Self.split(authority: authority, defaultPort: isSecure ? 443 : 80)

    let queryStart = rest.firstIndex(of: UInt8(ascii: "?")) ?? rest.endIndex
    let givenPath = Self.text(rest[rest.startIndex..<queryStart])
    path = givenPath.isEmpty ? "/" : givenPath
    query = Self.text(rest[queryStart...])
  }

  /// The request target: path, identity and query.
  package func requestTarget(identity: String) -> String {
    var target = path
    if target.utf8.last != UInt8(ascii: "/") { target += "/" }
    return target + Self.percentEncoded(identity) + query
  }

  /// For the `Host` header: the port only where it is not the scheme's own.
  package var hostHeader: String {
    let name = host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]" : host
    return port == (isSecure ? 443 : 80) ? name : "\(name):\(port)"
  }

  /// Encodes what RFC 3986 does not allow in a path segment, and nothing else: some CSMS compare without decoding.
  package static func percentEncoded(_ text: String) -> String {
    var encoded: [UInt8] = []
    for byte in text.utf8 {
      if isPathCharacter(byte) {
        encoded.append(byte)
      } else {
        encoded += [UInt8(ascii: "%"), hexadecimal(byte >> 4), hexadecimal(byte & 0x0F)]
      }
    }
    return Self.text(encoded[...])
  }

  // MARK: - Parts

  private static func split(
    authority: ArraySlice<UInt8>, defaultPort: Int
  ) throws(LinkFailure) -> (host: String, port: Int) {
    guard !authority.contains(UInt8(ascii: "@")) else {
      throw bad("a user name in the URL is not supported; the password belongs to BasicAuthPassword")
    }
    var host = authority
    var portText: ArraySlice<UInt8>?
    if authority.first == UInt8(ascii: "[") {
      guard let end = authority.firstIndex(of: UInt8(ascii: "]")) else { throw bad("\"[\" without \"]\"") }
      host = authority[(authority.startIndex + 1)..<end]
      let after = authority[(end + 1)...]
      if let first = after.first {
        guard first == UInt8(ascii: ":") else { throw bad("something stands between \"]\" and the port") }
        portText = after.dropFirst()
      }
      guard host.contains(UInt8(ascii: ":")), host.allSatisfy({ isAddressCharacter($0) }) else {
        throw bad("what stands in brackets is no IPv6 address")
      }
    } else {
      if let colon = authority.firstIndex(of: UInt8(ascii: ":")) {
        host = authority[authority.startIndex..<colon]
        portText = authority[(colon + 1)...]
      }
      guard host.allSatisfy({ isNameCharacter($0) }) else { throw bad("the host name holds a strange character") }
    }
    guard !host.isEmpty, host.count <= 253 else { throw bad("the host name is empty or too long") }
    guard let portText else { return (text(host), defaultPort) }
    guard portText.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
      let port = UInt16(text(portText)), port > 0
    else { throw bad("the port is not a number from 1 to 65535") }
    return (text(host), Int(port))
  }

  private static func drop(scheme: String, from bytes: [UInt8]) -> ArraySlice<UInt8>? {
    guard bytes.count >= scheme.utf8.count else { return nil }
    for (given, wanted) in zip(bytes, scheme.utf8) where lowercased(given) != wanted { return nil }
    return bytes[scheme.utf8.count...]
  }

  private static func bad(_ detail: String) -> LinkFailure { LinkFailure(.badAddress, detail: "CSMS URL: \(detail)") }

  private static func text(_ bytes: ArraySlice<UInt8>) -> String { String(decoding: bytes, as: UTF8.self) }

  private static func lowercased(_ byte: UInt8) -> UInt8 {
    (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
  }

  private static func hexadecimal(_ digit: UInt8) -> UInt8 {
    digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "A") + (digit - 10)
  }

  private static func isAlphanumeric(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
      || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(lowercased(byte))
  }

  /// Visible ASCII without the characters that RFC 3986 leaves out.
  private static func isAllowed(_ byte: UInt8) -> Bool {
    (0x21...0x7E).contains(byte) && !"\"<>\\^`{|}".utf8.contains(byte)
  }

  private static func isNameCharacter(_ byte: UInt8) -> Bool { isAlphanumeric(byte) || "-._".utf8.contains(byte) }

  private static func isAddressCharacter(_ byte: UInt8) -> Bool { isAlphanumeric(byte) || ":.".utf8.contains(byte) }

  /// RFC 3986 `pchar` without the percent sign.
  private static func isPathCharacter(_ byte: UInt8) -> Bool {
    isAlphanumeric(byte) || "-._~!$&'()*+,;=:@".utf8.contains(byte)
  }
}
