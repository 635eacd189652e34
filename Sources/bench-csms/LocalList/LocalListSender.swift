import ChargerBase
import NIOCore
import OCPPJSON
import OCPPTypes

/// Gives one station the token book as its local list, message after message. Used on the event loop alone.
final class LocalListSender {
  enum Kind: String, CaseIterable {
    case full = "Full"
    case differential = "Differential"
  }

  struct Outcome {
    /// What was done, step by step, for people.
    var steps: [String] = []
    var isDone = false
    var version: Int32?
    var messages = 0

    var json: JSONValue {
      var json: JSONValue = [
        "done": .bool(isDone), "messages": JSONValue(messages), "steps": .array(steps.map { .string($0) }),
      ]
      if let version { json["version"] = JSONValue(version) }
      return json
    }
  }

  /// Of a station that tells no limit.
  private static let assumedItems = 100
  private static let assumedBytes = 32_768
  private static let timeout = TimeAmount.seconds(30)

  private let csms: CSMS
  private let station: String
  private let wanted: Kind
  /// A version that the operator wants to see on the wire, whatever the station says to it.
  private let forcedVersion: Int32?
  private let completion: (Outcome) -> Void
  private var outcome = Outcome()
  private var maximumItems = LocalListSender.assumedItems
  private var maximumBytes = LocalListSender.assumedBytes
  private var hasFallenBack = false

  init(
    csms: CSMS, station: String, kind: Kind, forcedVersion: Int32?, completion: @escaping (Outcome) -> Void
  ) {
    self.csms = csms
    self.station = station
    wanted = kind
    self.forcedVersion = forcedVersion
    self.completion = completion
  }

  func start() {
    func variable(_ name: String) -> JSONValue {
      ["component": ["name": "LocalAuthListCtrlr"], "variable": ["name": .string(name)]]
    }
    ask(.getVariables, ["getVariableData": [variable("ItemsPerMessage"), variable("BytesPerMessage")]]) {
      [self] answer in
      let values = (answer["getVariableResult"]?.array ?? []).map { $0["attributeValue"]?.string.flatMap { Int($0) } }
      if let items = values.first ?? nil, items > 0 { maximumItems = items }
      if values.count > 1, let bytes = values[1], bytes > 0 { maximumBytes = bytes }
      askVersion()
    }
  }

  private func askVersion() {
    ask(.getLocalListVersion, [:]) { [self] answer in
      guard let version = answer["versionNumber"]?.int32 else { return end("The station did not tell its version.") }
      outcome.steps.append(
        version == 0
          ? "The station has no local list, or has it switched off (LocalAuthListCtrlr.Enabled)."
          : "The station has version \(version).")
      plan(version)
    }
  }

  private func plan(_ version: Int32) {
    if let forcedVersion { return send(wanted, forcedVersion) }
    let kept = csms.localLists.list(of: station)
    let next = max(version, kept?.version ?? 0).addingSaturating(1)
    if wanted == .differential, kept == nil {
      outcome.steps.append("What it holds is not known here, so it gets the whole list.")
      return send(.full, next)
    }
    if wanted == .differential, let kept, kept.version != version {
      outcome.steps.append("It was given version \(kept.version), so it gets the whole list.")
      return send(.full, next)
    }
    send(wanted, next)
  }

  private func send(_ kind: Kind, _ version: Int32) {
    let book = csms.ledger.answers.tokens
    let kept = csms.localLists.list(of: station)
    let data =
      kind == .full
      ? LocalListKeeper.full(book)
      : LocalListKeeper.difference(
        book, since: kept ?? LocalListKeeper.List(station: station, version: 0, entries: []))
    let messages = LocalListKeeper.messages(data, maximumItems: maximumItems, maximumBytes: maximumBytes)
    // The book may change while messages are under way: what is kept is what was sent.
    send(messages[...], kind, version, LocalListKeeper.entries(book))
  }

  private func send(
    _ messages: ArraySlice<[JSONValue]>, _ kind: Kind, _ version: Int32, _ entries: [LocalListKeeper.Entry]
  ) {
    guard let message = messages.first else {
      outcome.isDone = true
      outcome.version = version.subtractingSaturating(1)
      csms.keepLocalList(
        LocalListKeeper.List(station: station, version: version.subtractingSaturating(1), entries: entries))
      return completion(outcome)
    }
    var payload: JSONValue = ["versionNumber": JSONValue(version), "updateType": .string(kind.rawValue)]
    if !message.isEmpty { payload["localAuthorizationList"] = .array(message) }
    outcome.messages += 1
    let removed = message.filter { $0["idTokenInfo"] == nil }.count
    let what =
      "\(kind.rawValue), version \(version), \(message.count - removed) card\(message.count - removed == 1 ? "" : "s")"
      + (removed > 0 ? ", \(removed) removed" : "")
    ask(.sendLocalList, payload) { [self] answer in
      let status = answer["status"]?.string ?? "?"
      let reason = answer["statusInfo"]?["reasonCode"]?.string.map { " (\($0))" } ?? ""
      outcome.steps.append("\(what): \(Self.words(status))\(reason).")
      if status == "Accepted" {
        // What more there is follows as differences with versions of their own (D01.FR.11).
        return send(messages.dropFirst(), .differential, version.addingSaturating(1), entries)
      }
      // What the station holds now is not known.
      csms.forgetLocalList(of: station)
      if kind == .differential, !hasFallenBack, forcedVersion == nil {
        hasFallenBack = true
        outcome.steps.append("So it gets the whole list (D01.FR.03).")
        return send(.full, version.addingSaturating(1))
      }
      end(nil)
    }
  }

  private static func words(_ status: String) -> String {
    switch status {
    case "Accepted": "the station has taken it"
    case "Failed": "the station could not store it"
    case "VersionMismatch": "the station has this version or a later one"
    default: "the station answered \(status)"
    }
  }

  private func end(_ words: String?) {
    if let words { outcome.steps.append(words) }
    completion(outcome)
  }

  private func ask(_ action: OCPPAction, _ payload: JSONValue, then: @escaping (JSONValue) -> Void) {
    csms.send(action, payload, to: station, timeout: Self.timeout) { [self] answer in
      switch answer {
      case .result(let payload): then((try? JSONValue(parsing: payload)) ?? .null)
      case .error(let code, let description, _):
        if action == .getVariables { return then(.null) }  // Then the assumed limits hold.
        end(
          "The station answered \(action.rawName) with the error \(code)\(description.isEmpty ? "" : ": \(description)")."
        )
      case .timedOut: end("The station did not answer \(action.rawName) within 30 s.")
      case .disconnected: end("The station disconnected before it answered \(action.rawName).")
      case nil: end("The station is not connected, or too many calls wait for it.")
      }
    }
  }
}
