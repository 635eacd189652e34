import ChargerBase
import JSONRPC
import OCPPJSON
import SimulatedWorld

/// What the world socket answers. Pure but for the caller's clock: it changes the world at the world's `now`.
struct WorldMethods {
  var world: SimulatedWorld
  /// Requests for signed readings that no meter took: the station is told. At most 64.
  var refusedReadings: [(EVSEID, UInt32)] = []

  /// Methods that are named by the contract of the socket and wait for a part that the simulated station lacks.
  static let waiting: [(method: String, reason: String)] = [
    (
      "bench.externalLimit",
      "comes with a grid operator's input in the simulated station; station.limit sets one without"
    )
  ]

  /// Calls of people and tests, which any client may make.
  static let bench = [
    "bench.plugIn", "bench.plugOut", "bench.carState", "bench.presentToken", "bench.pressStart", "bench.enterKey",
    "bench.chooseOnDisplay", "bench.parkingBay", "bench.setMeter", "bench.fault",
    "bench.faults", "bench.unlockByHand", "bench.ambient", "bench.network", "bench.mains", "bench.display",
    "bench.state", "bench.subscribe",
  ]

  /// Calls of the one station whose hardware this is.
  static let driver = [
    "driver.connect", "driver.pilot", "driver.contactor", "driver.light", "driver.lines", "driver.lock",
    "driver.testCurrent", "driver.resetResidualCurrent", "driver.phases", "driver.watchdog", "driver.signReading",
    "driver.choices",
  ]

  mutating func perform(_ method: String, _ params: JSONRPCParameters) throws(JSONRPCError) -> JSONValue {
    switch method {
    case "bench.plugIn":
      try params.allow(["evse", "connector", "car", "cable"])
      try act(.plugIn(try params.connector(), try params.car(), cable: try params.cable()))
    case "bench.plugOut":
      try params.allow(["evse", "connector", "force"])
      try act(.plugOut(try params.connector(), byForce: try params.optionalBool("force") ?? false))
    case "bench.unlockByHand":
      try params.allow(["evse", "connector"])
      try act(.unlockByHand(try params.connector()))
    case "bench.ambient":
      try params.allow(["evse", "celsius"])
      guard let air = Temperature(try params.decimal("celsius")), WorldNames.air.contains(air) else {
        throw params.wrong("celsius", "must be from -60 to 100")
      }
      try act(.ambient(air, try params.optionalInteger("evse", in: 1...Int32.max).map { EVSEID($0) }))
    case "bench.carState":
      try params.allow(["evse", "connector", "state"])
      try act(.holdCar(try params.connector(), try params.optionalChoice("state", CarState.self)))
    case "bench.presentToken": try presentToken(params)
    case "bench.pressStart":
      try params.allow(["evse"])
      try act(.pressStart(try params.optionalInteger("evse", in: 1...Int32.max).map { EVSEID($0) }))
    case "bench.enterKey": try typeKeys(params)
    case "bench.chooseOnDisplay": try choose(params)
    case "bench.parkingBay":
      try params.allow(["evse", "occupied"])
      try act(.parkingBay(try params.evse(), occupied: try params.bool("occupied")))
    case "bench.setMeter":
      try params.allow(["evse", "values", "timestamp"])
      if params.optional("timestamp") != nil {
        throw params.wrong("timestamp", "this meter has no clock; its readings are stamped when they arrive")
      }
      try act(.setMeter(try params.evse(), try params.meterSettings()))
    case "bench.fault":
      try params.allow(["evse", "connector", "fault", "active"])
      let place = FaultPlace(
        evse: try params.optionalInteger("evse", in: 1...Int32.max).map { EVSEID($0) },
        connector: try params.optionalInteger("connector", in: 1...Int32.max))
      let fault = try params.choice("fault", SimulatedFault.self)
      try act(.fault(place, fault, active: try params.optionalBool("active") ?? true))
    case "bench.faults":
      try params.allow([])
      return .array(SimulatedFault.allCases.map { describe($0) })
    case "bench.network":
      try params.allow(["up"])
      try act(.network(up: try params.bool("up")))
    case "bench.mains":
      try params.allow(["up", "voltageV", "phase"])
      let up = try params.bool("up")
      let voltage = try params.optionalDecimal("voltageV", in: 0...500).flatMap { Voltage($0) }
      let phase = try params.optionalInteger("phase", in: 1...3).map { Int($0) }
      if voltage == nil, phase != nil { throw params.wrong("phase", "goes with voltageV") }
      if let voltage { try act(.supplyVoltage(voltage, phase: phase)) }
      try act(.mains(up: up))
    case "bench.display": return try display(params)
    case "bench.state":
      try params.allow([])
      return state
    default: throw Self.unknown(method)
    }
    return .object([])
  }

  static func unknown(_ method: String) -> JSONRPCError {
    if let known = waiting.first(where: { $0.method == method }) {
      return .unknownMethod("\(method) \(known.reason)")
    }
    return .unknownMethod("the world has no method \(method); it has \((bench + driver).joined(separator: ", "))")
  }

  mutating func act(_ action: WorldAction) throws(JSONRPCError) {
    do throws(WorldError) { try world.perform(action) } catch { throw JSONRPCError(error) }
  }

  private mutating func presentToken(_ params: JSONRPCParameters) throws(JSONRPCError) {
    try params.allow(["idToken", "type", "evses", "reader"])
    let type = try params.optionalString("type") ?? "ISO14443"
    guard WorldNames.tokenTypes.contains(type) else {
      throw params.wrong("type", "must be one of \(WorldNames.tokenTypes.joined(separator: ", "))")
    }
    let token = WorldToken(value: try params.string("idToken", maximum: 255), kind: type)
    let evses = try params.optionalEVSEs("evses")
    let reader = try params.optionalString("reader", maximum: 255)
    try act(.presentToken(token, reader.map { .reader($0) } ?? .evses(evses)))
  }

  private func describe(_ fault: SimulatedFault) -> JSONValue {
    [
      "fault": .string(fault.rawValue), "code": fault.minimumRequiredErrorCode.map { .string($0) } ?? .null,
      "scope": .string(fault.scope.rawValue), "available": .bool(world.canShow(fault)),
      "waitsFor": world.canShow(fault) ? .null : .string("needs a station with a \(fault.part?.rawValue ?? "")"),
    ]
  }

  /// What the driver sees: one EVSE's light and text, or with no EVSE the station's text and the first light.
  private func display(_ params: JSONRPCParameters) throws(JSONRPCError) -> JSONValue {
    try params.allow(["evse"])
    let evse = try params.optionalInteger("evse", in: 1...Int32.max).map { EVSEID($0) }
    guard let lit = evse ?? world.configuration.evses.first?.id, let light = world.light(of: lit) else {
      throw params.wrong("evse", "there is no such EVSE")
    }
    return [
      "light": .string(light), "lines": JSONValue(texts: world.lines(of: evse)), "messages": [], "choices": choices,
    ]
  }

  private var state: JSONValue {
    var state: JSONValue = [
      "network": .bool(world.networkUp), "mains": .bool(world.isMainsUp),
      "stationConnected": .bool(world.isStationConnected), "lines": JSONValue(texts: world.lines(of: nil)),
      "readers": .array(
        world.configuration.readers.map {
          [
            "reader": .string($0.name), "evses": JSONValue($0.evses), "silent": .bool(world.isReaderSilent($0.name)),
          ]
        }),
      "evses": .array(world.view.map { JSONValue($0) }),
    ]
    for member in JSONValue.parts(of: world) + postParts { state[member.name] = member.value }
    return state
  }
}
