import ChargerBase

/// All drivers of one station, as a board profile's catalogue has built them.
public struct StationHardware {
  public var evses: [EVSEHardware]
  public var readers: [ReaderHardware]
  public var display: (any DriverDisplay)?
  /// At most 32.
  public var safetyInputs: [SafetyInputHardware]
  public var watchdog: (any SystemWatchdog)?
  public var keypads: [KeypadHardware] = []
  public var startButtons: [StartButtonHardware] = []
  /// Measures what the whole station takes; off the path of the energy, and served by Station.
  public var mainMeter: (any EnergyMeter)?

  public init(
    evses: [EVSEHardware], readers: [ReaderHardware] = [], display: (any DriverDisplay)? = nil,
    safetyInputs: [SafetyInputHardware] = [], watchdog: (any SystemWatchdog)? = nil
  ) {
    self.evses = evses
    self.readers = readers
    self.display = display
    self.safetyInputs = safetyInputs
    self.watchdog = watchdog
  }
}

public struct EVSEHardware {
  public var id: EVSEID
  public var connectors: [ConnectorHardware]
  public var meter: (any EnergyMeter)?
  public var light: (any IndicatorLight)?
  public var residualCurrent: (any ResidualCurrentMonitor)?
  /// In the order of the configuration's sensors.
  public var temperatures: [any TemperatureSensor]
  public var phaseSwitch: (any PhaseSwitch)?
  public var parkingBay: ParkingBayHardware?

  public init(
    id: EVSEID, connectors: [ConnectorHardware], meter: (any EnergyMeter)?, light: (any IndicatorLight)? = nil,
    residualCurrent: (any ResidualCurrentMonitor)? = nil, temperatures: [any TemperatureSensor] = [],
    phaseSwitch: (any PhaseSwitch)? = nil
  ) {
    self.id = id
    self.connectors = connectors
    self.meter = meter
    self.light = light
    self.residualCurrent = residualCurrent
    self.temperatures = temperatures
    self.phaseSwitch = phaseSwitch
  }
}

public struct ConnectorHardware {
  public var id: ConnectorID
  public var pilot: any ControlPilot
  public var contactor: any Contactor
  public var lock: (any ConnectorLock)?
  public var proximity: (any ProximityPilot)?

  public init(
    id: ConnectorID, pilot: any ControlPilot, contactor: any Contactor, lock: (any ConnectorLock)? = nil,
    proximity: (any ProximityPilot)? = nil
  ) {
    self.id = id
    self.pilot = pilot
    self.contactor = contactor
    self.lock = lock
    self.proximity = proximity
  }
}

/// A safety input and what it speaks for.
public struct SafetyInputHardware {
  public var kind: SafetyInputKind
  /// The EVSE that it belongs to; nil for the whole station.
  public var evse: EVSEID?
  public var input: any SafetyInput

  public init(kind: SafetyInputKind, evse: EVSEID?, input: any SafetyInput) {
    self.kind = kind
    self.evse = evse
    self.input = input
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

/// A keypad and how codes are typed on it.
public struct KeypadHardware {
  public var keypad: any Keypad
  /// EVSEs that the keypad stands for; nil for the whole station.
  public var evses: [EVSEID]?
  public var rules: KeyCodeRules

  public init(keypad: any Keypad, evses: [EVSEID]?, rules: KeyCodeRules = KeyCodeRules()) {
    self.keypad = keypad
    self.evses = evses
    self.rules = rules
  }
}

/// What counts as a code on a keypad.
public struct KeyCodeRules: Sendable, Hashable {
  /// Codes of other lengths are no codes; OCPP takes 36 characters.
  public var length: ClosedRange<Int>
  /// A half-typed code is forgotten when no key was pressed for this long.
  public var timeout: Duration

  public init(length: ClosedRange<Int> = 4...8, timeout: Duration = .seconds(15)) {
    self.length = length
    self.timeout = timeout
  }
}

/// A start button and the EVSE that it starts; nil for one that serves the whole station.
public struct StartButtonHardware {
  public var button: any StartButton
  public var evse: EVSEID?

  public init(button: any StartButton, evse: EVSEID?) {
    self.button = button
    self.evse = evse
  }
}

/// A parking bay's detector and how long something must stay, or be gone, to count.
public struct ParkingBayHardware {
  public var sensor: any ParkingBaySensor
  public var settling: Duration

  public init(sensor: any ParkingBaySensor, settling: Duration = .seconds(2)) {
    self.sensor = sensor
    self.settling = settling
  }
}
