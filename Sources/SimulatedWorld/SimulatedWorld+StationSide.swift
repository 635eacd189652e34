import ChargerBase

// What the station's programs do to the parts beside pilot, contactor and meter, and what these show. A part that is not
// there or silent gives nil, and commands to it are ignored.

extension SimulatedWorld {
  // MARK: Lock

  /// Runs the lock's drive; commanding the present position again is harmless.
  public mutating func commandLock(locked: Bool, of id: ConnectorID) {
    change(id) { connector, now in connector.lock?.command(locked: locked, at: now) }
  }

  /// What the lock's position contact shows.
  public func isLockEngaged(of id: ConnectorID) -> Bool? {
    guard let connector = connector(id), !connector.faults.contains(.lockSilent) else { return nil }
    return connector.lock?.isEngaged
  }

  // MARK: Proximity

  public func proximity(of id: ConnectorID) -> ProximityContact? {
    guard let connector = connector(id), connector.hasProximity, !connector.faults.contains(.proximitySilent)
    else { return nil }
    return connector.proximity
  }

  // MARK: Residual current

  public func isResidualCurrentTripped(of id: EVSEID) -> Bool? {
    guard let evse = evse(id), !evse.faults.contains(.residualCurrentSilent) else { return nil }
    return evse.residualCurrent?.isTripped
  }

  public mutating func setTestCurrent(_ isOn: Bool, of id: EVSEID) {
    change(id) { evse, now in evse.residualCurrent?.setTestCurrent(isOn, at: now) }
  }

  public mutating func resetResidualCurrent(of id: EVSEID) {
    change(id) { evse, now in evse.residualCurrent?.reset(at: now) }
  }

  // MARK: Temperature

  /// `sensor` counts from 0 in the configuration's order.
  public func temperature(of id: EVSEID, sensor: Int) -> Temperature? {
    guard let evse = evse(id), evse.heat.indices.contains(sensor), !evse.faults.contains(.temperatureSilent)
    else { return nil }
    return evse.heat[sensor].temperature(at: now)
  }

  // MARK: Safety contacts

  /// Whether the contact of an EVSE, or with nil the station's, is active.
  public func safetyContact(_ kind: SafetyContact, of evse: EVSEID?) -> Bool? {
    guard
      let contact = safetyContacts.first(where: { $0.configuration.kind == kind && $0.configuration.evse == evse }),
      !contact.isSilent
    else { return nil }
    return isActive(contact)
  }

  func isActive(_ contact: SimulatedSafetyContact) -> Bool {
    guard contact.configuration.kind == .mainsLoss else { return contact.isActivated }
    return evses.contains { evse in
      (contact.configuration.evse ?? evse.id) == evse.id && evse.isPhaseMissing(mainsUp: isMainsUp)
    }
  }

  // MARK: Phase switch

  /// 1 or 3 phases; other numbers are taken as 3.
  public mutating func commandPhases(_ phases: Int, of id: EVSEID) {
    change(id) { evse, now in evse.commandPhases(phases, at: now) }
  }

  public func connectedPhases(of id: EVSEID) -> Int? {
    guard let evse = evse(id), !evse.faults.contains(.phaseSwitchSilent) else { return nil }
    return evse.phaseSwitch?.connected
  }

  // MARK: Watchdog

  /// From now on the watchdog holds for `timeout`; when that is over without another feed, contactors open and pilots go
  /// to −12 V.
  public mutating func feedWatchdog(timeout: Duration) {
    watchdog.feed(timeout: timeout, at: now)
    settle()
  }

  /// An orderly end: the watchdog holds nothing any more, and nothing has expired.
  public mutating func disarmWatchdog() {
    watchdog.disarm()
    settle()
  }

  // MARK: Signed readings

  /// Begins a signed reading; false when the meter does not sign, is silent or busy. `identification` is cut at 64
  /// characters.
  public mutating func requestSignedReading(
    number: UInt32, context: SignedReadingContext, identification: String, unixSeconds: Int64?, of id: EVSEID
  ) -> Bool {
    guard let index = evses.firstIndex(where: { $0.id == id }), !evses[index].faults.contains(.meterSilent) else {
      return false
    }
    let request = SimulatedSigningMeter.Request(
      number: number, context: context, identification: String(identification.prefix(64)), unixSeconds: unixSeconds)
    let now = now
    return evses[index].signing?.take(request, at: now) ?? false
  }

  /// The answer that has come since the last call.
  public mutating func takeSignedReading(of id: EVSEID) -> WorldSignedReading? {
    guard let index = evses.firstIndex(where: { $0.id == id }) else { return nil }
    return evses[index].signing?.takeAnswer()
  }

  // MARK: Lookup

  func evse(_ id: EVSEID) -> SimulatedEVSE? { evses.first { $0.id == id } }

  private mutating func change(_ id: EVSEID, _ body: (inout SimulatedEVSE, MonotonicInstant) -> Void) {
    guard let index = evses.firstIndex(where: { $0.id == id }) else { return }
    body(&evses[index], now)
    settle()
  }
}

// What nobody but a person with a meter in his hand sees: for tests of drivers.
extension SimulatedWorld {
  /// The drive of the lock has voltage.
  public func isLockDriven(of id: ConnectorID) -> Bool { connector(id)?.lock?.arrivesAt != nil }

  /// The coils of the contactors may have voltage.
  public var isWatchdogHolding: Bool { watchdog.letsEnergyFlow }
}
