import ChargerBase
import Foundation
import JSONRPC
import OCPPJSON
import OCPPTypes
import TemporaryDirectories
import Testing

@testable import bench_csms

private func entry(_ json: JSONValue) throws -> TokenEntry { try TokenEntry(JSONRPCParameters(json)) }

private func card(_ idToken: String, _ type: String = "ISO14443") -> JSONValue {
  ["idToken": .string(idToken), "type": .string(type)]
}

@Suite("The token book of bench-csms")
final class BenchCSMSTokenTests {
  var book = TokenBook(blocked: ["BAD1"])
  let now = WallTime(millisecondsSinceEpoch: 1_800_000_000_000)

  private func status(_ idToken: String, _ type: String = "ISO14443", isInUse: Bool = false) -> JSONValue? {
    book.info(of: card(idToken, type), at: now, isInUse: isInUse)["status"]
  }

  @Test("C01.FR.07, C01.FR.18, C01.FR.22 Each card gets its own status, whatever the case of its number")
  func statuses() throws {
    for status in AuthorizationStatus.allCases {
      let isKept = book.set(try entry(["idToken": .string("a-\(status)"), "status": .string(status.rawName)]))
      #expect(isKept)
      #expect(self.status("A-\(status)".uppercased()) == .string(status.rawName))
    }
    #expect(status("bad1") == "Blocked")
    #expect(status("anything") == "Accepted")
    book.policy.unknown = .unknown
    #expect(status("anything") == "Unknown")
    // Another kind of token of the same number is another token.
    #expect(status("a-accepted", "KeyCode") == "Unknown")
    // Whoever came without a card was let in by the station.
    #expect(status("", "NoAuthorization") == "Accepted")
    #expect(book.info(of: ["idToken": 7], at: now) == ["status": "Invalid"])
  }

