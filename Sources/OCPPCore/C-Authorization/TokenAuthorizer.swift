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

/// Finds out whether a token may charge:
///
/// | link | in the cache | asked |
/// | --- | --- | --- |
/// | up | accepted, and LocalPreAuthorize | nobody (C12.FR.02) |
/// | up | anything else | the CSMS (C01.FR.02, C10.FR.03) |
/// | down | known, and LocalAuthorizeOffline | nobody: as it is known |
/// | down | anything else | nobody: OfflineTxForUnknownIdEnabled decides (C15.FR.08) |
///
/// A question that the link or the CSMS leaves open is decided as without a link. There is no local list yet.
package final class TokenAuthorizer {
  private unowned let services: any EngineServices
  package let cache: AuthorizationCache

  package init(services: any EngineServices) {
    self.services = services
    cache = AuthorizationCache(services: services)
  }

  private var isCacheEnabled: Bool { services.deviceModel.bool(.authCacheEnabled) }

  /// What the cache knows of a token, if the cache is used at all (C10.FR.11).
  package func known(_ token: IdToken) -> TokenVerdict? {
    guard isCacheEnabled else { return nil }
    return cache.entry(for: token, lifeTime: services.deviceModel.seconds(.authCacheLifeTime))?.verdict
  }

  /// The CSMS has said something of a token in an answer.
  package func learn(_ token: IdToken, _ information: IdTokenInfo) {
    if isCacheEnabled { cache.learn(token, information) }
  }

  /// `answer` runs exactly once, in a later turn.
  package func authorize(
    _ token: IdToken, acceptsUnknownOffline: Bool, deadline: Duration, answer: @escaping (TokenVerdict) -> Void
  ) {
    let known = known(token)
    let withoutLink = verdictWithoutLink(known, acceptsUnknown: acceptsUnknownOffline)
    guard services.isOnline else {
      services.later { answer(withoutLink) }
      return
    }
    if let known, known.status == .accepted, services.deviceModel.bool(.localPreAuthorize) {
      services.later { answer(known) }
      return
    }
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

  private func verdictWithoutLink(_ known: TokenVerdict?, acceptsUnknown: Bool) -> TokenVerdict {
    if let known, services.deviceModel.bool(.localAuthorizeOffline) { return known }
    return TokenVerdict(status: acceptsUnknown ? .accepted : .notAtThisTime)
  }
}
