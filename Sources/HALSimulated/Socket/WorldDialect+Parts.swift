import ChargerBase
import HAL
import JSONRPC
import OCPPJSON

// The `driver.*` messages of locks, proximity contacts, residual current monitors, temperature sensors, phase switches,
// safety inputs, the watchdog and meters that sign.

extension WorldSlots {
  /// A feed goes before the contactors that it lets close.
  mutating func takeWatchdogOrder() -> JSONRPCMessage? {
    defer { watchdogOrder = nil }
    let timeout: JSONValue
    switch watchdogOrder {
    case .feed(let duration): timeout = JSONValue(Int32(clamping: duration.wholeMilliseconds))
    case .disarm: timeout = .null
    case nil: return nil
    }
    return .notification(method: "driver.watchdog", params: ["timeoutMilliseconds": timeout])
  }

  mutating func takePartWishes() -> [JSONRPCMessage] {
    var messages: [JSONRPCMessage] = []
    func tell(_ method: String, _ params: JSONValue) {
      messages.append(.notification(method: method, params: params))
    }
    for index in parts.indices {
      let wish = parts[index].isDirty ? parts[index].wish : nil
      parts[index].isDirty = false
      switch parts[index].part {
      case .lock(let connector):
        if let wish { tell("driver.lock", Self.place(connector, ["locked": .bool(wish == 1)])) }
      case .residualCurrent(let evse):
        if let wish { tell("driver.testCurrent", ["evse": JSONValue(evse.number), "on": .bool(wish == 1)]) }
        if parts[index].wantsReset { tell("driver.resetResidualCurrent", ["evse": JSONValue(evse.number)]) }
        parts[index].wantsReset = false
      case .phaseSwitch(let evse):
        if let wish {
          tell("driver.phases", ["evse": JSONValue(evse.number), "phases": JSONValue(Int32(clamping: wish))])
        }
      case .proximity, .temperature, .safetyInput: break
      }
    }
    for index in meters.indices {
      guard let request = meters[index].request else { continue }
      meters[index].request = nil
      tell("driver.signReading", Self.message(request, evse: meters[index].evse))
    }
    return messages
  }

  private static func message(_ request: SignedReadingRequest, evse: EVSEID) -> JSONValue {
    [
      "evse": JSONValue(evse.number), "number": JSONValue(Decimal(Int64(request.number))),
      "context": request.context == .transactionBegin ? "transactionBegin" : "transactionEnd",
      "identification": .string(String(request.identification.prefix(64))),
      "unixSeconds": request.unixSeconds.map { JSONValue(Decimal($0)) } ?? .null,
    ]
  }

  /// Position contacts, proximity, trip outputs, phases and safety contacts.
  mutating func takeParts(_ params: JSONValue, at now: MonotonicInstant) {
    for value in params["locks"]?.array ?? [] {
      if let connector = Self.connector(value), let locked = value["locked"]?.bool {
        show(.lock(connector), locked ? 1 : 0, at: now)
      }
    }
    for value in params["proximity"]?.array ?? [] {
      guard let connector = Self.connector(value), let ohms = value["ohms"] else { continue }
      if ohms == .null {
        show(.proximity(connector), nil, at: now)
      } else if let resistance = ohms.decimal.flatMap({ Resistance($0) }) {
        show(.proximity(connector), resistance.thousandths, at: now)
      }
    }
    for value in params["residualCurrent"]?.array ?? [] {
      if let evse = value["evse"]?.int32, let tripped = value["tripped"]?.bool {
        show(.residualCurrent(EVSEID(evse)), tripped ? 1 : 0, at: now)
      }
    }
    for value in params["phaseSwitches"]?.array ?? [] {
      if let evse = value["evse"]?.int32, let phases = value["phases"]?.int32 {
        show(.phaseSwitch(EVSEID(evse)), Int64(phases), at: now)
      }
    }
    for value in params["safetyInputs"]?.array ?? [] {
      guard let kind = value["kind"]?.string.flatMap({ SafetyInputKind(rawValue: $0) }),
        let active = value["active"]?.bool
      else { continue }
      show(.safetyInput(kind, value["evse"]?.int32.map { EVSEID($0) }), active ? 1 : 0, at: now)
    }
  }

  mutating func takeTemperatures(_ params: JSONValue, at now: MonotonicInstant) {
    for value in params["temperatures"]?.array ?? [] {
      guard let evse = value["evse"]?.int32, let sensor = value["sensor"]?.int32,
        let temperature = value["celsius"]?.decimal.flatMap({ Temperature($0) })
      else { continue }
      show(.temperature(EVSEID(evse), sensor: Int(sensor)), temperature.thousandths, at: now, isInReadings: false)
    }
  }

  /// The driver is woken by what is new; that it still speaks it finds out when it is served anyway.
  private mutating func show(
    _ part: WorldPart, _ number: Int64?, at now: MonotonicInstant, isInReadings: Bool = true
  ) {
    guard let index = parts.firstIndex(where: { $0.part == part }) else { return }
    let isNews = parts[index].reading == nil || parts[index].reading?.number != number
    parts[index].reading = PartReading(number: number, takenAt: now)
    parts[index].isInLastReadings = isInReadings
    if isNews { ringLater(parts[index].bell) }
  }

  mutating func takeSignedReading(_ params: JSONValue, at now: MonotonicInstant) {
    guard let evse = params["evse"]?.int32, let index = meters.firstIndex(where: { $0.evse == EVSEID(evse) }),
      let number = params["number"]?.decimal?.scaled(places: 0).flatMap({ UInt32(exactly: $0) })
    else { return }
    meters[index].answer = Self.answer(params, number: number, at: now)
    ringLater(meters[index].bell)
  }

  private static func answer(_ params: JSONValue, number: UInt32, at now: MonotonicInstant) -> SignedReadingAnswer {
    if let failure = params["failure"]?.string {
      return .failed(number: number, SignedReadingFailure(rawValue: failure) ?? .refused)
    }
    guard let register = params["importWh"]?.decimal.flatMap({ Energy($0) }), let data = params["signedData"]?.string
    else { return .failed(number: number, .refused) }
    func text(_ name: String, _ maximum: Int) -> String { String((params[name]?.string ?? "").prefix(maximum)) }
    return .signed(
      number: number,
      SignedReading(
        importRegister: register, signedData: String(data.prefix(2_500)), encodingMethod: text("encodingMethod", 50),
        signingMethod: text("signingMethod", 50), publicKey: text("publicKey", 2_500), takenAt: now))
  }
}
