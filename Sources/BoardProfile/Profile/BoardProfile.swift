import ChargerBase
import EVSEControl
import HAL
import OCPPTypes

/// What is the same for every station of one board type: EVSEs, connectors, drivers, limits and defaults.
///
/// A value of this type has been checked: numbering is gapless, references lead somewhere, and every number is in the
/// range that `boards/README.md` states. Make one with `load(bytes:fileName:)`.
public struct BoardProfile: Sendable, Equatable {
  /// The profile's own name: letters, digits, `-`, `_`; at most 50.
  public var name: String
  public var purpose: Purpose
  /// As in BootNotification, at most 50 characters.
  public var vendorName: String
  /// As in BootNotification, at most 20 characters.
  public var model: String
  /// Numbered 1, 2, 3 … in this order; at most `maximumEVSEs`.
  public var evses: [EVSEProfile]
  /// The current per phase that all EVSEs share, from 6 A; nil when each has a supply of its own.
  public var sharedSupply: Current?
  /// At most `maximumSafetyInputs`; the control lane names them by their place here.
  public var safetyInputs: [SafetyInputProfile]
  public var readers: [ReaderProfile]
  /// At most `maximumKeypads`.
  public var keypads: [KeypadProfile]
  /// At most one for each EVSE and one for the station.
  public var startButtons: [StartButtonProfile]
  public var display: DriverReference?
  /// Measures what the whole station takes: OCPP's EVSE 0. No energy waits for it.
  public var mainMeter: DriverReference?
  /// Never nil for a product.
  public var deadMan: DeadManRule?
  /// What the control lane feeds as proof of its life; never nil where the dead-man is a relay that must be fed.
  public var watchdog: DriverReference?
  public var leaseExpiry: LeaseExpiryPolicy
  /// How long a permit holds unless the upper side renews it, 5…3,600 s.
  public var lease: Duration
  /// A session's first energy waits a random part of this, 0…1,800 s.
  public var randomStartDelay: Duration
  public var resetAction: ResetAction
  /// Messages that wait for the CSMS at most, in `outboxCapacityRange`.
  public var outboxCapacity: Int
  public var timing: TimingTable
  public var thresholds: PilotThresholds
  public var proximityBands: ProximityBands
  public var lights: LightTable
  public var texts: TextTable
  /// First-start defaults of the device model, in the file's order.
  public var deviceModel: [DeviceModelEntry]
  public var csms: CSMSDefaults
  /// For problems that are found later, when drivers are built.
  package var source: ProfileSource

  /// A station of more EVSEs is several stations.
  public static let maximumEVSEs = 16
  public static let maximumConnectorsPerEVSE = 8
  public static let maximumReaders = 16
  public static let maximumKeypads = 16
  public static let maximumSafetyInputs = 32
  public static let maximumTemperatureSensorsPerEVSE = 8
  public static let maximumProximityBands = 8
  public static let maximumDeviceModelEntries = 512
  /// Fewer than 100,000 messages do not bridge a week offline of a busy station; more than 400,000 need half a GiB.
  public static let outboxCapacityRange: ClosedRange<Int64> = 100_000...400_000

  public enum Purpose: String, Sendable, CaseIterable {
    /// For desks and tests: no mains behind it, so no dead-man rule is asked for.
    case bench
    /// For the street.
    case product
  }

  /// What a Reset of the whole station does.
  public enum ResetAction: String, Sendable, CaseIterable {
    /// The program executes itself anew under the same process id.
    case restart
    /// The operating system restarts.
    case reboot
  }

  /// Looks an EVSE up by its number.
  public func evse(_ id: EVSEID) -> EVSEProfile? { evses.first { $0.id == id } }
}

public struct EVSEProfile: Sendable, Equatable {
  public var id: EVSEID
  /// Most current per phase that the hardware carries, 6…80 A.
  public var maximumCurrent: Current
  /// 1 or 3.
  public var phases: UInt8
  public var meter: DriverReference?
  /// Energy may flow only while the meter is alive.
  public var meterNeeded: Bool
  /// Cuts a vehicle off that draws more than its offer; only with a meter.
  public var watchesOverCurrent: Bool
  /// Voltages between which energy may flow; nil when they are not watched.
  public var voltageBand: VoltageBand?
  /// Nil for a board whose residual current protection is not watched by the station.
  public var residualCurrent: DriverReference?
  /// The residual current detection is tested before each session.
  public var testsResidualCurrent: Bool
  /// At most `maximumTemperatureSensorsPerEVSE`; the highest counts.
  public var temperatureSensors: [DriverReference]
  public var temperatureCurve: TemperatureCurve
  /// Changes between one and three phases; only with 3 phases.
  public var phaseSwitch: DriverReference?
  public var light: DriverReference?
  public var parkingBay: ParkingBayProfile?
  /// The CSMS may reset it alone.
  public var allowsReset: Bool
  /// Numbered 1, 2, 3 … in this order.
  public var connectors: [ConnectorProfile]
}

