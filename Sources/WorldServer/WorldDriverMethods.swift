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
    default: throw Self.unknown(method)
    }
    return .object([])
  }

  /// What pilots and auxiliary contacts show; silent ones are left out.
  func lineReadings() -> JSONValue {
    var pilots: [JSONValue] = []
    var contactors: [JSONValue] = []
    for evse in world.configuration.evses {
      for connector in evse.connectors {
        if let peaks = world.pilotPeaks(of: connector.id) {
          pilots.append(JSONValue(connector.id, JSONValue(peaks).members ?? []))
        }
        if let closed = world.isContactorClosed(of: connector.id) {
          contactors.append(JSONValue(connector.id, [JSONMember("closed", .bool(closed))]))
        }
      }
    }
    let silent = world.configuration.readers.map(\.name).filter { world.isReaderSilent($0) }
    return [
      "pilots": .array(pilots), "contactors": .array(contactors), "silentReaders": JSONValue(texts: silent),
      "network": .bool(world.networkUp),
    ]
  }

  /// What the meters show; silent ones are left out.
  func meterReadings() -> JSONValue {
    var meters: [JSONValue] = []
    for evse in world.configuration.evses {
      guard let values = world.meterValues(of: evse.id) else { continue }
      var meter = JSONValue(values)
      meter["evse"] = JSONValue(evse.id.number)
      meters.append(meter)
    }
    return ["meters": .array(meters)]
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
