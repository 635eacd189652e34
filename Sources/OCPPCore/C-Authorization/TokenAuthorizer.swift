import ChargerBase
import OCPPJSON
import OCPPPorts
import OCPPTypes

/// What is known of a token that somebody presented.
package struct TokenVerdict: Sendable, Equatable {
  /// EVSEs that a token can be restricted to by name; a station has no more (ChargePointConfiguration.evses).
  package static let maximumEVSEs = 64

  package var status: AuthorizationStatus
  package var groupToken: IdToken?
  /// The only EVSEs that it may charge at; nil for all (C01.FR.21).
  package var evses: [EVSEID]?
  /// What the token's user reads, the preferred language first (C01.FR.08, .09).
  package var languages: [String]

  package init(
    status: AuthorizationStatus, groupToken: IdToken? = nil, evses: [EVSEID]? = nil, languages: [String] = []
  ) {
    self.status = status
    self.groupToken = groupToken
    self.evses = evses
    self.languages = languages
  }

  package init(_ information: IdTokenInfo) {
    let evses = information.evseId.map { $0.prefix(Self.maximumEVSEs).map { EVSEID($0) } } ?? []
    self.init(
      status: information.status, groupToken: information.groupIdToken, evses: evses.isEmpty ? nil : evses,
      languages: information.languages)
  }
}

/// Finds out whether a token may charge.
///
/// First the store says what it knows: the local list, and for a token that is not in it the cache (C13.FR.01,
/// C14.FR.01). Then `TokenRules` decide, and the CSMS where they leave it to it. A question that the link or the CSMS
/// leaves open is decided as without a link.
package final class TokenAuthorizer {
  /// How long the store may take to say what it knows; then the token counts as one that it cannot tell of.
  static let lookUpPatience = Duration.seconds(2)

  private struct LookUp {
    var number: UInt64
    var until: MonotonicInstant
    var answer: (TokenRecord?) -> Void
  }

  private unowned let services: any EngineServices
  package let cache: AuthorizationCache
  /// As many as the session controller has questions.
  private var lookUps: [LookUp] = []
  private var lastLookUp: UInt64 = 0

  package init(services: any EngineServices) {
    self.services = services
    cache = AuthorizationCache(services: services)
  }

  private var isCacheEnabled: Bool { services.deviceModel.bool(.authCacheEnabled) }

  /// The CSMS has said something of a token in an answer.
  package func learn(_ token: IdToken, _ information: IdTokenInfo) {
    if isCacheEnabled { cache.learn(token, information) }
  }

  /// `known` is told of a token that the station itself knows as good before anything else happens with it; when it
  /// answers true the matter is settled. Else `answer` runs exactly once. Both run in a later turn.
  package func authorize(
    _ token: IdToken, acceptsUnknownOffline: Bool, deadline: Duration,
    known isSettled: @escaping (TokenVerdict) -> Bool = { _ in false }, answer: @escaping (TokenVerdict) -> Void
  ) {
    let digest = TokenDigest(token)
    lookUp(digest) { [weak self] record in
      guard let self else { return }
      let knowledge = knowledge(of: digest, record)
      if let verdict = knowledge.verdict, verdict.status == .accepted, isSettled(verdict) { return }
      let rules = TokenRules(services.deviceModel, acceptsUnknownOffline: acceptsUnknownOffline)
      let withoutLink = rules.verdictWithoutLink(knowledge)
      if let verdict = rules.verdict(knowledge, isOnline: services.isOnline) {
        if case .cached = knowledge, verdict.status == .accepted { cache.used(digest) }
        return answer(verdict)
      }
      ask(token, deadline: deadline, withoutLink: withoutLink, answer: answer)
    }
  }

  private func ask(
    _ token: IdToken, deadline: Duration, withoutLink: TokenVerdict, answer: @escaping (TokenVerdict) -> Void
  ) {
    let request = AuthorizeRequest(idToken: token)
    services.call(.authorize, deadline: deadline) { writer, version in
      request.encode(into: &writer, version: version)
    } answer: { [weak self] reply in
      switch reply {
      case .result(let payload, let version):
        guard let response = try? AuthorizeResponse.decode(payload, version: version) else {
          return answer(TokenVerdict(status: .unknown))
        }
        self?.learn(token, response.idTokenInfo)
        answer(TokenVerdict(response.idTokenInfo))
      case .offline, .timeout: answer(withoutLink)
      case .error: answer(TokenVerdict(status: .unknown))
      }
    }
  }

  // MARK: - What the station knows

  private func knowledge(of digest: TokenDigest, _ record: TokenRecord?) -> TokenKnowledge {
    guard let record else { return .untold }
    if services.deviceModel.bool(.localListEnabled), let listed = record.listed {
      // An entry that cannot be read is nobody's permission.
      guard let facts = TokenFacts(stored: listed) else { return .untold }
      return hasExpired(facts) ? .listedExpired : .listed(facts.verdict)
    }
    // C10.FR.11
    guard isCacheEnabled, let verdict = cache.verdict(on: digest, stored: record.cached) else { return .unknown }
    return .cached(verdict)
  }

  /// LocalAuthListCtrlr.SupportsExpiryDateTime; without a clock the station cannot tell, and does not use the entry.
  private func hasExpired(_ facts: TokenFacts) -> Bool {
    guard let expiry = facts.expiry else { return false }
    return services.eventTime.wall.map { $0 >= expiry } ?? true
  }

  private func lookUp(_ digest: TokenDigest, answer: @escaping (TokenRecord?) -> Void) {
    lastLookUp &+= 1
    let number = lastLookUp
    lookUps.append(LookUp(number: number, until: services.now + Self.lookUpPatience, answer: answer))
    services.lookUp(digest) { [weak self] record in self?.finish(number, record) }
  }

  private func finish(_ number: UInt64, _ record: TokenRecord?) {
    guard let place = lookUps.firstIndex(where: { $0.number == number }) else { return }
    lookUps.remove(at: place).answer(record)
  }

  var nextDeadline: MonotonicInstant { lookUps.first?.until ?? .distantFuture }

  /// A store that says nothing holds nobody up.
  func advance(to now: MonotonicInstant) {
    while let first = lookUps.first, first.until <= now { finish(first.number, nil) }
  }
}
