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
    #expect(bench.sessions.authorizer.cache.count == 0)
    bench.sessions.authorizer.learn(IdToken(idToken: "X", type: .central), IdTokenInfo(status: .accepted))
    #expect(bench.sessions.authorizer.cache.count == 0)
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
    #expect(bench.disk.documents.contains { $0.kind == .authorization })
    let payload = ClearCacheRequest().encode(version: .v201)
    let answer = try #require(bench.call(.clearCache, payload))
    #expect(try ClearCacheResponse.decode(answer[...], version: .v201).status == .accepted)
    #expect(bench.disk.documents.isEmpty)
    bench.set(.authCacheEnabled, "false")
    let second = try #require(bench.call(.clearCache, payload))
    #expect(try ClearCacheResponse.decode(second[...], version: .v201).status == .rejected)
    session(bench, "CARD")
    #expect(bench.disk.documents.isEmpty, "C10.FR.11")
  }

  @Test("C10.FR.07 T-33 A full cache makes room: refused tokens go first, then the oldest")
  func full() {
    let bench = SessionBench()
    let cache = bench.sessions.authorizer.cache
    func card(_ number: Int) -> IdToken { IdToken(idToken: "C\(number)", type: .iso14443) }
    for number in 0..<AuthorizationCache.maximumEntries {
      cache.learn(card(number), IdTokenInfo(status: number == 500 ? .blocked : .accepted))
    }
    cache.learn(card(5_000), IdTokenInfo(status: .accepted))
    cache.learn(card(5_001), IdTokenInfo(status: .accepted))
    bench.settle()
    #expect(cache.count == AuthorizationCache.maximumEntries)
    #expect(cache.entry(for: card(500), lifeTime: .seconds(60)) == nil)
    #expect(cache.entry(for: card(0), lifeTime: .seconds(60)) == nil)
    #expect(cache.entry(for: card(1), lifeTime: .seconds(60)) != nil)
    #expect(bench.disk.documents.count == AuthorizationCache.maximumEntries)
  }
}
