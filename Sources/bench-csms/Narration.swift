import ChargerBase
import OCPPJSON
import OCPPTypes

/// Tells in plain words what a station has said.
enum Narration {
  /// Nil for what nobody wants to read.
  static func words(
    _ action: OCPPAction, _ request: JSONValue, answer: JSONValue?, tokens: TokenBook
  ) -> String? {
    switch action {
    case .bootNotification: boot(request, answer)
    case .statusNotification: "\(place(request["evseId"], request["connectorId"])): \(text(request["connectorStatus"]))"
    case .authorize: "\(tokens.words(request["idToken"])): \(text(answer?["idTokenInfo"]?["status"]))"
    case .heartbeat, .transactionEvent: nil
    case .meterValues:
      EnergyReading.registers(in: request["meterValue"]).last.map {
        "\(place(request["evseId"], nil)): meter reads \(EnergyReading.words($0.energy))"
      }
    case .notifyEvent: events(request)
    case .notifyReport:
      "report \(text(request["requestId"])), part \(text(request["seqNo"])): "
        + "\(request["reportData"]?.array?.count ?? 0) variables\(request["tbc"]?.bool == true ? ", more to come" : "")"
    case .securityEventNotification: "security event \(text(request["type"]))"
    case .firmwareStatusNotification: "firmware update: \(text(request["status"]))"
    case .logStatusNotification: "log upload: \(text(request["status"]))"
    case .reservationStatusUpdate:
      "reservation \(text(request["reservationId"])): "
        + text(request["reservationUpdateStatus"])
    default: action.rawName
    }
  }

  private static func boot(_ request: JSONValue, _ answer: JSONValue?) -> String {
    let station = request["chargingStation"]
    let firmware = station?["firmwareVersion"]?.string.map { ", firmware \($0)" } ?? ""
    return
      "booted: \(text(station?["vendorName"])) \(text(station?["model"]))\(firmware) (\(text(request["reason"]))), "
      + "\(text(answer?["status"])), heartbeat every \(text(answer?["interval"])) s"
  }

  private static func events(_ request: JSONValue) -> String? {
    let told = (request["eventData"]?.array ?? []).prefix(8).map { event in
      let component = event["component"]
      let evse = component?["evse"]?["id"]?.int.map { " of EVSE \($0)" } ?? ""
      let cleared = event["cleared"]?.bool == true ? " (over)" : ""
      return
        "\(text(component?["name"]))\(evse) \(text(event["variable"]?["name"])) = \(text(event["actualValue"]))\(cleared)"
    }
    return told.isEmpty ? nil : "event: " + told.joined(separator: "; ")
  }

  /// One line about a transaction, after an event of it.
  static func words(_ record: TransactionRecord, event: JSONValue) -> String {
    let place = record.evse.map { "EVSE \($0)" } ?? "transaction \(record.transactionID)"
    let energy = record.energy.map { EnergyReading.words($0) }
    let offline = event["offline"]?.bool == true ? " (made offline)" : ""
    switch event["eventType"]?.string {
    case "Started":
      return "\(place): transaction started (\(text(event["triggerReason"])), \(state(record)))\(offline)"
    case "Ended":
      let count = "\(record.digests.count) events"
      let verdict = record.isCorrect ? "complete and correct" : record.isComplete ? "complete" : "incomplete"
      return "\(place): transaction ended (\(record.stoppedReason ?? "?")), \(energy ?? "no energy reported"), "
        + "\(duration(record)), \(count), \(verdict)\(offline)"
    default:
      return "\(place): \(state(record))\(energy.map { ", \($0) so far" } ?? "")\(offline)"
    }
  }

  private static func state(_ record: TransactionRecord) -> String {
    switch record.chargingState {
    case "Charging": "charging"
    case "EVConnected": "car connected"
    case "SuspendedEV": "paused by the car"
    case "SuspendedEVSE": "paused by the station"
    case "Idle": "idle"
    default: "state not told"
    }
  }

  private static func duration(_ record: TransactionRecord) -> String {
    guard let started = record.started, let ended = record.ended else { return "duration unknown" }
    let seconds = (ended - started).wholeSeconds
    if seconds < 60 { return "\(seconds) s" }
    return seconds < 3_600 ? "\(seconds / 60) min \(seconds % 60) s" : "\(seconds / 3_600) h \(seconds / 60 % 60) min"
  }

  private static func place(_ evse: JSONValue?, _ connector: JSONValue?) -> String {
    guard let evse = evse?.int, evse != 0 else { return "station" }
    return "EVSE \(evse)" + (connector?.int.map { " connector \($0)" } ?? "")
  }

  private static func text(_ value: JSONValue?) -> String {
    guard let value else { return "?" }
    return value.string ?? value.description
  }
}