  @Test("C01.FR.06, C01.FR.20 Group, EVSEs, languages, message and expiry are told in the shape of the schema")
  func information() throws {
    let anna: JSONValue = [
      "idToken": "04A1", "group": "FAMILY", "evses": [2, 2], "language1": "de-CH", "language2": "en",
      "message": "Grüezi", "priority": 3, "expires": "2030-01-01T00:00:00Z",
    ]
    _ = book.set(try entry(anna))
    let info = book.info(of: card("04A1"), at: now)
    #expect(
      info == [
        "status": "Accepted", "cacheExpiryDateTime": "2030-01-01T00:00:00Z", "chargingPriority": 3,
        "language1": "de-CH", "evseId": [2], "groupIdToken": ["idToken": "FAMILY", "type": "Central"],
        "language2": "en", "personalMessage": ["format": "UTF8", "content": "Grüezi", "language": "de-CH"],
      ])
    let answer: JSONValue = ["idTokenInfo": info]
    #expect(SchemaCheck.violation(inResponse: .authorize, answer.bytes[...]) == nil)
  }

  @Test("C01.FR.19 A card that may charge everywhere has no list of EVSEs")
  func everywhere() throws {
    _ = book.set(try entry(["idToken": "04A1"]))
    #expect(book.info(of: card("04A1"), at: now) == ["status": "Accepted"])
  }

  @Test("A card is Expired from its time on; a blocked one stays blocked")
  func expiry() throws {
    _ = book.set(try entry(["idToken": "OLD", "expires": .string(now.rfc3339)]))
    _ = book.set(try entry(["idToken": "BAD", "status": "Blocked", "expires": .string(now.rfc3339)]))
    #expect(status("OLD") == "Expired")
    #expect(status("BAD") == "Blocked")
    let before = WallTime(millisecondsSinceEpoch: now.millisecondsSinceEpoch - 1)
    #expect(book.info(of: card("OLD"), at: before)["status"] == "Accepted")
  }

  @Test("A card of the master pass group is told with that group, also when the book names another one")
  func masterPass() throws {
    book.policy.masterPassGroup = "MASTERS"
    _ = book.set(try entry(["idToken": "M1", "masterPass": true]))
    #expect(book.info(of: card("M1"), at: now)["groupIdToken"] == ["idToken": "MASTERS", "type": "Central"])
  }

  @Test("A card in two transactions at once gets what the operator chose, for all cards or for this one")
  func concurrent() throws {
    _ = book.set(try entry(["idToken": "A"]))
    _ = book.set(try entry(["idToken": "B", "concurrent": "ConcurrentTx"]))
    _ = book.set(try entry(["idToken": "C", "status": "Blocked"]))
    #expect([status("A", isInUse: true), status("B", isInUse: true)] == ["Accepted", "ConcurrentTx"])
    book.policy.concurrent = .concurrentTx
    #expect([status("A", isInUse: true), status("C", isInUse: true)] == ["ConcurrentTx", "Blocked"])
    #expect(status("A") == "Accepted")
  }

  @Test(
    "Wrong entries are refused with the place and what is allowed",
    arguments: [
      (["idToken": ""], "$.params.idToken: must not be empty"),
      (["idToken": "0123456789012345678901234567890123456"], "$.params.idToken: has at most 36 characters"),
      (["idToken": "A", "type": "Card"], "$.params.type: must be one of Central, eMAID"),
      (["idToken": "A", "status": "Fine"], "$.params.status: must be one of Accepted, Blocked"),
      (["idToken": "A", "language2": "en"], "$.params.language2: needs language1"),
      (["idToken": "A", "language1": "en", "language2": "en"], "$.params.language2: must differ from language1"),
      (["idToken": "A", "expires": "tomorrow"], "$.params.expires: must be a time as"),
      (["idToken": "A", "evses": [0]], "$.params.evses: must be numbers from 1 on"),
      (["idToken": "A", "colour": "red"], "$.params.colour: unknown parameter"),
    ] as [(JSONValue, String)])
  func wrongEntries(_ json: JSONValue, _ words: String) {
    do {
      _ = try entry(json)
      Issue.record("taken: \(json)")
    } catch {
      #expect("\(error)".hasPrefix(words), "\(error)")
    }
  }

  @Test("The book is read back from its file as it was written, and an edited file's mistake is told with its place")
  func file() throws {
    let directory = try TemporaryDirectory("book")
    defer { withExtendedLifetime(directory) {} }
    let path = directory.file("tokens.json")
    let documents = Documents(bookPath: path)
    var answers = StationAnswers(tokens: book, heartbeatInterval: 60)
    _ = answers.tokens.set(try entry(["idToken": "04A1", "name": "Anna", "group": "FAMILY", "listed": false]))
    answers.tokens.policy.unknown = .invalid
    try answers.prices.change(JSONRPCParameters(["perKilowattHour": 1]))
    #expect(documents.saveBook(answers) == nil)
    var keeper = LocalListKeeper()
    keeper.keep(.init(station: "CS-1", version: 7, entries: LocalListKeeper.entries(answers.tokens)))
    #expect(documents.saveLists(keeper) == nil)

    var again = StationAnswers(tokens: TokenBook(), heartbeatInterval: 60)
    var keptAgain = LocalListKeeper()
    #expect(documents.load(&again, &keptAgain) == nil)
    #expect(again.tokens.entries == answers.tokens.entries)
    #expect(again.tokens.policy == answers.tokens.policy)
    #expect(again.prices == answers.prices)
    #expect(keptAgain.lists == keeper.lists)

    try #"{"tokens":[{"idToken":"A"},{"idToken":"B","status":"Fine"}]}"#.write(
      toFile: path, atomically: true, encoding: .utf8)
    var broken = StationAnswers(tokens: TokenBook(), heartbeatInterval: 60)
    let words = try #require(documents.load(&broken, &keptAgain))
    #expect(words.hasPrefix("\(path): $.tokens[1].status: must be one of Accepted"))
    try "{".write(toFile: path, atomically: true, encoding: .utf8)
    #expect(documents.load(&broken, &keptAgain)?.contains("is no JSON") == true)
  }

  @Test("The book holds 100,000 cards and finds each; it takes no more, and a removed one is gone")
  func size() throws {
    for number in 0..<TokenBook.maximumTokens { _ = book.set(TokenEntry(idToken: "T\(number)")) }
    let isFull = !book.set(TokenEntry(idToken: "ONE-MORE"))
    #expect(isFull)
    #expect(book.find("t99999", type: "ISO14443") != nil)
    #expect(book.remove("T5", type: "ISO14443")?.idToken == "T5")
    #expect(book.find("T5", type: "ISO14443") == nil)
    #expect(book.find("T99999", type: "ISO14443")?.idToken == "T99999")
  }

  @Test("Cards are told by their owner's name and their first characters; of a key code nothing is told")
  func words() throws {
    _ = book.set(try entry(["idToken": "04A1B2C3D4E580", "name": "Anna"]))
    #expect(book.words(card("04a1b2c3d4e580")) == "Anna (ISO14443 04a1…)")
    #expect(book.words(card("04FF")) == "ISO14443 04…")
    #expect(book.words(card("1234", "KeyCode")) == "key code …")
    #expect(book.words(card("", "NoAuthorization")) == "no card")
  }
}

