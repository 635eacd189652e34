import ChargerBase
import OCPPJSON

/// Transactions as a person reads them.
enum CSMSTransactionText {
  /// Why it ended (Part 2, ReasonEnumType).
  static let endings: [(reason: String, words: String)] = [
    ("DeAuthorized", "the card was not accepted"),
    ("EmergencyStop", "the emergency stop was pushed"),
    ("EnergyLimitReached", "the energy limit was reached"),
    ("EVDisconnected", "the car was unplugged"),
    ("GroundFault", "current leaked to earth"),
    ("ImmediateReset", "the station was reset at once"),
    ("Local", "stopped at the post"),
    ("LocalOutOfCredit", "the credit at the post was used up"),
    ("MasterPass", "stopped with a master pass"),
    ("Other", "a reason without a name"),
    ("OvercurrentFault", "the car drew too much current"),
    ("PowerLoss", "the mains failed"),
    ("PowerQuality", "the mains was too bad"),
    ("Reboot", "the station restarted"),
    ("Remote", "stopped by the operator"),
    ("SOCLimitReached", "the battery had what was asked for"),
    ("StoppedByEV", "the car stopped it"),
    ("TimeLimitReached", "the time limit was reached"),
    ("Timeout", "nobody plugged in in time"),
  ]

  /// Why an event was sent (Part 2, TriggerReasonEnumType).
  static let triggers: [(reason: String, words: String)] = [
    ("Authorized", "a card was accepted"),
    ("CablePluggedIn", "a car was plugged in"),
    ("ChargingRateChanged", "the charging rate changed"),
    ("ChargingStateChanged", "the charging state changed"),
    ("Deauthorized", "the card is not accepted any more"),
    ("EnergyLimitReached", "the energy limit was reached"),
    ("EVCommunicationLost", "the car is gone"),
    ("EVConnectTimeout", "nobody plugged in in time"),
    ("MeterValueClock", "reading by the clock"),
    ("MeterValuePeriodic", "reading"),
    ("TimeLimitReached", "the time limit was reached"),
    ("Trigger", "the CSMS asked for it"),
    ("UnlockCommand", "the CSMS unlocked the cable"),
    ("StopAuthorized", "a card ended it"),
    ("EVDeparted", "the car left the bay"),
    ("EVDetected", "a car came into the bay"),
    ("RemoteStop", "the operator stopped it"),
    ("RemoteStart", "the operator started it"),
    ("AbnormalCondition", "something went wrong"),
    ("SignedDataReceived", "the meter signed its reading"),
    ("ResetCommand", "the CSMS resets the station"),
  ]

  private static func words(_ name: String?, _ table: [(reason: String, words: String)]) -> String {
    guard let name else { return "not told" }
    return table.first { $0.reason == name }?.words ?? Text.printable(name)
  }

  static func table(_ answer: JSONValue) -> String {
    let records = answer["transactions"]?.array ?? []
    let warning = CSMSText.warning(answer)
    if records.isEmpty { return warning + "The CSMS has heard of no transaction." }
    let hasCost = records.contains { $0["cost"] != nil }
    var header = ["ID", "WHO", "WHERE", "SINCE (UTC)", "TIME", "ENERGY"]
    if hasCost { header.append("COST") }
    var table = TextTable(header: header + ["STATE", "MISSING", "LATE"])
    for record in records {
      let id = Text.printable(record["transactionId"])
      var row = [
        String(id.prefix(8)) + (id.count > 8 ? "…" : ""), who(record), place(record),
        Text.time(record["startedAt"]) ?? Text.nothing, Text.span(seconds: record["seconds"]?.int64),
        energy(record["energyWh"]),
      ]
      if hasCost { row.append(cost(record) ?? Text.nothing) }
      row += [state(record), missing(record), late(record)]
      table.append(row)
    }
    let total = answer["count"]?.int ?? records.count
    let more = total > records.count ? "\nThe newest \(records.count) of \(total)." : ""
    let footnote = hasCost ? "\nCost is the bench's own arithmetic; no station was told a price." : ""
    return warning + table.text + "\n" + more + footnote
  }

  static func who(_ record: JSONValue) -> String {
    guard let card = record["card"]?.string else { return "no card yet" }
    guard let name = record["name"]?.string else { return Text.printable(card) }
    return "\(Text.printable(name)) (\(Text.printable(card)))"
  }

  /// `CS-1 2.1`: EVSE 2, connector 1.
  private static func place(_ record: JSONValue) -> String {
    let station = Text.printable(record["station"])
    guard let evse = record["evse"]?.int else { return station }
    return "\(station) \(evse)" + (record["connector"]?.int.map { ".\($0)" } ?? "")
  }

  /// To the watt-hour below 10 kWh, and with three places of a kilowatt-hour from there on, which is the same.
  static func energy(_ value: JSONValue?) -> String {
    guard let milli = value?.decimal?.thousandths else { return Text.nothing }
    guard milli.magnitude >= 10_000_000 else { return "\(Text.fixed(value?.decimal, places: 0)) Wh" }
    return Text.kilowattHours(value)
  }

  private static func cost(_ record: JSONValue) -> String? {
    record["cost"].map { "\(Text.fixed($0.decimal, places: 2)) \(Text.printable(record["currency"]))" }
  }

