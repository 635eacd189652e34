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

/// The conditions of DESIGN §5 that do not hold, each a reason why no energy flows.
public struct EnergyBlockers: OptionSet, Sendable, Hashable {
  public let rawValue: UInt32
  public init(rawValue: UInt32) { self.rawValue = rawValue }

  public static let noVehicle = EnergyBlockers(rawValue: 1 << 0)
  /// The vehicle is connected but does not ask for energy (state B).
  public static let vehicleNotReady = EnergyBlockers(rawValue: 1 << 1)
  public static let noPermit = EnergyBlockers(rawValue: 1 << 2)
  public static let permitExpired = EnergyBlockers(rawValue: 1 << 3)
  public static let energyBudgetUsed = EnergyBlockers(rawValue: 1 << 4)
  public static let faulted = EnergyBlockers(rawValue: 1 << 5)
  public static let inoperative = EnergyBlockers(rawValue: 1 << 6)
  /// The smallest limit is under the least current that can be offered.
  public static let limitBelowMinimum = EnergyBlockers(rawValue: 1 << 7)
  public static let driverSilent = EnergyBlockers(rawValue: 1 << 8)
  public static let ventilationMissing = EnergyBlockers(rawValue: 1 << 9)
  /// The contactor is on its way.
  public static let contactorMoving = EnergyBlockers(rawValue: 1 << 10)
  public static let shuttingDown = EnergyBlockers(rawValue: 1 << 11)
  /// Another connector of the same EVSE is in use.
  public static let otherConnectorInUse = EnergyBlockers(rawValue: 1 << 12)
}

/// A set of control faults.
public struct FaultSet: OptionSet, Sendable, Hashable {
  public let rawValue: UInt32
  public init(rawValue: UInt32) { self.rawValue = rawValue }
  public init(_ fault: ControlFault) { self.init(rawValue: 1 << UInt32(fault.rawValue)) }

  public func contains(_ fault: ControlFault) -> Bool { contains(FaultSet(fault)) }

  /// In the order of `ControlFault`.
  public var faults: [ControlFault] { ControlFault.allCases.filter { contains($0) } }
}
