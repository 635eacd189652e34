import ChargerBase
import OCPPJSON

/// The page of `chargerctl watch`: the station, its link and queue, a block for each connector, the newest events.
enum LiveView {
  /// What is shown is bounded, whoever answers: connectors of a page at most.
  static let maximumConnectors = 64
  private static let labelWidth = 13

  struct Content {
    var status: JSONValue
    var explanation: JSONValue = .null
    /// Oldest first.
    var events: [String] = []
  }

  /// The page in lines of at most `columns`; with `rows`, cut to fit: events go first, then what is below.
  static func page(_ content: Content, columns: Int, rows: Int?) -> [StyledText] {
    let width = max(20, columns)
    var lines = head(content.status).flatMap { $0.wrapped(to: width, indent: 8) }
    var shown = 0
    for evse in content.status["evses"]?.array ?? [] {
      for connector in evse["connectors"]?.array ?? [] {
        guard shown < maximumConnectors else { break }
        shown += 1
        lines.append(StyledText())
        let why = reason(content.explanation, evse: evse["id"], connector: connector["id"])
        for line in block(connector, of: evse, why: why, now: content.status["time"]) {
          lines += line.wrapped(to: width, indent: 5 + labelWidth)
        }
      }
    }
    guard let rows else { return lines + events(content.events, width: width) }
    let room = max(1, rows - 1)
    if lines.count > room {
      let hidden = lines.count - room + 1
      return Array(lines.prefix(room - 1)) + [StyledText("… \(hidden) more lines: make the window larger", .faint)]
    }
    let tail = events(content.events, width: width)
    guard lines.count + 2 <= room, !tail.isEmpty else { return lines }
    return lines + [StyledText()] + tail.dropFirst().suffix(room - lines.count - 1)
  }

  // MARK: - Station

  private static func head(_ status: JSONValue) -> [StyledText] {
    var first = StyledText("\(Text.printable(status["identity"]))", .strong)
    first.add(
      "  \(Text.printable(status["model"])), firmware \(Text.printable(status["version"])), up "
        + Text.span(seconds: status["uptimeS"]?.decimal?.scaled(places: 0)))
    if let clock = Text.clock(status["time"]) { first.add("  \(clock) UTC", .faint) }
    var lines = [first, link(status["link"] ?? .null)]
    if let failure = Text.failedAttempt(status["link"]) {
      lines.append(StyledText("        last failed attempt: \(failure)", .faint))
    }
    lines.append(outbox(status))
    if let meter = MainMeterText.render(status["mainMeter"]) {
      var line = StyledText("METER   ")
      line.add(meter.text, meter.isSilent ? .bad : .plain)
      lines.append(line)
    }
    return lines
  }

  private static func link(_ link: JSONValue) -> StyledText {
    var line = StyledText("CSMS    ")
    if link["connected"]?.bool != true {
      line.add("not connected", .bad)
    } else if link["accepted"]?.bool == true {
      line.add("connected and accepted", .good)
    } else {
      let answer = link["registration"]?.string.map { " (its answer: \(Text.printable($0)))" } ?? ""
      line.add("connected, not accepted yet\(answer)", .attention)
    }
    if let slot = link["slot"]?.int64 { line.add(", slot \(slot)") }
    if let version = link["version"]?.string { line.add(", \(Text.printable(version))") }
    if let url = link["url"]?.string { line.add(", \(Text.printable(url))") }
    return line
  }

  private static func outbox(_ status: JSONValue) -> StyledText {
    var line = StyledText("OUTBOX  ")
    let waiting = status["outbox"]?["waiting"]?.int64 ?? 0
    line.add(waiting == 0 ? "empty" : "\(waiting) waiting to be sent", waiting == 0 ? .plain : .attention)
    if let dead = status["outbox"]?["deadLetters"]?.int64, dead > 0 { line.add(", \(dead) given up on", .bad) }
    if status["acceptsTransactions"]?.bool == false {
      line.add(", NO NEW TRANSACTIONS: it is full or cannot be written", .bad)
    }
    return line
  }

  // MARK: - Connector

  private static func block(
    _ connector: JSONValue, of evse: JSONValue, why: String?, now: JSONValue?
  ) -> [StyledText] {
    var lines = [title(connector, of: evse)]
    func add(_ label: String, _ text: String?, _ style: StyledText.Style = .plain) {
      guard let text, !text.isEmpty else { return }
      var line = StyledText("     ")
      line.add(label.padded(to: labelWidth), style == .plain ? .faint : style)
      line.add(text, style)
      lines.append(line)
    }
    for fault in (connector["faults"]?.array ?? []).prefix(16).compactMap(\.string) {
      add("FAULT", Text.words(fault), .bad)
    }
    add("limit", limit(connector))
    add("contactor", contactor(connector), isAsTold(connector) ? .plain : .attention)
    add("energy", energy(evse))
    add("transaction", transaction(evse["transaction"] ?? .null, connector, of: evse, now: now))
    add("why", why)
    add("last session", lastSession(evse))
    return lines
  }

  private static func title(_ connector: JSONValue, of evse: JSONValue) -> StyledText {
    let name = "\(Text.printable(evse["id"])).\(Text.printable(connector["id"]))"
    var line = StyledText(name.padded(to: 5), .strong)
    let (state, style) = state(connector, of: evse)
    line.add(state.padded(to: labelWidth), style)
    line.add("pilot \(StatusText.pilot(connector))")
    if let offered = connector["offeredA"], offered.decimal != nil { line.add(", offered \(Text.amperes(offered))") }
    if let measured = connector["measuredA"], measured.decimal != nil {
      line.add(", takes \(Text.amperes(measured))")
      if let power = evse["meter"]?["powerW"], power.decimal != nil { line.add(" (\(Text.kilowatts(power)))") }
    }
    return line
  }

