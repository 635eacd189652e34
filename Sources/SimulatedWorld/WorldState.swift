import ChargerBase

/// What of a world outlives its process: registers, cars in their places, bolts, trips, faults. What moves is not kept.
public struct WorldState: Sendable, Equatable {
  public var mainsUp = true
  public var networkUp = true
  public var powerLost = false
  public var evses: [EVSE] = []
  /// Names of readers that are silent.
  public var silentReaders: [String] = []
  /// EVSEs in whose bays something stands.
  public var occupiedBays: [EVSEID] = []
  /// Contacts that somebody has pushed or opened, or that are silent.
  public var safetyContacts: [SafetyContactState] = []

  public init() {}

  public struct SafetyContactState: Sendable, Equatable {
    public var contact: WorldSafetyContact
    public var isActivated: Bool
    public var isSilent: Bool

    public init(_ contact: WorldSafetyContact, isActivated: Bool, isSilent: Bool) {
      self.contact = contact
      self.isActivated = isActivated
      self.isSilent = isSilent
    }
  }

  public struct EVSE: Sendable, Equatable {
    public var id: EVSEID
    public var importRegister: Energy
    public var exportRegister: Energy
    public var ambient: Temperature
    public var residualCurrentTripped: Bool
    /// Signed sets of the meter so far.
    public var signedSets: UInt64
    public var faults: [SimulatedFault]
    public var connectors: [Connector]

    public init(
      id: EVSEID, importRegister: Energy, exportRegister: Energy, ambient: Temperature = Temperature(celsius: 20),
      residualCurrentTripped: Bool = false, signedSets: UInt64 = 0, faults: [SimulatedFault] = [],
      connectors: [Connector] = []
    ) {
      self.id = id
      self.importRegister = importRegister
      self.exportRegister = exportRegister
      self.ambient = ambient
      self.residualCurrentTripped = residualCurrentTripped
      self.signedSets = signedSets
      self.faults = faults
      self.connectors = connectors
    }
  }

  public struct Connector: Sendable, Equatable {
    public var number: Int32
    /// A car that stands there, with what is left of its battery's room and of its stay.
    public var car: CarSpecification?
    public var cable: CableSpecification?
    public var held: CarState?
    public var lockEngaged: Bool
    /// Openings of the contactor, all and under load.
    public var openings: Int
    public var openingsUnderLoad: Int
    public var faults: [SimulatedFault]

    public init(
      number: Int32, car: CarSpecification? = nil, cable: CableSpecification? = nil, held: CarState? = nil,
      lockEngaged: Bool = false, openings: Int = 0, openingsUnderLoad: Int = 0, faults: [SimulatedFault] = []
    ) {
      self.number = number
      self.car = car
      self.cable = cable
      self.held = held
      self.lockEngaged = lockEngaged
      self.openings = openings
      self.openingsUnderLoad = openingsUnderLoad
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
    state.occupiedBays = evses.filter { $0.parkingBay?.isOccupied == true }.map(\.id)
    state.safetyContacts = safetyContacts.filter { $0.isActivated || $0.isSilent }.map {
      WorldState.SafetyContactState($0.configuration, isActivated: $0.isActivated, isSilent: $0.isSilent)
    }
    state.evses = evses.map { evse in
      WorldState.EVSE(
        id: evse.id, importRegister: evse.meter.importRegister, exportRegister: evse.meter.exportRegister,
        ambient: evse.ambient, residualCurrentTripped: evse.residualCurrent?.isTripped ?? false,
        signedSets: evse.signing?.pagination ?? 0, faults: evse.faults,
        connectors: evse.connectors.map {
          WorldState.Connector(
            number: $0.id.number, car: $0.car?.remaining(at: now), cable: $0.cable, held: $0.car?.held,
            lockEngaged: $0.lock?.isEngaged ?? false, openings: $0.contactor.openings,
            openingsUnderLoad: $0.contactor.openingsUnderLoad, faults: $0.faults)
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
    for index in evses.indices { occupyBay(index, state.occupiedBays.contains(evses[index].id)) }
    for index in safetyContacts.indices {
      let saved = state.safetyContacts.first { $0.contact == safetyContacts[index].configuration }
      safetyContacts[index].isActivated = saved?.isActivated ?? false
      safetyContacts[index].isSilent = saved?.isSilent ?? false
    }
    for saved in state.evses {
      guard let index = evses.firstIndex(where: { $0.id == saved.id }) else { continue }
      evses[index].restore(saved, at: now)
    }
    settle()
  }
}

extension SimulatedEVSE {
  fileprivate mutating func restore(_ saved: WorldState.EVSE, at now: MonotonicInstant) {
    meter.setImport(saved.importRegister)
    meter.exportRegister = saved.exportRegister
    ambient = saved.ambient
    residualCurrent?.restore(tripped: saved.residualCurrentTripped)
    signing?.pagination = saved.signedSets
    for fault in saved.faults where fault.scope == .evse && has(fault.part) { set(fault, active: true, at: now) }
    for place in saved.connectors {
      guard let connector = connectors.firstIndex(where: { $0.id.number == place.number }) else { continue }
      connectors[connector].restore(place, at: now)
    }
  }
}

extension SimulatedConnector {
  fileprivate mutating func restore(_ saved: WorldState.Connector, at now: MonotonicInstant) {
    for fault in saved.faults where fault.scope == .connector && has(fault.part) { set(fault, active: true, at: now) }
    lock?.restore(engaged: saved.lockEngaged)
    contactor.restore(openings: saved.openings, underLoad: saved.openingsUnderLoad)
    guard let specification = saved.car else { return }
    car = SimulatedCar(specification, pluggedInAt: now)
    cable = saved.cable ?? CableSpecification()
    if let held = saved.held { car?.hold(held, at: now) }
  }
}

extension SimulatedCar {
  /// The car as it would be described if it were plugged in now.
  func remaining(at now: MonotonicInstant) -> CarSpecification {
    var rest = specification
    rest.connectDelay = contactAt.map { max(.zero, now.duration(to: $0)) } ?? .zero
    rest.leaveAfter = leavesAt.map { max(.zero, now.duration(to: $0)) }
    rest.batteryRoom = batteryRoom
    if contactAt == nil { rest.quirks.bouncesFor = .zero }
    return rest
  }
}
