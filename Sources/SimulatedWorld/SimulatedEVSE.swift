import ChargerBase

/// One EVSE: its meter and what watches it, its light and its connectors.
struct SimulatedEVSE: Sendable, Equatable {
  let id: EVSEID
  /// Phases that are wired.
  let phases: Int
  var meter: SimulatedMeter
  var residualCurrent: SimulatedResidualCurrentMonitor?
  var heat: [SimulatedHeat]
  var ambient = Temperature(celsius: 20)
  var phaseSwitch: SimulatedPhaseSwitch?
  var signing: SimulatedSigningMeter?
  var parkingBay: SimulatedParkingBay?
  /// How often the phase switch was moved while current flowed.
  private(set) var phaseSwitchingsUnderLoad = 0
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
    var isPreCharging = false
    var isHolding = false
    var signal = PilotSignal.steadyNegative
    var isLocked = false
    var isHeldFast = false
  }
  private var toldTripped = false
  private var toldPhases: Int?

  init(_ configuration: WorldEVSE, configuration world: WorldConfiguration, at now: MonotonicInstant) {
    id = configuration.id
    phases = configuration.phases == 1 ? 1 : 3
    meter = SimulatedMeter(phases: phases)
    connectors = configuration.connectors.map {
      SimulatedConnector($0, closing: world.contactorClosing, opening: world.contactorOpening)
    }
    told = connectors.map { _ in Told() }
    residualCurrent = configuration.residualCurrentMonitor.map { SimulatedResidualCurrentMonitor($0) }
    let air = ambient
    heat = configuration.temperatureSensors.map { SimulatedHeat($0, ambient: air, at: now) }
    phaseSwitch = configuration.hasPhaseSwitch ? SimulatedPhaseSwitch() : nil
    parkingBay = configuration.hasParkingBaySensor ? SimulatedParkingBay(since: now) : nil
    signing = configuration.signingMeter.map {
      SimulatedSigningMeter($0, serialNumber: "BENCH-METER-\(configuration.id.number)")
    }
  }

  /// Phases that reach the contactor.
  var connectedPhases: Int { min(phases, phaseSwitch?.connected ?? phases) }

  func usedPhases(of car: SimulatedCar) -> Int { min(connectedPhases, Int(car.specification.phases)) }

  /// A phase that is wired has less than 100 V.
  func isPhaseMissing(mainsUp: Bool) -> Bool {
    (0..<phases).contains { meter.presentVoltage($0, mainsUp: mainsUp) < Voltage(volts: 100) }
  }

  mutating func commandPhases(_ count: Int, at now: MonotonicInstant) {
    guard let before = phaseSwitch?.commanded else { return }
    phaseSwitch?.command(count, at: now)
    if phaseSwitch?.commanded != before, connectors.contains(where: { $0.milliamperes > 0 }) {
      phaseSwitchingsUnderLoad = phaseSwitchingsUnderLoad.addingSaturating(1)
    }
  }

  /// Lets every part of the EVSE see the others' new states.
  mutating func settle(mainsUp: Bool, coilAllowed: Bool, at now: MonotonicInstant) {
    let supplied = meter.presentVoltage(0, mainsUp: mainsUp) > .zero
    for index in connectors.indices { connectors[index].settle(supplied: supplied, coilAllowed: coilAllowed, at: now) }
    if residualCurrent != nil {
      // A ground fault lies before the contactor: it flows while there is mains.
      let fault = mainsUp && faults.contains(.groundFault) ? Current(milliamperes: 30) : .zero
      residualCurrent?.measure(connectors.reduce(fault) { $0 + $1.leakage }, at: now)
    }
    guard !heat.isEmpty else { return }
    let highest = connectors.reduce(0) { max($0, $1.milliamperes) }
    for index in heat.indices {
      heat[index].settle(
        ambient: ambient, milliamperes: highest, hasHotSpot: faults.contains(.overTemperature), at: now)
    }
  }

  /// Does what is due in the parts that all connectors share.
  mutating func advance(to now: MonotonicInstant, signer: any MeterSigner) {
    residualCurrent?.advance(to: now)
    phaseSwitch?.advance(to: now)
    if let due = signing?.answersAt, due <= now {
      signing?.advance(to: now, register: meter.shownRegister, signer: signer)
    }
  }

  /// Without a program one phase is connected, and nothing is tested.
  mutating func makeSafe(at now: MonotonicInstant) {
    phaseSwitch?.command(1, at: now)
    residualCurrent?.setTestCurrent(false, at: now)
  }

  /// Energy per nanosecond through a connector, in mA·mV.
  private func rate(of connector: SimulatedConnector, mainsUp: Bool) -> Int128 {
    guard let car = connector.car else { return 0 }
    return meter.rate(milliamperes: connector.milliamperes, phases: usedPhases(of: car), mainsUp: mainsUp)
  }

  func nextChange(after now: MonotonicInstant, mainsUp: Bool) -> MonotonicInstant? {
    var earliest: MonotonicInstant?
    for connector in connectors {
      guard let next = connector.nextChange(after: now, rate: rate(of: connector, mainsUp: mainsUp)) else { continue }
      earliest = min(earliest ?? next, next)
    }
    func consider(_ instant: MonotonicInstant?) {
      guard let instant else { return }
      earliest = min(earliest ?? instant, instant)
    }
    consider(residualCurrent?.tripsAt)
    consider(phaseSwitch?.arrivesAt)
    consider(signing?.answersAt)
    return earliest
  }

  mutating func integrate(nanoseconds: Int64, mainsUp: Bool) {
    for index in connectors.indices {
      let units = rate(of: connectors[index], mainsUp: mainsUp) * Int128(nanoseconds)
      meter.add(units: units)
      connectors[index].car?.receive(units: units)
    }
  }

  /// Current in each phase that is wired.
  var milliamperes: [Int64] {
    var milliamperes: [Int64] = Array(repeating: 0, count: phases)
    for connector in connectors {
      guard let car = connector.car else { continue }
      for phase in 0..<usedPhases(of: car) where !meter.isLost(phase) {
        milliamperes[phase] = milliamperes[phase].addingSaturating(connector.milliamperes)
      }
    }
    return milliamperes
  }

  /// What flows, whatever is wrong with the meter.
  func flow(mainsUp: Bool) -> MeterValues {
    meter.values(milliamperes: mainsUp ? milliamperes : Array(repeating: 0, count: phases), mainsUp: mainsUp)
  }

  func meterValues(mainsUp: Bool, at now: MonotonicInstant) -> MeterValues {
    let flowing = mainsUp ? milliamperes : Array(repeating: 0, count: phases)
    let values = meter.values(milliamperes: flowing, mainsUp: mainsUp)
    return meter.falsified(values, seed: UInt64(truncatingIfNeeded: id.number), at: now)
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
    if connector.contactor.isPreCharging != last.isPreCharging {
      last.isPreCharging = connector.contactor.isPreCharging
      kinds.append(.preCharge(connector.id, closed: last.isPreCharging))
    }
    let isHolding = connector.contactor.power == .holding
    if isHolding != last.isHolding {
      last.isHolding = isHolding
      if isHolding { kinds.append(.coilHolds(connector.id)) }
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
    if connector.isPlugHeld != last.isLocked {
      last.isLocked = connector.isPlugHeld
      kinds.append(.lock(connector.id, engaged: last.isLocked))
    }
    let isHeldFast = connector.car?.isHeldFast ?? false
    if isHeldFast != last.isHeldFast {
      last.isHeldFast = isHeldFast
      if isHeldFast { kinds.append(.plugHeld(connector.id)) }
    }
    told[index] = last
    return kinds
  }

  /// What has changed in the parts that all connectors share.
  mutating func narrateShared() -> [WorldEvent.Kind] {
    var kinds: [WorldEvent.Kind] = []
    if let residualCurrent, residualCurrent.isTripped != toldTripped {
      toldTripped = residualCurrent.isTripped
      kinds.append(.residualCurrent(id, tripped: toldTripped))
    }
    if let phaseSwitch, phaseSwitch.connected != toldPhases ?? 1 {
      toldPhases = phaseSwitch.connected
      kinds.append(.phases(id, connected: phaseSwitch.connected))
    }
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
