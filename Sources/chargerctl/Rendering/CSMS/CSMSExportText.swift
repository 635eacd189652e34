import ChargerBase
import OCPPJSON

/// Transactions for spreadsheets and programs.
enum CSMSExportText {
  static let columns = [
    "transaction_id", "station", "evse", "connector", "card", "name", "group", "started_at", "ended_at", "duration_s",
    "charging_s", "meter_start_wh", "meter_end_wh", "energy_wh", "state", "stop_reason", "ended_by", "remote_start_id",
    "events", "offline_events", "repeated_events", "missing_events", "complete", "correct", "refused", "cost",
    "currency", "problems",
  ]

  /// A column's value; texts that others have written are `.string`, ours are not.
  private static func value(_ column: String, _ record: JSONValue) -> JSONValue? {
    switch column {
    case "transaction_id": record["transactionId"]
    case "station", "evse", "connector", "card", "name", "group", "complete", "correct", "refused", "cost", "currency",
      "events":
      record[column]
    case "started_at": record["startedAt"]
    case "ended_at": record["endedAt"]
    case "duration_s": record["seconds"]
    case "charging_s": record["chargingSeconds"]
    case "meter_start_wh": record["meterStartWh"]
    case "meter_end_wh": record["meterEndWh"]
    case "energy_wh": record["energyWh"]
    case "state": record["ended"]?.bool == true ? "Ended" : record["chargingState"]
    case "stop_reason": record["stoppedReason"]
    case "ended_by": record["endedBy"]
    case "remote_start_id": record["remoteStartId"]
    case "offline_events": record["offlineEvents"]
    case "repeated_events": record["repetitions"]
    case "missing_events": missing(record)
    case "problems": record["problems"]?.array.map { .string($0.compactMap(\.string).joined(separator: "; ")) }
    case "id_token": record["idToken"]
    default: nil
    }
  }

  private static func missing(_ record: JSONValue) -> JSONValue? {
    record["missing"]?.array.map { gaps in
      .string(
        gaps.map { gap in
          gap["from"] == gap["to"]
            ? Text.printable(gap["from"]) : "\(Text.printable(gap["from"]))..\(Text.printable(gap["to"]))"
        }.joined(separator: " "))
    }
  }

  private static func columns(_ withTokens: Bool) -> [String] { columns + (withTokens ? ["id_token"] : []) }

  // MARK: - CSV

  /// RFC 4180: a header, lines that end with CR LF, quotes where they are needed.
  static func csv(_ records: [JSONValue], withTokens: Bool) -> String {
    let columns = columns(withTokens)
    var text = columns.joined(separator: ",") + "\r\n"
    for record in records {
      text += columns.map { cell(value($0, record)) }.joined(separator: ",") + "\r\n"
    }
    return text
  }

  static func cell(_ value: JSONValue?) -> String {
    switch value {
    case .string(let text)?: quoted(harmless(text))
    case .null?, nil: ""
    case let other?: other.description
    }
  }

  /// What a spreadsheet would run as a formula gets an apostrophe before it: a station or a card may send such a text.
  private static func harmless(_ text: String) -> String {
    let text = Text.printable(text)
    guard let first = text.unicodeScalars.first(where: { $0 != " " }) else { return text }
    // Full-width forms count, because some spreadsheets take them for the plain ones.
    let dangerous: [Unicode.Scalar] = ["=", "+", "-", "@", "\u{FF1D}", "\u{FF0B}", "\u{FF0D}", "\u{FF20}", "\u{FFFD}"]
    return dangerous.contains(first) ? "'" + text : text
  }

  private static func quoted(_ text: String) -> String {
    guard text.contains(where: { ",\"\r\n;\t".contains($0) }) || text.first == " " || text.last == " " else {
      return text
    }
    return "\"" + text.map { $0 == "\"" ? "\"\"" : String($0) }.joined() + "\""
  }

  // MARK: - JSON

  /// An array of objects, one a line, with the columns' names; what is not known is left out.
  static func json(_ records: [JSONValue], withTokens: Bool) -> String {
    let columns = columns(withTokens)
    if records.isEmpty { return "[]\n" }
    let lines = records.map { record in
      JSONValue.object(columns.compactMap { name in value(name, record).map { JSONMember(name, $0) } }).description
    }
    return "[\n" + lines.joined(separator: ",\n") + "\n]\n"
  }
}
