import ChargerBase
import OCPPTypes

/// What the engine asks of the firmware around it. All calls come on the engine's lane, during one of its own members,
/// and must return at once without calling back into the engine; answers come as facts.
public protocol ChargePointDelegate: AnyObject {
  /// Energy may flow at a connector, until it is revoked. The delegate keeps the lease renewed for as long as the
  /// engine lives; `energyBudget` is in Wh from now on.
  func chargePoint(_ chargePoint: ChargePoint, grant: EnergyGrant, to connector: ConnectorID)
  func chargePoint(_ chargePoint: ChargePoint, revokeGrantAt connector: ConnectorID)
  /// The effective operative state of a connector has changed; also told for each connector at start.
  func chargePoint(_ chargePoint: ChargePoint, setOperative isOperative: Bool, _ connector: ConnectorID)
  /// The operative state that the CSMS has set for an EVSE, with that of the station above it, has changed; also told
  /// for each EVSE at start.
  func chargePoint(_ chargePoint: ChargePoint, operativeChanged isOperative: Bool, evse: EVSEID)
  /// The same of the station; also told at start.
  func chargePoint(_ chargePoint: ChargePoint, operativeChanged isOperative: Bool)
  /// What the driver at an EVSE (nil: the whole station) should be shown now.
  func chargePoint(_ chargePoint: ChargePoint, show feedback: DriverFeedback, at evse: EVSEID?)
  /// What is shown at an EVSE (nil: at none in particular) from now on is for somebody who prefers these languages (RFC 5646 tags, the first one
  /// most; C01.FR.08, .09); none: for anybody.
  func chargePoint(_ chargePoint: ChargePoint, speak languages: [String], at evse: EVSEID?)
  /// Everything that had to be stored before the reset is stored, and the transactions are ended: reset now.
  func chargePoint(_ chargePoint: ChargePoint, reset scope: ResetScope)
  /// Whether the CSMS's reset can be done now (default: yes); an EVSE is asked for only where its AllowReset is true.
  func chargePoint(_ chargePoint: ChargePoint, isResetAllowed scope: ResetScope, isImmediate: Bool) -> Bool
  /// Release the cable of a connector that is in no transaction; what became of it is told by the fact `unlocked` with
  /// the same number. No answer in time counts as a failure.
  func chargePoint(_ chargePoint: ChargePoint, unlock connector: ConnectorID, number: UInt32)
  /// A locked cable stays locked, although no energy may flow any more, until this is withdrawn or it is unlocked.
  func chargePoint(_ chargePoint: ChargePoint, keepLocked isKept: Bool, _ connector: ConnectorID)
  /// Have the meter of an EVSE sign a reading; what became of it is told by the fact `signedReading` with the same
  /// number. No answer in time counts as a failure, and nothing is lost but the signature.
  func chargePoint(_ chargePoint: ChargePoint, sign order: SignedReadingOrder, at evse: EVSEID)
  /// The link came up or went down.
  func chargePoint(_ chargePoint: ChargePoint, linkChanged status: LinkStatus)
  /// Bring up what a network profile needs (interface, modem, tunnel): asked before each dial. Default: ready at once.
  func chargePoint(
    _ chargePoint: ChargePoint, configureNetworkConnectionProfile request: NetworkConfigurationRequest
  ) -> NetworkConfigurationAnswer
  /// Whether the station can use a profile that the CSMS wants to store (B09.FR.02), beyond what the engine checks
  /// itself. Default: any interface, but no APN and no VPN, which nobody would set up.
  func chargePoint(
    _ chargePoint: ChargePoint, validateNetworkProfile profile: NetworkConnectionProfile, slot: Int32
  ) -> Bool
  /// Civil time as the CSMS tells it, corrected for the way it took.
  func chargePoint(_ chargePoint: ChargePoint, timeIs wall: WallTime, at instant: MonotonicInstant)
  /// The engine itself has found a security event, and has logged it.
  func chargePoint(_ chargePoint: ChargePoint, securityEvent event: SecurityEvent, _ info: String?)
  /// The CSMS sends a vendor's own message (default: the vendor is unknown). The answer may follow later by
  /// `ChargePoint.answerDataTransfer`.
  func chargePoint(_ chargePoint: ChargePoint, dataTransfer request: IncomingDataTransfer) -> DataTransferDecision
  /// The CSMS has answered a BootNotification, whatever it said.
  func chargePoint(_ chargePoint: ChargePoint, bootNotificationAnswered response: BootNotificationResponse)
  /// A variable has a new value, by the CSMS's wish or by a person's at the station: `requestValue` reads it.
  func chargePoint(_ chargePoint: ChargePoint, variableChanged variable: VariableKey)
  /// A transaction event is on disk, and will be sent.
  func chargePoint(_ chargePoint: ChargePoint, transactionEvent event: TransactionEventRequest)
  /// The CSMS has answered it: the word on its token, the cost, a message for the driver.
  func chargePoint(
    _ chargePoint: ChargePoint, transactionEvent event: TransactionEventRequest, answered: TransactionEventResponse)
  /// Something an operator or a flight recorder wants to know: one line each, never secret.
  func chargePoint(_ chargePoint: ChargePoint, noted event: EngineEvent)
}

