import ChargerBase
import OCPPTypes

// Members 13, 14, 18 and 20–26 of the ChargePoint contract: what the firmware around tells of its connectors. Each is
// the same as the fact of its name, and tells by a typed error when the station has no such place.

extension ChargePoint {
  // MARK: Sessions (13, 14, 18)

  /// A vehicle was connected (13).
  public func sessionStarted(_ connector: ConnectorID) throws(ChargePointError) {
    try check(connector)
    handle(.connected(connector, true, at: timeSource.now))
  }

  /// It was disconnected (14).
  public func sessionFinished(_ connector: ConnectorID) throws(ChargePointError) {
    try check(connector)
    handle(.connected(connector, false, at: timeSource.now))
  }

  /// The charging state of the connector in use has changed (18). The same state again tells nothing.
  public func chargingStateChanged(_ connector: ConnectorID, to state: ChargingState) throws(ChargePointError) {
    try check(connector)
    handle(.charging(connector, state, at: timeSource.now))
  }

  // MARK: Hardware (20–23)

  /// The hardware cannot be used (20). What the CSMS has set is another matter, and stays as it is.
  public func unavailable(_ connector: ConnectorID) throws(ChargePointError) {
    try check(connector)
    handle(.usable(connector, false, at: timeSource.now))
  }

  /// The hardware can be used again (21).
  public func enabled(_ connector: ConnectorID) throws(ChargePointError) {
    try check(connector)
    handle(.usable(connector, true, at: timeSource.now))
  }

  /// A fault began at a connector, an EVSE (connector 0) or, with nil, the station: the status and a NotifyEvent with
  /// the cause are both told (22).
  public func faulted(_ fault: StationFault, at place: ConnectorID?) throws(ChargePointError) {
    try checkPlace(place)
    handle(.fault(place, fault, active: true, at: timeSource.now))
  }

  /// It has ended (23).
  public func faultCleared(_ fault: StationFault, at place: ConnectorID?) throws(ChargePointError) {
    try checkPlace(place)
    handle(.fault(place, fault, active: false, at: timeSource.now))
  }

  private func checkPlace(_ place: ConnectorID?) throws(ChargePointError) {
    guard isRunning else { throw .notRunning }
    guard let place else { return }
    if place.number == 0 { try check(place.evse) } else { try check(place) }
  }

  // MARK: Reservations (24–26)

  /// A connector is kept for somebody (24): Reserved, also while a stranger's vehicle is plugged in (G01.FR.09).
  public func reserved(_ connector: ConnectorID) throws(ChargePointError) {
    try check(connector)
    turn { availability?.setReserved(true, connector) }
  }

  /// Nobody's any more: used, cancelled or expired (25).
  public func reservationCleared(_ connector: ConnectorID) throws(ChargePointError) {
    try check(connector)
    turn { availability?.setReserved(false, connector) }
  }

  /// What became of a reservation (26): queued durably, and sent once the station is registered.
  public func reservationStatus(_ id: Int32, _ status: ReservationUpdateStatus) {
    turn { reservationStatus?.append(id, status) }
  }
}
