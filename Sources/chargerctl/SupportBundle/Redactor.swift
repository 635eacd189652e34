/// Takes secrets out of a text, twice over: those that are known, in every form in which they may stand; and whatever
/// looks like one, known or not. What the station writes has none by its own rules; this is for what it did not write
/// itself, and for the day when a rule was broken.
struct Redactor {
  static let mark = "(redacted)"

  /// By first byte, so that a text is gone through once.
  private let forms: [[[UInt8]]]

  init(secrets: [String]) {
    var forms = [[[UInt8]]](repeating: [], count: 256)
    for form in secrets.flatMap({ SecretForms.all(of: $0) }) {
      if let first = form.first { forms[Int(first)].append(form) }
    }
    // The longest first: a secret may begin with another one.
    self.forms = forms.map { $0.sorted { $0.count > $1.count } }
  }

  func redact(_ text: String) -> String { String(decoding: redact(Array(text.utf8)), as: UTF8.self) }

  func redact(_ text: [UInt8]) -> [UInt8] { SuspectScanner.redact(withoutKnown(text)) }

  private func withoutKnown(_ text: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(text.count)
    var place = 0
    while place < text.count {
      let byte = text[place]
      if let found = forms[Int(byte)].first(where: { text[place...].starts(with: $0) }) {
        result += Array(Self.mark.utf8)
        place += found.count
      } else {
        result.append(byte)
        place += 1
      }
    }
    return result
  }
}

/// Finds what looks like a secret: values behind telling words, logins in addresses, private keys, and the numbers of
/// cards and contracts by their form.
enum SuspectScanner {
  /// Whatever stands behind these is left out altogether.
  private static let secretWords = [
    "password", "passwort", "passwd", "passphrase", "secret", "privatekey", "private_key", "apikey", "api_key",
    "authorizationkey", "basicauthpassword", "pin", "puk", "key",
  ]
  /// What stands behind these is shown as far as it does no harm.
  private static let tokenWords = [
    "idtoken", "token", "rfid", "uid", "card", "tag", "emaid", "keycode", "masterpassgroupid", "groupid",
    "groupidtoken",
  ]
  private static let schemes = ["basic", "bearer"]

  static func redact(_ text: [UInt8]) -> [UInt8] {
    var scanner = Scanner(text: text)
    return scanner.run()
  }

  private struct Scanner {
    let text: [UInt8]
    var place = 0
    var result: [UInt8] = []
    /// The last word, lower-case, while nothing but what may stand between a word and its value has followed.
    var word: [UInt8] = []
    var between: [UInt8] = []

    init(text: [UInt8]) {
      self.text = text
      result.reserveCapacity(text.count)
    }

    mutating func run() -> [UInt8] {
      while place < text.count {
        if skipPrivateKey() || hideLogin() || passEscape() { continue }
        let byte = text[place]
        guard isOfWord(place) else {
          if "\"':= \\".utf8.contains(byte), between.count < 8 {
            between.append(byte)
          } else {
            word = []
            between = []
          }
          result.append(byte)
          place += 1
          continue
        }
        var end = place
        while end < text.count, isOfWord(end), end == place || !startsKey(end) { end += 1 }
        let run = Array(text[place..<end])
        result += hidden(run, endsAt: end)
        place = end
        word = run.map(Bytes.lowered)
        between = []
      }
      return result
    }

    /// Letters, digits, what stands within names and base64, and the mark of what is masked already.
    private func isOfWord(_ place: Int) -> Bool {
      let byte = text[place]
      if byte < 0x80 { return Bytes.isLetterOrDigit(byte) || "-_*+/|@.%".utf8.contains(byte) }
      return (max(0, place - 2)...place).contains { text[$0...].starts(with: "…".utf8) }
    }

    private func startsKey(_ place: Int) -> Bool {
      text[place] == UInt8(ascii: "-") && text[place...].starts(with: "-----BEGIN ".utf8)
    }

    /// An escape of JSON: a quotation mark stays one, everything else ends a word.
    private mutating func passEscape() -> Bool {
      guard text[place] == UInt8(ascii: "\\"), place + 1 < text.count else { return false }
      let escaped = text[place + 1]
      guard "nrt\"\\/".utf8.contains(escaped) else { return false }
      if escaped == UInt8(ascii: "\""), between.count < 8 {
        between.append(escaped)
      } else {
        word = []
        between = []
      }
      result += [UInt8(ascii: "\\"), escaped]
      place += 2
      return true
    }

