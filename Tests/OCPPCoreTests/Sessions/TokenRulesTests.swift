import ChargerBase
import OCPPTypes
import Testing

@testable import OCPPCore

@Suite("TokenRules: who decides on a token")
struct TokenRulesTests {
  private let good = TokenVerdict(status: .accepted)
  private let bad = TokenVerdict(status: .blocked)

  private func rules(_ change: (inout TokenRules) -> Void) -> TokenRules {
    var rules = TokenRules()
    change(&rules)
    return rules
  }

  @Test("With a link, what is known counts where the settings let it; else the CSMS is asked")
  func online() {
    let all: [TokenKnowledge] = [
      .unknown, .untold, .listed(good), .listed(bad), .listedExpired, .cached(good), .cached(bad),
    ]
    func verdicts(_ rules: TokenRules) -> [AuthorizationStatus?] {
      all.map { rules.verdict($0, isOnline: true)?.status }
    }
    #expect(verdicts(rules { _ in }) == [nil, nil, nil, nil, nil, nil, nil])
    #expect(verdicts(rules { $0.preAuthorizes = true }) == [nil, nil, .accepted, nil, nil, .accepted, nil])
    #expect(verdicts(rules { $0.asksAboutListed = false }) == [nil, nil, nil, .blocked, nil, nil, nil])
    #expect(verdicts(rules { $0.asksAboutCached = false }) == [nil, nil, nil, nil, nil, nil, .blocked])
    #expect(
      verdicts(rules { $0.asksAtAll = false })
        == [.unknown, .unknown, .accepted, .blocked, .expired, .accepted, .blocked])
    // What is for times without a link changes nothing.
    #expect(
      verdicts(
        rules {
          $0.acceptsUnknownOffline = true
          $0.authorizesOffline = false
        }) == verdicts(rules { _ in }))
  }

  @Test("C13.FR.04, C16.FR.03: without a link a known token is not an unknown one, and a master pass stays one")
  func knownOffline() {
    let pass = TokenVerdict(status: .accepted, groupToken: IdToken(idToken: "MASTER", type: .central))
    let rules = rules {
      $0.authorizesOffline = false
      $0.acceptsUnknownOffline = true
    }
    #expect(rules.verdict(.unknown, isOnline: false)?.status == .accepted)
    #expect(rules.verdict(.cached(good), isOnline: false)?.status == .notAtThisTime)
    #expect(rules.verdict(.cached(pass), isOnline: false)?.status == .notAtThisTime)
    // The list's tokens are allowed by name where unknown ones are.
    #expect(rules.verdict(.listed(good), isOnline: false) == good)
    #expect(rules.verdict(.listed(pass), isOnline: false) == pass)
  }

  @Test("Without a link, nobody is asked: refused stays refused, unknown is as configured", arguments: [false, true])
  func offline(acceptsUnknown: Bool) {
    let unknown: AuthorizationStatus = acceptsUnknown ? .accepted : .notAtThisTime
    for authorizesOffline in [false, true] {
      let rules = rules {
        $0.authorizesOffline = authorizesOffline
        $0.acceptsUnknownOffline = acceptsUnknown
        $0.preAuthorizes = true
      }
      func status(_ knowledge: TokenKnowledge) -> AuthorizationStatus? {
        rules.verdict(knowledge, isOnline: false)?.status
      }
      #expect(status(.unknown) == unknown)
      #expect(status(.untold) == .notAtThisTime)
      #expect(status(.listed(bad)) == .blocked && status(.cached(bad)) == .blocked)
      #expect(status(.listedExpired) == .expired)
      #expect(status(.listed(good)) == (authorizesOffline ? .accepted : unknown))
      #expect(status(.cached(good)) == (authorizesOffline ? .accepted : .notAtThisTime))
    }
  }
}

@Suite("TokenFacts: what is kept of a token")
struct TokenFactsTests {
  @Test("What was said comes back, and most entries of a list take two bytes", arguments: AuthorizationStatus.allCases)
  func roundTrip(status: AuthorizationStatus) throws {
    let plain = TokenFacts(IdTokenInfo(status: status))
    #expect(plain.stored.count == 2)
    #expect(TokenFacts(stored: plain.stored) == plain)
    let information = IdTokenInfo(
      status: status, cacheExpiryDateTime: WallTime(millisecondsSinceEpoch: 1_800_000_000_000), language1: "de",
      evseId: [1, 3],
      groupIdToken: IdToken(idToken: "FLEET", type: .central), language2: "en")
    let full = TokenFacts(information)
    #expect(TokenFacts(stored: full.stored) == full)
    #expect(full.verdict.languages == ["de", "en"])
    #expect(full.verdict.evses?.map { $0.number } == [1, 3])
  }

  @Test("The stored numbers of the statuses stay what they are")
  func codes() {
    #expect(TokenFacts(verdict: TokenVerdict(status: .accepted)).stored == [8, 0])
    #expect(TokenFacts(verdict: TokenVerdict(status: .blocked)).stored == [8, 2])
    #expect(TokenFacts(verdict: TokenVerdict(status: .unknown)).stored == [8, 18])
    #expect(TokenFacts(stored: [8, 20]) == nil, "a status of a newer program is nobody's permission")
    #expect(TokenFacts(stored: []) == nil)
  }
}
