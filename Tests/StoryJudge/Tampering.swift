import ChargerBase
import EVSEControl
import OCPPJSON
import OCPPTypes
import SimulationSupport

/// A station that is broken on purpose, between the station and the CSMS or the control lane: a judge that does not find
/// it is worth nothing.
package final class Tampering {
  package enum Kind: String, Sendable, CaseIterable {
    /// An Updated is lost, and the station believes that it arrived.
    case lostUpdated
    /// The Ended after a power cut is lost.
    case lostEnded
    case wrongReason
    case wrongTrigger
    /// One driver pays for another one.
    case otherCard
    /// A transaction starts anew with #0 after every start of the program.
    case numbersAgain
    case otherFactsAgain
    /// Ten watt-hours more than the meter has.
    case moreEnergy
    case notOffline
    /// The register of the begin is that of the end: the energy is nobody's.
    case noEnergy
    /// What the station takes back never reaches the contactor.
    case neverRevoked
    /// Every fourth card is not read.
    case deafReader
    /// A remote start or stop that is refused is answered Accepted.
    case answersAccepted
    /// The Ended is told of a transaction that never was.
    case otherTransaction
  }

  private let kind: Kind
  private var lives = 0
  private var firstNumbers: [String: Int64] = [:]  // allowed: looked up, never iterated
  private var repeats: [String: Int] = [:]  // allowed: looked up, never iterated

  package init(_ kind: Kind) { self.kind = kind }

  private var cards = 0

  /// Whether the next card is not read.
  func isDeaf() -> Bool {
    cards += 1
    return kind == .deafReader && cards % 4 == 0
  }

  func install(in station: WholeStation) {
    if kind == .neverRevoked {
      station.letsPass = { command in
        if case .revoke = command { false } else { true }
      }
      return
    }
    station.link.onTheWay = { [self, unowned station] frame in
      guard var json = try? JSONValue(parsing: frame) else { return frame }
      if kind == .answersAccepted, json[0]?.int == 3, json[2]?["status"]?.string == "Rejected", let id = json[1]?.string
      {
        return Array(JSONValue.array([3, .string(id), ["status": "Accepted"]]).description.utf8)
      }
      guard json[0]?.int == 2, let id = json[1]?.string,
        let action = json[2]?.string
      else { return frame }
      if action == "BootNotification" { lives += 1 }
      guard action == "TransactionEvent", let payload = json[3] else { return frame }
      guard let changed = change(payload) else {
        station.csms.sendRaw(#"[3,"\#(id)",{}]"#)
        return nil
      }
      json = .array([2, .string(id), .string(action), changed])
      return Array(json.description.utf8)
    }
  }

  /// Nil: the event is lost.
  private func change(_ event: JSONValue) -> JSONValue? {
    let type = event["eventType"]?.string
    let id = event["transactionInfo"]?["transactionId"]?.string ?? ""
    let number = event["seqNo"]?.int64 ?? 0
    switch kind {
    case .lostUpdated: return type == "Updated" && number == 2 ? Optional.none : .some(event)
    case .lostEnded: return type == "Ended" && lives > 1 ? Optional.none : .some(event)
    case .wrongReason:
      guard event["transactionInfo"]?["stoppedReason"]?.string == "EVDisconnected" else { return event }
      return event.setting(["transactionInfo", "stoppedReason"], "Local")
    case .wrongTrigger:
      return event["triggerReason"]?.string == "CablePluggedIn"
        ? event.setting(["triggerReason"], "EVDetected") : event
    case .otherCard:
      guard event["idToken"]?["idToken"]?.string == "BERT" else { return event }
      return event.setting(["idToken", "idToken"], "ANNA")
    case .numbersAgain:
      guard lives > 1, type != "Started" else { return event }
      let first = firstNumbers["\(id) \(lives)"] ?? number
      firstNumbers["\(id) \(lives)"] = first
      return event.setting(["seqNo"], JSONValue(number - first))
    case .otherFactsAgain:
      let times = repeats["\(id) \(number)", default: 0]
      repeats["\(id) \(number)"] = times + 1
      return times == 0 ? event : event.setting(["timestamp"], "2026-11-23T10:00:00.000Z")
    case .moreEnergy, .noEnergy: return type == "Ended" ? falsified(event) : event
    case .notOffline: return event["offline"] == nil ? event : event.setting(["offline"], false)
    case .otherTransaction:
      guard type == "Ended" else { return event }
      return event.setting(["transactionInfo", "transactionId"], JSONValue("again-" + String(id.suffix(30))))
    case .neverRevoked, .deafReader, .answersAccepted: return event
    }
  }

  private func falsified(_ event: JSONValue) -> JSONValue {
    guard let values = event["meterValue"]?.array, let last = values.last else { return event }
    var changed = values
    if kind == .noEnergy {
      changed = Array(repeating: last, count: values.count)
    } else {
      let samples = (last["sampledValue"]?.array ?? []).map { sample in
        guard let value = sample["value"]?.decimal?.thousandths, sample["phase"] == nil else { return sample }
        return sample.setting(["value"], JSONValue(Decimal(thousandths: value + 10_000)))
      }
      changed[changed.count - 1] = last.setting(["sampledValue"], .array(samples))
    }
    return event.setting(["meterValue"], .array(changed))
  }
}

extension JSONValue {
  fileprivate func setting(_ path: ArraySlice<String>, _ value: JSONValue) -> JSONValue {
    guard let first = path.first, var members else { return value }
    let changed = (self[first] ?? .null).setting(path.dropFirst(), value)
    if let index = members.firstIndex(where: { $0.name == first }) {
      members[index].value = changed
    } else {
      members.append(JSONMember(first, changed))
    }
    return .object(members)
  }

  fileprivate func setting(_ path: [String], _ value: JSONValue) -> JSONValue { setting(path[...], value) }
}
