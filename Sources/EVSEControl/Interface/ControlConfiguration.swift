import ChargerBase

/// What the board profile and the installer tell the control lane.
public struct ControlConfiguration: Sendable, Equatable {
  public var evses: [EVSEControlConfiguration]
  /// The current per phase that all EVSEs share; nil when each has a supply of its own.
  public var sharedSupply: Current?
  public var leaseExpiry: LeaseExpiryPolicy
  public var timing: TimingTable
  public var thresholds: PilotThresholds

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

  public init(id: ConnectorID, cable: CableKind, hasVentilation: Bool = false) {
    self.id = id
    self.cable = cable
    self.hasVentilation = hasVentilation
  }
}

public enum CableKind: String, Sendable, CaseIterable {
  case fixed, socket
}
