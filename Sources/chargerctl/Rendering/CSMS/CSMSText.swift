import ChargerBase
import OCPPJSON

/// The bench CSMS's answers as people read them.
enum CSMSText {
  /// `notAllowedTypeEVSE`, `Blocked` → as OCPP writes it.
  static func wireStatus(_ text: String) -> String { text.prefix(1).uppercased() + text.dropFirst() }

  static func count(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }

  /// Above everything else while the CSMS does wrong on purpose.
  static func warning(_ answer: JSONValue) -> String {
    let lines = (answer["misbehaviour"]?.array ?? []).compactMap(\.string)
    if lines.isEmpty { return "" }
    return "MISBEHAVING on purpose ('chargerctl csms misbehave off' ends it):\n"
      + lines.map { "  \(Text.printable($0))\n" }.joined() + "\n"
  }

  static func misbehaviour(_ answer: JSONValue) -> String {
    let words = warning(answer)
    return words.isEmpty ? "The CSMS behaves." : String(words.dropLast(2))
  }

  static func status(_ answer: JSONValue) -> String {
    func number(_ name: String) -> Int { answer[name]?.int ?? 0 }
    let policy = answer["policy"] ?? .null
    return warning(answer)
      + """
      Stations      \(number("stations")) known, \(number("connected")) connected
      Transactions  \(number("transactions")): \(number("open")) open, \(number("ended")) ended, \
      \(number("correct")) complete and correct; \(answer["energyWh"]?.decimal?.description ?? "0") Wh in all
      Problems      \(number("problems"))
      Cards         \(number("tokens")) in the book; one that it does not know gets \(Text.printable(policy["unknown"])), \
      a second transaction of one at the same time \(Text.printable(policy["concurrent"]))
      """
  }

  static func stations(_ answer: JSONValue) -> String {
    let stations = answer["stations"]?.array ?? []
    if stations.isEmpty { return warning(answer) + "No station has called yet." }
    var table = TextTable(header: ["STATION", "LINK", "SINCE (UTC)", "MODEL", "FIRMWARE", "CONNECTORS"])
    for station in stations {
      let isConnected = station["connected"]?.bool == true
      let model = station["boot"]?["chargingStation"] ?? .null
      let connectors = (station["connectors"]?.array ?? []).map {
        "\(Text.printable($0["evse"])).\(Text.printable($0["connector"])) \(Text.printable($0["status"]))"
      }
      table.append([
        Text.printable(station["station"]), isConnected ? "connected" : "away",
        Text.time(station["connectedSince"]) ?? Text.nothing, Text.printable(model["model"]),
        Text.printable(model["firmwareVersion"]), connectors.joined(separator: ", "),
      ])
    }
    return warning(answer) + table.text
  }

  static func problems(_ answer: JSONValue) -> String {
    let problems = answer["problems"]?.array ?? []
    if problems.isEmpty { return "No problem was seen." }
    return problems.map {
      "\(Text.time($0["time"]) ?? "?") \(Text.printable($0["station"])): \(Text.printable($0["problem"]))"
    }.joined(separator: "\n")
  }

  static func event(_ event: JSONValue) -> String {
    "\(Text.clock(event["time"]) ?? "?") \(Text.printable(event["station"])) \(Text.printable(event["words"]))"
  }

  // MARK: - Cards

  static func tokens(_ answer: JSONValue) -> String {
    let tokens = answer["tokens"]?.array ?? []
    let rest = "\n" + policy(answer["policy"] ?? .null)
    if tokens.isEmpty { return "The token book is empty." + rest }
    var table = TextTable(header: ["CARD", "TYPE", "NAME", "STATUS", "GROUP", "UNTIL (UTC)", "EVSES", "MORE"])
    for token in tokens {
      let evses = (token["evses"]?.array ?? []).map(\.description).joined(separator: ",")
      table.append([
        Text.printable(token["idToken"]), Text.printable(token["type"]), Text.printable(token["name"]),
        Text.printable(token["status"]),
        token["masterPass"]?.bool == true ? "master pass" : Text.printable(token["group"]),
        Text.time(token["expires"]) ?? Text.nothing, evses.isEmpty ? "all" : evses, more(token),
      ])
    }
    return table.text + "\n" + rest
  }

  private static func more(_ token: JSONValue) -> String {
    var parts = [token["language1"], token["language2"]].compactMap { $0?.string }.map { Text.printable($0) }
    if let message = token["message"]?.string { parts.append("\"\(Text.printable(message))\"") }
    if let priority = token["priority"]?.int { parts.append("priority \(priority)") }
    if let status = token["concurrent"]?.string { parts.append("twice at once: \(Text.printable(status))") }
    if token["listed"]?.bool == false { parts.append("not on local lists") }
    return parts.isEmpty ? Text.nothing : parts.joined(separator: ", ")
  }

  /// One card in a sentence.
  static func token(_ token: JSONValue) -> String {
    var text = "\(Text.printable(token["idToken"])) (\(Text.printable(token["type"])))"
    if let name = token["name"]?.string { text += " of \(Text.printable(name))" }
    text += ", \(Text.printable(token["status"]))"
    if token["masterPass"]?.bool == true { text += ", master pass" }
    if let group = token["group"]?.string { text += ", group \(Text.printable(group))" }
    if let until = Text.time(token["expires"]) { text += ", until \(until) UTC" }
    if let evses = token["evses"]?.array { text += ", EVSE \(evses.map(\.description).joined(separator: " and "))" }
    let rest = more(token)
    return rest == Text.nothing ? text : text + ", " + rest
  }

  static func policy(_ policy: JSONValue) -> String {
    """
    A card that the book does not know gets \(Text.printable(policy["unknown"])); a second transaction of one card at \
    the same time gets \(Text.printable(policy["concurrent"])); the master pass group is \
    \(Text.printable(policy["masterPassGroup"])).
    """
  }

  static func prices(_ prices: JSONValue) -> String {
    let currency = Text.printable(prices["currency"])
    let parts = [("perKilowattHour", "a kWh"), ("perMinute", "a minute"), ("perTransaction", "a transaction")]
      .compactMap { name, unit in prices[name]?.decimal.map { "\($0) \(currency) \(unit)" } }
    return parts.isEmpty
      ? "No prices are set: transactions show no cost."
      : "The bench reckons with \(parts.joined(separator: ", ")). No station is told."
  }

  // MARK: - Local lists

  static func localLists(_ answer: JSONValue) -> String {
    let lists = answer["lists"]?.array ?? []
    if lists.isEmpty { return "No station was given a local list from here." }
    return lists.map { list in
      let waiting = list["changesWaiting"]?.int ?? 0
      return "\(Text.printable(list["station"])): version \(Text.printable(list["version"])), "
        + count(list["entries"]?.int ?? 0, "card")
        + (waiting == 0 ? ", as the token book is" : "; \(count(waiting, "change")) since, not sent")
    }.joined(separator: "\n")
  }

  static func localListSteps(_ answer: JSONValue) -> String {
    let steps = (answer["steps"]?.array ?? []).compactMap(\.string).map { Text.printable($0) }
    let end =
      answer["done"]?.bool == true
      ? "Done: the station's local list has version \(Text.printable(answer["version"]))."
      : "Not done."
    return (steps + [end]).joined(separator: "\n")
  }
}
