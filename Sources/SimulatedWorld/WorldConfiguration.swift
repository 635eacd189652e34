import ChargerBase

/// What stands at the place: the station's outside, without any of its programs.
public struct WorldConfiguration: Sendable, Equatable {
  public var evses: [WorldEVSE]
  public var readers: [WorldReader]
  public var hasDisplay: Bool
  /// After the station's programs have fallen silent, its dead-man opens every contactor and puts every pilot to −12 V.
  public var deadManTime: Duration
  /// Time that a contactor takes from the coil's voltage to closed contacts, and back.
  public var contactorClosing: Duration
  public var contactorOpening: Duration

  public init(
    evses: [WorldEVSE], readers: [WorldReader] = [], hasDisplay: Bool = true, deadManTime: Duration = .seconds(1),
    contactorClosing: Duration = .milliseconds(40), contactorOpening: Duration = .milliseconds(25)
  ) {
    self.evses = evses
    self.readers = readers
    self.hasDisplay = hasDisplay
    self.deadManTime = deadManTime
    self.contactorClosing = contactorClosing
    self.contactorOpening = contactorOpening
  }

  /// One EVSE after the other from 1, each with one connector on a fixed cable, and a reader for the whole station.
  public static func simple(evses count: Int32 = 1, phases: UInt8 = 3) -> WorldConfiguration {
    var evses: [WorldEVSE] = []
    for number in 1...max(1, count) {
      let id = EVSEID(number)
      evses.append(
        WorldEVSE(id: id, connectors: [WorldConnector(id: ConnectorID(evse: id, number: 1))], phases: phases))
    }
    return WorldConfiguration(evses: evses, readers: [WorldReader(name: "reader", evses: nil)])
  }
}

public struct WorldEVSE: Sendable, Equatable {
  public var id: EVSEID
  public var connectors: [WorldConnector]
  /// Phases wired to the EVSE, 1 or 3; other numbers are taken as 3.
  public var phases: UInt8

  public init(id: EVSEID, connectors: [WorldConnector], phases: UInt8 = 3) {
    self.id = id
    self.connectors = connectors
    self.phases = phases == 1 ? 1 : 3
  }
}

public struct WorldConnector: Sendable, Equatable {
  public var id: ConnectorID
  /// A cable of the station's own, else a socket.
  public var hasFixedCable: Bool

  public init(id: ConnectorID, hasFixedCable: Bool = true) {
    self.id = id
    self.hasFixedCable = hasFixedCable
  }
}

public struct WorldReader: Sendable, Equatable {
  public var name: String
  /// EVSEs that the reader stands for; nil for the whole station.
  public var evses: [EVSEID]?

  public init(name: String, evses: [EVSEID]? = nil) {
    self.name = name
    self.evses = evses
  }
}
