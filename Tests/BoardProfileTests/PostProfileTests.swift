import ChargerBase
import Foundation
import HAL
import Testing

@testable import BoardProfile

/// Keypads, start buttons, parking bays and texts in a board profile.
@Suite("What people touch and read at the post, in a board profile")
struct PostProfileTests {
  /// The product profile with these keys beside its display.
  private static func profile(_ keys: String, evse: String = "") -> String {
    Fixtures.product
      .replacingOccurrences(
        of: "\"display\": { \"driver\": \"lcd\" },", with: "\"display\": { \"driver\": \"lcd\" }, \(keys),"
      )
      .replacingOccurrences(
        of: "\"residualCurrent\": \"external\",", with: "\"residualCurrent\": \"external\", \(evse)")
  }

  struct Bad: CustomTestStringConvertible, Sendable {
    var keys: String
    var path: String
    var message: String
    var allowed: String?
    var suggestion: String?
    var testDescription: String { "\(path) \(message)" }

    init(_ keys: String, _ path: String, _ message: String, allowed: String? = nil, suggestion: String? = nil) {
      self.keys = keys
      self.path = path
      self.message = message
      self.allowed = allowed
      self.suggestion = suggestion
    }
  }

  static let bad: [Bad] = [
    Bad(
      "\"keypads\": [{ \"name\": \"pad\", \"driver\": \"matrix\", \"evses\": [] }]", "$.keypads[0].evses",
      "has 0 EVSE numbers", allowed: "1…16 EVSE numbers"),
    Bad(
      "\"keypads\": [{ \"name\": \"pad\", \"driver\": \"matrix\", \"evses\": [3] }]", "$.keypads[0].evses[0]",
      "refers to EVSE 3, which this board does not have", allowed: "1…2"),
    Bad(
      "\"keypads\": [{ \"name\": \"left\", \"driver\": \"matrix\" }]", "$.keypads[0].name",
      "is \"left\", and so is $.readers[0].name", allowed: "a name of its own for each reader and keypad"),
    Bad(
      "\"keypads\": [{ \"name\": \"pad\", \"driver\": \"matrix\" }, { \"name\": \"pad\", \"driver\": \"usb\" }]",
      "$.keypads[1].name", "is \"pad\", and so is $.keypads[0].name"),
    Bad(
      "\"keypads\": [{ \"name\": \"pad\", \"driver\": \"matrix\", \"minimumLength\": 6, \"maximumLength\": 5 }]",
      "$.keypads[0].maximumLength", "is 5, less than the least length 6", allowed: "6…36"),
    Bad(
      "\"keypads\": [{ \"name\": \"pad\", \"driver\": \"matrix\", \"maximumLength\": 37 }]",
      "$.keypads[0].maximumLength", "is 37", allowed: "a whole number, 1…36: OCPP's longest token"),
    Bad(
      "\"keypads\": [{ \"name\": \"pad\", \"driver\": \"matrix\", \"timeoutSeconds\": 2 }]",
      "$.keypads[0].timeoutSeconds", "is 2"),
    Bad("\"keypads\": [{ \"name\": \"pad\" }]", "$.keypads[0].driver", "is missing"),
    Bad(
      "\"startButtons\": [{ \"driver\": \"gpio\", \"line\": \"a\", \"evse\": 1 }, { \"driver\": \"gpio\", \"line\": \"b\", \"evse\": 1 }]",
      "$.startButtons[1]", "is a button of EVSE 1, and so is $.startButtons[0]",
      allowed: "one start button for each EVSE, one for all"),
    Bad(
      "\"startButtons\": [{ \"driver\": \"gpio\", \"evse\": 9 }]", "$.startButtons[0].evse",
      "refers to EVSE 9, which this board does not have"),
    Bad(
      "\"texts\": { \"language\": \"se\" }", "$.texts.language", "is \"se\", and there are no texts in it",
      allowed: "en, de, fr, nl"),
    Bad(
      "\"texts\": { \"languages\": [{ \"language\": \"sv\", \"reasons\": {}, \"choices\": {} }] }",
      "$.texts.languages[0].lines", "is missing"),
    Bad(
      "\"texts\": { \"languages\": [{ \"language\": \"sv\", \"lines\": {}, \"reasons\": {}, \"choices\": {} }] }",
      "$.texts.languages[0].lines.available", "is missing", allowed: "a list, 1…4 lines"),
    Bad(
      "\"texts\": { \"languages\": [{ \"language\": \"sv\", \"lines\": {}, \"reasons\": {}, \"choices\": {} }] }",
      "$.texts.languages[0].reasons.Blocked", "is missing"),
    Bad(
      "\"texts\": { \"languages\": [{ \"language\": \"de\", \"lines\": { \"chargin\": [\"Laden\"] } }] }",
      "$.texts.languages[0].lines.chargin", "is not a key that is known here", suggestion: "charging"),
    Bad(
      "\"texts\": { \"languages\": [{ \"language\": \"de\", \"lines\": { \"charging\": [\"{energie}\"] } }] }",
      "$.texts.languages[0].lines.charging[0]", "has the placeholder {energie}, which is not known here",
      allowed: "{evse}, {energy}, {time}", suggestion: "{energy}"),
    Bad(
      "\"texts\": { \"languages\": [{ \"language\": \"de\", \"lines\": { \"available\": [\"{energy}\"] } }] }",
      "$.texts.languages[0].lines.available[0]", "has the placeholder {energy}, which is not known here",
      allowed: "{evse}"),
    Bad(
      "\"texts\": { \"languages\": [{ \"language\": \"de\", \"lines\": { \"charging\": [\"{energy\"] } }] }",
      "$.texts.languages[0].lines.charging[0]", "has a brace that belongs to no placeholder"),
    Bad(
      "\"texts\": { \"languages\": [{ \"language\": \"de\", \"lines\": { \"charging\": [\"\(String(repeating: "x", count: 65))\"] } }] }",
      "$.texts.languages[0].lines.charging[0]", "has 65 characters", allowed: "1…64 characters"),
    Bad(
      "\"texts\": { \"languages\": [{ \"language\": \"de\", \"lines\": { \"charging\": [\"\(String(repeating: "x", count: 55)){energy}\"] } }] }",
      "$.texts.languages[0].lines.charging[0]", "may get 67 characters long with its placeholders filled in",
      allowed: "at most 64 characters a line"),
    Bad(
      "\"texts\": { \"languages\": [{ \"language\": \"de\", \"lines\": { \"charging\": [\"1\", \"2\", \"3\", \"4\", \"5\"] } }] }",
      "$.texts.languages[0].lines.charging", "has 5 lines", allowed: "1…4 lines"),
    Bad(
      "\"texts\": { \"languages\": [{ \"language\": \"de\", \"reasons\": { \"Bloked\": \"x\" } }] }",
      "$.texts.languages[0].reasons.Bloked", "is not a key that is known here", suggestion: "Blocked"),
    Bad(
      "\"texts\": { \"languages\": [{ \"language\": \"de\" }, { \"language\": \"DE\" }] }",
      "$.texts.languages[1].language", "is \"DE\" once more", allowed: "each language once"),
  ]

