import ChargerBase

/// One EVSE: its meter, its light and its connectors.
struct SimulatedEVSE: Sendable, Equatable {
  let id: EVSEID
  let phases: Int
  var meter: SimulatedMeter
  var connectors: [SimulatedConnector]
  var light = "off"
  var lines: [String] = []
  var faults: [SimulatedFault] = []
  private var told: [Told]

  /// What was last told of a connector.
  private struct Told: Sendable, Equatable {
    var asks = false
    var milliamperes: Int64 = 0
    var isClosed = false
    var signal = PilotSignal.steadyNegative
  }

  init(_ configuration: WorldEVSE, configuration world: WorldConfiguration) {
    id = configuration.id
    phases = configuration.phases == 1 ? 1 : 3
    meter = SimulatedMeter(phases: phases)
    connectors = configuration.connectors.map {
      SimulatedConnector($0, closing: world.contactorClosing, opening: world.contactorOpening)
    }
    told = connectors.map { _ in Told() }
  }

  /// Energy per nanosecond through a connector, in mA·mV.
  private func rate(of connector: SimulatedConnector, mainsUp: Bool) -> Int128 {
    guard let car = connector.car else { return 0 }
    return meter.rate(
      milliamperes: connector.milliamperes, phases: min(phases, Int(car.specification.phases)), mainsUp: mainsUp)
  }

  func nextChange(after now: MonotonicInstant, mainsUp: Bool) -> MonotonicInstant? {
    var earliest: MonotonicInstant?
    for connector in connectors {
      guard let next = connector.nextChange(after: now, rate: rate(of: connector, mainsUp: mainsUp)) else { continue }
      earliest = min(earliest ?? next, next)
    }
    return earliest
  }

  mutating func integrate(nanoseconds: Int64, mainsUp: Bool) {
    for index in connectors.indices {
      let units = rate(of: connectors[index], mainsUp: mainsUp) * Int128(nanoseconds)
      meter.add(units: units)
      connectors[index].car?.receive(units: units)
    }
  }

  func meterValues(mainsUp: Bool) -> MeterValues {
    var milliamperes: [Int64] = Array(repeating: 0, count: phases)
    if mainsUp {
      for connector in connectors {
        guard let car = connector.car else { continue }
        for phase in 0..<min(phases, Int(car.specification.phases)) { milliamperes[phase] += connector.milliamperes }
      }
    }
    return meter.values(milliamperes: milliamperes, mainsUp: mainsUp)
  }

  /// What has changed at a connector since this was last asked.
  mutating func narrate(_ index: Int) -> [WorldEvent.Kind] {
    let connector = connectors[index]
    var last = told[index]
    var kinds: [WorldEvent.Kind] = []
    if connector.signal != last.signal {
      last.signal = connector.signal
      kinds.append(.offers(connector.id, connector.signal))
    }
    if connector.contactor.isClosed != last.isClosed {
      last.isClosed = connector.contactor.isClosed
      kinds.append(.contactor(connector.id, closed: last.isClosed))
    }
    let asks = connector.car?.asksForEnergy ?? false
    if asks != last.asks {
      last.asks = asks
      if asks {
        kinds.append(.asksForEnergy(connector.id))
      } else if let car = connector.car {
        kinds.append(.stopsAsking(connector.id, batteryFull: car.isFull))
      }
    }
    if connector.milliamperes != last.milliamperes, connector.car?.isSettled ?? true {
      last.milliamperes = connector.milliamperes
      if connector.car != nil { kinds.append(.draws(connector.id, Current(milliamperes: last.milliamperes))) }
    }
    told[index] = last
    return kinds
  }
}

/// A reader and what was held before it.
struct SimulatedReader: Sendable, Equatable {
  let configuration: WorldReader
  var isSilent = false
  /// At most `SimulatedWorld.tokenCapacity`.
  var waiting: [WorldToken] = []
}
