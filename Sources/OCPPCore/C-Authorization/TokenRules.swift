import OCPPTypes

/// What the station itself knows of a token.
package enum TokenKnowledge: Sendable, Equatable {
  /// Neither in the list nor in the cache.
  case unknown
  case listed(TokenVerdict)
  /// In the list, and its cacheExpiryDateTime has passed: it cannot be used, and it is not unknown (C13.FR.06).
  case listedExpired
  case cached(TokenVerdict)
  /// The store could not tell.
  case untold

  var verdict: TokenVerdict? {
    switch self {
    case .listed(let verdict), .cached(let verdict): verdict
    case .unknown, .listedExpired, .untold: nil
    }
  }
}

/// What becomes of a token, by what is known of it and by what is configured:
///
/// | link | in the list or the cache | then |
/// | --- | --- | --- |
/// | up | accepted, and LocalPreAuthorize | accepted (C12.FR.02, C14.FR.02, .04) |
/// | up | not accepted, and DisablePostAuthorize of that place | refused as it is known |
/// | up | anything else | the CSMS is asked (C01.FR.02, C10.FR.03, C14.FR.03, .05) |
/// | up | anything else, and DisableRemoteAuthorization | as it is known; unknown is Unknown |
/// | down | not accepted, or expired in the list | refused as it is known (C13.FR.05, .06) |
/// | down | accepted, and LocalAuthorizeOffline | accepted (C13.FR.02) |
/// | down | accepted in the list, and OfflineTxForUnknownIdEnabled | accepted (C13.FR.04) |
/// | down | accepted, and neither of the two | refused: it is known, and not to be used (C13.FR.04) |
/// | down | unknown | OfflineTxForUnknownIdEnabled decides (C13.FR.04, C15.FR.08) |
package struct TokenRules: Sendable, Equatable {
  package var preAuthorizes = false
  package var authorizesOffline = true
  package var acceptsUnknownOffline = false
  package var asksAboutListed = true
  package var asksAboutCached = true
  /// AuthCtrlr.DisableRemoteAuthorization is false.
  package var asksAtAll = true

  package init() {}

  init(_ deviceModel: DeviceModel, acceptsUnknownOffline: Bool) {
    preAuthorizes = deviceModel.bool(.localPreAuthorize)
    authorizesOffline = deviceModel.bool(.localAuthorizeOffline)
    self.acceptsUnknownOffline = acceptsUnknownOffline
    asksAboutListed = !deviceModel.bool(.localListDisablePostAuthorize)
    asksAboutCached = !deviceModel.bool(.authCacheDisablePostAuthorize)
    asksAtAll = !deviceModel.bool(.disableRemoteAuthorization)
  }

  /// Nil: the CSMS is to be asked.
  package func verdict(_ knowledge: TokenKnowledge, isOnline: Bool) -> TokenVerdict? {
    guard isOnline else { return verdictWithoutLink(knowledge) }
    switch knowledge {
    case .listed(let verdict):
      if verdict.status == .accepted ? preAuthorizes || !asksAtAll : !asksAboutListed || !asksAtAll { return verdict }
    case .cached(let verdict):
      if verdict.status == .accepted ? preAuthorizes || !asksAtAll : !asksAboutCached || !asksAtAll { return verdict }
    case .listedExpired: if !asksAtAll { return TokenVerdict(status: .expired) }
    case .unknown, .untold: if !asksAtAll { return TokenVerdict(status: .unknown) }
    }
    return nil
  }

  package func verdictWithoutLink(_ knowledge: TokenKnowledge) -> TokenVerdict {
    switch knowledge {
    case .listed(let known):
      if known.status != .accepted || authorizesOffline || acceptsUnknownOffline { return known }
      return TokenVerdict(status: .notAtThisTime)
    case .cached(let known):
      // It is not unknown: what lets strangers charge says nothing of it (C13.FR.04).
      return known.status != .accepted || authorizesOffline ? known : TokenVerdict(status: .notAtThisTime)
    case .listedExpired: return TokenVerdict(status: .expired)
    // It may be blocked, for all that can be told.
    case .untold: return TokenVerdict(status: .notAtThisTime)
    case .unknown: break
    }
    return TokenVerdict(status: acceptsUnknownOffline ? .accepted : .notAtThisTime)
  }
}
