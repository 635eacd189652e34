import NIOCore

/// The body of a WebSocket close frame (RFC 6455 §5.5.1 and §7.4).
struct CloseFrame: Equatable {
  /// A control frame holds 125 bytes, two of which are the code.
  static let maximumReasonBytes = 123

  let code: UInt16?
  let reason: String

  init(code: UInt16, reason: String) {
    self.code = code
    self.reason = Self.shortened(reason)
  }

  /// Nil when the body is none that a peer may send.
  init?(_ body: ByteBuffer) {
    var body = body
    guard body.readableBytes > 0 else {
      code = nil
      reason = ""
      return
    }
    guard let code = body.readInteger(as: UInt16.self), Self.isSendable(code) else { return nil }
    self.code = code
    reason = String(decoding: body.readableBytesView, as: UTF8.self)
  }

  var bytes: ByteBuffer {
    var buffer = ByteBuffer()
    if let code { buffer.writeInteger(code) }
    buffer.writeString(reason)
    return buffer
  }

  /// Codes that may stand in a frame: 1005, 1006 and 1015 are for the program's own use.
  static func isSendable(_ code: UInt16) -> Bool {
    switch code {
    case 1000...1003, 1007...1014, 3000...4999: true
    default: false
    }
  }

  private static func shortened(_ text: String) -> String {
    guard text.utf8.count > maximumReasonBytes else { return text }
    var kept = ""
    for character in text {
      guard kept.utf8.count + character.utf8.count <= maximumReasonBytes else { break }
      kept.append(character)
    }
    return kept
  }
}
