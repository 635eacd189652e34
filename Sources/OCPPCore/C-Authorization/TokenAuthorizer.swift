import ChargerBase
import OCPPJSON
import OCPPTypes

/// What is known of a token that somebody presented.
package struct TokenVerdict: Sendable, Equatable {
  package var status: AuthorizationStatus
  package var groupToken: IdToken?
  /// The only EVSEs that it may charge at; nil for all (C01.FR.21).
  package var evses: [EVSEID]?

  package init(status: AuthorizationStatus, groupToken: IdToken? = nil, evses: [EVSEID]? = nil) {
    self.status = status
    self.groupToken = groupToken
    self.evses = evses
  }
}

/// Finds out whether a token may charge: by asking the CSMS (C01.FR.02) or, without a link, by what the station was
/// told to do with unknown tokens (C15). The station keeps neither a cache nor a local list yet.
package final class TokenAuthorizer {
  private unowned let services: any EngineServices

  package init(services: any EngineServices) { self.services = services }

  /// `answer` runs exactly once, in a later turn.
  package func authorize(
    _ token: IdToken, acceptsUnknownOffline: Bool, deadline: Duration, answer: @escaping (TokenVerdict) -> Void
  ) {
    let offline = TokenVerdict(status: acceptsUnknownOffline ? .accepted : .notAtThisTime)
    guard services.isOnline else {
      services.later { answer(offline) }
      return
    }
    let request = AuthorizeRequest(idToken: token)
    services.call(.authorize, deadline: deadline) { writer, version in
      request.encode(into: &writer, version: version)
    } answer: { reply in
      switch reply {
      case .result(let payload, let version):
        answer(Self.verdict(of: payload, version))
      case .offline, .timeout:
        // The CSMS cannot be asked now: as without a link.
        answer(offline)
      case .error:
        answer(TokenVerdict(status: .unknown))
      }
    }
  }

  private static func verdict(of payload: ArraySlice<UInt8>, _ version: OCPPVersion) -> TokenVerdict {
    guard let response = try? AuthorizeResponse.decode(payload, version: version) else {
      return TokenVerdict(status: .unknown)
    }
    let information = response.idTokenInfo
    return TokenVerdict(
      status: information.status, groupToken: information.groupIdToken,
      evses: information.evseId.flatMap { $0.isEmpty ? nil : $0.map { EVSEID($0) } })
  }
}
