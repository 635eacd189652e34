import OCPPJSON

/// `chargerctl watch` into a pipe or a file: a line for the link and for each connector when something about it has
/// changed that is not mere measuring, between the events.
struct WatchLines {
  private var last: [(key: String, text: String)] = []

  /// The lines that `status` adds; all of them at first.
  mutating func changes(_ status: JSONValue) -> [String] {
    let clock = Text.clock(status["time"]).map { "\($0)  " } ?? ""
    var lines: [String] = []
    for (key, state, figures) in Self.subjects(status) {
      if let place = last.firstIndex(where: { $0.key == key }) {
        guard last[place].text != state else { continue }
        last[place].text = state
      } else {
        last.append((key, state))
      }
      lines.append("\(clock)\(key)  \(state)\(figures)")
    }
    return lines
  }

  /// What is watched: its name, its state, and figures that come along without being waited for.
  private static func subjects(_ status: JSONValue) -> [(key: String, state: String, figures: String)] {
    var subjects = [("CSMS", link(status["link"] ?? .null), "")]
    if status["acceptsTransactions"]?.bool == false { subjects[0].1 += "; no new transactions" }
    for evse in status["evses"]?.array ?? [] {
      for connector in evse["connectors"]?.array ?? [] where subjects.count <= LiveView.maximumConnectors {
        subjects.append(
          (
            "\(Text.printable(evse["id"])).\(Text.printable(connector["id"]))", state(connector, of: evse),
            figures(connector, of: evse)
          ))
      }
    }
    return subjects
  }

  private static func link(_ link: JSONValue) -> String {
    guard link["connected"]?.bool == true else {
      return "not connected" + (link["lastFailure"]?.string.map { ": \(Text.printable($0))" } ?? "")
    }
    return link["accepted"]?.bool == true ? "connected and accepted" : "connected, not accepted yet"
  }

  private static func state(_ connector: JSONValue, of evse: JSONValue) -> String {
    var parts = [Text.words(connector["phase"]?.string ?? connector["status"]?.string ?? Text.nothing).lowercased()]
    parts += (connector["faults"]?.array ?? []).prefix(16).compactMap(\.string).map { "FAULT \(Text.words($0))" }
    parts.append("pilot \(StatusText.pilot(connector))")
    if connector["offeredA"]?.decimal != nil { parts.append("offered \(Text.amperes(connector["offeredA"]))") }
    if connector["limitA"]?.decimal != nil {
      let name = LimitText.name(source: connector["limitSource"], owner: connector["limitOwner"])
      parts.append("limit \(Text.amperes(connector["limitA"])) by \(name)")
    }
    parts.append("contactor \(Text.printable(connector["contactor"]?["feedback"]))")
    if let id = evse["transaction"]?["id"]?.string { parts.append("transaction \(Text.printable(id).prefix(8))") }
    return parts.joined(separator: ", ")
  }

  private static func figures(_ connector: JSONValue, of evse: JSONValue) -> String {
    var text = ""
    if connector["measuredA"]?.decimal != nil { text += ", takes \(Text.amperes(connector["measuredA"]))" }
    if let energy = evse["transaction"]?["energyWh"], energy.decimal != nil {
      text += ", \(Text.kilowattHours(energy))"
    }
    return text
  }
}
