import OCPPCore

/// How the station stands with its CSMS, in one line for `systemctl status`. Addresses and identities are not in it.
enum LinkSentence {
  static func text(_ status: LinkStatus) -> String {
    if status.isAccepted { return "serving, registered with the CSMS" }
    if status.isConnected {
      return status.registration.map { "serving, the CSMS says \($0.rawName)" } ?? "serving, registering with the CSMS"
    }
    return status.lastFailure.map { "serving, no CSMS: \($0)" } ?? "serving, connecting to the CSMS"
  }
}
