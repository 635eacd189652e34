import ChargerBase
import JSONRPC
import OCPPJSON
import SimulatedWorld

// The drivers' half of the world socket. Commands are notifications (nobody waits for an answer); readings are pushed.
extension WorldMethods {
  /// Raised when drivers and world no longer understand each other.
  static let driverProtocol: Int32 = 1

  mutating func command(_ method: String, _ params: JSONRPCParameters) throws(JSONRPCError) -> JSONValue {
    switch method {
    case "driver.pilot":
      try params.allow(["evse", "connector", "output", "duty"])
      world.applyPilot(try params.pilotSignal(), to: try params.connector())
    case "driver.contactor":
      try params.allow(["evse", "connector", "closed"])
      world.commandContactor(closed: try params.bool("closed"), of: try params.connector())
    case "driver.light":
      try params.allow(["evse", "pattern"])
      world.showLight(try params.string("pattern", maximum: 64), of: try params.evse())
    case "driver.lines":
      try params.allow(["evse", "lines"])
      let lines = try params.optionalArray("lines", maximum: 16) ?? []
      let evse = try params.optionalInteger("evse", in: 1...Int32.max).map { EVSEID($0) }
      world.showLines(lines.compactMap(\.string), of: evse)
    case "driver.lock":
      try params.allow(["evse", "connector", "locked"])
      world.commandLock(locked: try params.bool("locked"), of: try params.connector())
    case "driver.testCurrent":
      try params.allow(["evse", "on"])
      world.setTestCurrent(try params.bool("on"), of: try params.evse())
    case "driver.resetResidualCurrent":
      try params.allow(["evse"])
      world.resetResidualCurrent(of: try params.evse())
    case "driver.phases":
      try params.allow(["evse", "phases"])
      world.commandPhases(Int(try params.integer("phases", in: 1...3)), of: try params.evse())
    case "driver.watchdog":
      try params.allow(["timeoutMilliseconds"])
      if let timeout = try params.optionalInteger("timeoutMilliseconds", in: 1...3_600_000) {
        world.feedWatchdog(timeout: .milliseconds(Int64(timeout)))
      } else {
        world.disarmWatchdog()
      }
    case "driver.signReading": try signReading(params)
    case "driver.choices": try offer(params)
    default: throw Self.unknown(method)
    }
    return .object([])
  }

  private mutating func signReading(_ params: JSONRPCParameters) throws(JSONRPCError) {
    try params.allow(["evse", "number", "context", "identification", "unixSeconds"])
    let evse = try params.evse()
    guard let number = try params.optionalDecimal("number", in: 0...4_294_967_295)?.scaled(places: 0) else {
      throw params.wrong("number", "missing")
    }
    let context = try params.choice("context", SignedReadingContext.self)
    let seconds = try params.optionalDecimal("unixSeconds", in: 0...1_000_000_000_000)?.scaled(places: 0)
    let request = UInt32(clamping: number)
    let isTaken = world.requestSignedReading(
      number: request, context: context, identification: try params.string("identification", maximum: 64),
      unixSeconds: seconds, of: evse)
    if !isTaken, refusedReadings.count < 64 { refusedReadings.append((evse, request)) }
  }

  /// Answers of meters that sign, refusals included.
  mutating func takeSignedReadings() -> [JSONValue] {
    var answers = refusedReadings.map { evse, number -> JSONValue in
      ["evse": JSONValue(evse.number), "number": JSONValue(number), "failure": "notAccepted"]
    }
    refusedReadings.removeAll()
    for evse in world.configuration.evses {
      guard let answer = world.takeSignedReading(of: evse.id) else { continue }
      let place = [JSONMember("evse", JSONValue(evse.id.number)), JSONMember("number", JSONValue(answer.number))]
      guard let content = answer.content else {
        answers.append(.object(place + [JSONMember("failure", "refused")]))
        continue
      }
      answers.append(
        .object(
          place + [
            JSONMember("importWh", JSONValue(content.importRegister.decimal)),
            JSONMember("signedData", .string(content.signedData)),
            JSONMember("encodingMethod", .string(content.encodingMethod)),
            JSONMember("signingMethod", .string(content.signingMethod)),
            JSONMember("publicKey", .string(content.publicKey)),
          ]))
    }
    return answers
  }

