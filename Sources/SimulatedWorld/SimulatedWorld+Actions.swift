import ChargerBase

extension SimulatedWorld {
  /// Lets time pass until `instant` and does something then.
  public mutating func perform(_ action: WorldAction, at instant: MonotonicInstant) throws(WorldError) {
    advance(to: instant)
    try perform(action)
  }

  /// Does something now. When it throws, nothing has changed.
  public mutating func perform(_ action: WorldAction) throws(WorldError) {
    switch action {
    case .plugIn(let id, let car, let cable): try plugIn(car, cable, at: id)
    case .plugOut(let id, let byForce): try plugOut(id, byForce: byForce)
    case .unlockByHand(let id):
      let (evse, connector) = try known(id)
      guard evses[evse].connectors[connector].lock != nil else {
        throw WorldError(.situation, "\(id) has no lock")
      }
      evses[evse].connectors[connector].lock?.release()
      tell(.unlockedByHand(id))
    case .ambient(let temperature, let id):
      for index in try id.map({ (id) throws(WorldError) in [try known(id)] }) ?? Array(evses.indices) {
        evses[index].ambient = temperature
      }
      tell(.ambient(temperature, id))
    case .holdCar(let id, let state): try hold(state, at: id)
    case .presentToken(let token, let place): try present(token, at: place)
    case .pressStart(let evse): try pressStart(evse)
    case .typeKeys(let legends, let keypad): try type(legends, on: keypad)
    case .chooseOnDisplay(let name): try choose(name)
    case .parkingBay(let id, let isOccupied): try setParkingBay(id, occupied: isOccupied)
    case .setMeter(let id, let settings): try set(settings, of: id)
    case .fault(let place, let fault, let active): try set(fault, active: active, at: place)
    case .network(let up):
      if networkUp != up { tell(.network(up: up)) }
      networkUp = up
    case .mains(let up):
      if isMainsUpByHand != up { tell(.mains(up: up)) }
      isMainsUpByHand = up
    case .supplyVoltage(let voltage, let phase):
      for index in evses.indices { evses[index].meter.setVoltage(voltage, phase: phase) }
      tell(.supplyVoltage(voltage, phase: phase))
    }
    settle()
  }

  private mutating func plugIn(
    _ car: CarSpecification, _ cable: CableSpecification, at id: ConnectorID
  ) throws(WorldError) {
    let (evse, connector) = try known(id)
    guard evses[evse].connectors[connector].car == nil else {
      throw WorldError(.situation, "a car is already plugged in at \(id)")
    }
    guard !evses[evse].connectors[connector].isPlugHeld else {
      throw WorldError(.situation, "the lock of \(id) is engaged: no plug goes in")
    }
    evses[evse].connectors[connector].car = SimulatedCar(car, pluggedInAt: now)
    evses[evse].connectors[connector].cable = cable
    occupyBay(evse, true)
    tell(.pluggedIn(id))
  }

  private mutating func plugOut(_ id: ConnectorID, byForce: Bool) throws(WorldError) {
    let (evse, connector) = try known(id)
    guard evses[evse].connectors[connector].car != nil else {
      throw WorldError(.situation, "no car is plugged in at \(id)")
    }
    guard byForce || !evses[evse].connectors[connector].isPlugHeld else {
      throw WorldError(.situation, "the plug at \(id) is locked; it comes out by force, or after unlocking")
    }
    evses[evse].connectors[connector].unplug()
    tell(.unplugged(id))
  }

  /// A state without a car means an adapter with switches: a car of 16 A that does nothing by itself.
  private mutating func hold(_ state: CarState?, at id: ConnectorID) throws(WorldError) {
    let (evse, connector) = try known(id)
    if evses[evse].connectors[connector].car == nil {
      guard let state, state != .unplugged else {
        throw WorldError(.situation, "no car is plugged in at \(id)")
      }
      evses[evse].connectors[connector].car = SimulatedCar(CarSpecification(), pluggedInAt: now)
      evses[evse].connectors[connector].cable = CableSpecification()
    }
    let now = now
    evses[evse].connectors[connector].car?.hold(state, at: now)
    tell(.held(id, state))
  }