  private static func state(_ connector: JSONValue, of evse: JSONValue) -> (String, StyledText.Style) {
    if !(connector["faults"]?.array ?? []).isEmpty { return ("FAULTED", .bad) }
    if let phase = connector["phase"]?.string {
      let style: StyledText.Style = phase == "charging" ? .good : phase == "connected" ? .strong : .attention
      switch phase {
      case "suspendedByVehicle": return ("car pauses", style)
      case "suspendedByStation": return ("held back", style)
      default: return (Text.words(phase), style)
      }
    }
    if evse["operationalStatus"]?.string == "Inoperative" { return ("out of service", .attention) }
    return (Text.printable(connector["status"]).lowercased(), .plain)
  }

  private static func limit(_ connector: JSONValue) -> String? {
    guard connector["limitA"]?.decimal != nil else { return nil }
    let name = LimitText.name(source: connector["limitSource"], owner: connector["limitOwner"])
    return "\(Text.amperes(connector["limitA"])), by \(name)"
  }

  private static func isAsTold(_ connector: JSONValue) -> Bool {
    connector["contactor"]?["feedback"]?.string == connector["contactor"]?["command"]?.string
  }

  private static func contactor(_ connector: JSONValue) -> String {
    let command = Text.printable(connector["contactor"]?["command"])
    let feedback = connector["contactor"]?["feedback"]?.string.map { Text.printable($0) } ?? "not read yet"
    var text = "\(feedback), told to be \(command)"
    if let lock = connector["lock"]?.string { text += "; plug \(Text.printable(lock))" }
    return text
  }

  private static func energy(_ evse: JSONValue) -> String? {
    guard let register = evse["meter"]?["energyWh"], register.decimal != nil else { return nil }
    var text = "meter \(Text.kilowattHours(register))"
    let session = evse["transaction"]?["energyWh"] ?? .null
    if session.decimal != nil { text = "\(Text.kilowattHours(session)) in this session, \(text)" }
    if let age = evse["meter"]?["ageS"]?.int64, age > 15 { text += " (read \(Text.span(seconds: age)) ago)" }
    return text
  }

  private static func transaction(
    _ transaction: JSONValue, _ connector: JSONValue, of evse: JSONValue, now: JSONValue?
  ) -> String? {
    guard let id = transaction["id"]?.string else { return nil }
    // It belongs to the EVSE; where there are several connectors it is shown at the one in use.
    let isSeveral = (evse["connectors"]?.array?.count ?? 0) > 1
    if isSeveral, connector["phase"]?.isNull ?? true { return nil }
    var text = "\(Text.printable(id).prefix(8))"
    if let start = transaction["startedAt"]?.string, let clock = Text.clock(transaction["startedAt"]) {
      text += " since \(clock)"
      if let began = WallTime(rfc3339: start), let present = now?.string.flatMap({ WallTime(rfc3339: $0) }) {
        text += " (\(Text.span(seconds: max(0, (present - began).wholeSeconds))))"
      }
    }
    if let token = transaction["idToken"]?.string { text += ", token \(Text.printable(token))" }
    if let events = transaction["seqNo"]?.int64 { text += ", event \(events)" }
    if let left = connector["permit"]?["energyBudgetWh"], left.decimal != nil {
      text += ", \(Text.kilowattHours(left)) allowed"
    }
    return text
  }

  private static func lastSession(_ evse: JSONValue) -> String? {
    guard let session = evse["lastSession"], session.members != nil else { return nil }
    var text = "ended"
    if let time = Text.time(session["endedAt"]) { text += " \(time)" }
    text += ": \(HistoryText.ended(session))"
    if session["energyWh"]?.decimal != nil { text += ", \(Text.kilowattHours(session["energyWh"]))" }
    return text
  }

  /// The first sentence of `station.explain` that speaks of a connector, with how many more there are.
  static func reason(_ explanation: JSONValue, evse: JSONValue?, connector: JSONValue?) -> String? {
    let answer = (explanation.array ?? []).first { $0["evse"] == evse }
    guard let answer, answer["connector"] == connector || answer["connector"]?.isNull ?? true else { return nil }
    if answer["charging"]?.bool == true { return answer["current"]?["text"]?.string.map { Text.printable($0) } }
    let reasons = answer["reasons"]?.array ?? []
    // An empty connector needs no reason.
    guard let first = reasons.first?["text"]?.string, reasons.first?["code"]?.string != "noVehicle" else { return nil }
    return Text.printable(first) + (reasons.count > 1 ? " (and \(reasons.count - 1) more: chargerctl explain)" : "")
  }

  private static func events(_ events: [String], width: Int) -> [StyledText] {
    guard !events.isEmpty else { return [] }
    return [StyledText()] + events.flatMap { StyledText($0, .faint).wrapped(to: width, indent: 10) }
  }

  // MARK: - In place

  /// The terminal codes that put a page in the place of the last one, without a flicker: home, each line cleared to
  /// its end, then all below.
  static func screen(_ page: [StyledText], inColour: Bool) -> String {
    "\u{1B}[H" + page.map { $0.rendered(inColour: inColour) + "\u{1B}[K\r\n" }.joined() + "\u{1B}[J"
  }
}

extension String {
  /// With spaces up to a length, one at least.
  func padded(to length: Int) -> String { self + String(repeating: " ", count: max(1, length - count)) }
}
