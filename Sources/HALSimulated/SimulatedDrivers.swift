import ChargerBase
import HAL
import SimulatedWorld

/// Where simulated drivers come from: a world in this process, or one behind a socket.
public protocol SimulatedDriverSource: AnyObject {
  func pilot(for connector: ConnectorID) -> any ControlPilot
  func contactor(for connector: ConnectorID) -> any Contactor
  func lock(for connector: ConnectorID) -> any ConnectorLock
  func proximity(for connector: ConnectorID) -> any ProximityPilot
  /// - Parameter signingTimeout: nil for a meter that does not sign.
  func meter(for evse: EVSEID, signingTimeout: Duration?) -> any EnergyMeter
  func residualCurrentMonitor(for evse: EVSEID) -> any ResidualCurrentMonitor
  /// The sensors of an EVSE count from 0.
  func temperatureSensor(_ number: Int, of evse: EVSEID) -> any TemperatureSensor
  func phaseSwitch(for evse: EVSEID) -> any PhaseSwitch
  /// - Parameter evse: nil for a contact of the whole station.
  func safetyInput(_ kind: SafetyInputKind, of evse: EVSEID?) -> any SafetyInput
  func watchdog(timeout: Duration) -> any SystemWatchdog
  func reader(named name: String) -> any TokenReader
  func light(for evse: EVSEID) -> any IndicatorLight
  func display() -> any DriverDisplay
  /// A display on which people choose.
  func choiceDisplay() -> any ChoiceDisplay
  func keypad(named name: String) -> any Keypad
  /// - Parameter evse: nil for the button of the whole station.
  func startButton(for evse: EVSEID?) -> any StartButton
  func parkingBaySensor(for evse: EVSEID) -> any ParkingBaySensor
}

extension SimulatedDriverSource {
  /// A meter that does not sign.
  public func meter(for evse: EVSEID) -> any EnergyMeter { meter(for: evse, signingTimeout: nil) }
}

/// Builds sets of simulated drivers.
public enum SimulatedDrivers {
  /// How long a simulated meter may take to sign.
  public static let signingTimeout = Duration.seconds(10)
  /// How long a feed of the simulated watchdog lasts.
  public static let watchdogTimeout = Duration.seconds(1)

  /// Which drivers a station needs.
  public struct Layout: Sendable, Equatable {
    public var evses: [EVSE]
    public var readers: [Reader]
    public var hasDisplay: Bool
    public var displayHasChoice = false
    public var keypads: [Pad] = []
    /// Nil for the button of the whole station.
    public var startButtons: [EVSEID?] = []
    public var safetyInputs: [Input] = []
    public var hasMainMeter = false
    /// Nil for a station without a watchdog.
    public var watchdogTimeout: Duration?

    public init(evses: [EVSE], readers: [Reader] = [], hasDisplay: Bool = true) {
      self.evses = evses
      self.readers = readers
      self.hasDisplay = hasDisplay
    }

    public struct EVSE: Sendable, Equatable {
      public var id: EVSEID
      public var connectors: [Connector]
      public var hasMeter = true
      /// The meter signs readings.
      public var meterSigns = false
      public var hasLight = true
      public var hasResidualCurrentMonitor = false
      public var temperatureSensors = 0
      public var hasPhaseSwitch = false
      public var parkingBay: Bay?

      public init(id: EVSEID, connectors: [Connector]) {
        self.id = id
        self.connectors = connectors
      }
    }

    public struct Connector: Sendable, Equatable {
      public var id: ConnectorID
      public var hasLock: Bool
      public var hasProximity: Bool

      public init(id: ConnectorID, hasLock: Bool = false, hasProximity: Bool = false) {
        self.id = id
        self.hasLock = hasLock
        self.hasProximity = hasProximity
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

    public struct Pad: Sendable, Equatable {
      public var name: String
      public var evses: [EVSEID]?
      public var rules: KeyCodeRules

      public init(name: String, evses: [EVSEID]? = nil, rules: KeyCodeRules = KeyCodeRules()) {
        self.name = name
        self.evses = evses
        self.rules = rules
      }
    }

    public struct Bay: Sendable, Equatable {
      public var settling: Duration

      public init(settling: Duration = .seconds(2)) { self.settling = settling }
    }

    public struct Input: Sendable, Equatable {
      public var kind: SafetyInputKind
      /// Nil for the whole station.
      public var evse: EVSEID?

      public init(kind: SafetyInputKind, evse: EVSEID? = nil) {
        self.kind = kind
        self.evse = evse
      }
    }
  }

