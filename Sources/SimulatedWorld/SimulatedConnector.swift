import ChargerBase

/// One connector: pilot generator, contactor and whatever is plugged in.
struct SimulatedConnector: Sendable, Equatable {
  let id: ConnectorID
  let hasFixedCable: Bool
  var signal = PilotSignal.steadyNegative
  var contactor: SimulatedContactor
  var car: SimulatedCar?
  /// Active faults of this connector, in the order in which they began; at most as many as there are kinds.
  var faults: [SimulatedFault] = []

  init(_ configuration: WorldConnector, closing: Duration, opening: Duration) {
    id = configuration.id
    hasFixedCable = configuration.hasFixedCable
    contactor = SimulatedContactor(closing: closing, opening: opening)
  }

  var peaks: PilotPeaks {
    let load: PilotLoad = faults.contains(.pilotFault) ? .shorted : car?.load ?? .nothing
    let hasDiode = !faults.contains(.diodeMissing) && (car?.hasDiode ?? true)
    return PilotPeaks(signal: signal, load: load, hasDiode: hasDiode)
  }

  /// What is seen of the station's offer at the car's end.
  private var offerAtCar: Int64? { faults.contains(.pilotFault) ? nil : signal.offeredMilliamperes }

  mutating func settle(mainsUp: Bool, at now: MonotonicInstant) {
    let offer = offerAtCar
    let energized = contactor.isClosed && mainsUp
    let greedy = faults.contains(.overCurrent)
    car?.setGreedy(greedy, at: now)
    car?.sees(offer: offer, at: now)
    car?.setEnergized(energized, at: now)
  }

  func nextChange(after now: MonotonicInstant, rate: Int128) -> MonotonicInstant? {
    let ofCar = car?.nextChange(after: now, rate: rate)
    guard let arrival = contactor.arrivesAt else { return ofCar }
    return min(arrival, ofCar ?? arrival)
  }

  /// Does what is due; answers whether the car has driven off.
  mutating func advance(to now: MonotonicInstant) -> Bool {
    contactor.advance(to: now)
    guard car?.advance(to: now) == true else { return false }
    car = nil
    return true
  }

  /// Current per phase that flows through the contactor.
  var milliamperes: Int64 { contactor.isClosed ? car?.drawnMilliamperes ?? 0 : 0 }
}
