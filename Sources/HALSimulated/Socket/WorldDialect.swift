import ChargerBase
import HAL
import JSONRPC
import OCPPJSON

/// The drivers' side of the world socket's `driver.*` messages.
enum WorldDialect {
  static let version: Int32 = 1
}

extension WorldSlots {
  /// Messages for everything that has changed since the last call.
  mutating func takeWishes() -> [JSONRPCMessage] {
    var messages: [JSONRPCMessage] = []
    func tell(_ method: String, _ params: JSONValue) {
      messages.append(.notification(method: method, params: params))
    }
    if let order = takeWatchdogOrder() { messages.append(order) }
    for index in contactors.indices where contactors[index].isDirty {
      contactors[index].isDirty = false
      guard let wish = contactors[index].wish else { continue }
      tell("driver.contactor", Self.place(contactors[index].connector, ["closed": .bool(wish == .closed)]))
    }
    for index in pilots.indices where pilots[index].isDirty {
      pilots[index].isDirty = false
      guard let wish = pilots[index].wish else { continue }
      tell("driver.pilot", Self.place(pilots[index].connector, Self.output(wish)))
    }
    for message in takePartWishes() { messages.append(message) }
    for index in lights.indices where lights[index].isDirty {
      lights[index].isDirty = false
      guard let wish = lights[index].wish else { continue }
      tell("driver.light", ["evse": JSONValue(lights[index].evse.number), "pattern": .string(wish.words)])
    }
    for index in lines.indices where lines[index].isDirty {
      lines[index].isDirty = false
      tell(
        "driver.lines",
        [
          "evse": lines[index].evse.map { JSONValue($0.number) } ?? .null,
          "lines": .array(lines[index].wish.map { .string($0) }),
        ])
    }
    if let offer = takeOffer() { messages.append(offer) }
    return messages
  }

  static func place(_ connector: ConnectorID, _ rest: JSONValue) -> JSONValue {
    .object(
      [
        JSONMember("evse", JSONValue(connector.evse.number)), JSONMember("connector", JSONValue(connector.number)),
      ] + (rest.members ?? []))
  }

  private static func output(_ output: PilotOutput) -> JSONValue {
    switch output {
    case .steadyPositive: ["output": "steadyPositive"]
    case .steadyNegative: ["output": "steadyNegative"]
    case .pulseWidth(let duty): ["output": "pulseWidth", "duty": JSONValue(duty.hundredthsOfPercent)]
    }
  }

  static func connector(_ value: JSONValue) -> ConnectorID? {
    guard let evse = value["evse"]?.int32, let number = value["connector"]?.int32 else { return nil }
    return ConnectorID(evse: EVSEID(evse), number: number)
  }

  /// Pilots, auxiliary contacts and silent readers; answers whom to notify.
  mutating func takeReadings(_ params: JSONValue, at now: MonotonicInstant) -> [@Sendable () -> Void] {
    for value in params["pilots"]?.array ?? [] {
      guard let connector = Self.connector(value), let positive = value["positiveV"]?.decimal.flatMap({ Voltage($0) }),
        let index = pilots.firstIndex(where: { $0.connector == connector })
      else { continue }
      let negative = value["negativeV"]?.decimal.flatMap { Voltage($0) }
      let former = pilots[index].reading
      pilots[index].isInLastReadings = true
      pilots[index].reading = PilotMeasurement(positivePeak: positive, negativePeak: negative, takenAt: now)
      // Who is woken is woken by news; that the world still speaks a driver finds out when it is served anyway.
      if former?.positivePeak != positive || former?.negativePeak != negative { ringLater(pilots[index].bell) }
    }
    for value in params["contactors"]?.array ?? [] {
      guard let connector = Self.connector(value), let closed = value["closed"]?.bool,
        let index = contactors.firstIndex(where: { $0.connector == connector })
      else { continue }
      let former = contactors[index].reading?.position
      contactors[index].isInLastReadings = true
      contactors[index].reading = ContactorFeedback(position: closed ? .closed : .open, takenAt: now)
      if former != contactors[index].reading?.position { ringLater(contactors[index].bell) }
    }
    let silent = params["silentReaders"]?.array?.compactMap(\.string) ?? []
    var notifications: [@Sendable () -> Void] = []
    for index in readers.indices {
      let isSilent = silent.contains(readers[index].name)
      guard isSilent != (readers[index].silentSince != nil) else { continue }
      readers[index].silentSince = isSilent ? now : nil
      if let notify = readers[index].notify { notifications.append(notify) }
    }
    return notifications
  }

  mutating func takeMeters(_ params: JSONValue, at now: MonotonicInstant) {
    for value in params["meters"]?.array ?? [] {
      guard let number = value["evse"]?.int32, let index = meters.firstIndex(where: { $0.evse == EVSEID(number) })
      else { continue }
      let power: [Power] = Self.phases(value["powerW"])
      meters[index].reading = MeterReading(
        takenAt: now, importRegister: value["importWh"]?.decimal.flatMap { Energy($0) },
        exportRegister: value["exportWh"]?.decimal.flatMap { Energy($0) },
        power: PhaseValues(phases: power, total: power.isEmpty ? nil : power.reduce(.zero, +)),
        current: PhaseValues(phases: Self.phases(value["currentA"])),
        voltage: PhaseValues(phases: Self.phases(value["voltageV"])),
        frequency: value["frequencyHz"]?.decimal.flatMap { Frequency($0) })
      ringLater(meters[index].bell)
    }
  }

  private static func phases<Quantity: ThousandthsQuantity>(_ value: JSONValue?) -> [Quantity] {
    (value?.array ?? []).prefix(3).compactMap { $0.decimal.flatMap { Quantity($0) } }
  }

  mutating func takeToken(_ params: JSONValue) -> [@Sendable () -> Void] {
    guard let name = params["reader"]?.string, let text = params["idToken"]?.string,
      let index = readers.firstIndex(where: { $0.name == name })
    else { return [] }
    let kind = params["type"]?.string.flatMap { TokenKind(rawValue: $0) } ?? .local
    let evses = params["evses"]?.array?.compactMap { $0.int32.map { EVSEID($0) } }
    readers[index].waiting.appendOverwriting(
      PresentedToken(value: String(text.prefix(255)), kind: kind, evses: evses))
    return readers[index].notify.map { [$0] } ?? []
  }

  /// The world is gone, and every reader with it.
  mutating func silenceReaders(since now: MonotonicInstant) -> [@Sendable () -> Void] {
    var notifications: [@Sendable () -> Void] = []
    for index in readers.indices where readers[index].silentSince == nil {
      readers[index].silentSince = now
      if let notify = readers[index].notify { notifications.append(notify) }
    }
    return notifications
  }
}
