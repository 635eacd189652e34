/// What the display says, as far as the profile has it otherwise than the station's own texts.
public struct TextTable: Sendable, Equatable {
  /// RFC 5646 tag of the language for drivers of whom nothing is known; nil: `en`.
  public var language: String?
  public var languages: [Language] = []

  public static let maximumLanguages = 16
  public static let maximumLines = 4
  public static let maximumLine = 64
  public static let maximumReason = 40
  /// Languages in which the station has every text itself.
  public static let builtIn = ["en", "de", "fr", "nl"]

  public init() {}

  /// Texts by name, in the order of the file.
  public struct Language: Sendable, Equatable {
    public var tag: String
    /// By the name of the feedback, as `FeedbackKind` has it.
    public var lines: [(name: String, lines: [String])] = []
    /// By OCPP's AuthorizationStatus.
    public var reasons: [(name: String, text: String)] = []
    /// Items of the list of what to end: `evse`, `everyEVSE`, `cancel`.
    public var choices: [(name: String, text: String)] = []

    public init(tag: String) { self.tag = tag }

    public static func == (left: Language, right: Language) -> Bool {
      left.tag == right.tag && left.lines.elementsEqual(right.lines) { $0 == $1 }
        && left.reasons.elementsEqual(right.reasons) { $0 == $1 }
        && left.choices.elementsEqual(right.choices) { $0 == $1 }
    }
  }

  /// What a text may speak of.
  package enum Placeholder: String, CaseIterable {
    case evse, energy, time, reason, code

    /// The longest that it becomes.
    var width: Int {
      switch self {
      case .evse: 2
      case .energy: 12
      case .time: 8
      case .reason: TextTable.maximumReason
      case .code: 36
      }
    }
  }

  package static func placeholders(of feedback: FeedbackKind) -> [Placeholder] {
    switch feedback {
    case .charging, .suspendedByVehicle, .suspendedByStation, .finished: [.evse, .energy, .time]
    case .rejected, .faulted: [.evse, .reason]
    case .enteringCode: [.evse, .code]
    default: [.evse]
    }
  }

  /// Tags compare without case (RFC 5646 §2.1.1).
  static func isSame(_ left: String, _ right: String) -> Bool { left.lowercased() == right.lowercased() }
}
