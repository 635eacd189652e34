import ChargerBase

/// The world around one charging station: cars, cables, contactors, meters, readers, mains and their faults.
///
/// It reads no clock and throws no dice: whoever owns it tells it how far time has come with `advance(to:)`, asks
/// `nextChange` when something will happen by itself, and acts on it in between. Equal calls give equal worlds.
/// Energy is integrated exactly over pieces of constant current.
public struct SimulatedWorld: Sendable, Equatable {
  /// Presented tokens that wait at a reader; the oldest is dropped first.
  public static let tokenCapacity = 16
  /// Events that wait for `takeEvents`; the oldest is dropped first.
  public static let eventCapacity = 256

  public let configuration: WorldConfiguration
  public private(set) var now: MonotonicInstant
  public internal(set) var networkUp = true
  public internal(set) var isStationConnected = false
  /// When the dead-man acts; nil while the station lives or when it has acted.
  private(set) var deadManAt: MonotonicInstant?
  var isMainsUpByHand = true
  public internal(set) var isPowerLost = false
  var evses: [SimulatedEVSE]
  var readers: [SimulatedReader]
  var keypads: [SimulatedKeypad]
  var startButtons: [SimulatedStartButton]
  var choice = SimulatedChoice()
  var safetyContacts: [SimulatedSafetyContact]
  var watchdog: SimulatedWatchdog
  var mainMeter: SimulatedMainMeter?
  private var signer: SignerBox
  /// With a supply fuse in the configuration: how long more than it carries has flowed, and the most that has.
  public private(set) var supplyOverload = Duration.zero
  public private(set) var highestSupplyCurrent = Current.zero
  var stationLines: [String] = []
  private var events: [WorldEvent] = []
  private var eventsDropped = 0

  /// `signer` signs for meters that sign; without one the signatures are for tests only.
  public init(
    configuration: WorldConfiguration, startingAt start: MonotonicInstant = .zero,
    signer: any MeterSigner = DeterministicMeterSigner()
  ) {
    self.configuration = configuration
    self.signer = SignerBox(signer: signer)
    now = start
    evses = configuration.evses.map { SimulatedEVSE($0, configuration: configuration, at: start) }
    readers = configuration.readers.map { SimulatedReader(configuration: $0) }
    keypads = configuration.keypads.map { SimulatedKeypad(configuration: $0) }
    startButtons = configuration.startButtons.map { SimulatedStartButton(configuration: $0) }
    safetyContacts = configuration.safetyContacts.map { SimulatedSafetyContact(configuration: $0) }
    watchdog = SimulatedWatchdog(isInstalled: configuration.hasWatchdog)
    if configuration.hasMainMeter { mainMeter = SimulatedMainMeter() }
  }

  /// The supply behind the contactors.
  public var isMainsUp: Bool { isMainsUpByHand && !isPowerLost }

  /// The earliest instant at which something changes by itself; nil when everything rests.
  public var nextChange: MonotonicInstant? {
    var earliest = deadManAt
    if let end = watchdog.holdsUntil { earliest = min(earliest ?? end, end) }
    for evse in evses {
      guard let next = evse.nextChange(after: now, mainsUp: isMainsUp) else { continue }
      earliest = min(earliest ?? next, next)
    }
    return earliest
  }

  /// Lets time pass. Earlier instants than `now` change nothing.
  public mutating func advance(to target: MonotonicInstant) {
    while let next = nextChange, next <= target {
      integrate(to: max(now, next))
      happen()
    }
    integrate(to: max(now, target))
  }

  private mutating func integrate(to instant: MonotonicInstant) {
    let nanoseconds = now.duration(to: instant).wholeNanoseconds
    now = instant
    guard nanoseconds > 0 else { return }
    let mainsUp = isMainsUp
    for index in evses.indices { evses[index].integrate(nanoseconds: nanoseconds, mainsUp: mainsUp) }
    mainMeter?.integrate(nanoseconds: nanoseconds)
    if let fuse = configuration.supplyFuse { count(supplyCurrent, against: fuse, nanoseconds: nanoseconds) }
  }

  /// What all EVSEs draw together in the phase that carries most.
  public var supplyCurrent: Current {
    guard isMainsUp else { return .zero }
    var phases: [Int64] = [0, 0, 0]
    for evse in evses {
      for (index, milliamperes) in evse.milliamperes.enumerated() where index < 3 {
        phases[index] = phases[index].addingSaturating(milliamperes)
      }
    }
    return Current(milliamperes: phases.max() ?? 0)
  }

  private mutating func count(_ current: Current, against fuse: Current, nanoseconds: Int64) {
    highestSupplyCurrent = max(highestSupplyCurrent, current)
    if current > fuse { supplyOverload += .nanoseconds(nanoseconds) }
  }

  private mutating func happen() {
    if let instant = deadManAt, instant <= now {
      deadManAt = nil
      tell(.deadMan)
      makeSafe()
    }
    if watchdog.advance(to: now) {
      tell(.watchdog)
      makeSafe()
    }
    for index in evses.indices {
      evses[index].advance(to: now, signer: signer.signer)
      for connector in evses[index].connectors.indices {
        let id = evses[index].connectors[connector].id
        if evses[index].connectors[connector].advance(to: now) { tell(.unplugged(id)) }
        if evses[index].connectors[connector].takeWelded() {
          tell(.fault(FaultPlace(id), .contactorWelded, active: true))
        }
      }
    }
    settle()
  }