  /// What pilots, contacts and trip outputs show; silent ones are left out.
  func lineReadings() -> JSONValue {
    var pilots: [JSONValue] = []
    var contactors: [JSONValue] = []
    var locks: [JSONValue] = []
    var proximity: [JSONValue] = []
    var residualCurrent: [JSONValue] = []
    var phaseSwitches: [JSONValue] = []
    for evse in world.configuration.evses {
      if let tripped = world.isResidualCurrentTripped(of: evse.id) {
        residualCurrent.append(["evse": JSONValue(evse.id.number), "tripped": .bool(tripped)])
      }
      if let phases = world.connectedPhases(of: evse.id) {
        phaseSwitches.append(["evse": JSONValue(evse.id.number), "phases": JSONValue(phases)])
      }
      for connector in evse.connectors {
        if let peaks = world.pilotPeaks(of: connector.id) {
          pilots.append(JSONValue(connector.id, JSONValue(peaks).members ?? []))
        }
        if let closed = world.isContactorClosed(of: connector.id) {
          contactors.append(JSONValue(connector.id, [JSONMember("closed", .bool(closed))]))
        }
        if let engaged = world.isLockEngaged(of: connector.id) {
          locks.append(JSONValue(connector.id, [JSONMember("locked", .bool(engaged))]))
        }
        switch world.proximity(of: connector.id) {
        case .open: proximity.append(JSONValue(connector.id, [JSONMember("ohms", .null)]))
        case .resistance(let resistance):
          proximity.append(JSONValue(connector.id, [JSONMember("ohms", JSONValue(resistance.decimal))]))
        case nil: break
        }
      }
    }
    let silent = world.configuration.readers.map(\.name).filter { world.isReaderSilent($0) }
    var safetyInputs: [JSONValue] = []
    for contact in world.configuration.safetyContacts {
      guard let active = world.safetyContact(contact.kind, of: contact.evse) else { continue }
      safetyInputs.append([
        "kind": .string(contact.kind.rawValue), "evse": contact.evse.map { JSONValue($0.number) } ?? .null,
        "active": .bool(active),
      ])
    }
    var readings: JSONValue = [
      "pilots": .array(pilots), "contactors": .array(contactors), "locks": .array(locks),
      "proximity": .array(proximity), "residualCurrent": .array(residualCurrent),
      "phaseSwitches": .array(phaseSwitches), "safetyInputs": .array(safetyInputs),
      "silentReaders": JSONValue(texts: silent), "network": .bool(world.networkUp),
    ]
    for member in postReadings { readings[member.name] = member.value }
    return readings
  }

  /// What the meters and temperature sensors show; silent ones are left out.
  func meterReadings() -> JSONValue {
    var meters: [JSONValue] = []
    var temperatures: [JSONValue] = []
    for evse in world.configuration.evses {
      for sensor in evse.temperatureSensors.indices {
        guard let temperature = world.temperature(of: evse.id, sensor: sensor) else { continue }
        temperatures.append([
          "evse": JSONValue(evse.id.number), "sensor": JSONValue(sensor), "celsius": JSONValue(temperature.decimal),
        ])
      }
      guard let values = world.meterValues(of: evse.id) else { continue }
      var meter = JSONValue(values)
      meter["evse"] = JSONValue(evse.id.number)
      meters.append(meter)
    }
    if let values = world.meterValues(of: EVSEID(0)) {
      var meter = JSONValue(values)
      meter["evse"] = 0
      meters.append(meter)
    }
    return ["meters": .array(meters), "temperatures": .array(temperatures)]
  }

  /// Takes what has been held before the readers.
  mutating func takeTokens() -> [JSONValue] {
    var tokens: [JSONValue] = []
    for reader in world.configuration.readers where world.hasTokens(reader: reader.name) {
      for token in world.takeTokens(reader: reader.name) {
        tokens.append([
          "reader": .string(reader.name), "idToken": .string(token.value), "type": .string(token.kind),
          "evses": JSONValue(token.evses),
        ])
      }
    }
    return tokens
  }
}

extension JSONRPCParameters {
  func pilotSignal() throws(JSONRPCError) -> PilotSignal {
    switch try string("output") {
    case "steadyPositive": return .steadyPositive
    case "steadyNegative": return .steadyNegative
    case "pulseWidth": return .pulseWidth(hundredthsOfPercent: UInt16(clamping: try integer("duty", in: 0...10_000)))
    default: throw wrong("output", "must be one of steadyPositive, pulseWidth, steadyNegative")
    }
  }
}
