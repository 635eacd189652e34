/// The ways in which a secret may stand in a text: as it is, in JSON, in an address, in hexadecimal, and in base64 at
/// each of the three places that it can have within another text (as a password behind `user:`).
enum SecretForms {
  /// Shorter texts are no secrets worth the name, and would be found everywhere.
  static let minimumLength = 4

  static func all(of secret: String) -> [[UInt8]] {
    let raw = Array(secret.utf8)
    guard raw.count >= minimumLength else { return [] }
    var forms = [raw, escaped(raw), percentEncoded(raw), hex(raw, "0123456789abcdef"), hex(raw, "0123456789ABCDEF")]
    for offset in 0..<3 {
      let core = base64Core(raw, offset: offset)
      if core.count >= minimumLength { forms += [core, core.map(urlSafe)] }
    }
    return forms.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
  }

  private static func escaped(_ raw: [UInt8]) -> [UInt8] {
    raw.flatMap { $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "\\") ? [UInt8(ascii: "\\"), $0] : [$0] }
  }

  private static func percentEncoded(_ raw: [UInt8]) -> [UInt8] {
    raw.flatMap { byte -> [UInt8] in
      Bytes.isLetterOrDigit(byte) || "-._~".utf8.contains(byte)
        ? [byte] : [UInt8(ascii: "%")] + hex([byte], "0123456789ABCDEF")
    }
  }

  static func hex(_ raw: [UInt8], _ digits: StaticString) -> [UInt8] {
    let digits = Array("\(digits)".utf8)
    return raw.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
  }

  static func base64(_ raw: [UInt8]) -> [UInt8] {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    var text: [UInt8] = []
    for start in stride(from: 0, to: raw.count, by: 3) {
      let group = raw[start..<min(start + 3, raw.count)]
      var bits = group.reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
      bits <<= UInt32(8 * (3 - group.count))
      for place in 0..<4 {
        text.append(
          place <= group.count ? alphabet[Int(bits >> UInt32(18 - 6 * place) & 63)] : UInt8(ascii: "="))
      }
    }
    return text
  }

  /// What of the base64 of `offset` bytes, the secret and something after it is the secret's alone.
  private static func base64Core(_ raw: [UInt8], offset: Int) -> [UInt8] {
    let whole = base64([UInt8](repeating: 0, count: offset) + raw)
    let first = (offset * 8 + 5) / 6
    let last = (offset + raw.count) * 8 / 6
    return first < last ? Array(whole[first..<min(last, whole.count)]) : []
  }

  private static func urlSafe(_ byte: UInt8) -> UInt8 {
    byte == UInt8(ascii: "+") ? UInt8(ascii: "-") : byte == UInt8(ascii: "/") ? UInt8(ascii: "_") : byte
  }
}

enum Bytes {
  static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
  static func isLetter(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
  }
  static func isUpper(_ byte: UInt8) -> Bool { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) }
  static func isLetterOrDigit(_ byte: UInt8) -> Bool { isDigit(byte) || isLetter(byte) }
  static func isHex(_ byte: UInt8) -> Bool {
    isDigit(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte | 0x20)
  }
  static func lowered(_ byte: UInt8) -> UInt8 { isUpper(byte) ? byte | 0x20 : byte }
}
