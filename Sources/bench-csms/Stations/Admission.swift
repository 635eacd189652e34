/// Whether a WebSocket handshake is let in.
enum Admission: Equatable {
  /// With the sub-protocol agreed on; nil when none of ours was offered: then the connection is closed at once
  /// (Part 4 §3.1.2).
  case admitted(identity: String, subprotocol: String?)
  case refused(status: Int, reason: String)

  static let subprotocol = "ocpp2.0.1"
  static let maximumIdentityBytes = 255

  /// `credentials` is the Authorization header; a password of nil lets everybody in.
  static func decide(path: String, protocols: [String], credentials: String?, password: String?) -> Admission {
    let last = path.split(separator: "?", maxSplits: 1).first?.split(separator: "/").last ?? ""
    guard let identity = decodingPercent(last), !identity.isEmpty, identity.utf8.count <= maximumIdentityBytes else {
      return .refused(status: 404, reason: "the path names no station")
    }
    if let password {
      guard let credentials, let given = basicCredentials(credentials), given == "\(identity):\(password)" else {
        return .refused(status: 401, reason: "wrong or missing password")
      }
    }
    let offered = protocols.flatMap { $0.split(separator: ",") }.map { String(trimming($0)) }
    return .admitted(identity: identity, subprotocol: offered.contains(subprotocol) ? subprotocol : nil)
  }

  private static func trimming(_ text: Substring) -> Substring {
    var text = text
    while text.first == " " || text.first == "\t" { text.removeFirst() }
    while text.last == " " || text.last == "\t" { text.removeLast() }
    return text
  }

  private static func decodingPercent(_ text: Substring) -> String? {
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "%") else {
        bytes.append(byte)
        continue
      }
      guard rest.count >= 2, let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) else {
        return nil
      }
      rest = rest.dropFirst(2)
      bytes.append(value)
    }
    return String(validating: bytes, as: UTF8.self)
  }

  /// The text behind `Basic`, decoded (RFC 7617).
  static func basicCredentials(_ header: String) -> String? {
    let parts = header.split(separator: " ", maxSplits: 1)
    guard parts.count == 2, parts[0].lowercased() == "basic" else { return nil }
    var bytes: [UInt8] = []
    var bits: UInt32 = 0
    var count = 0
    for character in trimming(parts[1]).utf8 {
      let value: UInt8
      switch character {
      case UInt8(ascii: "A")...UInt8(ascii: "Z"): value = character - 65
      case UInt8(ascii: "a")...UInt8(ascii: "z"): value = character - 71
      case UInt8(ascii: "0")...UInt8(ascii: "9"): value = character + 4
      case UInt8(ascii: "+"): value = 62
      case UInt8(ascii: "/"): value = 63
      case UInt8(ascii: "="): continue
      default: return nil
      }
      bits = bits << 6 | UInt32(value)
      count += 6
      if count >= 8 {
        count -= 8
        bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
      }
    }
    return String(validating: bytes, as: UTF8.self)
  }
}
