import BoardProfile
import ChargerBase
import OCPPJSON

/// Asks for what is per unit, one question after the other; each answer is checked before the next question.
struct CommissionDialogue {
  /// A wrong answer may be given so often; after that nobody who knows is there.
  static let maximumTries = 10

  /// Nil at the end of what is typed.
  var ask: (_ prompt: String) -> String?
  /// The same without showing what is typed.
  var askSecretly: (_ prompt: String) -> String?
  var tell: (_ text: String) -> Void

  struct Ended: Error {}

  func run(_ draft: inout UnitDraft) throws(Ended) {
    tell("Enter keeps what stands in brackets, - takes it away, ? tells more. Nothing is written before the end.")
    try answer(.identity, "Identity at the CSMS", Self.identityHelp, isRequired: true, &draft)
    try answer(.csmsUrl, "Address of the CSMS", Self.urlHelp, isRequired: draft.board?.csms.url == nil, &draft)
    try answer(.securityProfile, "Security profile", Self.profileHelp, proposal: Self.proposal(draft), &draft)
    if draft.needsPassword { try password(&draft) } else { draft[.basicAuthPassword] = nil }
    if draft.usesTLS { try answer(.rootCertificatesFile, "File of root certificates", Self.rootsHelp, &draft) }
    try answer(.serialNumber, "Serial number", "As on the type plate, at most 25 characters.", &draft)
    try answer(.ratedSupplyA, "Rated supply, A per phase", Self.supplyHelp, &draft)
    try answer(.installerLimitA, "Most per EVSE, A per phase", Self.limitHelp, &draft)
  }

  private static let identityHelp =
    "The name by which the operator's system knows this station, as the operator has given it: at most 48 characters, letters, digits and * - _ = + | @ ."
  private static let urlHelp =
    "As the operator has given it: wss://HOST/PATH with TLS, ws://HOST/PATH without. The identity is added by the station."
  private static let profileHelp =
    "0 nothing, 1 password without TLS, 2 password and TLS, 3 certificates on both sides (OCPP's security profiles). The operator says which."
  private static let rootsHelp =
    "PEM, beside the unit file or with its whole path. Without one the system's own decide which CSMS is trusted."
  private static let supplyHelp =
    "What the building gives this station, per phase: the rating of the fuse in front of it. All EVSEs together keep to it."
  private static let limitHelp =
    "Less than the board's rating when wires or breakers ask for it; nothing when they do not."

  private static func proposal(_ draft: UnitDraft) -> String? {
    guard let url = draft.url else { return draft.securityProfile.map { String($0) } }
    let usesTLS = url.hasPrefix("wss://")
    // What stands there is kept as long as it fits the address.
    if let known = draft.securityProfile, (known >= 2) == usesTLS { return String(known) }
    return usesTLS ? "2" : "1"
  }

  private func answer(
    _ key: UnitDraft.Key, _ question: String, _ help: String, proposal: String? = nil, isRequired: Bool = false,
    _ draft: inout UnitDraft
  ) throws(Ended) {
    for _ in 0..<Self.maximumTries {
      let kept = proposal ?? draft[key].map { Text.printable($0) }
      guard let typed = ask(question + (kept.map { " [\($0)]" } ?? "") + ": ") else { throw Ended() }
      let text = Substring(typed).trimmed
      if text == "?" {
        tell("  \(help)")
        continue
      }
      var next = draft
      if text == "-" {
        next[key] = nil
      } else if !text.isEmpty {
        next[key] = UnitDraft.value(text, for: key)
      } else if let proposal {
        next[key] = UnitDraft.value(proposal, for: key)
      }
      if isRequired, next[key] == nil {
        tell("  \(key.words) is needed. \(help)")
        continue
      }
      if let problem = next.problem(of: key) {
        tell("  \(problem)")
        continue
      }
      draft = next
      return
    }
    throw Ended()
  }

  private func password(_ draft: inout UnitDraft) throws(Ended) {
    let isSet = draft[.basicAuthPassword] != nil
    for _ in 0..<Self.maximumTries {
      let prompt = "Password for the CSMS, not shown" + (isSet ? " [the one that is set]" : "") + ": "
      guard let typed = askSecretly(prompt) else { throw Ended() }
      if typed.isEmpty, isSet { return }
      if typed == "?" {
        tell("  16…64 characters: letters, digits and * - _ = : + | @ . As the operator has given it.")
        continue
      }
      var next = draft
      next[.basicAuthPassword] = .string(typed)
      if let problem = next.problem(of: .basicAuthPassword) {
        tell("  \(problem)")
        continue
      }
      guard let again = askSecretly("Once more: ") else { throw Ended() }
      guard again == typed else {
        tell("  The two are not the same.")
        continue
      }
      draft = next
      return
    }
    throw Ended()
  }
}
