/// Puts the fragments of a text message together (RFC 6455 §5.4) and refuses what we do not take, with the close code
/// that tells the peer.
struct MessageAssembler {
  enum Violation: Error, Equatable {
    case tooLarge(limit: Int)
    case notUTF8
    case binary
    /// A continuation of nothing, or a new message before the last one was finished.
    case fragmentOrder

    var closeCode: UInt16 {
      switch self {
      case .tooLarge: 1009
      case .notUTF8: 1007
      case .binary: 1003
      case .fragmentOrder: 1002
      }
    }

    var detail: String {
      switch self {
      case .tooLarge(let limit): "the CSMS sent a message of more than \(limit) bytes"
      case .notUTF8: "the CSMS sent a message that is not UTF-8"
      case .binary: "the CSMS sent a binary message"
      case .fragmentOrder: "the CSMS sent fragments out of order"
      }
    }
  }

  enum Kind { case text, binary, continuation }

  let maximumBytes: Int
  /// At most `maximumBytes`; nil between messages.
  private var partial: [UInt8]?

  init(maximumBytes: Int) { self.maximumBytes = maximumBytes }

  /// Takes one data frame; answers the whole message when this frame ends it.
  mutating func take(_ kind: Kind, isFinal: Bool, bytes: [UInt8]) throws(Violation) -> [UInt8]? {
    switch kind {
    case .binary: throw .binary
    case .text: guard partial == nil else { throw .fragmentOrder }
    case .continuation: guard partial != nil else { throw .fragmentOrder }
    }
    let held = partial?.count ?? 0
    guard bytes.count <= maximumBytes - held else { throw .tooLarge(limit: maximumBytes) }
    var message = partial ?? []
    partial = nil
    if message.isEmpty { message = bytes } else { message += bytes }
    guard isFinal else {
      partial = message
      return nil
    }
    guard Self.isUTF8(message) else { throw .notUTF8 }
    return message
  }

  static func isUTF8(_ bytes: [UInt8]) -> Bool {
    do {
      _ = try UTF8Span(validating: bytes.span)
      return true
    } catch {
      return false
    }
  }
}
