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
  /// Emergency stop, door, tilt and mains contacts; each kind once for the station and once for each EVSE.
  public var safetyContacts: [WorldSafetyContact]
  /// A dead-man relay in the coils' circuit that the station feeds: before the first feed no contactor closes.
  public var hasWatchdog: Bool
  /// The fuse of the supply that all EVSEs share, per phase. It never blows; the time over it is counted.
  public var supplyFuse: Current?
  public var keypads: [WorldKeypad] = []
  /// At most one for each EVSE and one for the station.
  public var startButtons: [WorldStartButton] = []
  /// People can choose from a list on the display.
  public var displayHasChoice = false
  /// Measures what all EVSEs take together, and what the station itself takes.
  public var hasMainMeter = false

  public init(
    evses: [WorldEVSE], readers: [WorldReader] = [], hasDisplay: Bool = true, deadManTime: Duration = .seconds(1),
    contactorClosing: Duration = .milliseconds(40), contactorOpening: Duration = .milliseconds(25),
    safetyContacts: [WorldSafetyContact] = [], hasWatchdog: Bool = false, supplyFuse: Current? = nil
  ) {
    self.evses = evses
    self.readers = readers
    self.hasDisplay = hasDisplay
    self.deadManTime = deadManTime
    self.contactorClosing = contactorClosing
    self.contactorOpening = contactorOpening
    self.safetyContacts = safetyContacts
    self.hasWatchdog = hasWatchdog
    self.supplyFuse = supplyFuse
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
  public var residualCurrentMonitor: WorldResidualCurrentMonitor?
  public var temperatureSensors: [WorldTemperatureSensor]
  public var hasPhaseSwitch: Bool
  /// The meter signs readings on request.
  public var signingMeter: WorldSigningMeter?
  public var hasParkingBaySensor = false

  public init(
    id: EVSEID, connectors: [WorldConnector], phases: UInt8 = 3,
    residualCurrentMonitor: WorldResidualCurrentMonitor? = nil, temperatureSensors: [WorldTemperatureSensor] = [],
    hasPhaseSwitch: Bool = false, signingMeter: WorldSigningMeter? = nil
  ) {
    self.id = id
    self.connectors = connectors
    self.phases = phases == 1 ? 1 : 3
    self.residualCurrentMonitor = residualCurrentMonitor
    self.temperatureSensors = temperatureSensors
    self.hasPhaseSwitch = hasPhaseSwitch
    self.signingMeter = signingMeter
  }
}

public struct WorldConnector: Sendable, Equatable {
  public var id: ConnectorID
  /// A cable of the station's own, else a socket.
  public var hasFixedCable: Bool
  public var lock: WorldLock?
  /// The station measures the plug's resistor.
  public var hasProximity: Bool

  public init(id: ConnectorID, hasFixedCable: Bool = true, lock: WorldLock? = nil, hasProximity: Bool = false) {
    self.id = id
    self.hasFixedCable = hasFixedCable
    self.lock = lock
    self.hasProximity = hasProximity
  }
}

/// The lock that keeps a plug in its socket.
public struct WorldLock: Sendable, Equatable {
  /// From end to end; an hour at most.
  public var travel: Duration
  /// A spring opens it when the mains is gone.
  public var opensWithoutMains: Bool

  public init(travel: Duration = .milliseconds(300), opensWithoutMains: Bool = false) {
    self.travel = travel.clamped(to: .zero...Duration.seconds(3_600))
    self.opensWithoutMains = opensWithoutMains
  }
}

public struct WorldResidualCurrentMonitor: Sendable, Equatable {
  public var tripLevel: Current
  /// From the trip level's being reached to the trip output.
  public var tripDelay: Duration

  public init(tripLevel: Current = Current(milliamperes: 6), tripDelay: Duration = .milliseconds(10)) {
    self.tripLevel = max(Current(milliamperes: 1), tripLevel)
    self.tripDelay = tripDelay.clamped(to: .zero...Duration.seconds(3_600))
  }
}

/// A place on the path of the energy whose temperature is measured.
public struct WorldTemperatureSensor: Sendable, Equatable {
  /// How much warmer than the air it is in the end when 32 A flow; it goes with the square of the current.
  public var riseAt32Amperes: Temperature
  public var timeConstant: Duration

  public init(
    riseAt32Amperes: Temperature = Temperature(celsius: 25), timeConstant: Duration = .seconds(600)
  ) {
    self.riseAt32Amperes = riseAt32Amperes
    self.timeConstant = max(.milliseconds(1), timeConstant)
  }
}

public struct WorldSigningMeter: Sendable, Equatable {
  /// From the request to the answer; an hour at most.
  public var delay: Duration

  public init(delay: Duration = .seconds(1)) { self.delay = delay.clamped(to: .zero...Duration.seconds(3_600)) }
}

/// A safety contact of one EVSE, or with nil of the whole station.
public struct WorldSafetyContact: Sendable, Equatable {
  public var kind: SafetyContact
  public var evse: EVSEID?

  public init(_ kind: SafetyContact, evse: EVSEID? = nil) {
    self.kind = kind
    self.evse = evse
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

public struct WorldKeypad: Sendable, Equatable {
  public var name: String

  public init(name: String) { self.name = name }
}

/// The start button of one EVSE, or with nil of the whole station.
public struct WorldStartButton: Sendable, Equatable {
  public var evse: EVSEID?

  public init(evse: EVSEID?) { self.evse = evse }
}
