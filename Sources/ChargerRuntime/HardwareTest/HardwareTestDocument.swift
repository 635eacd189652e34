import BoardProfile
import ChargerBase
import EVSEControl
import HAL
import OCPPJSON

/// What the hardware test tells, as JSON.
enum HardwareTestDocument {
  static func make(_ view: HardwareTestView, _ program: DaemonProgram, _ profile: BoardProfile) -> [JSONMember] {
    [
      JSONMember("program", JSONValue("\(program.name) \(program.version)")),
      JSONMember("board", JSONValue(profile.name)),
      JSONMember("connectors", .array(view.connectors.map(connector))),
      JSONMember("evses", .array(view.evses.map(evse))),
      JSONMember(
        "inputs",
        .array(
          view.inputs.map { input in
            [
              "kind": JSONValue(input.kind.rawValue), "evse": input.evse.map { JSONValue($0.number) } ?? .null,
              "active": input.isActive.map { JSONValue($0) } ?? .null,
            ]
          })),
      JSONMember("watchdog", view.hasWatchdog ? ["alive": JSONValue(view.isWatchdogAlive)] : .null),
    ]
  }

  private static func connector(_ connector: HardwareTestView.Connector) -> JSONValue {
    let state = connector.pilotState
    var members = [
      JSONMember("evse", JSONValue(connector.id.evse.number)), JSONMember("connector", JSONValue(connector.id.number)),
      JSONMember(
        "pilot",
        [
          "state": JSONValue(state == .unknown ? "unknown" : "\(state)".uppercased()),
          "highV": quantity(connector.pilot?.positivePeak), "lowV": quantity(connector.pilot?.negativePeak),
        ]),
      JSONMember("contactor", connector.contactor.map { JSONValue("\($0)") } ?? .null),
    ]
    if connector.hasLock { members.append(JSONMember("lock", connector.lock.map { JSONValue("\($0)") } ?? .null)) }
    if connector.hasProximity {
      members.append(
        JSONMember(
          "proximity",
          connector.proximity.map { ["open": JSONValue($0.resistance == nil), "ohms": quantity($0.resistance)] }
            ?? .null))
    }
    return .object(members)
  }

  private static func evse(_ evse: HardwareTestView.EVSE) -> JSONValue {
    var members = [JSONMember("id", JSONValue(evse.id.number))]
    if evse.hasMeter { members.append(JSONMember("meter", evse.meter.map(meter) ?? .null)) }
    if evse.hasMonitor {
      members.append(
        JSONMember("residualCurrent", evse.isTripped.map { JSONValue($0 ? "tripped" : "good") } ?? .null))
    }
    if !evse.temperatures.isEmpty {
      members.append(JSONMember("temperaturesC", .array(evse.temperatures.map { quantity($0) })))
    }
    if evse.hasPhaseSwitch {
      members.append(JSONMember("phases", evse.phases.map { JSONValue($0.rawValue) } ?? .null))
    }
    return .object(members)
  }

  static func meter(_ reading: MeterReading) -> JSONValue {
    [
      "energyWh": quantity(reading.importRegister), "powerW": quantity(reading.power.total),
      "voltageV": .array([reading.voltage.l1, reading.voltage.l2, reading.voltage.l3].map { quantity($0) }),
      "currentA": .array([reading.current.l1, reading.current.l2, reading.current.l3].map { quantity($0) }),
      "frequencyHz": quantity(reading.frequency),
    ]
  }

  private static func quantity(_ value: (some ThousandthsQuantity)?) -> JSONValue {
    value.map { JSONValue($0.decimal) } ?? .null
  }

  // MARK: Movements

  static let busy: JSONValue = ["outcome": "busy", "reason": "another output is being moved"]

  static func make(_ result: HardwareTestResult) -> JSONValue {
    switch result {
    case .busy: busy
    case .toggled(let toggle):
      [
        "outcome": JSONValue(toggle.outcome.map { name($0) } ?? "silent"),
        "reason": toggle.outcome.flatMap { reason($0) } ?? .null,
        "movedAfterMilliseconds": milliseconds(toggle.movedAfter),
        "returnedAfterMilliseconds": milliseconds(toggle.returnedAfter),
      ]
    case .probed(let probe):
      [
        "outcome": JSONValue(probe.outcome.map { name($0) } ?? "silent"),
        "reason": probe.outcome.flatMap { reason($0) } ?? .null, "steadyV": quantity(probe.steady),
        "highV": quantity(probe.high), "lowV": quantity(probe.low), "negativeV": quantity(probe.negative),
      ]
    }
  }

  private static func milliseconds(_ duration: Duration?) -> JSONValue {
    duration.map { JSONValue($0.wholeMilliseconds) } ?? .null
  }

  private static func name(_ outcome: OutputToggle.Outcome) -> String {
    switch outcome {
    case .worked: "worked"
    case .refused: "refused"
    case .interrupted: "interrupted"
    case .notAtRest: "notAtRest"
    case .didNotMove: "didNotMove"
    case .didNotReturn: "didNotReturn"
    case .silent: "silent"
    }
  }

  private static func reason(_ outcome: OutputToggle.Outcome) -> JSONValue? {
    switch outcome {
    case .refused(let refusal), .interrupted(let refusal): JSONValue(refusal.text)
    case .worked, .notAtRest, .didNotMove, .didNotReturn, .silent: nil
    }
  }

  private static func name(_ outcome: PilotProbe.Outcome) -> String {
    switch outcome {
    case .worked: "worked"
    case .refused: "refused"
    case .interrupted: "interrupted"
    case .wrongHigh: "wrongHigh"
    case .wrongLow: "wrongLow"
    case .wrongNegative: "wrongNegative"
    case .staysNegative: "staysNegative"
    }
  }

  private static func reason(_ outcome: PilotProbe.Outcome) -> JSONValue? {
    switch outcome {
    case .refused(let refusal), .interrupted(let refusal): JSONValue(refusal.text)
    case .worked, .wrongHigh, .wrongLow, .wrongNegative, .staysNegative: nil
    }
  }
}