public struct ConnectorProfile: Sendable, Equatable {
  public var id: ConnectorID
  public var cable: CableKind
  public var type: ConnectorType
  public var pilot: DriverReference
  public var contactor: DriverReference
  /// Only for a socket.
  public var lock: DriverReference?
  /// Only for a socket; one without it has a `cableRating`.
  public var proximity: DriverReference?
  /// What the connector's own cable or board carries; nil: as much as the EVSE.
  public var cableRating: Current?
  /// Ventilation for vehicles in state D.
  public var hasVentilation: Bool
  /// A higher-level stack agrees on the current with the vehicle: only then may the pilot show 5 %.
  public var hasDigitalCommunication: Bool
  /// What a vehicle may draw that has no state B of its own; nil refuses it.
  public var simplifiedVehicleLimit: Current?
  /// How a vehicle that sleeps under an offer is woken; nil: it is not.
  public var wakeUp: WakeUp?
  /// Openings after which the contactor is due for service, without load or under load.
  public var contactorService: ContactorOperations
}

/// A contact that says whether energy may flow, and what it speaks for.
public struct SafetyInputProfile: Sendable, Equatable {
  public var kind: SafetyInputKind
  /// The EVSE that it belongs to; nil for the whole station.
  public var evse: EVSEID?
  public var driver: DriverReference
}

public struct ReaderProfile: Sendable, Equatable {
  /// Unlike every other reader's name.
  public var name: String
  /// EVSEs that it stands for; nil for the whole station.
  public var evses: [EVSEID]?
  public var driver: DriverReference
}

/// A keypad for key codes.
public struct KeypadProfile: Sendable, Equatable {
  /// Unlike every other keypad's and reader's name.
  public var name: String
  /// EVSEs that it stands for; nil for the whole station.
  public var evses: [EVSEID]?
  public var rules: KeyCodeRules
  public var driver: DriverReference
}

public struct StartButtonProfile: Sendable, Equatable {
  /// The EVSE that it starts; nil for the whole station.
  public var evse: EVSEID?
  public var driver: DriverReference
}

/// The detector of an EVSE's parking bay.
public struct ParkingBayProfile: Sendable, Equatable {
  public var driver: DriverReference
  /// How long something must stay, or be gone, to count, 0…60,000 ms.
  public var settling: Duration
}

/// What opens the contactor when the program on Linux is dead (DESIGN §5).
public struct DeadManRule: Sendable, Equatable {
  public var means: Means
  /// The longest time from the program's death to the open contactor, 10…30,000 ms.
  public var within: Duration

  public enum Means: String, Sendable, CaseIterable {
    /// A controller beside the processor that drives pilot and contactor and needs a sign of life.
    case companionController
    /// A relay in the contactor's coil circuit that drops unless it is fed.
    case watchdogRelay
    /// The simulated world does it. Bench only.
    case simulatedWorld
  }
}

/// Where the station dials when nothing else was said: for bench and for stations that leave the factory prepared.
public struct CSMSDefaults: Sendable, Equatable {
  /// `ws://` or `wss://`, without the identity, which is appended.
  public var url: String?
  /// 0…3 (A00); 0 is for bench use without authentication.
  public var securityProfile: Int32?
  /// OCPP versions to offer, in order of preference.
  public var versions: [OCPPVersion]

  public init(url: String? = nil, securityProfile: Int32? = nil, versions: [OCPPVersion] = [.v201]) {
    self.url = url
    self.securityProfile = securityProfile
    self.versions = versions
  }
}

extension BoardProfile {
  /// How many EVSEs the board has, for people.
  public var evseCount: String { evses.count == 1 ? "1 EVSE" : "\(evses.count) EVSEs" }
}
