import ChargerBase
import OCPPPorts
import OCPPTypes
import Testing

@testable import OCPPCore

@Suite("The authorization cache")
struct AuthorizationCacheTests {
  private func session(_ bench: SessionBench, _ token: String) {
    bench.plugIn()
    bench.tap(token)
    bench.wait(2)
    bench.plugOut()
    bench.wait(3)
  }

  @Test(
    "TC_C_08_CS C10.FR.04 C12.FR.02 C12.FR.04 T-35 An accepted token charges without a question, and is told"
  )
  func preAuthorize() {
    let bench = SessionBench([(.localPreAuthorize, "true")])
    session(bench, "CARD")
    #expect(bench.engine.asked == ["CARD"])
    bench.plugIn()
    bench.tap("CARD")
    #expect(bench.engine.asked == ["CARD"])
    #expect(bench.isGranted())
    #expect(bench.events.last { $0.kind == .started }?.token?.idToken == "CARD")
  }

  @Test("TC_C_36_CS Without LocalPreAuthorize the CSMS is asked every time")
  func alwaysAsked() {
    let bench = SessionBench()
    session(bench, "CARD")
    session(bench, "CARD")
    #expect(bench.engine.asked == ["CARD", "CARD"])
  }

  @Test("TC_C_09_CS TC_C_12_CS C10.FR.03 C12.FR.05 A token that is known as refused is asked about again")
  func refusedIsAskedAgain() {
    let bench = SessionBench([(.localPreAuthorize, "true")])
    bench.engine.verdict = { _ in .refused(.invalid) }
    session(bench, "CARD")
    bench.engine.verdict = { _ in .accepted(group: nil) }
    bench.plugIn()
    bench.tap("CARD")
    #expect(bench.engine.asked.count == 2)
    #expect(bench.isGranted())
  }

  @Test(
    "C10.FR.01 T-31 T-35 Offline, known tokens charge and refused ones do not, also with OfflineTxForUnknownIdEnabled")
  func offline() {
    let bench = SessionBench([(.offlineTxForUnknownIdEnabled, "true")])
    session(bench, "GOOD")
    bench.engine.verdict = { _ in .refused(.blocked) }
    session(bench, "BAD")
    bench.engine.isOnline = false
    bench.plugIn()
    bench.tap("BAD")
    #expect(!bench.isGranted())
    #expect(bench.engine.lastShown(at: 1) == .rejected(.blocked))
    bench.set(.offlineTxForUnknownIdEnabled, "false")
    bench.tap("GOOD")
    #expect(bench.isGranted())
    bench.tap("GOOD")
    bench.wait(3)
    bench.set(.localAuthorizeOffline, "false")
    bench.tap("GOOD")
    #expect(!bench.isGranted())
  }

  @Test("TC_C_32_CS C10.FR.02 The cache survives restarts and power cuts")
  func persistent() {
    let bench = SessionBench()
    session(bench, "CARD")
    bench.kill(reason: .powerUp)
    bench.engine.isOnline = false
    bench.plugIn()
    bench.tap("CARD")
    #expect(bench.isGranted())
  }

