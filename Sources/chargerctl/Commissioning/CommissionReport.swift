import BoardProfile
import ChargerBase
import EVSEControl
import OCPPJSON

/// What an installer signs and files: everything that was set, what it means at this board, and what has to be measured.
/// No secret is in it.
struct CommissionReport {
  var draft: UnitDraft
  var unitFile: String
  var boardFile: String?
  var installer: String?
  var madeAt: WallTime

  private static let labelWidth = 20

  var text: String {
    var lines = ["Commissioning report", "", row("Made", Text.time(JSONValue(madeAt)).map { "\($0) UTC" })]
    lines += [
      row("Station", draft[.identity]?.string), row("Serial number", draft[.serialNumber]?.string ?? "not set"),
    ]
    lines += boardLines
    lines.append(row("CSMS", draft.url.map { "\($0)/\(draft[.identity]?.string ?? "")" } ?? "not set"))
    lines.append(row("Security profile", profileWords))
    lines.append(row("Password", draft[.basicAuthPassword] == nil ? "none" : "set, not shown"))
    if let roots = draft[.rootCertificatesFile]?.string { lines.append(row("Root certificates", roots)) }
    lines.append(row("Rated supply", amperes(.ratedSupplyA).map { "\($0) per phase, all EVSEs together" } ?? "not set"))
    lines.append(row("Installer's limit", amperes(.installerLimitA).map { "\($0) per phase and EVSE" } ?? "none"))
    let entries = draft.content["deviceModel"]?.array?.count ?? 0
    if entries > 0 { lines.append(row("Further settings", "\(entries) values of the device model in the unit file")) }
    lines.append(row("Unit file", "\(unitFile), readable by the station alone (0600)"))
    lines.append(row("Checked", "good, by the rules by which chargerd reads it"))
    let notes = draft.notes
    if !notes.isEmpty { lines += ["", "Notes"] + notes.map { "- \($0)" } }
    lines += [
      "", "Measured on site (IEC 60364-6)",
      "Protective conductor ________ Ohm    Insulation ________ MOhm    Rotary field ________",
      "RCD trips at ________ mA in ________ ms    Loop impedance ________ Ohm", "",
      "Installer \(installer ?? "____________________")    Date ______________    Signature ____________________",
    ]
    return lines.joined(separator: "\n")
  }

  private func row(_ label: String, _ text: String?) -> String {
    label.padded(to: Self.labelWidth) + Text.printable(text ?? "not known")
  }

  private func amperes(_ key: UnitDraft.Key) -> String? { draft[key].map { Text.amperes($0) } }

  private var profileWords: String {
    switch draft.securityProfile {
    case 1: "1: password, without TLS"
    case 2: "2: password and TLS"
    case 3: "3: certificates on both sides"
    default: "0: none"
    }
  }

  private var boardLines: [String] {
    guard let board = draft.board else { return [row("Board", "not given")] }
    var lines = [
      row("Board", "\(board.vendorName) \(board.model) (\(board.name))"),
      row("Board profile", boardFile),
    ]
    for evse in board.evses {
      let limit = min(
        evse.maximumCurrent, draft[.installerLimitA]?.decimal.flatMap { Current($0) } ?? evse.maximumCurrent)
      let phases = evse.phases == 1 ? "one phase" : "\(evse.phases) phases"
      lines.append(
        row("EVSE \(evse.id.number)", "\(phases), \(evse.maximumCurrent) by the board, \(limit) as installed"))
      for connector in evse.connectors {
        let cable = connector.cable == .fixed ? "fixed cable" : "socket"
        lines.append(row("  connector \(connector.id.number)", "\(connector.type.rawValue), \(cable)"))
      }
    }
    return lines
  }
}
