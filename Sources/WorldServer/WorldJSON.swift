import ChargerBase
import OCPPJSON
import SimulatedWorld

// The world's values as JSON, for people (`bench.*`) and for drivers (`driver.*`).

extension JSONValue {
  init(_ quantity: some ThousandthsQuantity) { self = .number(quantity.decimal) }

  /// Seconds with milliseconds.
  init(seconds duration: Duration) { self = .number(Decimal(thousandths: duration.wholeMilliseconds)) }

  init(_ evses: [EVSEID]?) { self = evses.map { .array($0.map { JSONValue($0.number) }) } ?? .null }

  init(texts: [String]) { self = .array(texts.map { .string($0) }) }

  init(_ place: ConnectorID, _ rest: [JSONMember]) {
    self = .object(
      [JSONMember("evse", JSONValue(place.evse.number)), JSONMember("connector", JSONValue(place.number))] + rest)
  }

  init(_ signal: PilotSignal) {
    switch signal {
    case .steadyPositive: self = ["output": "steadyPositive"]
    case .steadyNegative: self = ["output": "steadyNegative"]
    case .pulseWidth(let hundredths): self = ["output": "pulseWidth", "duty": JSONValue(hundredths)]
    }
  }

  init(_ values: MeterValues) {
    func phases(_ quantities: [some ThousandthsQuantity]) -> JSONValue { .array(quantities.map { JSONValue($0) }) }
    self = [
      "importWh": values.hasRegisters ? JSONValue(values.importRegister) : .null,
      "exportWh": values.hasRegisters ? JSONValue(values.exportRegister) : .null,
      "voltageV": phases(values.voltages), "currentA": phases(values.currents), "powerW": phases(values.powers),
      "frequencyHz": JSONValue(values.frequency),
    ]
  }

  init(_ peaks: PilotPeaks) {
    self = ["positiveV": JSONValue(peaks.positive), "negativeV": peaks.negative.map { JSONValue($0) } ?? .null]
  }

  init(_ faults: [SimulatedFault]) {
    self = .array(
      faults.map { ["fault": .string($0.rawValue), "code": $0.minimumRequiredErrorCode.map { .string($0) } ?? .null] })
  }

  init(_ view: ConnectorView) {
    let car: JSONValue =
      view.car.map {
        var car = JSONValue($0)
        car["batteryWh"] = view.batteryRoom.map { JSONValue($0) } ?? .null
        car["heldState"] = view.held.map { .string($0.rawValue) } ?? .null
        car["asksForEnergy"] = .bool(view.asksForEnergy)
        car["drawsA"] = JSONValue(view.drawn)
        return car
      } ?? .null
    var pilot = JSONValue(view.signal)
    pilot["offersA"] =
      view.signal.offeredMilliamperes.map { JSONValue(Current(milliamperes: $0)) } ?? .null
    pilot["positiveV"] = JSONValue(view.peaks.positive)
    pilot["negativeV"] = view.peaks.negative.map { JSONValue($0) } ?? .null
    self = [
      "connector": JSONValue(view.id.number), "cable": view.hasFixedCable ? "fixed" : "socket", "car": car,
      "pilot": pilot,
      "contactor": [
        "commandedClosed": .bool(view.isContactorCommandedClosed), "closed": .bool(view.isContactorClosed),
        "shownClosed": .bool(view.isContactorShownClosed), "openings": JSONValue(view.contactorOpenings),
        "openingsUnderLoad": JSONValue(view.contactorOpeningsUnderLoad), "coil": .string(view.coilPower.rawValue),
        "preCharge": .bool(view.isPreCharging),
      ],
      "faults": JSONValue(view.faults),
    ]
    for member in Self.plug(of: view) { self[member.name] = member.value }
  }

  init(_ view: EVSEView) {
    self = [
      "evse": JSONValue(view.id.number), "phases": JSONValue(view.phases), "light": .string(view.light),
      "lines": JSONValue(texts: view.lines), "meter": JSONValue(view.meter), "faults": JSONValue(view.faults),
      "connectors": .array(view.connectors.map { JSONValue($0) }),
    ]
    for member in Self.parts(of: view) { self[member.name] = member.value }
  }

  init(_ event: WorldEvent) {
    var value: JSONValue = [
      "event": .string(event.kind.name), "text": .string(event.kind.text),
      "atMilliseconds": JSONValue(event.at.nanoseconds / 1_000_000),
    ]
    if let place = event.kind.place {
      value["evse"] = place.evse.map { JSONValue($0.number) }
      value["connector"] = place.connector.map { JSONValue($0) }
    }
    self = value
  }
}
