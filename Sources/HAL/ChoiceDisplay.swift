import ChargerBase

/// A display on which a person can choose from a list, by touch or by keys beside it.
///
/// Obligations, beside those of `DriverDisplay`:
/// 1. `offer` replaces the list, to be seen within 100 ms; an empty list takes it away. At most 18 items of 64 characters.
/// 2. Each choice is given out once; one from a list that is not offered any more is dropped.
public protocol ChoiceDisplay: DriverDisplay {
  func offer(_ items: [DisplayItem])
  /// What was chosen since the last call, oldest first; at most 4 wait.
  func takeChosen() -> [DisplayItem.Meaning]
}

/// One line of a list that a person can choose from.
public struct DisplayItem: Sendable, Hashable {
  /// All EVSEs of a station, everything and nothing.
  public static let maximumCount = 18

  public enum Meaning: Sendable, Hashable {
    case evse(EVSEID)
    case everyEVSE
    case cancel

    /// A stable name: the EVSE's number, `all` or `cancel`.
    public var name: String {
      switch self {
      case .evse(let evse): "\(evse.number)"
      case .everyEVSE: "all"
      case .cancel: "cancel"
      }
    }

    public init?(name: String) {
      switch name {
      case "all": self = .everyEVSE
      case "cancel": self = .cancel
      default:
        guard let number = Int32(name), number > 0 else { return nil }
        self = .evse(EVSEID(number))
      }
    }
  }

  public var meaning: Meaning
  public var text: String

  public init(_ meaning: Meaning, _ text: String) {
    self.meaning = meaning
    self.text = text
  }
}