  static func chargingState(_ state: String?) -> String {
    switch state {
    case "Charging"?: "charging"
    case "EVConnected"?: "car connected, no energy yet"
    case "SuspendedEV"?: "paused by the car"
    case "SuspendedEVSE"?: "paused by the station"
    case "Idle"?: "no car connected"
    case let other?: Text.printable(other)
    case nil: "state not told"
    }
  }

  static func state(_ record: JSONValue) -> String {
    let refused = record["refused"]?.string.map { "; the card was told \(Text.printable($0))" } ?? ""
    if record["ended"]?.bool == true {
      let by = record["endedBy"]?.string.map { ", by \(Text.printable($0))" } ?? ""
      return "ended: \(words(record["stoppedReason"]?.string, endings))\(by)\(refused)"
    }
    let away = record["stationConnected"]?.bool == false ? "; the station is away" : ""
    return chargingState(record["chargingState"]?.string) + refused + away
  }

  /// What a bill would want and is not there (yet).
  static func missing(_ record: JSONValue) -> String {
    var parts: [String] = []
    let gaps = (record["missing"]?.array ?? []).prefix(5).map { gap in
      let (from, to) = (gap["from"]?.int ?? 0, gap["to"]?.int ?? 0)
      return from == to ? "\(from)" : "\(from)–\(to)"
    }
    if !gaps.isEmpty { parts.append("event \(gaps.joined(separator: ", "))") }
    if record["startedAt"] == nil { parts.append("its beginning") }
    if record["energyWh"] == nil { parts.append("energy") }
    if record["ended"]?.bool != true, record["stationConnected"]?.bool == false { parts.append("its end") }
    if let count = record["problemCount"]?.int, count > 0 { parts.append("(\(CSMSText.count(count, "problem")))") }
    return parts.isEmpty ? "nothing" : parts.joined(separator: ", ")
  }

  /// How many of its events were made while nobody could hear them.
  private static func late(_ record: JSONValue) -> String {
    guard let late = record["offlineEvents"]?.int, late > 0 else { return Text.nothing }
    return "\(late) of \(CSMSText.count(record["events"]?.int ?? 0, "event"))"
  }

  // MARK: - One transaction

  static func story(_ answer: JSONValue) -> String {
    let record = answer["transaction"] ?? .null
    var lines = [
      "Transaction \(Text.printable(record["transactionId"]))",
      "  who       \(who(record))\(record["group"]?.string.map { ", group \(Text.printable($0))" } ?? "")",
      "  where     \(Text.printable(record["station"])) \(Text.place(record) ?? "")",
      "  when      \(when(record))",
      "  energy    \(energyLine(record))",
    ]
    if let cost = cost(record) { lines.append("  cost      \(cost) (the bench's own arithmetic)") }
    if let id = record["remoteStartId"]?.int { lines.append("  begun by  remote start \(id)") }
    lines.append("  state     \(state(record))")
    let told = CSMSText.count(record["events"]?.int ?? 0, "event")
    let verdict =
      record["correct"]?.bool == true
      ? "complete and correct" : record["complete"]?.bool == true ? "complete" : "not complete"
    let again = record["repetitions"]?.int ?? 0
    lines.append("  told in   \(told)\(again > 0 ? ", \(again) of them told again" : ""); \(verdict)")
    lines.append("  missing   \(missing(record))")
    lines.append("  told late \(late(record))")
    for problem in record["problems"]?.array ?? [] { lines.append("  PROBLEM   \(Text.printable(problem))") }
    return CSMSText.warning(answer) + lines.joined(separator: "\n") + "\n\n" + events(answer)
  }

  private static func when(_ record: JSONValue) -> String {
    let start = Text.time(record["startedAt"]) ?? "?"
    let span = Text.span(seconds: record["seconds"]?.int64)
    let charging = record["chargingSeconds"]?.int64.map { ", \(Text.span(seconds: $0)) of it with energy" } ?? ""
    if record["ended"]?.bool == true {
      return "\(start) to \(Text.time(record["endedAt"]) ?? "?") UTC: \(span)\(charging)"
    }
    return "since \(start) UTC: \(span)\(charging)"
  }

  private static func energyLine(_ record: JSONValue) -> String {
    guard let wattHours = record["energyWh"]?.decimal else { return "not told" }
    let start = record["meterStartWh"]?.decimal?.description ?? "?"
    let end = record["meterEndWh"]?.decimal?.description ?? "?"
    return "\(wattHours) Wh (meter \(start) to \(end) Wh)"
  }

  private static func events(_ answer: JSONValue) -> String {
    var table = TextTable(header: ["NO", "TIME (UTC)", "EVENT", "WHY", "STATE", "ENERGY", "CARD", "TOLD"])
    for event in answer["events"]?.array ?? [] {
      table.append([
        Text.printable(event["seqNo"]), Text.time(event["time"]) ?? Text.nothing, Text.printable(event["event"]),
        words(event["trigger"]?.string, triggers),
        event["chargingState"] == nil ? Text.nothing : chargingState(event["chargingState"]?.string),
        event["energyWh"].map { "\($0.description) Wh" } ?? Text.nothing, Text.printable(event["card"]),
        event["offline"]?.bool == true ? "late, at \(Text.clock(event["heardAt"]) ?? "?")" : "at once",
      ])
    }
    let leftOut = answer["leftOut"]?.int ?? 0
    return table.text + (leftOut > 0 ? "\n\(CSMSText.count(leftOut, "event")) in the middle not shown." : "")
  }
}