  @Test("A mistake is told with its place, what is allowed and a near name", arguments: bad)
  func mistakes(_ bad: Bad) throws {
    let problems = Fixtures.problems(inBoard: Self.profile(bad.keys))
    let problem = try #require(problems.first { $0.path == bad.path }, "\(problems)")
    #expect(problem.message == bad.message)
    if let allowed = bad.allowed { #expect(problem.allowed == allowed) }
    if let suggestion = bad.suggestion { #expect(problem.suggestion == suggestion) }
  }

  @Test("A bay sensor's time has its range")
  func settling() throws {
    let text = Self.profile(
      "\"keypads\": []", evse: "\"parkingBay\": { \"driver\": \"loop\", \"settlingMilliseconds\": 60001 },")
    let problems = Fixtures.problems(inBoard: text)
    #expect(problems.map(\.path) == ["$.evses[1].parkingBay.settlingMilliseconds"])
  }

  @Test("A profile with all of it is read as it is written")
  func good() throws {
    let text = Self.profile(
      """
      "keypads": [{ "name": "pad", "driver": "matrix", "evses": [2], "minimumLength": 5, "maximumLength": 6,
        "timeoutSeconds": 20, "rows": 4 }],
      "startButtons": [{ "driver": "gpio", "line": "start" }],
      "texts": { "language": "de", "languages": [{ "language": "de", "lines": { "charging": ["Strom {energy}"] } }] }
      """, evse: "\"parkingBay\": { \"driver\": \"loop\", \"settlingMilliseconds\": 500 },")
    let board = try BoardProfile.load(bytes: Array(text.utf8), fileName: "board.json")
    #expect(board.keypads.map(\.evses) == [[EVSEID(2)]])
    #expect(board.keypads[0].rules == KeyCodeRules(length: 5...6, timeout: .seconds(20)))
    #expect(board.startButtons.map(\.evse) == [nil])
    #expect(board.evses[1].parkingBay?.settling == .milliseconds(500))
    #expect(board.texts.language == "de")
    #expect(board.texts.languages[0].lines.first?.lines == ["Strom {energy}"])
  }

  @Test("The bench's post has two readers, a keypad, start buttons, a parking bay and a choice on its display")
  func benchPost() throws {
    let board = try BoardProfile.load(bytes: try Fixtures.boardFile("bench-ac-post.json"), fileName: "b.json")
    #expect(board.readers.map(\.name) == ["left", "right"])
    #expect(board.keypads.map(\.name) == ["pad"])
    #expect(board.startButtons.map(\.evse) == [EVSEID(1), EVSEID(2)])
    #expect(board.evses.map { $0.parkingBay != nil } == [false, true])
    #expect(board.display?.boolean("choice") == true)
  }
}
