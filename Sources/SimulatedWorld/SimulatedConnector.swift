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
  /// A loose pilot wire opens and closes this often.
  static let looseWire = Duration.milliseconds(15)
  private var pilotEdgeAt: MonotonicInstant?
  private var isPilotOpen = false
  /// The contacts have welded by themselves since this was last asked.
  private var hasWelded = false

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
      } else if faults.contains(.cableCut) || isPilotOpen {
        .nothing
      } else {
        car?.load ?? .nothing
      }
    let hasDiode = !faults.contains(.diodeMissing) && (car?.hasDiode ?? true)
    return PilotPeaks(
      signal: signal, load: load, hasDiode: hasDiode, resistorPercent: car?.quirks.resistorPercent ?? 100)
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
    func consider(_ instant: MonotonicInstant?) {
      guard let instant else { return }
      earliest = min(earliest ?? instant, instant)
    }
    consider(contactor.nextChange())
    consider(lock?.arrivesAt)
    consider(pilotEdgeAt)
    return earliest
  }

  /// Does what is due; answers whether the car has driven off.
  mutating func advance(to now: MonotonicInstant) -> Bool {
    if contactor.advance(to: now, milliamperes: milliamperes) {
      hasWelded = true
      set(.contactorWelded, active: true, at: now)
    }
    lock?.advance(to: now)
    if let edge = pilotEdgeAt, edge <= now {
      isPilotOpen.toggle()
      pilotEdgeAt = edge + Self.looseWire
    }
    let isHeld = isPlugHeld
    guard car?.advance(to: now, isPlugHeld: isHeld) == true else { return false }
    unplug()
    return true
  }

  mutating func unplug() {
    car = nil
    cable = nil
  }

  mutating func takeWelded() -> Bool {
    defer { hasWelded = false }
    return hasWelded
  }

  mutating func set(_ fault: SimulatedFault, active: Bool, at now: MonotonicInstant) {
    faults.removeAll { $0 == fault }
    if active { faults.append(fault) }
    switch fault {
    case .contactorWelded: contactor.setWelded(active, at: now)
    case .contactorStuck: contactor.setStuck(active, at: now)
    case .contactorSlow: contactor.isSlow = active
    case .contactorBounces: contactor.bounces = active
    case .contactorFallsOut: contactor.setFallsOut(active, at: now)
    case .contactorWornOut: contactor.isWornOut = active
    case .contactorFeedbackStuck: contactor.setFeedbackStuck(active)
    case .lockFailure: lock?.isJammed = active
    case .lockSticks: lock?.isSticky = active
    case .lockSlow: lock?.isSlow = active
    case .pilotBounces:
      isPilotOpen = false
      pilotEdgeAt = active ? now + Self.looseWire : nil
    default: break
    }
  }

  /// What flows off beside the conductors through a car that has voltage.
  var leakage: Current { car.map { $0.isEnergized ? $0.quirks.leakage : .zero } ?? .zero }

  /// Current per phase that flows through the contactor.
  var milliamperes: Int64 { contactor.isClosed ? car?.drawnMilliamperes ?? 0 : 0 }
}
