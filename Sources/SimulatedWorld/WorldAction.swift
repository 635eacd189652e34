import ChargerBase

/// What a person, the grid or the network does to the station from outside.
public enum WorldAction: Sendable, Equatable {
  /// At a socket with the car's own cable.
  case plugIn(ConnectorID, CarSpecification, cable: CableSpecification = CableSpecification())
  /// A locked plug comes out by force only.
  case plugOut(ConnectorID, byForce: Bool = false)
  /// Somebody works the emergency release of the lock.
  case unlockByHand(ConnectorID)
  /// The air around an EVSE, or with nil around all.
  case ambient(Temperature, EVSEID?)
  /// Holds the car's side of the pilot in a state; nil lets the car act by itself again.
  case holdCar(ConnectorID, CarState?)
  case presentToken(WorldToken, TokenPlace)
  /// The start button of an EVSE, or with nil (or where the EVSE has none of its own) of the whole station.
  case pressStart(EVSEID?)
  /// Letters and digits, `#` for enter and `*` for clear, on the keypad of that name, or on the first.
  case typeKeys(String, keypad: String? = nil)
  /// An item of the list on the display, by its name.
  case chooseOnDisplay(String)
  /// Something drives into the bay of an EVSE, or leaves it.
  case parkingBay(EVSEID, occupied: Bool)
  case setMeter(EVSEID, [MeterSetting])
  case fault(FaultPlace, SimulatedFault, active: Bool)
  case network(up: Bool)
  case mains(up: Bool)
  /// Phase to neutral at every EVSE, of one phase (1…3) or of all.
  case supplyVoltage(Voltage, phase: Int?)
}

/// A token held before a reader.
public struct WorldToken: Sendable, Equatable {
  public var value: String
  /// OCPP's name of the kind, `ISO14443` and so on.
  public var kind: String
  /// EVSEs that the presentation is meant for; nil when the reader does not say.
  public var evses: [EVSEID]?

  public init(value: String, kind: String = "ISO14443", evses: [EVSEID]? = nil) {
    self.value = value
    self.kind = kind
    self.evses = evses
  }
}

/// Which reader is meant: by its name, or by the EVSEs that it serves (nil: the whole station).
public enum TokenPlace: Sendable, Equatable {
  case reader(String)
  case evses([EVSEID]?)
}

/// A connector, an EVSE (no connector) or the station (neither).
public struct FaultPlace: Sendable, Equatable {
  public var evse: EVSEID?
  public var connector: Int32?

  public init(evse: EVSEID? = nil, connector: Int32? = nil) {
    self.evse = evse
    self.connector = connector
  }

  public init(_ connector: ConnectorID) {
    self.init(evse: connector.evse, connector: connector.number)
  }
}

/// One value that the meter shall show. Registers are absolute and the model counts on from them; voltage and frequency
/// stay; current and power stay as set until nil hands them back to the model.
public enum MeterSetting: Sendable, Equatable {
  case importRegister(Energy)
  case exportRegister(Energy)
  /// Of one phase (1…3), or of all.
  case voltage(Voltage, phase: Int?)
  case frequency(Frequency)
  case current(Current?, phase: Int?)
  case power(Power?, phase: Int?)
}

/// Why the world does not do what it was told.
public struct WorldError: Error, Sendable, Equatable, CustomStringConvertible {
  public enum Kind: Sendable, Equatable {
    /// The parameter with this name is at fault.
    case badParameter(String)
    /// It fits the parameters but not the situation: two cars at one connector.
    case situation
    /// The model has no such part.
    case notModelled
  }

  public var kind: Kind
  public var message: String

  public init(_ kind: Kind, _ message: String) {
    self.kind = kind
    self.message = message
  }

  public var description: String { message }
}
