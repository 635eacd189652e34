import ChargerBase
import HAL

/// What the board profile and the installer tell the control lane.
public struct ControlConfiguration: Sendable, Equatable {
  public var evses: [EVSEControlConfiguration]
  /// The current per phase that all EVSEs share; nil when each has a supply of its own.
  public var sharedSupply: Current?
  public var leaseExpiry: LeaseExpiryPolicy
  public var timing: TimingTable
  public var thresholds: PilotThresholds
  public var proximityBands = ProximityBands()
  /// What the installer has set, per phase and EVSE; nil for no limit of the installer's.
  public var installerLimit: Current?
  /// The station's emergency stop, door, tilt and mains contacts; inputs name them by their place here. At most 32.
  public var safetyInputs: [SafetyInputConfiguration] = []
  /// A session's first energy waits a random part of this; zero for none.
  public var randomStartDelay = Duration.zero
  /// Where the random delays come from; a new one for each start of the program.
  public var randomSeed: UInt64 = 0

  public init(
    evses: [EVSEControlConfiguration], sharedSupply: Current? = nil, leaseExpiry: LeaseExpiryPolicy = .finishSession,
    timing: TimingTable = TimingTable(), thresholds: PilotThresholds = PilotThresholds()
  ) {
    self.evses = evses
    self.sharedSupply = sharedSupply
    self.leaseExpiry = leaseExpiry
    self.timing = timing
    self.thresholds = thresholds
  }
}

public struct EVSEControlConfiguration: Sendable, Equatable {
  public var id: EVSEID
  public var connectors: [ConnectorControlConfiguration]
  /// Most current per phase that the EVSE's hardware carries, 6…80 A.
  public var maximumCurrent: Current
  /// Phases wired to the EVSE, 1 or 3.
  public var phases: UInt8
  /// Energy may flow only while the meter is alive.
  public var meterNeeded: Bool
  /// The EVSE has a residual current detection that is watched and, with `testsResidualCurrent`, tested before a session.
  public var hasResidualCurrentMonitor = false
  public var testsResidualCurrent = true
  /// Temperature sensors, 0…8; the highest counts.
  public var temperatureSensors: UInt8 = 0
  public var temperatureCurve = TemperatureCurve()
  public var hasPhaseSwitch = false
  /// Voltages under which energy may flow; nil: not watched.
  public var voltageBand: VoltageBand? = VoltageBand()
  /// The meter measures behind the contactor: it sees no voltage while the contactor is open.
  public var meterIsBehindContactor = false
  /// Cuts a vehicle off that draws more than its offer.
  public var watchesOverCurrent = true

  public init(
    id: EVSEID, connectors: [ConnectorControlConfiguration], maximumCurrent: Current, phases: UInt8 = 3,
    meterNeeded: Bool = true
  ) {
    self.id = id
    self.connectors = connectors
    self.maximumCurrent = maximumCurrent
    self.phases = phases
    self.meterNeeded = meterNeeded
  }
}

public struct ConnectorControlConfiguration: Sendable, Equatable {
  public var id: ConnectorID
  public var cable: CableKind
  /// Ventilation for vehicles in state D.
  public var hasVentilation: Bool
  public var hasLock = false
  /// A socket with a proximity contact; without one the cable's rating is the profile's.
  public var hasProximity = false
  /// What the connector's own cable or board carries; nil: as much as the EVSE.
  public var cableRating: Current?
  /// A higher-level stack agrees on the current with the vehicle: only then may the pilot show 5 %.
  public var hasDigitalCommunication = false
  /// What a vehicle may draw that goes from A to C at once (no state B of its own: IEC 61851-1 Annex A, simplified
  /// pilot); nil refuses it.
  public var simplifiedVehicleLimit: Current? = Current(amperes: 10)
  public var wakeUp: WakeUp? = WakeUp()
  /// Openings so far, from an earlier run.
  public var contactorOperations = ContactorOperations()

  public init(id: ConnectorID, cable: CableKind, hasVentilation: Bool = false) {
    self.id = id
    self.cable = cable
    self.hasVentilation = hasVentilation
  }
}

public enum CableKind: String, Sendable, CaseIterable {
  case fixed, socket
}

/// How a vehicle that sleeps under an offer is woken: B2, steady for a while, B2 again.
public struct WakeUp: Sendable, Equatable, Hashable {
  /// How long a vehicle may leave an offer unanswered.
  public var after: Duration
  /// How long the pilot is steady.
  public var steadyFor: Duration
  /// How often it is tried in one session, 1…10.
  public var attempts: UInt8

  public init(after: Duration = .seconds(30), steadyFor: Duration = .seconds(4), attempts: UInt8 = 2) {
    self.after = after
    self.steadyFor = steadyFor
    self.attempts = attempts
  }
}

/// A safety input and what it speaks for.
public struct SafetyInputConfiguration: Sendable, Equatable, Hashable {
  public var kind: SafetyInputKind
  /// The EVSE that it belongs to; nil for the whole station.
  public var evse: EVSEID?

  public init(kind: SafetyInputKind, evse: EVSEID? = nil) {
    self.kind = kind
    self.evse = evse
  }
}
