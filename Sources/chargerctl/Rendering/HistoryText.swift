import ChargerBase
import OCPPJSON

/// Finished sessions as a table for people, and as CSV for whoever bills.
enum HistoryText {
  static func render(_ answer: JSONValue) -> String {
    let sessions = answer["sessions"]?.array ?? []
    guard !sessions.isEmpty else { return "No session has ended yet, or none that is asked for." }
    var table = TextTable(header: [
      "NO", "PLACE", "STARTED (UTC)", "DURATION", "ENERGY", "TOKEN", "BEGAN BY", "ENDED BY", "CSMS",
    ])
    for session in sessions { table.append(cells(session)) }
    return [table.text, "", total(sessions)].joined(separator: "\n")
  }

  private static func cells(_ session: JSONValue) -> [String] {
    var place = Text.printable(session["evse"])
    if let connector = session["connector"], !connector.isNull { place += ".\(Text.printable(connector))" }
    return [
      Text.printable(session["number"]), place, Text.time(session["startedAt"]) ?? "time not known",
      Text.span(seconds: session["durationS"]?.decimal?.scaled(places: 0)), Text.kilowattHours(session["energyWh"]),
      Text.printable(session["idToken"]), began(session), ended(session), report(session),
    ]
  }

  private static func total(_ sessions: [JSONValue]) -> String {
    let thousandths = sessions.reduce(Int64(0)) {
      $0.addingReportingOverflow($1["energyWh"]?.decimal?.scaled(places: 3) ?? 0).partialValue
    }
    let energy = Decimal(significand: thousandths, places: 3).map { Text.kilowattHours(JSONValue($0)) } ?? Text.nothing
    var text = "\(sessions.count) session\(sessions.count == 1 ? "" : "s"), \(energy)"
    let waiting = sessions.filter { $0["report"]?.string == "waiting" }.count
    if waiting > 0 { text += "; the CSMS has yet to hear the end of \(waiting)" }
    return text
  }

  private static let beginnings = [
    ("Authorized", "card or code"), ("CablePluggedIn", "plugged in"), ("EVDetected", "vehicle in the bay"),
    ("RemoteStart", "CSMS"), ("ChargingStateChanged", "energy flowed"), ("SignedDataReceived", "signed reading"),
    ("Deauthorized", "token refused"),
  ]

  private static let endings = [
    ("Local", "driver"), ("Remote", "CSMS"), ("EVDisconnected", "unplugged"), ("DeAuthorized", "token refused"),
    ("StoppedByEV", "vehicle"), ("EmergencyStop", "emergency stop"), ("EnergyLimitReached", "energy limit"),
    ("GroundFault", "ground fault"), ("ImmediateReset", "reset"), ("MasterPass", "master card"),
    ("OvercurrentFault", "overcurrent"), ("PowerLoss", "power loss"), ("PowerQuality", "power quality"),
    ("Reboot", "restart"), ("TimeLimitReached", "time limit"), ("Timeout", "never plugged in"),
    ("SOCLimitReached", "charge limit"), ("LocalOutOfCredit", "out of credit"), ("Other", "other"),
  ]

  private static func words(_ name: String, _ table: [(String, String)]) -> String {
    table.first { $0.0 == name }?.1 ?? Text.printable(name)
  }

  private static func began(_ session: JSONValue) -> String {
    session["began"]?.string.map { words($0, beginnings) } ?? Text.nothing
  }

  static func ended(_ session: JSONValue) -> String {
    session["stoppedReason"]?.string.map { words($0, endings) } ?? Text.nothing
  }

  private static func report(_ session: JSONValue) -> String {
    let report = session["report"]?.string ?? Text.nothing
    return report == "incomplete" ? "INCOMPLETE" : Text.printable(report)
  }

  // MARK: - CSV

  /// Columns of the CSV and the keys that they come from.
  static let columns = [
    ("number", "number"), ("transaction_id", "transactionId"), ("evse", "evse"), ("connector", "connector"),
    ("started_at", "startedAt"), ("ended_at", "endedAt"), ("duration_s", "durationS"), ("charging_s", "chargingS"),
    ("energy_wh", "energyWh"), ("start_register_wh", "startRegisterWh"), ("end_register_wh", "endRegisterWh"),
    ("id_token", "idToken"), ("token_type", "tokenType"), ("began", "began"), ("ended", "ended"),
    ("stopped_reason", "stoppedReason"), ("remote_start_id", "remoteStartId"), ("events", "events"),
    ("report", "report"),
  ]

  /// RFC 4180 with a header, UTF-8; what is not known is an empty field.
  static func csv(_ answer: JSONValue) -> String {
    let rows = (answer["sessions"]?.array ?? []).map { session in
      columns.map { field(session[$0.1]) }.joined(separator: ",")
    }
    return ([columns.map(\.0).joined(separator: ",")] + rows).joined(separator: "\r\n")
  }

  private static func field(_ value: JSONValue?) -> String {
    guard let value, !value.isNull else { return "" }
    guard case .string(let raw) = value else { return value.description }
    var text = Text.printable(raw)
    // A spreadsheet takes a text that begins so for a formula, and a token is whatever somebody wrote on a card.
    if let first = text.first, "=+-@".contains(first) { text = "'" + text }
    guard text.contains(where: { ",\"\r\n".contains($0) }) else { return text }
    return "\"" + text.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
  }
}
