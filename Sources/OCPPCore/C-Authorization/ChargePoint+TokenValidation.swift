import ChargerBase
import OCPPTypes

extension ChargePoint {
  /// Finds out whether a token may charge, for firmware that has to know it apart from a session (27): the local list,
  /// the cache, then the CSMS, by the rules that a token at a reader is judged by (`TokenRules`). Nothing begins or ends
  /// by it. Tokens of type Central and NoAuthorization are Accepted, and all while AuthCtrlr.Enabled is false.
  ///
  /// - Parameters:
  ///   - deadline: how long the CSMS may take; nil for its usual time. After it the token is judged as without a link.
  ///   - answer: runs exactly once, before this returns where nobody has to be asked. It brings no text and no price.
  public func validateToken(
    _ token: IdToken, deadline: Duration? = nil, answer: @escaping (IdTokenInfo) -> Void
  ) {
    turn {
      let judge: (TokenVerdict) -> Void = { verdict in answer(IdTokenInfo(verdict)) }
      guard isRunning, let sessions else {
        return later { judge(TokenVerdict(status: .notAtThisTime)) }
      }
      sessions.validate(token, deadline: deadline ?? deviceModel.seconds(.messageTimeout), answer: judge)
    }
  }
}

extension SessionController {
  package func validate(_ token: IdToken, deadline: Duration, answer: @escaping (TokenVerdict) -> Void) {
    guard settings.requiresAuthorization, token.type != .central, token.type != .noAuthorization else {
      return services.later { answer(TokenVerdict(status: .accepted)) }
    }
    guard validations < Self.maximumQuestions else {
      return services.later { answer(TokenVerdict(status: .notAtThisTime)) }
    }
    validations += 1
    authorizer.authorize(token, acceptsUnknownOffline: settings.acceptsUnknownTokensOffline, deadline: deadline) {
      [weak self] verdict in
      self?.validations -= 1
      answer(verdict)
    }
  }
}

extension IdTokenInfo {
  fileprivate init(_ verdict: TokenVerdict) {
    self.init(
      status: verdict.status, language1: verdict.languages.first,
      evseId: verdict.evses.map { $0.map { $0.number } }, groupIdToken: verdict.groupToken,
      language2: verdict.languages.dropFirst().first)
  }
}
