import ChargerBase

/// Everything at one connector, for people and tests.
public struct ConnectorView: Sendable, Equatable {
  public var id: ConnectorID
  public var hasFixedCable: Bool
  public var car: CarSpecification?
  public var held: CarState?
  public var asksForEnergy: Bool
  public var drawn: Current
  /// Still taken in by the battery; nil: any amount, or no car.
  public var batteryRoom: Energy?
  public var signal: PilotSignal
  public var peaks: PilotPeaks
  public var isContactorCommandedClosed: Bool
  public var isContactorClosed: Bool
  public var faults: [SimulatedFault]
}

/// Everything at one EVSE, for people and tests.
public struct EVSEView: Sendable, Equatable {
  public var id: EVSEID
  public var phases: Int
  public var meter: MeterValues
  public var light: String
  public var lines: [String]
  public var faults: [SimulatedFault]
  public var connectors: [ConnectorView]
}

extension SimulatedWorld {
  /// The world as somebody with every cover open would see it: also what is silent towards the station.
  public var view: [EVSEView] {
    evses.map { evse in
      EVSEView(
        id: evse.id, phases: evse.phases, meter: evse.meterValues(mainsUp: isMainsUp), light: evse.light,
        lines: evse.lines, faults: evse.faults,
        connectors: evse.connectors.map { connector in
          ConnectorView(
            id: connector.id, hasFixedCable: connector.hasFixedCable, car: connector.car?.specification,
            held: connector.car?.held, asksForEnergy: connector.car?.asksForEnergy ?? false,
            drawn: Current(milliamperes: connector.milliamperes), batteryRoom: connector.car?.batteryRoom,
            signal: connector.signal, peaks: connector.peaks,
            isContactorCommandedClosed: connector.contactor.isCommandedClosed,
            isContactorClosed: connector.contactor.isClosed, faults: connector.faults)
        })
    }
  }
}
