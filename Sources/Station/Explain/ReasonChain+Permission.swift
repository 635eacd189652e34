import ChargerBase
import EVSEControl
import OCPPCore
import OCPPTypes

// Why nobody may charge here: what the session waits for, and what the link has to do with it.

extension ReasonChain {
  /// By what the driver is shown, which says what the session is waiting for.
  var permission: EnergyReason {
    if context.hasOpenTransaction, context.feedback != .finished, context.feedback != .plugIn {
      return EnergyReason(
        code: "notAuthorized", text: "The running session is not authorized, or no longer.",
        remedy: "Present the card that began it, or unplug.")
    }
    return switch context.feedback {
    case .plugIn:
      EnergyReason(
        code: "waitingForVehicle", text: "A driver was accepted and has yet to plug in.",
        remedy: "Plug in at both ends; who waits too long has to present the card again.")
    case .authorizing:
      EnergyReason(
        code: "authorizing",
        text: context.link.isAccepted
          ? "The card is being checked: the operator's system has not answered yet." : "The card is being checked.",
        remedy: "Wait a moment; without an answer the station decides by its own rules.")
    case .accepted, .preparing:
      EnergyReason(
        code: "preparing", text: "The driver was accepted; the session is being prepared.", remedy: "Wait a second.")
    case .rejected(let status):
      rejected(status)
    case .finished:
      EnergyReason(
        code: "sessionEnded", text: "The session has ended.",
        remedy: "Unplug, or present a card to charge again.")
    case .reserved:
      EnergyReason(
        code: "reserved", text: "The connector is reserved.", remedy: "Present the card that it is reserved for.")
    case .presentToken:
      EnergyReason(
        code: "noPermit", text: "A vehicle is plugged in, and its driver has yet to say who pays.",
        remedy: "Present a card, or start from the operator's side.")
    default:
      EnergyReason(
        code: "noPermit", text: "Nobody has been authorized to charge here.",
        remedy: "Present a card, or start from the operator's side.")
    }
  }

  private func rejected(_ status: AuthorizationStatus) -> EnergyReason {
    let isAlone = !context.link.isAccepted
    return EnergyReason(
      code: "notAuthorized",
      text: isAlone
        ? "The card was not accepted (\(status.rawName)) by the station, which decides alone while the operator's system is away."
        : "The card was not accepted (\(status.rawName)).",
      remedy: isAlone ? "Present a card that the station knows, or restore the connection." : Self.remedy(status)
    ).with("status", status.rawName)
  }

  private static func remedy(_ status: AuthorizationStatus) -> String {
    switch status {
    case .expired: "The card has expired: ask your provider for a new one."
    case .blocked: "The card is blocked: ask your provider."
    case .concurrentTx: "The card is charging elsewhere: end that session first."
    case .noCredit: "There is no credit left: ask your provider."
    case .notAllowedTypeEVSE, .notAtThisLocation, .notAtThisTime:
      "The card does not hold for this place or time: ask your provider, or take another one."
    default: "Present another card, or ask your provider."
    }
  }

  var linkReason: EnergyReason? {
    guard !context.link.isConnected else {
      guard !context.link.isAccepted else { return nil }
      let status = context.link.registration
      let answer = status.map { " (its answer is \($0.rawName))" } ?? ""
      return EnergyReason(
        code: "notRegistered", text: "The operator's system has not accepted this station yet\(answer).",
        remedy: "The operator must accept the station; the station asks again by itself."
      ).with("status", status?.rawName)
    }
    return EnergyReason(
      code: "linkDown", text: "The operator's system is not reachable\(offlineWords)",
      remedy: "Check the network and the CSMS address."
    ).with("lastFailure", context.link.lastFailure)
  }

  /// What the settings let the station do alone (C13, C15).
  private var offlineWords: String {
    guard let rules = context.offlineRules else { return ", so unknown cards may be refused." }
    let known =
      rules.acceptsKnownTokens ? "cards that the station knows are accepted" : "no card is accepted, known or not"
    guard rules.acceptsUnknownTokens else {
      return rules.acceptsKnownTokens ? "; meanwhile \(known), unknown ones refused." : "; meanwhile \(known)."
    }
    return "; meanwhile \(known), and unknown ones too until it is back."
  }
}

/// What holds for cards while the CSMS is away, by AuthCtrlr.LocalAuthorizeOffline and OfflineTxForUnknownIdEnabled.
package struct OfflineRules: Sendable, Equatable {
  package var acceptsKnownTokens: Bool
  package var acceptsUnknownTokens: Bool

  package init(acceptsKnownTokens: Bool, acceptsUnknownTokens: Bool) {
    self.acceptsKnownTokens = acceptsKnownTokens
    self.acceptsUnknownTokens = acceptsUnknownTokens
  }
}