  @Test("TC_C_33_CS TC_C_34_CS C10.FR.05 C12.FR.06 T-31 The answer to an event changes what is known")
  func learnsFromEvents() throws {
    let bench = SessionBench([(.localPreAuthorize, "true")])
    session(bench, "CARD")
    bench.csmsAnswers(try #require(bench.events.first), IdTokenInfo(status: .blocked))
    bench.plugIn()
    bench.tap("CARD")
    #expect(bench.engine.asked.count == 2)
  }

  @Test("TC_C_46_CS C10.FR.08 C10.FR.10 A token is forgotten after AuthCacheCtrlr.LifeTime")
  func lifeTime() {
    let bench = SessionBench([(.localPreAuthorize, "true"), (.authCacheLifeTime, "60")])
    session(bench, "CARD")
    bench.wait(60)
    session(bench, "CARD")
    #expect(bench.engine.asked.count == 2)
  }

  @Test("C10.FR.13 cacheExpiryDateTime wins over the life time")
  func expiryDate() throws {
    let bench = SessionBench([(.localPreAuthorize, "true")])
    session(bench, "CARD")
    let wall = try #require(bench.engine.eventTime.wall)
    bench.csmsAnswers(
      try #require(bench.events.first), IdTokenInfo(status: .accepted, cacheExpiryDateTime: wall + .seconds(30)))
    session(bench, "CARD")
    #expect(bench.engine.asked.count == 1)
    bench.wait(31)
    session(bench, "CARD")
    #expect(bench.engine.asked.count == 2)
  }

  @Test("T-32 The life time begins anew with each word of the CSMS; an expiry date in the past ends it")
  func expiresByTheLastWord() throws {
    let bench = SessionBench([(.localPreAuthorize, "true"), (.authCacheLifeTime, "60")])
    session(bench, "CARD")
    bench.wait(40)
    bench.csmsAnswers(try #require(bench.events.first), IdTokenInfo(status: .accepted))
    bench.wait(40)
    session(bench, "CARD")
    #expect(bench.engine.asked.count == 1, "40 s after the last word, 85 s after the first")
    let wall = try #require(bench.engine.eventTime.wall)
    bench.csmsAnswers(
      try #require(bench.events.first), IdTokenInfo(status: .accepted, cacheExpiryDateTime: wall + .seconds(-1)))
    session(bench, "CARD")
    #expect(bench.engine.asked.count == 2, "as if it had never been known")
  }

  @Test("C03.FR.02 C05.FR.02 T-34 Central tokens and C15.FR.01 tokens that were accepted offline are not kept")
  func notKept() {
    let bench = SessionBench([(.offlineTxForUnknownIdEnabled, "true")])
    bench.engine.isOnline = false
    session(bench, "CARD")
    #expect(bench.disk.tokens.state.cacheEntries == 0)
    bench.sessions.authorizer.learn(IdToken(idToken: "X", type: .central), IdTokenInfo(status: .accepted))
    bench.settle()
    #expect(bench.disk.tokens.state.cacheEntries == 0)
  }

  @Test("TC_C_41_CS C09.FR.07 E07.FR.01 E08.FR.02 A cached token of the same group stops without a question")
  func group() {
    let bench = SessionBench()
    bench.engine.verdict = { _ in .accepted(group: "FLEET") }
    session(bench, "TWO")
    bench.plugIn()
    bench.tap("ONE")
    bench.wait(2)
    let asked = bench.engine.asked.count
    bench.engine.isOnline = false
    bench.tap("TWO")
    bench.wait(3)
    #expect(bench.story.last == "Ended/StopAuthorized", "E08.FR.02")
    #expect(bench.engine.asked.count == asked)
  }

  @Test(
    "TC_C_37_CS TC_C_38_CS C11.FR.01–FR.04 C10.FR.11 T-33 The cache is cleared, also on disk; off it cannot be"
  )
  func clear() throws {
    let bench = SessionBench()
    session(bench, "CARD")
    #expect(bench.disk.tokens.state.cacheEntries == 1)
    let payload = ClearCacheRequest().encode(version: .v201)
    let answer = try #require(bench.call(.clearCache, payload))
    #expect(try ClearCacheResponse.decode(answer[...], version: .v201).status == .accepted)
    #expect(bench.disk.tokens.state.cacheEntries == 0)
    bench.set(.authCacheEnabled, "false")
    let second = try #require(bench.call(.clearCache, payload))
    #expect(try ClearCacheResponse.decode(second[...], version: .v201).status == .rejected)
    session(bench, "CARD")
    #expect(bench.disk.tokens.state.cacheEntries == 0, "C10.FR.11")
  }

  @Test(
    "C10.FR.07 T-33 A full cache takes in a new token; by AuthCacheCtrlr.Policy others make room",
    arguments: [("CUSTOM", ["REFUSED", "OLD"]), ("LRU", ["OLD", "USED"]), ("FIFO", ["USED", "OLD"])])
  func full(policy: String, leaving: [String]) throws {
    let bench = SessionBench([(.localPreAuthorize, "true"), (.authCachePolicy, policy)])
    let cache = bench.sessions.authorizer.cache
    func learn(_ name: String, _ status: AuthorizationStatus = .accepted) {
      cache.learn(card(name), IdTokenInfo(status: status))
      bench.settle()
    }
    learn("USED")
    learn("OLD")
    // It charges without a question: used again.
    session(bench, "USED")
    learn("REFUSED", .blocked)
    // As if the cache were that small: each new token takes the place of one.
    let room = bench.disk.tokens.state.cacheBytes
    var left: [String] = []
    for name in ["NEW-1", "NEW-2"] {
      let former = ["USED", "OLD", "REFUSED"].filter { isCached($0, bench) }
      var token = CachedToken(
        TokenDigest(card(name)), body: TokenFacts(verdict: TokenVerdict(status: .accepted)).stored, isAccepted: true,
        policy: try #require(bench.disk.tokens.cache.last?.token.policy))
      token.maximumBytes = room
      bench.disk.apply([.cacheToken(token)], record: nil)
      #expect(isCached(name, bench))
      left += former.filter { !isCached($0, bench) }
    }
    #expect(Array(left.prefix(leaving.count)) == leaving)
  }

  private func card(_ name: String) -> IdToken { IdToken(idToken: name, type: .iso14443) }
  private func isCached(_ name: String, _ bench: SessionBench) -> Bool {
    bench.disk.tokens.record(of: TokenDigest(card(name))).cached != nil
  }

  @Test("The cache states its bound in AuthCacheCtrlr.Storage, and asks the store to keep it")
  func bound() throws {
    let bench = SessionBench()
    session(bench, "CARD")
    let token = try #require(bench.disk.tokens.cache.last?.token)
    let limit = StationVariable.authCacheStorage.definition.character.maximum
    #expect(Decimal(Int64(token.maximumBytes)) == limit)
  }

  @Test("What a former program has cached is taken over, and its documents go")
  func migration() {
    let bench = SessionBench()
    bench.disk.documents.append(
      (.authorization, "ISO14443:old", FormerEntry(token: "OLD", group: "FLEET").bytes(bench)))
    bench.disk.documents.append((.authorization, "ISO14443:bad", [0xFF]))
    bench.kill(reason: .powerUp)
    bench.settle()
    #expect(!bench.disk.documents.contains { $0.kind == .authorization })
    #expect(bench.disk.tokens.state.cacheEntries == 1)
    bench.engine.isOnline = false
    bench.plugIn()
    bench.tap("OLD")
    #expect(bench.isGranted())
  }

  /// As programs before the token tables have written it.
  private struct FormerEntry {
    var token: String
    var group: String
    func bytes(_ bench: SessionBench) -> [UInt8] {
      var record = RecordWriter()
      IdToken(idToken: token, type: .iso14443).write(to: &record, field: 1)
      record.write("Accepted", field: 2)
      IdToken(idToken: group, type: .central).write(to: &record, field: 3)
      record.write(bench.engine.eventTime, field: 4)
      return record.bytes
    }
  }
}
