import BoardProfile
import ChargerBase
import OCPPCore
import OCPPTypes
import Testing

@testable import Station

/// The station's own texts against what a board profile may change of them.
@Suite("Texts for drivers")
struct DriverTextTests {
  @Test("The languages that a profile takes for built in are those that are")
  func languages() {
    #expect(BuiltInTexts.languages.map(\.tag) == TextTable.builtIn)
  }

  @Test(
    "Every built-in language has every text, within the limits that hold for profiles", arguments: TextTable.builtIn)
  func complete(tag: String) throws {
    let language = try #require(BuiltInTexts.languages.first { $0.tag == tag })
    #expect(language.lines.map(\.name).sorted() == FeedbackKind.allCases.map(\.rawValue).sorted())
    #expect(
      language.reasons.map(\.name).sorted()
        == AuthorizationStatus.allCases.filter { $0 != .accepted }.map(\.rawName).sorted())
    #expect(language.choices.map(\.name) == ["evse", "everyEVSE", "cancel"])
    for (name, lines) in language.lines {
      #expect((1...TextTable.maximumLines).contains(lines.count), "\(name)")
      for line in lines { #expect(line.count <= TextTable.maximumLine, "\(line)") }
    }
    for (_, text) in language.reasons { #expect(text.count <= TextTable.maximumReason, "\(text)") }
  }

  @Test("Every built-in language passes as a profile's own", arguments: TextTable.builtIn)
  func acceptedAsProfile(tag: String) throws {
    let language = try #require(BuiltInTexts.languages.first { $0.tag == tag })
    func object(_ members: [(String, String)]) -> String {
      "{" + members.map { "\"\($0)\": \($1)" }.joined(separator: ", ") + "}"
    }
    let texts = object([
      (
        "languages",
        "["
          + object([
            ("language", "\"xx\""),
            (
              "lines",
              object(language.lines.map { ($0, "[" + $1.map { "\"\($0)\"" }.joined(separator: ", ") + "]") })
            ),
            ("reasons", object(language.reasons.map { ($0, "\"\($1)\"") })),
            ("choices", object(language.choices.map { ($0, "\"\($1)\"") })),
          ]) + "]"
      )
    ])
    let profile = """
      {"name": "x", "purpose": "bench", "vendorName": "V", "model": "M", "texts": \(texts),
       "evses": [{"id": 1, "maximumCurrentA": 32, "phases": 3, "connectors": [{"id": 1, "cable": "fixed",
         "connectorType": "cType2", "pilot": {"driver": "simulated"}, "contactor": {"driver": "simulated"}}]}]}
      """
    let board = try BoardProfile.load(bytes: Array(profile.utf8), fileName: "x")
    #expect(board.texts.languages.count == 1)
  }

  @Test("A profile's text stands in the place of the built-in one; what it leaves out stays")
  func overriding() {
    let texts = DriverTexts(
      language: "de",
      languages: [.init(tag: "DE", lines: [("charging", ["Strom für EVSE {evse}", "{energy}"])])])
    let values = DriverTexts.Values(evse: EVSEID(2), energyWh: Decimal(thousandths: 12_345_678), time: .seconds(3_900))
    #expect(texts.lines(for: .charging, values, in: []) == ["Strom für EVSE 2", "12,34 kWh"])
    #expect(
      texts.lines(for: .finished, values, in: []) == ["Laden beendet", "12,34 kWh in 1:05 h", "Sie können abstecken"])
    #expect(texts.lines(for: .finished, values, in: ["en-GB"])[1] == "12.34 kWh in 1:05 h")
  }

  @Test("A line whose placeholder has no value is left out, and a code is stars")
  func withoutValues() {
    let texts = DriverTexts()
    #expect(texts.lines(for: .charging, .init(), in: []) == ["Charging"])
    #expect(texts.lines(for: .enteringCode(3), .init(), in: []) == ["Your code", "***"])
    #expect(texts.lines(for: .faulted("The post is too hot."), .init(), in: []).last == "The post is too hot.")
  }
}
