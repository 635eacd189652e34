import ChargerBase
import HAL

/// One entry of the flight recorder: what happened where, with two small values. Fixed in size.
public struct FlightRecord: Sendable, Hashable {
  /// What an entry tells; the numbers are stored and never used anew.
  public enum Kind: UInt16, Sendable, CaseIterable {
    /// The program has started; `first` is the boot that instants belong to.
    case started = 1
    /// `first`: the state counted before, `second`: the state that counts now (`PilotState`).
    case pilotState = 2
    /// `first`: 0 steady positive, 1 pulse width, 2 steady negative; `second`: duty in hundredths of a percent.
    case pilotOutput = 3
    /// `first`: 0 open, 1 closed.
    case contactorCommand = 4
    /// `first`: 0 open, 1 closed.
    case contactorFeedback = 5
    /// `first`: 0 gone, 1 connected.
    case connected = 6
    /// `first`: 0 open, 1 confirmed closed.
    case powerPath = 7
    /// `first`: `ChargingPhase`.
    case phase = 8
    /// `first`: `ControlFault`, `second`: 1 began, 0 ended.
    case fault = 9
    /// `first`: the permit's number, `second`: seconds until it expires.
    case permitGranted = 10
    case permitRevoked = 11
    /// `first`: the permit's number, `second`: `PermitEnd`.
    case permitEnded = 12
    /// `first`: `LimitSource`, `second`: milliamperes, −1 for a lifted limit.
    case limit = 13
    /// `first`: 0 out of service, 1 operative.
    case operative = 14
    case faultsCleared = 15
    case shutDown = 16
    /// `first`: which driver (0 pilot, 1 contactor, 2 meter, 3 lock, 4 proximity, 5 residual current, 6 temperature,
    /// 7 phase switch, 8 safety input, 9 watchdog), `second`: 1 speaks, 0 silent, plus
    /// 256 times the driver's own diagnosis (of an MCU: `schema/pilot-mcu.md`).
    case driverHealth = 17
    /// `first`: commands that found the queue full since the start.
    case commandsLost = 18
    /// The lane has ended; `first`: 1 when every contactor was confirmed open.
    case stopped = 19
    /// `first`: 0 unlocked, 1 locked.
    case lockCommand = 20
    /// `first`: 0 unlocked, 1 locked.
    case lockFeedback = 21
    /// `first`: 1 tripped.
    case residualCurrent = 22
    /// `first`: 1 the test current was switched on.
    case residualCurrentTest = 23
    /// `first`: 1 or 3 phases, `second`: 1 commanded, 0 shown by the auxiliary contacts.
    case phases = 24
    /// `first`: place of the input, `second`: 1 active.
    case safetyInput = 25
    /// `first`: 1 the session was paused by command.
    case paused = 26
    /// `first`: seconds of the gate, −1 for a lifted one.
    case startGate = 27
    /// `first`: `UnlockResult`.
    case unlocked = 28
    /// `first`: milliohms of the proximity contact, −1 for open.
    case proximity = 29
    /// The lane has not run; `first`: for so many milliseconds.
    case standstill = 30
  }

  /// Counts all entries since the recorder's memory was first used, from 1; gaps in a reading are entries overwritten.
  public var sequence: UInt64
  public var at: MonotonicInstant
  public var kind: Kind
  /// The connector; with number 0 the EVSE, with EVSE 0 the station.
  public var connector: ConnectorID
  public var first: Int32
  public var second: Int32

  public init(
    sequence: UInt64 = 0, at: MonotonicInstant, kind: Kind, connector: ConnectorID, first: Int32 = 0, second: Int32 = 0
  ) {
    self.sequence = sequence
    self.at = at
    self.kind = kind
    self.connector = connector
    self.first = first
    self.second = second
  }

  /// The second value of `driverHealth`.
  package static func driverHealth(isAlive: Bool, _ diagnosis: UInt8) -> Int32 {
    Int32(diagnosis) << 8 | (isAlive ? 1 : 0)
  }

  /// The place of what concerns the whole station.
  public static let station = ConnectorID(evse: EVSEID(0), number: 0)
}