@Suite("Prices and local lists of bench-csms")
struct BenchCSMSPriceAndListTests {
  @Test("The cost is reckoned exactly and rounded once, half away from zero")
  func cost() throws {
    var prices = Prices()
    #expect(prices.cost(milliwattHours: 1_000_000, seconds: 60) == nil)
    try prices.change(
      JSONRPCParameters([
        "perKilowattHour": .number(try #require(Decimal("0.49"))), "perMinute": .number(try #require(Decimal("0.02"))),
      ]))
    // 10 kWh and one hour: 4.90 + 1.20.
    #expect(prices.cost(milliwattHours: 10_000_000, seconds: 3_600) == 610)
    // 6.152 Wh and 6 s: 0.0030 + 0.0020 = 0.0050, rounded up.
    #expect(prices.cost(milliwattHours: 6_152, seconds: 6) == 1)
    #expect(prices.cost(milliwattHours: 0, seconds: 14) == 0)
    #expect(prices.cost(milliwattHours: .max, seconds: .max) == 307_897_679_791_631_744)
    #expect(prices.cost(milliwattHours: -5, seconds: -5) == 0)
    #expect(throws: JSONRPCError.self) { try prices.change(JSONRPCParameters(["perMinute": -1])) }
    #expect(throws: JSONRPCError.self) { try prices.change(JSONRPCParameters(["currency": "euro"])) }
  }

  private func book(_ names: [String]) -> TokenBook {
    var book = TokenBook()
    for name in names { _ = book.set(TokenEntry(idToken: name)) }
    return book
  }

  @Test("A difference holds what is new or changed with its data, and what is gone without")
  func difference() {
    var tokens = book(["A", "B", "C", "D"])
    let list = LocalListKeeper.List(station: "CS-1", version: 3, entries: LocalListKeeper.entries(tokens))
    #expect(LocalListKeeper.difference(tokens, since: list) == [])
    var changed = TokenEntry(idToken: "B")
    changed.status = .blocked
    _ = tokens.set(changed)
    _ = tokens.remove("C", type: "ISO14443")
    var unlisted = TokenEntry(idToken: "D")
    unlisted.isListed = false
    _ = tokens.set(unlisted)
    _ = tokens.set(TokenEntry(idToken: "E"))
    #expect(
      LocalListKeeper.difference(tokens, since: list) == [
        ["idToken": card("B"), "idTokenInfo": ["status": "Blocked"]],
        ["idToken": card("E"), "idTokenInfo": ["status": "Accepted"]],
        ["idToken": card("C")], ["idToken": card("D")],
      ])
  }

  @Test("A list is cut into messages by items and bytes; an empty one is still one message")
  func messages() {
    let data = LocalListKeeper.full(book((0..<10).map { "CARD-\($0)" }))
    #expect(LocalListKeeper.messages([], maximumItems: 4, maximumBytes: 1_000).map(\.count) == [0])
    #expect(LocalListKeeper.messages(data, maximumItems: 4, maximumBytes: 100_000).map(\.count) == [4, 4, 2])
    let size = data[0].bytes.count + 1
    let byBytes = LocalListKeeper.messages(data, maximumItems: 100, maximumBytes: 160 + 3 * size)
    #expect(byBytes.map(\.count) == [3, 3, 3, 1])
    #expect(byBytes.flatMap { $0 } == data)
    // One that fits into no message goes alone, and nothing is lost.
    #expect(LocalListKeeper.messages(data, maximumItems: 100, maximumBytes: 1).count == 10)
    #expect(LocalListKeeper.messages(data, maximumItems: 0, maximumBytes: 100_000).count == 10)
  }
}