  private mutating func present(_ token: WorldToken, at place: TokenPlace) throws(WorldError) {
    var token = token
    let index: Int
    switch place {
    case .reader(let name):
      guard let named = readers.firstIndex(where: { $0.configuration.name == name }) else {
        let names = readers.map(\.configuration.name).joined(separator: ", ")
        throw WorldError(.badParameter("reader"), "there is no reader \(name); there is \(names)")
      }
      index = named
    case .evses(let wanted):
      for id in wanted ?? [] where !evses.contains(where: { $0.id == id }) {
        throw WorldError(.badParameter("evses"), "there is no \(id)")
      }
      if let exact = readers.firstIndex(where: { $0.configuration.evses == wanted }) {
        index = exact
      } else if let wanted, let serving = readers.firstIndex(where: { reader in wanted.allSatisfy(reader.serves) }) {
        index = serving
        token.evses = wanted
      } else {
        throw WorldError(.badParameter("evses"), "no reader serves them")
      }
    }
    let name = readers[index].configuration.name
    tell(.tokenPresented(reader: name))
    guard !readers[index].isSilent else { return }
    if readers[index].waiting.count >= Self.tokenCapacity { readers[index].waiting.removeFirst() }
    readers[index].waiting.append(token)
  }

  private mutating func set(_ settings: [MeterSetting], of id: EVSEID) throws(WorldError) {
    let index = try known(id)
    var meter = evses[index].meter
    func indices(_ phase: Int?) throws(WorldError) -> [Int] {
      guard let phase else { return Array(0..<meter.phases) }
      guard (1...meter.phases).contains(phase) else {
        throw WorldError(.badParameter("values"), "\(id) has no phase L\(phase)")
      }
      return [phase - 1]
    }
    for setting in settings {
      switch setting {
      case .importRegister(let energy): meter.setImport(energy)
      case .exportRegister(let energy): meter.exportRegister = energy
      case .voltage(let voltage, let phase): for place in try indices(phase) { meter.voltages[place] = voltage }
      case .frequency(let frequency): meter.frequency = frequency
      case .current(let current, let phase): for place in try indices(phase) { meter.currentOverrides[place] = current }
      case .power(let power, let phase):
        let places = try indices(phase)
        for place in places {
          let share = power.map { Power(milliwatts: $0.milliwatts / Int64(places.count)) }
          meter.powerOverrides[place] = share
        }
      }
    }
    evses[index].meter = meter
    tell(.meterSet(id))
  }

  func known(_ id: EVSEID) throws(WorldError) -> Int {
    guard let index = evses.firstIndex(where: { $0.id == id }) else {
      throw WorldError(.badParameter("evse"), "there is no \(id)")
    }
    return index
  }

  func known(_ id: ConnectorID) throws(WorldError) -> (evse: Int, connector: Int) {
    _ = try known(id.evse)
    guard let place = place(of: id) else { throw WorldError(.badParameter("connector"), "there is no \(id)") }
    return place
  }

  // MARK: What the station shows

  /// The light of an EVSE, in words such as `green blinking`.
  public mutating func showLight(_ pattern: String, of id: EVSEID) {
    guard let index = evses.firstIndex(where: { $0.id == id }), evses[index].light != pattern else { return }
    evses[index].light = pattern
    tell(.light(id, pattern))
  }

  /// Text of one EVSE's area, or of the whole display. At most 4 lines of 64 characters are kept.
  public mutating func showLines(_ lines: [String], of id: EVSEID?) {
    guard configuration.hasDisplay else { return }
    let shown = lines.prefix(4).map { String($0.prefix(64)) }
    if let id {
      guard let index = evses.firstIndex(where: { $0.id == id }), evses[index].lines != shown else { return }
      evses[index].lines = shown
    } else {
      guard stationLines != shown else { return }
      stationLines = shown
    }
    tell(.display(shown, id))
  }

  public func light(of id: EVSEID) -> String? { evses.first { $0.id == id }?.light }

  /// Text of one EVSE's area, or with nil of the whole display.
  public func lines(of id: EVSEID?) -> [String] {
    guard let id else { return stationLines }
    return evses.first { $0.id == id }?.lines ?? []
  }
}

extension SimulatedReader {
  func serves(_ evse: EVSEID) -> Bool { configuration.evses?.contains(evse) ?? true }
}
