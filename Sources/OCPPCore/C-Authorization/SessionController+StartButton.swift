import ChargerBase
import OCPPTypes

// The start button of an EVSE (C02): pressing it is presenting the token NoAuthorization with an empty text, which nobody
// is asked about and which no cache keeps.
//
// | at the EVSE | what the button does |
// | --- | --- |
// | a session that a button, or nobody, has authorized | stops it (E07.FR.04); before the plug: the full time again |
// | the same within 3 s of the start | nothing: the finger was impatient |
// | a session that somebody's token has authorized | nothing: only that token, or its group, ends it |
// | a cable that is kept for a session by button | lets it go |
// | free, AuthCtrlr.StartButtonAuthorizes or no authorization asked for (AuthCtrlr.Enabled false) | authorizes |
// | free, otherwise | asks for a token |
// | taken by a remote start, out of use, or nothing can be stored | not at this time |

extension SessionController {
  /// So long after a start a further press is the same one.
  static let startButtonRepeat: Duration = .seconds(3)

  func startPressed(at evse: EVSEID) {
    guard let place = place(of: evse) else { return }
    let token = IdToken(idToken: "", type: .noAuthorization)
    if let authorization = slots[place].machine.authorization {
      guard authorization.token.isSameToken(as: token) else { return }
      let since = slots[place].machine.authorizedSince ?? .zero
      if since + Self.startButtonRepeat > services.now { return }
      return presentedAgain(token, at: evse)
    }
    if releaseHeldCable(by: token, group: nil, among: [evse]) { return }
    guard settings.startButtonAuthorizes || !settings.requiresAuthorization else {
      return notify(.presentToken, at: evse)
    }
    guard slots[place].machine.mayAuthorize(token), !isKept(evse) else {
      return notify(.rejected(.notAtThisTime), at: evse)
    }
    authorize(SessionAuthorization(token: token), at: evse)
  }
}
