import ChargerBase

/// All drivers of one station, as a board profile's catalogue has built them.
public struct StationHardware {
  public var evses: [EVSEHardware]
  public var readers: [ReaderHardware]
  public var display: (any DriverDisplay)?

  public init(evses: [EVSEHardware], readers: [ReaderHardware] = [], display: (any DriverDisplay)? = nil) {
    self.evses = evses
    self.readers = readers
    self.display = display
  }
}

public struct EVSEHardware {
  public var id: EVSEID
  public var connectors: [ConnectorHardware]
  public var meter: (any EnergyMeter)?
  public var light: (any IndicatorLight)?

  public init(
    id: EVSEID, connectors: [ConnectorHardware], meter: (any EnergyMeter)?, light: (any IndicatorLight)? = nil
  ) {
    self.id = id
    self.connectors = connectors
    self.meter = meter
    self.light = light
  }
}

public struct ConnectorHardware {
  public var id: ConnectorID
  public var pilot: any ControlPilot
  public var contactor: any Contactor

  public init(id: ConnectorID, pilot: any ControlPilot, contactor: any Contactor) {
    self.id = id
    self.pilot = pilot
    self.contactor = contactor
  }
}

public struct ReaderHardware {
  public var reader: any TokenReader
  /// EVSEs that the reader stands for; nil for the whole station.
  public var evses: [EVSEID]?

  public init(reader: any TokenReader, evses: [EVSEID]?) {
    self.reader = reader
    self.evses = evses
  }
}