extension FlightRecord: CustomStringConvertible {
  /// One line for people.
  public var description: String { "#\(sequence) \(at) \(sentence)" }

  /// Where and what, without number and time.
  public var sentence: String { placeText + text }

  private var placeText: String {
    if connector.evse.number == 0 { return "" }
    return connector.number == 0 ? "\(connector.evse): " : "\(connector): "
  }

  private var text: String {
    switch kind {
    case .started: "started in boot \(first)"
    case .pilotState: "pilot state \(Self.name(pilotState: first)) to \(Self.name(pilotState: second))"
    case .pilotOutput:
      switch first {
      case 1: "pilot offers with a duty cycle of \(Decimal(significand: Int64(second), places: 2) ?? .zero) %"
      case 2: "pilot steady at -12 V"
      default: "pilot steady at +12 V"
      }
    case .contactorCommand: "contactor commanded \(Self.name(position: first))"
    case .contactorFeedback: "contactor shows \(Self.name(position: first))"
    case .connected: first == 0 ? "vehicle gone" : "vehicle connected"
    case .powerPath: "power path \(Self.name(position: first))"
    case .phase: "phase \(Self.name(ChargingPhase.init(rawValue:), first))"
    case .fault: "fault \(Self.name(ControlFault.init(rawValue:), first)) \(second == 0 ? "ended" : "began")"
    case .permitGranted: "permit \(UInt32(bitPattern: first)) granted for \(second) s"
    case .permitRevoked: "permit revoked"
    case .permitEnded: "permit \(UInt32(bitPattern: first)) ended: \(Self.name(PermitEnd.init(rawValue:), second))"
    case .limit:
      "limit \(Self.name(LimitSource.init(rawValue:), first)) "
        + (second < 0 ? "lifted" : "\(Current(milliamperes: Int64(second)))")
    case .operative: first == 0 ? "out of service" : "operative"
    case .faultsCleared: "latched faults cleared"
    case .shutDown: "shutdown commanded"
    case .driverHealth:
      "\(Self.name(driver: first)) driver \(second & 0xFF == 0 ? "silent" : "speaks")"
        + (second > 0xFF ? ", diagnosis \(second >> 8)" : "")
    case .commandsLost: "\(first) commands found the queue full"
    case .lockCommand: "lock commanded \(first == 0 ? "unlocked" : "locked")"
    case .lockFeedback: "lock shows \(first == 0 ? "unlocked" : "locked")"
    case .residualCurrent: first == 0 ? "residual current detection free" : "residual current detection tripped"
    case .residualCurrentTest: "residual current test current \(first == 0 ? "off" : "on")"
    case .phases: "\(first) phase\(first == 1 ? "" : "s") \(second == 0 ? "connected" : "commanded")"
    case .safetyInput: "safety input \(first) \(second == 0 ? "inactive" : "active")"
    case .paused: first == 0 ? "resumed" : "paused"
    case .startGate: first < 0 ? "start gate lifted" : "no energy for \(first) s"
    case .unlocked: "command to unlock: \(Self.name(UnlockResult.init(rawValue:), first))"
    case .proximity: first < 0 ? "proximity contact open" : "proximity contact shows \(first) mΩ"
    case .standstill: "control stood still for \(first) ms"
    case .stopped: first == 0 ? "stopped, not every contactor confirmed open" : "stopped, all contactors open"
    }
  }

  private static func name(pilotState raw: Int32) -> String { name(PilotState.init(rawValue:), raw) }

  private static func name(position raw: Int32) -> String { raw == 0 ? "open" : "closed" }

  private static func name(driver raw: Int32) -> String {
    switch raw {
    case 0: "pilot"
    case 1: "contactor"
    case 3: "lock"
    case 4: "proximity"
    case 5: "residual current"
    case 6: "temperature"
    case 7: "phase switch"
    case 8: "safety input"
    case 9: "watchdog"
    default: "meter"
    }
  }

  private static func name<Value>(_ make: (UInt8) -> Value?, _ raw: Int32) -> String {
    guard let byte = UInt8(exactly: raw), let value = make(byte) else { return "\(raw)" }
    return "\(value)"
  }
}
