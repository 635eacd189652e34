import ChargerBase

/// Why a member of `ChargePoint` does not take what it was given. Nothing was changed and nothing sent.
public enum ChargePointError: Error, Sendable, Equatable {
  /// The station has no EVSE of that number.
  case unknownEVSE(EVSEID)
  /// The EVSE has no connector of that number.
  case unknownConnector(ConnectorID)
  /// A text is longer than the standard allows, in characters.
  case valueTooLong(String, maximum: Int)
  /// The station has not been started.
  case notRunning
}

extension ChargePoint {
  func check(_ connector: ConnectorID) throws(ChargePointError) {
    guard isRunning else { throw .notRunning }
    guard let evse = configuration.evses.first(where: { $0.id == connector.evse.number }) else {
      throw .unknownEVSE(connector.evse)
    }
    guard evse.connectors.contains(where: { $0.number == connector.number }) else { throw .unknownConnector(connector) }
  }

  func check(_ evse: EVSEID) throws(ChargePointError) {
    guard isRunning else { throw .notRunning }
    guard configuration.evses.contains(where: { $0.id == evse.number }) else { throw .unknownEVSE(evse) }
  }
}