extension ChargePointDelegate {
  public func chargePoint(_ chargePoint: ChargePoint, operativeChanged isOperative: Bool, evse: EVSEID) {}
  public func chargePoint(_ chargePoint: ChargePoint, operativeChanged isOperative: Bool) {}
  public func chargePoint(
    _ chargePoint: ChargePoint, isResetAllowed scope: ResetScope, isImmediate: Bool
  ) -> Bool { true }
  public func chargePoint(_ chargePoint: ChargePoint, securityEvent event: SecurityEvent, _ info: String?) {}
  public func chargePoint(
    _ chargePoint: ChargePoint, dataTransfer request: IncomingDataTransfer
  ) -> DataTransferDecision { .unknownVendorId }
  public func chargePoint(_ chargePoint: ChargePoint, bootNotificationAnswered response: BootNotificationResponse) {}
  public func chargePoint(_ chargePoint: ChargePoint, variableChanged variable: VariableKey) {}
  public func chargePoint(_ chargePoint: ChargePoint, transactionEvent event: TransactionEventRequest) {}
  public func chargePoint(
    _ chargePoint: ChargePoint, transactionEvent event: TransactionEventRequest, answered: TransactionEventResponse
  ) {}
  public func chargePoint(_ chargePoint: ChargePoint, unlock connector: ConnectorID, number: UInt32) {}
  public func chargePoint(_ chargePoint: ChargePoint, keepLocked isKept: Bool, _ connector: ConnectorID) {}
  public func chargePoint(_ chargePoint: ChargePoint, sign order: SignedReadingOrder, at evse: EVSEID) {}
  public func chargePoint(_ chargePoint: ChargePoint, linkChanged status: LinkStatus) {}
  public func chargePoint(
    _ chargePoint: ChargePoint, configureNetworkConnectionProfile request: NetworkConfigurationRequest
  ) -> NetworkConfigurationAnswer { .ready() }
  public func chargePoint(
    _ chargePoint: ChargePoint, validateNetworkProfile profile: NetworkConnectionProfile, slot: Int32
  ) -> Bool { profile.apn == nil && profile.vpn == nil }
  public func chargePoint(_ chargePoint: ChargePoint, timeIs wall: WallTime, at instant: MonotonicInstant) {}
  public func chargePoint(_ chargePoint: ChargePoint, noted event: EngineEvent) {}
  public func chargePoint(_ chargePoint: ChargePoint, show feedback: DriverFeedback, at evse: EVSEID?) {}
  public func chargePoint(_ chargePoint: ChargePoint, speak languages: [String], at evse: EVSEID?) {}
}

