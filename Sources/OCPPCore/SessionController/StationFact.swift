import ChargerBase
import OCPPTypes

/// What happens at the station, in the order in which it happens: everything that the engine learns from below.
///
/// Facts carry no clock of their own; the engine takes the instant at which it is told, or the one that they bring.
public enum StationFact: Sendable, Equatable {
  /// A driver presented a token; `evses` are those that the reader stands for, nil for the whole station.
  case tokenPresented(PresentedIdToken, evses: [EVSEID]?)
  /// A vehicle was connected to, or left, a connector (members 13 and 14 of the ChargePoint contract).
  case connected(ConnectorID, Bool, at: MonotonicInstant)
  /// The power path closed or opened.
  case powerPath(ConnectorID, closed: Bool, at: MonotonicInstant)
  /// The contactor was commanded closed; `powerPath` tells what becomes of it. Firmware that does not say so has a
  /// transaction that ends in this moment end before the last of its energy.
  case powerPathClosing(ConnectorID, at: MonotonicInstant)
  /// The charging state of the EVSE whose connector is in use (member 18).
  case charging(ConnectorID, ChargingState, at: MonotonicInstant)
  /// The bay of an EVSE was entered, or left, by something that may be a vehicle (parking bay detector).
  case parkingBay(EVSEID, occupied: Bool, at: MonotonicInstant)
  /// Somebody pressed the start button of an EVSE: they want energy and have shown no token (C02).
  case startPressed(EVSEID, MonotonicInstant)
  /// What a person chose on the display from the list that they were offered (`DriverFeedback.chooseWhatToStop`).
  case chosenOnDisplay(DisplayChoice, MonotonicInstant)
  /// A reading of the EVSE's meter, or with EVSE 0 of the station's main meter (member 19).
  case meter(EVSEID, MeterSample)
  /// What became of the order for a signed reading that has this number.
  case signedReading(EVSEID, number: UInt32, SignedReadingOutcome)
  /// A fault began or ended at a connector, an EVSE (connector 0) or, with nil, the station (members 22 and 23).
  case fault(ConnectorID?, StationFault, active: Bool, at: MonotonicInstant)
  /// The hardware can, or cannot, be used (members 20 and 21).
  case usable(ConnectorID, Bool, at: MonotonicInstant)
  /// What became of the request to release a cable that has this number.
  case unlocked(ConnectorID, number: UInt32, UnlockOutcome, at: MonotonicInstant)
  /// The lock's own contact: a cable is held, or free to be taken.
  case lock(ConnectorID, isLocked: Bool, at: MonotonicInstant)
  /// The rating of the cable in a socket, in mA, by its own resistor; nil when there is none, or it cannot be read.
  case cable(ConnectorID, ratingMilliamperes: Int32?, at: MonotonicInstant)
  /// The control lane let a permit end: its lease or its energy budget ran out.
  case permitEnded(ConnectorID, number: UInt32, at: MonotonicInstant)
}

/// An item of the list by which a person tells, on the display, which transactions to end (C16).
public enum DisplayChoice: Sendable, Hashable {
  case evse(EVSEID)
  case everyEVSE
  case cancel
}

/// What became of a request to release a cable.
public enum UnlockOutcome: UInt8, Sendable {
  /// Confirmed by the lock's position contact.
  case unlocked
  case failed
  /// The connector has no lock.
  case noLock
}

/// A token as it was presented, before anybody has said whether it is good.
public struct PresentedIdToken: Sendable, Equatable {
  public var idToken: IdToken
  /// The reader's name, for the driver's feedback.
  public var reader: String?

  public init(idToken: IdToken, reader: String? = nil) {
    self.idToken = idToken
    self.reader = reader
  }
}

/// A meter reading in OCPP's terms; a missing value was not measured.
public struct MeterSample: Sendable, Equatable {
  /// When the meter gave it, on the station's own clock.
  public var takenAt: MonotonicInstant
  public var values: [MeasuredValue]

  public init(takenAt: MonotonicInstant, values: [MeasuredValue]) {
    self.takenAt = takenAt
    self.values = values
  }

  /// The import register in Wh, where the meter has one.
  public var energyImport: Decimal? {
    values.first { $0.isImportRegister }?.value
  }

  /// SampledDataCtrlr.RegisterValuesWithoutPhases: a register whose total is there is told without its phases.
  func values(withoutPhasesOfRegisters isWanted: Bool) -> [MeasuredValue] {
    guard isWanted else { return values }
    return values.filter { value in
      guard value.measurand == .energyActiveImportRegister, value.phase != nil else { return true }
      return !values.contains { $0.measurand == value.measurand && $0.phase == nil && $0.location == value.location }
    }
  }
}

/// One measured value in OCPP's default unit of its measurand (Wh, W, A, V, Hz, Celsius, Percent).
public struct MeasuredValue: Sendable, Equatable {
  public var measurand: Measurand
  public var phase: Phase?
  public var location: Location?
  public var value: Decimal

  public init(measurand: Measurand, phase: Phase? = nil, location: Location? = nil, value: Decimal) {
    self.measurand = measurand
    self.phase = phase
    self.location = location
    self.value = value
  }
}

/// A fault in the terms of the device model and of people.
public struct StationFault: Sendable, Equatable {
  /// What of the station a fault concerns: there the device model has its component.
  public enum Tier: UInt8, Sendable { case station, evse, connector }

  /// Stable name: OCPP component and variable that carry it, and the code that field technicians know.
  public var code: String
  public var component: String
  public var variable: String
  /// One sentence for a person.
  public var text: String
  /// A public code that technicians look up, for NotifyEvent's techCode; nil for `code` itself.
  public var technicianCode: String?
  /// By OCPP's scale: 0 (danger) … 9 (debug).
  public var severity: Int32?
  public var tier: Tier
  /// False for what is told, but keeps nobody from charging: a silent reader or display. No connector is Faulted by it.
  public var hindersCharging: Bool

  public init(
    code: String, component: String, variable: String, text: String, technicianCode: String? = nil,
    severity: Int32? = nil, tier: Tier = .connector, hindersCharging: Bool = true
  ) {
    self.hindersCharging = hindersCharging
    self.code = code
    self.component = component
    self.variable = variable
    self.text = text
    self.technicianCode = technicianCode
    self.severity = severity
    self.tier = tier
  }
}