    private func hidden(_ run: [UInt8], endsAt end: Int) -> [UInt8] {
      let former = String(decoding: word, as: UTF8.self)
      let last = former.split { "._-/".contains($0) }.last.map(String.init) ?? former
      let isBound = between.contains { ":=\"".utf8.contains($0) }
      if isBound, secretWords.contains(former) || secretWords.contains(last), !isPlain(run) {
        return Array(Redactor.mark.utf8)
      }
      if schemes.contains(former), run.count >= 8 { return Array(Redactor.mark.utf8) }
      if tokenWords.contains(former) || tokenWords.contains(last), run.count >= 4, run.contains(where: Bytes.isDigit) {
        return masked(run)
      }
      return maskingNumbers(run, after: former)
    }

    /// Words that stand behind "key" and its like and say nothing: `true`, `null`, a number of one digit.
    private func isPlain(_ run: [UInt8]) -> Bool {
      run.count < 2 || ["true", "false", "null", "not", "none"].contains(String(decoding: run, as: UTF8.self))
    }

    /// Within a word: numbers of cards (4, 7 or 10 bytes in hexadecimal) and of contracts.
    private func maskingNumbers(_ run: [UInt8], after former: String) -> [UInt8] {
      if isContract(run) { return masked(run) }
      // Transactions are named by numbers of the same form, of which the first part is often shown alone.
      if former == "transaction" { return run }
      var result: [UInt8] = []
      var start = 0
      while start < run.count {
        var end = start
        while end < run.count, Bytes.isLetterOrDigit(run[end]) { end += 1 }
        let part = Array(run[start..<end])
        let isAlone =
          !(start > 0 && run[start - 1] == UInt8(ascii: "-")) && !(end < run.count && run[end] == UInt8(ascii: "-"))
        let isCard = [8, 14, 20].contains(part.count) && part.allSatisfy(Bytes.isHex)
        let isMixed = part.contains(where: Bytes.isDigit) && part.contains(where: Bytes.isLetter)
        result += isAlone && isCard && isMixed ? masked(part) : part
        if end < run.count { result.append(run[end]) }
        start = end + 1
      }
      return result
    }

    /// A contract's number (eMAID): country, provider, C and eight characters, with or without separators.
    private func isContract(_ run: [UInt8]) -> Bool {
      let parts = run.split { $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "*") }.map(Array.init)
      guard parts.count >= 3, parts[0].count == 2, parts[0].allSatisfy(Bytes.isUpper), parts[1].count == 3 else {
        return false
      }
      return parts[2].count >= 9 && Bytes.lowered(parts[2][0]) == UInt8(ascii: "c")
    }

    private func masked(_ run: [UInt8]) -> [UInt8] {
      // It is masked already.
      if run.suffix(3) == Array("…".utf8)[...] { return run }
      return Array(run.prefix(min(4, run.count / 2))) + Array("…".utf8)
    }

    /// `://user:password@host`.
    private mutating func hideLogin() -> Bool {
      let opening = Array("://".utf8)
      guard text[place...].starts(with: opening) else { return false }
      var end = place + opening.count
      while end < text.count, text[end] > 0x20, !"/\"'<>".utf8.contains(text[end]) {
        if text[end] == UInt8(ascii: "@") {
          result += opening + Array(Redactor.mark.utf8) + [UInt8(ascii: "@")]
          place = end + 1
          word = []
          between = []
          return true
        }
        end += 1
      }
      return false
    }

    private mutating func skipPrivateKey() -> Bool {
      let opening = Array("-----BEGIN ".utf8)
      guard text[place...].starts(with: opening) else { return false }
      let line = text[place...].prefix(80)
      guard contains(line, "PRIVATE KEY-----") else { return false }
      let closing = Array("PRIVATE KEY-----".utf8)
      let ending = Array("-----END ".utf8)
      var end = place + opening.count
      while end < text.count, !text[end...].starts(with: ending) { end += 1 }
      while end < text.count, !text[end...].starts(with: closing) { end += 1 }
      place = min(text.count, end + closing.count)
      result += Array("\(Redactor.mark): a private key".utf8)
      word = []
      between = []
      return true
    }

    private func contains(_ slice: ArraySlice<UInt8>, _ text: String) -> Bool {
      let wanted = Array(text.utf8)
      return slice.indices.contains { slice[$0...].starts(with: wanted) }
    }
  }
}