public struct EnergyGrant: Sendable, Equatable {
  public enum Reason: UInt8, Sendable { case authorized, remoteStart, resumedTransaction, chargeWithoutAuthorization }
  /// Rises with every new grant of the station.
  public var number: UInt32
  public var reason: Reason
  /// Wh that may still flow (MaxEnergyOnInvalidId); nil for no budget.
  public var energyBudget: Decimal?

  public init(number: UInt32, reason: Reason, energyBudget: Decimal? = nil) {
    self.number = number
    self.reason = reason
    self.energyBudget = energyBudget
  }
}

public enum ResetScope: Sendable, Equatable {
  case station
  case evse(EVSEID)

  /// Whether an EVSE is part of it.
  public func covers(_ evse: EVSEID) -> Bool {
    switch self {
    case .station: true
    case .evse(let one): one == evse
    }
  }
}

/// What a driver should be told, as a state and not as a text: lights and displays have their own words for it.
public enum DriverFeedback: Sendable, Equatable {
  case available
  case plugIn
  case presentToken
  case authorizing
  case accepted
  /// The token was refused; `status` is the CSMS's word or the station's own finding.
  case rejected(AuthorizationStatus)
  case preparing
  case charging
  case suspendedByVehicle
  case suspendedByStation
  case finished
  case unavailable
  case faulted(String)
  case reserved
  /// The holder of a master pass is to choose on the display which of these EVSEs' transactions to end, or all, or none
  /// (C16). Told for the whole station (nil); an empty list takes the question away.
  case chooseWhatToStop([EVSEID])
  /// Somebody types a code on the keypad: so many characters by now. The station shows it without asking the engine.
  case enteringCode(Int)

  /// A stable name: that of the case.
  public var name: String {
    switch self {
    case .available: "available"
    case .plugIn: "plugIn"
    case .presentToken: "presentToken"
    case .authorizing: "authorizing"
    case .accepted: "accepted"
    case .rejected: "rejected"
    case .preparing: "preparing"
    case .charging: "charging"
    case .suspendedByVehicle: "suspendedByVehicle"
    case .suspendedByStation: "suspendedByStation"
    case .finished: "finished"
    case .unavailable: "unavailable"
    case .faulted: "faulted"
    case .reserved: "reserved"
    case .chooseWhatToStop: "chooseWhatToStop"
    case .enteringCode: "enteringCode"
    }
  }
}

/// The link as people see it.
public struct LinkStatus: Sendable, Equatable {
  public var isConnected: Bool
  public var isAccepted: Bool
  public var configurationSlot: Int32?
  public var version: OCPPVersion?
  public var url: String?
  /// Why the last dial or link ended, when it did.
  public var lastFailure: String?
  /// When that was; nil while civil time of then is not known.
  public var lastFailureAt: WallTime?
  /// The CSMS's answer to the last BootNotification; nil before the first.
  public var registration: RegistrationStatus?

  public init(
    isConnected: Bool = false, isAccepted: Bool = false, configurationSlot: Int32? = nil, version: OCPPVersion? = nil,
    url: String? = nil, lastFailure: String? = nil, registration: RegistrationStatus? = nil,
    lastFailureAt: WallTime? = nil
  ) {
    self.isConnected = isConnected
    self.isAccepted = isAccepted
    self.configurationSlot = configurationSlot
    self.version = version
    self.url = url
    self.lastFailure = lastFailure
    self.lastFailureAt = lastFailureAt
    self.registration = registration
  }
}

/// An event worth a line in the log and on the station socket.
public struct EngineEvent: Sendable, Equatable {
  public enum Kind: String, Sendable {
    case boot, link, authorization, transaction, status, configuration, reset, security, storage, message
  }
  public var kind: Kind
  public var text: String

  public init(_ kind: Kind, _ text: String) {
    self.kind = kind
    self.text = text
  }
}
