import ChargerBase
import OCPPJSON

/// What a hardware test has found, part by part.
struct HardwareReport {
  enum Outcome: String {
    case passed, failed, refused, skipped
  }

  struct Item {
    /// As `EVSE 1 connector 1 contactor`.
    var part: String
    var outcome: Outcome
    var detail: String
  }

  var program = ""
  var board = ""
  private(set) var items: [Item] = []

  mutating func add(_ item: Item) { items.append(item) }

  func count(_ outcome: Outcome) -> Int { items.count { $0.outcome == outcome } }

  /// What was skipped is not known to be bad.
  var isGood: Bool { count(.failed) == 0 && count(.refused) == 0 }

  static func line(_ item: Item) -> String {
    let mark =
      switch item.outcome {
      case .passed: "ok      "
      case .failed: "FAILED  "
      case .refused: "REFUSED "
      case .skipped: "skipped "
      }
    return "\(mark) \(item.part): \(item.detail)"
  }

  /// The end of the report in words: the sum, and once more what is wrong.
  var summary: String {
    var lines = [
      "",
      "\(board): \(count(.passed)) passed, \(count(.failed)) failed, \(count(.refused)) refused, "
        + "\(count(.skipped)) skipped",
    ]
    lines += items.filter { $0.outcome == .failed || $0.outcome == .refused }.map(Self.line)
    return lines.joined(separator: "\n")
  }

  var document: JSONValue {
    [
      "program": JSONValue(program), "board": JSONValue(board), "good": JSONValue(isGood),
      "passed": JSONValue(count(.passed)), "failed": JSONValue(count(.failed)),
      "refused": JSONValue(count(.refused)), "skipped": JSONValue(count(.skipped)),
      "items": .array(
        items.map {
          [
            "part": JSONValue($0.part), "outcome": JSONValue($0.outcome.rawValue), "detail": JSONValue($0.detail),
          ]
        }),
    ]
  }
}
