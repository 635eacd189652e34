extension ProfileField {
  private static let urlForm = "ws://HOST[:PORT][/PATH] or wss://HOST[:PORT][/PATH], without the identity"

  /// The CSMS's address without the identity (Part 4 §3.1.1), at most 512 characters.
  func webSocketURL(isRequired: Bool = false) -> String? {
    guard let url = text(isRequired: isRequired, length: 1...512) else { return nil }
    let rest: Substring
    if url.hasPrefix("ws://") {
      rest = url.dropFirst(5)
    } else if url.hasPrefix("wss://") {
      rest = url.dropFirst(6)
    } else {
      report("does not begin with ws:// or wss://", allowed: Self.urlForm)
      return nil
    }
    guard rest.utf8.allSatisfy(Characters.isURL) else {
      report("has a character that an address of a CSMS cannot have", allowed: Self.urlForm)
      return nil
    }
    guard Self.isAuthority(rest.prefix { $0 != "/" }) else {
      report("has no valid host and port", allowed: Self.urlForm)
      return nil
    }
    return url
  }

  private static func isAuthority(_ text: Substring) -> Bool {
    var host = text
    var port: Substring?
    if text.hasPrefix("[") {
      guard let end = text.firstIndex(of: "]") else { return false }
      host = text[...end].dropFirst().dropLast()
      let after = text[text.index(after: end)...]
      guard after.isEmpty || after.hasPrefix(":") else { return false }
      if !after.isEmpty { port = after.dropFirst() }
      guard
        host.utf8.allSatisfy({ Characters.isLetterOrDigit($0) || $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: ".") })
      else { return false }
    } else if let colon = text.firstIndex(of: ":") {
      host = text[..<colon]
      port = text[text.index(after: colon)...]
    }
    if let port {
      guard let number = UInt16(port), number > 0, !port.hasPrefix("+") else { return false }
    }
    return !host.isEmpty
  }

  /// 0…3, of a kind that fits the address: profiles 2 and 3 are TLS, 0 and 1 are not (A00).
  func securityProfile(purpose: BoardProfile.Purpose?, url: String?, urlKey: String) -> Int32? {
    let least: Int64 = purpose == .product ? 1 : 0
    guard let number = integer(in: least...3) else { return nil }
    if let url, url.hasPrefix("wss://") != (number >= 2) {
      report(
        number >= 2
          ? "is \(number), which needs TLS, but \(urlKey) is ws://"
          : "is \(number), which has no TLS, but \(urlKey) is wss://",
        allowed: number >= 2 ? "\(least == 0 ? "0 or 1" : "1") with ws://" : "2 or 3 with wss://")
    }
    return Int32(exactly: number)
  }
}
