import BoardProfile
import Station

extension DriverTexts {
  /// The station's own texts, and the board profile's in their place.
  init(_ table: TextTable) {
    self.init(
      language: table.language,
      languages: table.languages.map {
        Language(tag: $0.tag, lines: $0.lines, reasons: $0.reasons, choices: $0.choices)
      })
  }
}
