import OCPPJSON

/// `station.status` as a page for a terminal.
enum StatusText {
  static func render(_ status: JSONValue) -> String {
    var lines = [headline(status), link(status["link"] ?? .null)]
    if let outbox = outbox(status) { lines.append(outbox) }
    if let meter = MainMeterText.render(status["mainMeter"]) { lines.append("Main meter: \(meter.text)") }
    lines.append("")
    var table = TextTable(header: [
      "CONNECTOR", "STATUS", "PILOT", "OFFERED", "MEASURED", "CONTACTOR", "LOCK", "LIMIT", "ENERGY", "TRANSACTION",
    ])
    var notes: [String] = []
    for evse in status["evses"]?.array ?? [] {
      for connector in evse["connectors"]?.array ?? [] {
        let name = "\(Text.printable(evse["id"])).\(Text.printable(connector["id"]))"
        table.append([name] + cells(connector, of: evse))
        notes += self.notes(connector, of: evse).map { "\(name)  \($0)" }
      }
    }
    lines.append(table.text)
    if !notes.isEmpty { lines += [""] + notes }
    return lines.joined(separator: "\n")
  }

  private static func headline(_ status: JSONValue) -> String {
    let uptime = Text.span(seconds: status["uptimeS"]?.decimal?.scaled(places: 0))
    return "\(Text.printable(status["identity"]))  \(Text.printable(status["model"])), "
      + "firmware \(Text.printable(status["version"])), up \(uptime)"
  }

  private static func link(_ link: JSONValue) -> String {
    let isConnected = link["connected"]?.bool == true
    var text = "CSMS: "
    if isConnected {
      text += link["accepted"]?.bool == true ? "connected and accepted" : "connected, waiting to be accepted"
      if link["accepted"]?.bool == false, let answer = link["registration"]?.string {
        text += " (\(Text.printable(answer)))"
      }
    } else {
      text += "not connected"
    }
    if let slot = link["slot"]?.int64 { text += ", slot \(slot)" }
    if isConnected, let version = link["version"]?.string { text += ", \(Text.printable(version))" }
    if let url = link["url"]?.string { text += ", \(Text.printable(url))" }
    if let failure = Text.failedAttempt(link) { text += "\n      last failed attempt: \(failure)" }
    return text
  }

  private static func outbox(_ status: JSONValue) -> String? {
    var parts: [String] = []
    if let waiting = status["outbox"]?["waiting"]?.int64, waiting > 0 { parts.append("\(waiting) waiting to be sent") }
    if let dead = status["outbox"]?["deadLetters"]?.int64, dead > 0 { parts.append("\(dead) given up on") }
    if status["acceptsTransactions"]?.bool == false {
      parts.append("NO NEW TRANSACTIONS: the outbox is full or cannot be written")
    }
    return parts.isEmpty ? nil : "Messages: " + parts.joined(separator: ", ")
  }

  private static func cells(_ connector: JSONValue, of evse: JSONValue) -> [String] {
    [
      Text.printable(connector["status"]), pilot(connector), Text.amperes(connector["offeredA"]),
      Text.amperes(connector["measuredA"]), contactor(connector["contactor"] ?? .null),
      Text.printable(connector["lock"]), limit(connector), Text.kilowattHours(evse["meter"]?["energyWh"]),
      transaction(evse["transaction"] ?? .null, connector: connector, evse: evse),
    ]
  }

  /// In the terms of IEC 61851-1: `B1` without an offer, `B2` with one.
  static func pilot(_ connector: JSONValue) -> String {
    let state = Text.printable(connector["pilot"])
    guard ["A", "B", "C", "D"].contains(state) else { return state }
    switch connector["offer"]?.string {
    case "none": return state + "1"
    case "current": return state + "2"
    case "notAvailable": return "F"
    default: return state
    }
  }

  private static func contactor(_ contactor: JSONValue) -> String {
    let command = Text.printable(contactor["command"])
    guard let feedback = contactor["feedback"]?.string else { return "\(command)?" }
    return feedback == command ? command : "\(Text.printable(feedback)), told to be \(command)"
  }

  private static func limit(_ connector: JSONValue) -> String {
    guard connector["limitA"]?.decimal != nil else { return Text.nothing }
    let name = LimitText.name(source: connector["limitSource"], owner: connector["limitOwner"])
    return "\(Text.amperes(connector["limitA"])) (\(name))"
  }

