/// Sets of characters that names in a profile may have.
enum Characters {
  static func isLetterOrDigit(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"):
      true
    default: false
    }
  }

  static func isWord(_ byte: UInt8) -> Bool {
    isLetterOrDigit(byte) || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
  }

  /// OCPP's `identifierString` (Part 2 §2.1.2).
  static let identifierWords = "letters, digits and * - _ = : + | @ ."
  static func isIdentifier(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "*"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "="), UInt8(ascii: ":"),
      UInt8(ascii: "+"), UInt8(ascii: "|"), UInt8(ascii: "@"), UInt8(ascii: "."):
      true
    default: isLetterOrDigit(byte)
    }
  }

  /// An identity is the user name of HTTP Basic too, so it has no colon (`SecurityCtrlr.Identity`).
  static let identityWords = "letters, digits and * - _ = + | @ ."
  static func isIdentity(_ byte: UInt8) -> Bool { byte != UInt8(ascii: ":") && isIdentifier(byte) }

  static func isURL(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "\\"), UInt8(ascii: "^"),
      UInt8(ascii: "`"), UInt8(ascii: "{"), UInt8(ascii: "|"), UInt8(ascii: "}"), UInt8(ascii: "?"),
      UInt8(ascii: "#"), UInt8(ascii: "@"):
      false
    default: byte > 0x20 && byte < 0x7F
    }
  }
}
