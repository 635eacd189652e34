import ChargerBase
import HAL

/// Where simulated drivers come from: a world in this process, or one behind a socket.
public protocol SimulatedDriverSource: AnyObject {
  func pilot(for connector: ConnectorID) -> any ControlPilot
  func contactor(for connector: ConnectorID) -> any Contactor
  func meter(for evse: EVSEID) -> any EnergyMeter
  func reader(named name: String) -> any TokenReader
  func light(for evse: EVSEID) -> any IndicatorLight
  func display() -> any DriverDisplay
}

/// Builds sets of simulated drivers.
public enum SimulatedDrivers {
  /// Which drivers a station needs.
  public struct Layout: Sendable, Equatable {
    public var evses: [EVSE]
    public var readers: [Reader]
    public var hasDisplay: Bool

    public init(evses: [EVSE], readers: [Reader] = [], hasDisplay: Bool = true) {
      self.evses = evses
      self.readers = readers
      self.hasDisplay = hasDisplay
    }

    public struct EVSE: Sendable, Equatable {
      public var id: EVSEID
      public var connectors: [ConnectorID]
      public var hasMeter: Bool
      public var hasLight: Bool

      public init(id: EVSEID, connectors: [ConnectorID], hasMeter: Bool = true, hasLight: Bool = true) {
        self.id = id
        self.connectors = connectors
        self.hasMeter = hasMeter
        self.hasLight = hasLight
      }
    }

    public struct Reader: Sendable, Equatable {
      public var name: String
      /// EVSEs that the reader stands for; nil for the whole station.
      public var evses: [EVSEID]?

      public init(name: String, evses: [EVSEID]?) {
        self.name = name
        self.evses = evses
      }
    }
  }

  public static func makeStationHardware(_ layout: Layout, in world: any SimulatedDriverSource) -> StationHardware {
    StationHardware(
      evses: layout.evses.map { evse in
        EVSEHardware(
          id: evse.id,
          connectors: evse.connectors.map {
            ConnectorHardware(id: $0, pilot: world.pilot(for: $0), contactor: world.contactor(for: $0))
          },
          meter: evse.hasMeter ? world.meter(for: evse.id) : nil,
          light: evse.hasLight ? world.light(for: evse.id) : nil)
      },
      readers: layout.readers.map { ReaderHardware(reader: world.reader(named: $0.name), evses: $0.evses) },
      display: layout.hasDisplay ? world.display() : nil)
  }
}

/// How long simulated drivers may hear nothing before they say so.
public struct SimulatedSilence: Sendable, Equatable {
  public var pilot = Duration.milliseconds(500)
  public var contactor = Duration.milliseconds(500)
  public var meter = Duration.seconds(10)

  public init() {}
}