  public static func makeStationHardware(_ layout: Layout, in world: any SimulatedDriverSource) -> StationHardware {
    var hardware = StationHardware(
      evses: layout.evses.map { evse in
        var hardware = EVSEHardware(
          id: evse.id,
          connectors: evse.connectors.map {
            ConnectorHardware(
              id: $0.id, pilot: world.pilot(for: $0.id), contactor: world.contactor(for: $0.id),
              lock: $0.hasLock ? world.lock(for: $0.id) : nil,
              proximity: $0.hasProximity ? world.proximity(for: $0.id) : nil)
          },
          meter: evse.hasMeter
            ? world.meter(for: evse.id, signingTimeout: evse.meterSigns ? signingTimeout : nil) : nil,
          light: evse.hasLight ? world.light(for: evse.id) : nil,
          residualCurrent: evse.hasResidualCurrentMonitor ? world.residualCurrentMonitor(for: evse.id) : nil,
          temperatures: (0..<max(0, evse.temperatureSensors)).map { world.temperatureSensor($0, of: evse.id) },
          phaseSwitch: evse.hasPhaseSwitch ? world.phaseSwitch(for: evse.id) : nil)
        hardware.parkingBay = evse.parkingBay.map {
          ParkingBayHardware(sensor: world.parkingBaySensor(for: evse.id), settling: $0.settling)
        }
        return hardware
      },
      readers: layout.readers.map { ReaderHardware(reader: world.reader(named: $0.name), evses: $0.evses) },
      display: layout.displayHasChoice ? world.choiceDisplay() : layout.hasDisplay ? world.display() : nil,
      safetyInputs: layout.safetyInputs.map {
        SafetyInputHardware(kind: $0.kind, evse: $0.evse, input: world.safetyInput($0.kind, of: $0.evse))
      },
      watchdog: layout.watchdogTimeout.map { world.watchdog(timeout: $0) })
    hardware.keypads = layout.keypads.map {
      KeypadHardware(keypad: world.keypad(named: $0.name), evses: $0.evses, rules: $0.rules)
    }
    if layout.hasMainMeter { hardware.mainMeter = world.meter(for: EVSEID(0)) }
    hardware.startButtons = layout.startButtons.map {
      StartButtonHardware(button: world.startButton(for: $0), evse: $0)
    }
    return hardware
  }
}

extension SimulatedDrivers.Layout {
  /// Everything that a world has.
  public init(_ world: WorldConfiguration) {
    self.init(
      evses: world.evses.map { evse in
        var layout = EVSE(
          id: evse.id,
          connectors: evse.connectors.map {
            Connector(id: $0.id, hasLock: $0.lock != nil, hasProximity: $0.hasProximity)
          })
        layout.meterSigns = evse.signingMeter != nil
        layout.hasResidualCurrentMonitor = evse.residualCurrentMonitor != nil
        layout.temperatureSensors = evse.temperatureSensors.count
        layout.hasPhaseSwitch = evse.hasPhaseSwitch
        layout.parkingBay = evse.hasParkingBaySensor ? Bay() : nil
        return layout
      },
      readers: world.readers.map { Reader(name: $0.name, evses: $0.evses) }, hasDisplay: world.hasDisplay)
    safetyInputs = world.safetyContacts.map { Input(kind: SafetyInputKind($0.kind), evse: $0.evse) }
    displayHasChoice = world.displayHasChoice
    keypads = world.keypads.map { Pad(name: $0.name) }
    startButtons = world.startButtons.map(\.evse)
    hasMainMeter = world.hasMainMeter
    if world.hasWatchdog { watchdogTimeout = SimulatedDrivers.watchdogTimeout }
  }
}

/// How long simulated drivers may hear nothing before they say so.
public struct SimulatedSilence: Sendable, Equatable {
  public var pilot = Duration.milliseconds(500)
  public var contactor = Duration.milliseconds(500)
  public var lock = Duration.seconds(1)
  public var proximity = Duration.seconds(2)
  public var meter = Duration.seconds(10)
  public var residualCurrent = Duration.milliseconds(500)
  public var temperature = Duration.seconds(10)
  public var phaseSwitch = Duration.seconds(1)
  public var safetyInput = Duration.milliseconds(500)

  public init() {}
}
