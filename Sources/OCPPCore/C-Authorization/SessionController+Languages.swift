import ChargerBase
import OCPPTypes

/// The languages that the user of a token prefers, by what the CSMS has said of the token (C01.FR.08, .09).
struct TokenLanguages {
  /// Users whose languages are remembered; the oldest goes first.
  static let capacity = 64
  var token: IdToken
  var languages: [String]
}

extension SessionController {
  /// The CSMS, or what is stored of its words, has named the languages of a token's user.
  func heard(_ languages: [String], of token: IdToken) {
    guard !languages.isEmpty else { return }
    tokenLanguages.removeAll { $0.token.isSameToken(as: token) }
    if tokenLanguages.count >= TokenLanguages.capacity { tokenLanguages.removeFirst() }
    tokenLanguages.append(TokenLanguages(token: token, languages: languages))
  }

  /// Called before feedback is shown: whoever shows it learns for whom. Without a token it is for anybody.
  func speak(to token: IdToken?, at place: Int) {
    let languages = languages(of: token)
    guard slots[place].languages != languages else { return }
    slots[place].languages = languages
    services.speak(languages, at: slots[place].machine.evse)
  }

  private func languages(of token: IdToken?) -> [String] {
    token.flatMap { token in tokenLanguages.first { $0.token.isSameToken(as: token) }?.languages } ?? []
  }

  /// The same for whoever stands at no EVSE in particular.
  func speakEverywhere(to token: IdToken?) {
    let languages = languages(of: token)
    guard stationLanguages != languages else { return }
    stationLanguages = languages
    services.speak(languages, at: nil)
  }

  /// The one whose session the EVSE shows.
  func user(at place: Int) -> IdToken? {
    let machine = slots[place].machine
    return (machine.authorization ?? machine.transaction?.authorization)?.token
  }
}

extension IdTokenInfo {
  /// The user's languages as RFC 5646 tags, the preferred one first.
  package var languages: [String] { [language1, language2].compactMap { $0 }.filter { !$0.isEmpty } }
}
