import ChargerBase
import HAL

/// The whole state of one connector as the control lane sees it: for status, `explain` and the light. Snapshots
/// coalesce: only the newest matters.
public struct ConnectorSnapshot: Sendable, Equatable {
  public var connector: ConnectorID
  public var takenAt: MonotonicInstant
  public var pilotState: PilotState
  public var pilotOutput: PilotOutput
  public var isOperative: Bool
  public var contactorCommand: ContactorPosition
  public var contactorFeedback: ContactorPosition?
  public var permit: EnergyPermit?
  /// What the pilot offers now; nil while nothing is offered.
  public var offeredCurrent: Current?
  /// The smallest limit and the source it comes from.
  public var limit: Current
  public var limitSource: LimitSource
  /// Everything that keeps energy from flowing now; empty while it flows.
  public var blockers: EnergyBlockers
  public var faults: FaultSet
  public var phase: ChargingPhase?
  public var details = Details()

  /// What stands beside the energy path, for status and `explain`.
  public struct Details: Sendable, Equatable {
    /// Nil where the connector has no lock, or it was not read yet.
    public var lock: LockPosition?
    /// The station wants the plug locked.
    public var isLockWanted = false
    /// The cable's rating by its proximity contact; nil without one.
    public var cableRating: Current?
    public var residualCurrent: ResidualCurrentState?
    /// The highest of the EVSE's sensors.
    public var temperature: Temperature?
    /// Phases that are connected now, 1 or 3.
    public var phases: UInt8 = 3
    /// When a start delay or the spreading after a mains return ends.
    public var startsAt: MonotonicInstant?
    /// The largest current of any phase that the meter shows; nil when it shows none.
    public var measuredCurrent: Current?
    /// Of the phase that is farthest from nominal.
    public var voltage: Voltage?
    public var contactorOperations = ContactorOperations()
    /// The owner of the limit that wins; empty for one that has no name.
    public var limitOwner = ""
    /// All limits that stand, the winner included; shared storage, never copied for a snapshot.
    public var limits: [CurrentLimit] = []

    public init() {}
  }

  public init(
    connector: ConnectorID, takenAt: MonotonicInstant, pilotState: PilotState, pilotOutput: PilotOutput,
    isOperative: Bool, contactorCommand: ContactorPosition, contactorFeedback: ContactorPosition?,
    permit: EnergyPermit?, offeredCurrent: Current?, limit: Current, limitSource: LimitSource,
    blockers: EnergyBlockers, faults: FaultSet, phase: ChargingPhase?
  ) {
    self.connector = connector
    self.takenAt = takenAt
    self.pilotState = pilotState
    self.pilotOutput = pilotOutput
    self.isOperative = isOperative
    self.contactorCommand = contactorCommand
    self.contactorFeedback = contactorFeedback
    self.permit = permit
    self.offeredCurrent = offeredCurrent
    self.limit = limit
    self.limitSource = limitSource
    self.blockers = blockers
    self.faults = faults
    self.phase = phase
  }
}

/// The vehicle states of IEC 61851-1 Table A.2 as read from the pilot; whether the station offers current (the 1 or 2
/// of B1, B2, C1, C2) is the pilot output's to say.
public enum PilotState: UInt8, Sendable, CaseIterable {
  /// Not yet measured, or no driver.
  case unknown
  case a, b, c, d, e, f
}

/// What is known of the residual current detection.
public enum ResidualCurrentState: UInt8, Sendable {
  case unknown, untested, testing, healthy, tripped, testFailed
}

/// How often a contactor has opened, for its service.
public struct ContactorOperations: Sendable, Hashable {
  /// Openings without current through the contacts, as sequence 8 has them.
  public var withoutLoad: UInt32
  /// Openings that broke a current.
  public var underLoad: UInt32

  public init(withoutLoad: UInt32 = 0, underLoad: UInt32 = 0) {
    self.withoutLoad = withoutLoad
    self.underLoad = underLoad
  }
}