  /// Lets every part see the others' new states, and tells what has changed.
  mutating func settle() {
    let mainsUp = isMainsUp
    for index in evses.indices {
      evses[index].settle(mainsUp: mainsUp, coilAllowed: watchdog.letsEnergyFlow, at: now)
      for kind in evses[index].narrateShared() { tell(kind) }
      for connector in evses[index].connectors.indices {
        for kind in evses[index].narrate(connector) { tell(kind) }
      }
    }
  }

  // MARK: The station's programs

  /// A program has taken the hardware over. It finds contactors open and pilots at −12 V until it says otherwise.
  public mutating func stationConnected() {
    guard !isStationConnected else { return }
    isStationConnected = true
    deadManAt = nil
    watchdog.disarm()
    tell(.station(connected: true))
    makeSafe()
    settle()
  }

  /// The program's connection has ended; the dead-man acts after its time.
  public mutating func stationDisconnected() {
    guard isStationConnected else { return }
    isStationConnected = false
    // A card that was held before a reader nobody listens to leaves no trace.
    for index in readers.indices { readers[index].waiting.removeAll() }
    deadManAt = now + configuration.deadManTime
    tell(.station(connected: false))
  }

  /// A companion controller that no longer hears the program has opened by itself.
  public mutating func companionControllerActs() { tell(.deadMan) }

  private mutating func makeSafe() {
    for index in evses.indices {
      for connector in evses[index].connectors.indices {
        evses[index].connectors[connector].contactor.command(closed: false, at: now)
        evses[index].connectors[connector].signal = .steadyNegative
      }
      evses[index].makeSafe(at: now)
    }
  }

  /// Puts a signal on a connector's pilot; unknown connectors are ignored.
  public mutating func applyPilot(_ signal: PilotSignal, to id: ConnectorID) {
    change(id) { connector, _ in connector.signal = signal }
  }

  public mutating func commandContactor(closed: Bool, of id: ConnectorID) {
    change(id) { connector, now in connector.contactor.command(closed: closed, at: now) }
  }

  /// A coil that an economiser may leave with holding power.
  public mutating func supplyCoil(_ power: CoilPower, of id: ConnectorID) {
    change(id) { connector, now in connector.contactor.supply(power, at: now) }
  }

  /// The relay that lets the car's capacitors load through a resistor before the main contacts close.
  public mutating func setPreCharge(closed: Bool, of id: ConnectorID) {
    change(id) { connector, _ in connector.contactor.isPreCharging = closed }
  }

  /// What the coil has; nil when there is no such connector.
  public func coilPower(of id: ConnectorID) -> CoilPower? { connector(id)?.contactor.power }

  mutating func change(_ id: ConnectorID, _ body: (inout SimulatedConnector, MonotonicInstant) -> Void) {
    guard let (evse, connector) = place(of: id) else { return }
    body(&evses[evse].connectors[connector], now)
    settle()
  }

  // MARK: What the station's sensors give

  /// Nil when the pilot's measuring chain is silent, or there is no such connector.
  public func pilotPeaks(of id: ConnectorID) -> PilotPeaks? {
    guard let connector = connector(id), !connector.faults.contains(.pilotSilent) else { return nil }
    return connector.peaks
  }

  public func pilotSignal(of id: ConnectorID) -> PilotSignal? { connector(id)?.signal }

  /// The auxiliary contact; nil when it gives no answer.
  public func isContactorClosed(of id: ConnectorID) -> Bool? {
    guard let connector = connector(id), !connector.faults.contains(.contactorSilent) else { return nil }
    return connector.contactor.shownClosed
  }

  /// Of an EVSE's meter, or with EVSE 0 of the main meter. Nil when the meter is silent, or slow and not answering now.
  public func meterValues(of id: EVSEID) -> MeterValues? {
    if id == EVSEID(0) {
      guard let mainMeter, !mainMeter.isSilent else { return nil }
      return mainMeter.values(of: evses.map { ($0.flow(mainsUp: isMainsUp), $0.meter.delivered) })
    }
    guard let evse = evses.first(where: { $0.id == id }), !evse.faults.contains(.meterSilent) else { return nil }
    if evse.faults.contains(.meterSlow), !SimulatedMeter.slowMeterAnswers(at: now) { return nil }
    return evse.meterValues(mainsUp: isMainsUp, at: now)
  }

  public func isReaderSilent(_ name: String) -> Bool {
    readers.first { $0.configuration.name == name }?.isSilent ?? true
  }

  /// Hands out what was presented since the last call, oldest first.
  public mutating func takeTokens(reader name: String) -> [WorldToken] {
    guard let index = readers.firstIndex(where: { $0.configuration.name == name }), !readers[index].isSilent
    else { return [] }
    defer { readers[index].waiting.removeAll() }
    return readers[index].waiting
  }

  public func hasTokens(reader name: String) -> Bool {
    readers.contains { $0.configuration.name == name && !$0.isSilent && !$0.waiting.isEmpty }
  }

  // MARK: Lookup and telling

  func connector(_ id: ConnectorID) -> SimulatedConnector? {
    place(of: id).map { evses[$0.evse].connectors[$0.connector] }
  }

  func place(of id: ConnectorID) -> (evse: Int, connector: Int)? {
    guard let evse = evses.firstIndex(where: { $0.id == id.evse }),
      let connector = evses[evse].connectors.firstIndex(where: { $0.id == id })
    else { return nil }
    return (evse, connector)
  }

  mutating func tell(_ kind: WorldEvent.Kind) {
    if events.count >= Self.eventCapacity {
      events.removeFirst()
      eventsDropped = eventsDropped.addingSaturating(1)
    }
    events.append(WorldEvent(at: now, kind: kind))
  }

  /// What has happened since the last call, oldest first.
  public mutating func takeEvents() -> [WorldEvent] {
    defer { events.removeAll(keepingCapacity: true) }
    return events
  }
}
