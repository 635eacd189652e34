import BoardProfile
import ChargerBase
import Foundation
import OCPPJSON
import Testing

@testable import chargerctl

@Suite("chargerctl commission")
struct ChargerCtlCommissionTests {
  private static let password = "correct-horse-battery"

  private static func board(file: String = #filePath) throws -> BoardProfile {
    let root = URL(fileURLWithPath: file).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let bytes = try Data(contentsOf: root.appendingPathComponent("boards/bench-ac-dual.json"))
    return try BoardProfile.load(bytes: Array(bytes), fileName: "bench-ac-dual.json")
  }

  /// Somebody who types `answers`, and what he sees.
  private final class Person {
    var answers: [String]
    private(set) var seen: [String] = []
    init(_ answers: [String]) { self.answers = answers }

    private func next(_ prompt: String, _ isShown: Bool) -> String? {
      guard !answers.isEmpty else { return nil }
      let answer = answers.removeFirst()
      seen.append(prompt + (isShown ? answer : ""))
      return answer
    }

    func run(_ draft: inout UnitDraft) throws {
      let dialogue = CommissionDialogue(
        ask: { self.next($0, true) }, askSecretly: { self.next($0, false) }, tell: { self.seen.append($0) })
      try dialogue.run(&draft)
    }

    var text: String { seen.joined(separator: "\n") }
  }

  private func draft(_ content: JSONValue = .object([])) throws -> UnitDraft {
    UnitDraft(content, board: try Self.board(), directory: NSTemporaryDirectory())
  }

  @Test("It asks for what is per unit, checks each answer at once in plain words, and never shows a password")
  func dialogue() throws {
    let person = Person([
      "CS:7", "CS 7", "CS-7",  // identity
      "http://csms.example", "wss://csms.example/ocpp/CS-7", "wss://csms.example/ocpp",  // address
      "1", "9", "",  // 1 has no TLS, 9 is none, 2 is proposed
      "short", Self.password, "correct-horse-bettery", Self.password, Self.password,  // password
      "/nowhere/roots.pem", "",  // root certificates
      "SN 1", "SN-1",  // serial number
      "5", "many", "32",  // rated supply
      "63", "16",  // installer's limit
    ])
    var draft = try draft()
    try person.run(&draft)
    #expect(person.answers.isEmpty)
    #expect(
      draft.content == [
        "identity": "CS-7", "csmsUrl": "wss://csms.example/ocpp", "securityProfile": 2,
        "basicAuthPassword": .string(Self.password), "serialNumber": "SN-1", "ratedSupplyA": 32, "installerLimitA": 16,
      ])
    for words in [
      "The identity has the character \":\" in it.", "does not begin with ws:// or wss://",
      "The CSMS's address ends with the identity; the station adds it by itself.",
      "The security profile is 1, which has no TLS, but csmsUrl is wss://.", "The password has 5 characters",
      "The two are not the same.", "/nowhere/roots.pem: there is no such file.", "The rated supply is 5",
      "the board gives at most 32 A per phase: it would limit nothing.",
    ] { #expect(person.text.contains(words), "\(words)") }
    #expect(!person.text.contains(Self.password) && !person.text.contains("bettery"))
    #expect(draft.problems(fileName: "unit.json") == nil && draft.problemsAtThePost.isEmpty)
  }

  @Test(
    "What a file says is proposed: Enter keeps it, - takes it away, ? tells more; a kept password is not asked twice")
  func proposals() throws {
    let old: JSONValue = [
      "identity": "CS-7", "csmsUrl": "ws://csms.example", "securityProfile": 1,
      "basicAuthPassword": .string(Self.password), "ratedSupplyA": 32, "installerLimitA": 16,
      "deviceModel": [["component": ["name": "TxCtrlr"], "variable": ["name": "EVConnectionTimeOut"], "value": "90"]],
    ]
    let person = Person(["?", "", "", "", "", "", "20", "-"])
    var draft = try draft(old)
    try person.run(&draft)
    #expect(draft[.identity] == "CS-7" && draft[.basicAuthPassword]?.string == Self.password)
    #expect(draft[.ratedSupplyA]?.int64 == 20 && draft[.installerLimitA] == nil)
    #expect(draft.content["deviceModel"] == old["deviceModel"], "what is not asked for stays")
    #expect(
      person.text.contains("Identity at the CSMS [CS-7]:") && person.text.contains("as the operator has given it"))
    #expect(!person.text.contains(Self.password))
    var profileZero = try self.draft(old)
    try Person(["", "", "0", "", "", ""]).run(&profileZero)
    #expect(profileZero[.basicAuthPassword] == nil, "no password lies about where none is used")
  }

  @Test("An end of the input, or ten wrong answers, end it without a file")
  func ended() throws {
    for answers in [["CS-7"], Array(repeating: "a:b", count: 11)] {
      var draft = try draft()
      #expect(throws: CommissionDialogue.Ended.self) { try Person(answers).run(&draft) }
    }
  }

  @Test("The report says what was set and what it means at this board, to be signed, without the password")
  func report() throws {
    let draft = try draft([
      "identity": "CS-7", "csmsUrl": "wss://csms.example/ocpp", "securityProfile": 2, "serialNumber": "SN-1",
      "basicAuthPassword": .string(Self.password), "ratedSupplyA": 32, "installerLimitA": 16,
    ])
    let text = CommissionReport(
      draft: draft, unitFile: "unit.json", boardFile: "bench-ac-dual.json", installer: "A. Fitter",
      madeAt: WallTime(millisecondsSinceEpoch: 1_795_000_000_000)
    ).text
    for words in [
      "Station             CS-7", "CSMS                wss://csms.example/ocpp/CS-7",
      "Password            set, not shown",
      "EVSE 2              3 phases, 32 A by the board, 16 A as installed", "  connector 1       cType2, fixed cable",
      "Rated supply        32 A per phase, all EVSEs together", "2: password and TLS", "Installer A. Fitter    Date",
      "those of the system decide", "for the bench", "RCD trips at",
    ] { #expect(text.contains(words), "\(words) in\n\(text)") }
    #expect(!text.contains(Self.password))
  }

  @Test("What is risky or incomplete is a note, not a refusal")
  func notes() throws {
    let draft = try draft(["identity": "CS-7", "csmsUrl": "ws://h", "securityProfile": 0, "ratedSupplyA": 10])
    let text = draft.notes.joined(separator: "\n")
    #expect(text.contains("Security profile 0: neither encrypted nor authenticated"))
    #expect(text.contains("does not carry the least offer"))
    #expect(try self.draft().notes.contains { $0.hasPrefix("No rated supply is set") })
    #expect(UnitDraft([:], board: nil, directory: ".").notes.contains { $0.hasPrefix("No board profile was given") })
  }
}
