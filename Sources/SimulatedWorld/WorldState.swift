import ChargerBase

/// What of a world outlives its process: registers, cars in their places, faults. What moves is not kept.
public struct WorldState: Sendable, Equatable {
  public var mainsUp = true
  public var networkUp = true
  public var powerLost = false
  public var evses: [EVSE] = []
  /// Names of readers that are silent.
  public var silentReaders: [String] = []

  public init() {}

  public struct EVSE: Sendable, Equatable {
    public var id: EVSEID
    public var importRegister: Energy
    public var exportRegister: Energy
    public var faults: [SimulatedFault]
    public var connectors: [Connector]

    public init(
      id: EVSEID, importRegister: Energy, exportRegister: Energy, faults: [SimulatedFault] = [],
      connectors: [Connector] = []
    ) {
      self.id = id
      self.importRegister = importRegister
      self.exportRegister = exportRegister
      self.faults = faults
      self.connectors = connectors
    }
  }

  public struct Connector: Sendable, Equatable {
    public var number: Int32
    /// A car that stands there, with what is left of its battery's room and of its stay.
    public var car: CarSpecification?
    public var held: CarState?
    public var faults: [SimulatedFault]

    public init(number: Int32, car: CarSpecification? = nil, held: CarState? = nil, faults: [SimulatedFault] = []) {
      self.number = number
      self.car = car
      self.held = held
      self.faults = faults
    }
  }
}

extension SimulatedWorld {
  /// What should outlive this process.
  public var state: WorldState {
    var state = WorldState()
    state.mainsUp = isMainsUpByHand
    state.networkUp = networkUp
    state.powerLost = isPowerLost
    state.silentReaders = readers.filter(\.isSilent).map(\.configuration.name)
    state.evses = evses.map { evse in
      WorldState.EVSE(
        id: evse.id, importRegister: evse.meter.importRegister, exportRegister: evse.meter.exportRegister,
        faults: evse.faults,
        connectors: evse.connectors.map {
          WorldState.Connector(
            number: $0.id.number, car: $0.car?.remaining(at: now), held: $0.car?.held, faults: $0.faults)
        })
    }
    return state
  }

  /// Puts things where a former run left them; places that this world does not have are passed over.
  public mutating func restore(_ state: WorldState) {
    let now = now
    isMainsUpByHand = state.mainsUp
    networkUp = state.networkUp
    isPowerLost = state.powerLost
    for index in readers.indices {
      readers[index].isSilent = state.silentReaders.contains(readers[index].configuration.name)
    }
    for saved in state.evses {
      guard let evse = evses.firstIndex(where: { $0.id == saved.id }) else { continue }
      evses[evse].meter.setImport(saved.importRegister)
      evses[evse].meter.exportRegister = saved.exportRegister
      for fault in saved.faults where fault.scope == .evse { evses[evse].set(fault, active: true, at: now) }
      for place in saved.connectors {
        guard let connector = evses[evse].connectors.firstIndex(where: { $0.id.number == place.number }) else {
          continue
        }
        for fault in place.faults where fault.scope == .connector {
          evses[evse].connectors[connector].set(fault, active: true, at: now)
        }
        guard let car = place.car else { continue }
        evses[evse].connectors[connector].car = SimulatedCar(car, pluggedInAt: now)
        if let held = place.held { evses[evse].connectors[connector].car?.hold(held, at: now) }
      }
    }
    settle()
  }
}

extension SimulatedCar {
  /// The car as it would be described if it were plugged in now.
  func remaining(at now: MonotonicInstant) -> CarSpecification {
    var rest = specification
    rest.connectDelay = contactAt.map { max(.zero, now.duration(to: $0)) } ?? .zero
    rest.leaveAfter = leavesAt.map { max(.zero, now.duration(to: $0)) }
    rest.batteryRoom = batteryRoom
    return rest
  }
}
