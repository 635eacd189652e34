import HAL

/// Reads what the display says. A language that is built in needs only what shall be different; any other is complete.
enum TextLoader {
  static func load(_ field: ProfileField) -> TextTable {
    var table = TextTable()
    guard let object = ProfileObject<TextsKey>(field) else { return table }
    for field in object[.languages].list(count: 0...TextTable.maximumLanguages, of: "languages") ?? [] {
      guard let entry = ProfileObject<LanguageKey>(field, isRequired: true) else { continue }
      guard let tag = tag(entry[.language], isRequired: true) else { continue }
      if table.languages.contains(where: { TextTable.isSame($0.tag, tag) }) {
        entry[.language].report("is \"\(tag)\" once more", allowed: "each language once")
        continue
      }
      table.languages.append(language(entry, tag: tag))
    }
    let known = TextTable.builtIn + table.languages.map(\.tag)
    if let tag = tag(object[.language], isRequired: false) {
      if !known.contains(where: { TextTable.isSame($0, tag) }) {
        object[.language].report(
          "is \"\(tag)\", and there are no texts in it", allowed: known.joined(separator: ", "),
          suggestion: NearName.find(tag, in: known))
      }
      table.language = tag
    }
    return table
  }

  private static func tag(_ field: ProfileField, isRequired: Bool) -> String? {
    field.text(
      isRequired: isRequired, length: 2...8, characters: "letters, digits and -, as in de or en-US",
      isAllowed: { Characters.isLetterOrDigit($0) || $0 == UInt8(ascii: "-") })
  }

  private static func language(_ entry: ProfileObject<LanguageKey>, tag: String) -> TextTable.Language {
    var language = TextTable.Language(tag: tag)
    let mustBeComplete = !TextTable.builtIn.contains { TextTable.isSame($0, tag) }
    if let lines = ProfileObject<FeedbackKind>(entry[.lines], isRequired: mustBeComplete) {
      for feedback in FeedbackKind.allCases {
        guard let texts = self.lines(lines[feedback], for: feedback, isRequired: mustBeComplete) else { continue }
        language.lines.append((feedback.rawValue, texts))
      }
    }
    if let reasons = ProfileObject<RefusalKey>(entry[.reasons], isRequired: mustBeComplete) {
      for key in RefusalKey.allCases {
        guard let text = reasons[key].text(isRequired: mustBeComplete, length: 1...TextTable.maximumReason) else {
          continue
        }
        _ = width(text, reasons[key], placeholders: [])
        language.reasons.append((key.rawValue, text))
      }
    }
    if let items = ProfileObject<ChoiceKey>(entry[.choices], isRequired: mustBeComplete) {
      for key in ChoiceKey.allCases {
        guard let text = items[key].text(isRequired: mustBeComplete, length: 1...TextTable.maximumLine) else {
          continue
        }
        _ = width(text, items[key], placeholders: key == .evse ? [.evse] : [])
        language.choices.append((key.rawValue, text))
      }
    }
    return language
  }

  private static func lines(_ field: ProfileField, for feedback: FeedbackKind, isRequired: Bool) -> [String]? {
    guard let fields = field.list(isRequired: isRequired, count: 1...TextTable.maximumLines, of: "lines") else {
      return nil
    }
    let placeholders = TextTable.placeholders(of: feedback)
    return fields.compactMap { field in
      guard let text = field.text(isRequired: true, length: 1...TextTable.maximumLine),
        let width = width(text, field, placeholders: placeholders)
      else { return nil }
      if width > TextTable.maximumLine {
        field.report(
          "may get \(width) characters long with its placeholders filled in",
          allowed: "at most \(TextTable.maximumLine) characters a line")
      }
      return text
    }
  }

  /// How long a text can become; nil, with a problem, when a placeholder is not known there.
  private static func width(
    _ text: String, _ field: ProfileField, placeholders: [TextTable.Placeholder]
  ) -> Int? {
    let names = placeholders.map { "{\($0.rawValue)}" }
    var allowed: String { names.isEmpty ? "no placeholder here" : names.joined(separator: ", ") }
    var width = 0
    var rest = text[...]
    while let open = rest.firstIndex(where: { $0 == "{" || $0 == "}" }) {
      width += rest[..<open].count
      guard rest[open] == "{", let close = rest[open...].firstIndex(of: "}") else {
        field.report("has a brace that belongs to no placeholder", allowed: allowed)
        return nil
      }
      let name = rest[rest.index(after: open)..<close]
      guard let placeholder = placeholders.first(where: { $0.rawValue == name }) else {
        field.report(
          "has the placeholder {\(ProfileField.shortened(String(name)))}, which is not known here", allowed: allowed,
          suggestion: NearName.find(String(name), in: placeholders.map(\.rawValue)).map { "{\($0)}" })
        return nil
      }
      width += placeholder.width
      rest = rest[rest.index(after: close)...]
    }
    return width + rest.count
  }
}