  private static func transaction(_ transaction: JSONValue, connector: JSONValue, evse: JSONValue) -> String {
    guard let id = transaction["id"]?.string else { return Text.nothing }
    // A transaction belongs to the EVSE; where there are several connectors it is shown at the one in use.
    let isSeveral = (evse["connectors"]?.array?.count ?? 0) > 1
    if isSeveral, connector["phase"]?.isNull ?? true { return Text.nothing }
    var text = Text.printable(id).count > 9 ? "\(Text.printable(id).prefix(8))…" : Text.printable(id)
    text += " \(Text.kilowattHours(transaction["energyWh"]))"
    if let time = Text.clock(transaction["startedAt"]) { text += " since \(time)" }
    if let token = transaction["idToken"]?.string { text += ", token \(Text.printable(token))" }
    return text
  }

  private static func notes(_ connector: JSONValue, of evse: JSONValue) -> [String] {
    var notes = (connector["faults"]?.array ?? []).compactMap(\.string).map { "FAULT: \(Text.words($0))" }
    if evse["operationalStatus"]?.string == "Inoperative" { notes.append("out of service") }
    if let phase = connector["phase"]?.string {
      var text = Text.words(phase)
      let blockers = (connector["blockers"]?.array ?? []).compactMap(\.string)
      if !blockers.isEmpty { text += "; kept from charging by: \(blockers.map(Text.words).joined(separator: ", "))" }
      if let left = connector["permit"]?["expiresInS"]?.decimal?.scaled(places: 0) {
        text +=
          "; permit (\(Text.words(connector["permit"]?["reason"]?.string ?? "?"))) for \(Text.span(seconds: left))"
      }
      if let budget = connector["permit"]?["energyBudgetWh"], !budget.isNull {
        text += ", \(Text.kilowattHours(budget)) left of it"
      }
      notes.append(text)
    }
    if let parts = parts(connector) { notes.append(parts) }
    return notes
  }

  /// What stands beside the energy path, as far as the connector has it.
  private static func parts(_ connector: JSONValue) -> String? {
    var parts: [String] = []
    if let left = connector["startsInS"]?.decimal?.scaled(places: 0) {
      parts.append("starts in \(Text.span(seconds: left))")
    }
    if connector["paused"]?.bool == true { parts.append("PAUSED") }
    if connector["lockWanted"]?.bool == true, connector["lock"]?.string == "unlocked" { parts.append("to be locked") }
    if let cable = connector["cableA"], !cable.isNull { parts.append("cable \(Text.amperes(cable))") }
    if let state = connector["residualCurrent"]?.string { parts.append("residual current \(Text.words(state))") }
    if let heat = connector["temperatureC"]?.decimal { parts.append("\(Text.fixed(heat, places: 1)) °C") }
    if let voltage = connector["voltageV"]?.decimal { parts.append("\(Text.fixed(voltage, places: 0)) V") }
    if connector["phases"]?.int64 == 1 { parts.append("one phase") }
    let operations = connector["contactorOperations"]
    if let idle = operations?["withoutLoad"]?.int64, let loaded = operations?["underLoad"]?.int64,
      case let all = idle.addingReportingOverflow(loaded).partialValue, all > 0
    {
      parts.append(
        "contactor opened \(all) times" + (loaded > 0 ? ", \(loaded) under load" : "")
          + (operations?["serviceDue"]?.bool == true ? ": DUE FOR SERVICE" : ""))
    }
    return parts.isEmpty ? nil : parts.joined(separator: ", ")
  }
}

/// The meter of the whole station in one line.
enum MainMeterText {
  /// Nil on a board without one.
  static func render(_ meter: JSONValue?) -> (text: String, isSilent: Bool)? {
    guard let meter, meter.members != nil else { return nil }
    var figures = [Text.kilowattHours(meter["energyWh"]), Text.kilowatts(meter["powerW"])]
    figures.append((meter["currentA"]?.array ?? []).prefix(3).map { Text.amperes($0) }.joined(separator: "/"))
    let reading = figures.filter { !$0.isEmpty && $0 != Text.nothing }.joined(separator: ", ")
    guard let seconds = meter["silentForS"]?.decimal?.scaled(places: 0) else {
      return (reading.isEmpty ? "not read yet" : reading, false)
    }
    let last = reading.isEmpty ? "" : ", last read \(reading)"
    return ("SILENT for \(Text.span(seconds: seconds))\(last)", true)
  }
}
