import ChargerBase
import OCPPCore
import OCPPTypes

/// What the display says for each state, in the languages that the station knows: its own texts, and the board profile's
/// in their place.
public struct DriverTexts: Sendable {
  /// Texts by name; what is missing is taken from the station's own of the same language, else from the English ones.
  public struct Language: Sendable {
    /// RFC 5646.
    public var tag: String
    /// By `DriverFeedback.name`.
    public var lines: [(name: String, lines: [String])]
    /// Why a token was refused, by OCPP's AuthorizationStatus.
    public var reasons: [(name: String, text: String)]
    /// Items of a list to choose from: `evse`, `everyEVSE`, `cancel`.
    public var choices: [(name: String, text: String)]

    public init(
      tag: String, lines: [(name: String, lines: [String])] = [], reasons: [(name: String, text: String)] = [],
      choices: [(name: String, text: String)] = []
    ) {
      self.tag = tag
      self.lines = lines
      self.reasons = reasons
      self.choices = choices
    }
  }

  /// What placeholders stand for; one without a value takes its line with it.
  package struct Values: Sendable, Equatable {
    package var evse: EVSEID?
    package var energyWh: Decimal?
    package var time: Duration?

    package init(evse: EVSEID? = nil, energyWh: Decimal? = nil, time: Duration? = nil) {
      self.evse = evse
      self.energyWh = energyWh
      self.time = time
    }
  }

  private let languages: [Language]
  /// For drivers of whom nothing is known.
  private let standard: String

  public init(language: String? = nil, languages: [Language] = []) {
    standard = language ?? Self.fallback
    self.languages = languages + BuiltInTexts.languages
  }

  /// C01.FR.12, .13.
  private static let fallback = "en"

  /// The station's texts for a reader of these languages, the preferred one first (C01.FR.08, .09).
  package func tag(for preferred: [String]) -> String {
    for wanted in preferred {
      // `de-AT` is content with `de` (RFC 4647 §3.4).
      for tag in [wanted, String(wanted.prefix { $0 != "-" })] {
        if let known = languages.first(where: { Self.isSame($0.tag, tag) }) { return known.tag }
      }
    }
    return preferred.isEmpty ? standard : Self.fallback
  }

  package func lines(for feedback: DriverFeedback, _ values: Values, in preferred: [String]) -> [String] {
    let tag = tag(for: preferred)
    let texts = find(tag) { language in language.lines.first { $0.name == feedback.name }?.lines } ?? []
    return texts.compactMap { fill($0, feedback, values, tag) }
  }

  package func reason(_ status: AuthorizationStatus, in tag: String) -> String? {
    find(tag) { language in language.reasons.first { $0.name == status.rawName }?.text }
  }

  /// The text of one item of a list.
  package func choice(_ choice: DisplayChoice, in preferred: [String]) -> String {
    let tag = tag(for: preferred)
    func text(_ name: String) -> String? { find(tag) { language in language.choices.first { $0.name == name }?.text } }
    switch choice {
    case .evse(let evse): return text("evse")?.filling("evse", "\(evse.number)") ?? "EVSE \(evse.number)"
    case .everyEVSE: return text("everyEVSE") ?? "All"
    case .cancel: return text("cancel") ?? "Cancel"
    }
  }

  /// Whether what is shown changes by itself while energy flows.
  package func isMoving(_ feedback: DriverFeedback, in preferred: [String]) -> Bool {
    let tag = tag(for: preferred)
    let texts = find(tag) { language in language.lines.first { $0.name == feedback.name }?.lines } ?? []
    return texts.contains { $0.contains("{energy}") || $0.contains("{time}") }
  }

  private func find<Text>(_ tag: String, _ look: (Language) -> Text?) -> Text? {
    for language in languages where Self.isSame(language.tag, tag) {
      if let found = look(language) { return found }
    }
    for language in languages where language.tag == Self.fallback {
      if let found = look(language) { return found }
    }
    return nil
  }

  private func fill(_ text: String, _ feedback: DriverFeedback, _ values: Values, _ tag: String) -> String? {
    guard text.contains("{") else { return text }
    var text = text
    let isEnglish = tag.prefix(2).lowercased() == Self.fallback
    let fillings: [(String, String?)] = [
      ("evse", values.evse.map { "\($0.number)" }),
      ("energy", values.energyWh.flatMap { Self.kilowattHours($0, separator: isEnglish ? "." : ",") }),
      ("time", values.time.map(Self.hoursAndMinutes)), ("reason", reason(of: feedback, in: tag)),
      ("code", Self.code(feedback)),
    ]
    for (name, value) in fillings where text.contains("{\(name)}") {
      guard let value else { return nil }
      text = text.filling(name, value)
    }
    return text
  }

  private func reason(of feedback: DriverFeedback, in tag: String) -> String? {
    switch feedback {
    case .rejected(let status): reason(status, in: tag)
    case .faulted(let text): text
    default: nil
    }
  }

  /// Never the code itself.
  private static func code(_ feedback: DriverFeedback) -> String? {
    guard case .enteringCode(let count) = feedback else { return nil }
    return String(repeating: "*", count: count.clamped(to: 0...36))
  }

  private static func kilowattHours(_ energyWh: Decimal, separator: String) -> String? {
    guard let thousandths = energyWh.thousandths, thousandths >= 0 else { return nil }
    let hundredths = thousandths / 10_000
    let rest = hundredths % 100
    return "\(hundredths / 100)\(separator)\(rest < 10 ? "0" : "")\(rest) kWh"
  }

  private static func hoursAndMinutes(_ time: Duration) -> String {
    let minutes = max(0, time.components.seconds) / 60
    guard minutes >= 60 else { return "\(minutes) min" }
    let rest = minutes % 60
    return "\(minutes / 60):\(rest < 10 ? "0" : "")\(rest) h"
  }

  /// Tags compare without case (RFC 5646 §2.1.1).
  private static func isSame(_ left: String, _ right: String) -> Bool { left.lowercased() == right.lowercased() }
}

extension String {
  /// Puts a value in the place of `{name}`.
  fileprivate func filling(_ name: String, _ value: String) -> String {
    let pattern = "{\(name)}"
    var result = ""
    var rest = self[...]
    while !rest.isEmpty {
      if rest.hasPrefix(pattern) {
        result += value
        rest = rest.dropFirst(pattern.count)
      } else {
        result += String(rest.removeFirst())
      }
    }
    return result
  }
}
