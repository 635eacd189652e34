import ChargerBase

/// One connector: pilot generator, contactor, lock and whatever is plugged in.
struct SimulatedConnector: Sendable, Equatable {
  let id: ConnectorID
  let hasFixedCable: Bool
  let hasProximity: Bool
  var signal = PilotSignal.steadyNegative
  var contactor: SimulatedContactor
  var lock: SimulatedLock?
  var car: SimulatedCar?
  /// What is plugged in with the car.
  var cable: CableSpecification?
  /// Active faults of this connector, in the order in which they began; at most as many as there are kinds.
  var faults: [SimulatedFault] = []

  init(_ configuration: WorldConnector, closing: Duration, opening: Duration) {
    id = configuration.id
    hasFixedCable = configuration.hasFixedCable
    hasProximity = configuration.hasProximity
    contactor = SimulatedContactor(closing: closing, opening: opening)
    lock = configuration.lock.map { SimulatedLock($0) }
  }

  /// The bolt keeps the plug in.
  var isPlugHeld: Bool { lock?.isEngaged ?? false }

  var proximity: ProximityContact {
    if faults.contains(.proximityFault) { return .resistance(.zero) }
    if faults.contains(.proximityOpen) || car == nil { return .open }
    return cable?.proximity ?? .open
  }

  var peaks: PilotPeaks {
    let load: PilotLoad =
      if faults.contains(.pilotFault) {
        .shorted
      } else if faults.contains(.cableCut) {
        .nothing
      } else {
        car?.load ?? .nothing
      }
    let hasDiode = !faults.contains(.diodeMissing) && (car?.hasDiode ?? true)
    return PilotPeaks(signal: signal, load: load, hasDiode: hasDiode)
  }

  /// What is seen of the station's offer at the car's end.
  private var offerAtCar: Int64? {
    faults.contains(.pilotFault) || faults.contains(.cableCut) ? nil : signal.offeredMilliamperes
  }

  /// `supplied`: voltage stands before the contactor; `coilAllowed`: the dead-man relay holds.
  mutating func settle(supplied: Bool, coilAllowed: Bool, at now: MonotonicInstant) {
    if !supplied, lock?.configuration.opensWithoutMains == true { lock?.release() }
    if !isPlugHeld { car?.letGo() }
    if !coilAllowed, contactor.isCommandedClosed {
      contactor.command(closed: false, at: now)
      signal = .steadyNegative
    }
    let offer = offerAtCar
    let energized = contactor.isClosed && supplied && !faults.contains(.cableCut)
    let greedy = faults.contains(.overCurrent)
    car?.setGreedy(greedy, at: now)
    car?.sees(offer: offer, at: now)
    car?.setEnergized(energized, at: now)
  }

  func nextChange(after now: MonotonicInstant, rate: Int128) -> MonotonicInstant? {
    var earliest = car?.nextChange(after: now, rate: rate)
    for instant in [contactor.arrivesAt, lock?.arrivesAt] {
      guard let instant else { continue }
      earliest = min(earliest ?? instant, instant)
    }
    return earliest
  }

  /// Does what is due; answers whether the car has driven off.
  mutating func advance(to now: MonotonicInstant) -> Bool {
    contactor.advance(to: now)
    lock?.advance(to: now)
    let isHeld = isPlugHeld
    guard car?.advance(to: now, isPlugHeld: isHeld) == true else { return false }
    unplug()
    return true
  }

  mutating func unplug() {
    car = nil
    cable = nil
  }

  /// Current per phase that flows through the contactor.
  var milliamperes: Int64 { contactor.isClosed ? car?.drawnMilliamperes ?? 0 : 0 }
}
