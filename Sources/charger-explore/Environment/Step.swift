import ChargerBase
import EVSEControl
import HAL

/// One thing that the world does. A configuration's alphabet is a list of them; every one of them may happen at any time.
enum Step: Hashable, Sendable {
  /// One tick passes, and the control is called.
  case tick
  /// Time passes until the control has asked to be called.
  case deadline
  case pilot(Int, PilotReading)
  case contactor(Int, ContactorPosition)
  case lock(Int, LockPosition)
  case proximity(Int, CableReading)
  case meter(Int, MeterKind)
  case residualCurrent(Int, isTripped: Bool)
  case phases(Int, ConnectedPhases)
  case temperature(Int, Heat)
  case safetyInput(Int, isActive: Bool)
  case silence(ControlDriver)
  case speech(ControlDriver)
  /// A permit with a lease of so many ticks; nil for one that outlasts everything. Its number is one that was not revoked.
  case grant(Int, ticks: UInt8?)
  /// A permit whose energy is used up by the first register that has grown.
  case grantBudget(Int)
  /// The number that was revoked once more: refused.
  case grantRevoked(Int)
  case revoke(Int)
  /// An external limit in amperes; nil lifts it.
  case limit(Int, Int64?)
  /// One that lapses by itself.
  case shortLimit(Int, Int64, ticks: UInt8)
  case phaseLimit(Int, Bool)
  case pause(Int, Bool)
  case gate(Int, ticks: UInt8?)
  case operative(Int, Bool)
  case unlock(Int)
  /// A locked plug is to stay locked although no energy may flow any more (E10.FR.01).
  case keepLocked(Int, Bool)
  case clearFaults(Int)
  /// An EVSE begins anew (B12): what it was granted and what it holds against itself is gone.
  case reset(Int)
  case digitalCommunication(Int, Bool)
  case shutDown
}

/// What the pilot's driver measures.
enum PilotReading: UInt8, Hashable, Sendable {
  case none
  case a, b, c, d, e, f
  /// Within the hysteresis between two states.
  case betweenAAndB, betweenBAndC, betweenCAndD
  /// The low part is the high part's mirror image.
  case bWithoutDiode, cWithoutDiode

  var volts: Voltage {
    switch self {
    case .none, .a: Voltage(volts: 12)
    case .b, .bWithoutDiode: Voltage(volts: 9)
    case .c, .cWithoutDiode: Voltage(volts: 6)
    case .d: Voltage(volts: 3)
    case .e: Voltage(volts: 0)
    case .f: Voltage(volts: -12)
    case .betweenAAndB: Voltage(millivolts: 10_400)
    case .betweenBAndC: Voltage(millivolts: 7_400)
    case .betweenCAndD: Voltage(millivolts: 4_400)
    }
  }

  var isWithoutDiode: Bool { self == .bWithoutDiode || self == .cWithoutDiode }

  /// The state that it stands for, where another one is present: within the hysteresis the present one is kept.
  func state(present: PilotState) -> PilotState {
    switch self {
    case .none: .unknown
    case .a: .a
    case .b, .bWithoutDiode: .b
    case .c, .cWithoutDiode: .c
    case .d: .d
    case .e: .e
    case .f: .f
    case .betweenAAndB: present == .a ? .a : .b
    case .betweenBAndC: present == .b ? .b : .c
    case .betweenCAndD: present == .c ? .c : .d
    }
  }
}

enum CableReading: UInt8, Hashable, Sendable {
  case none
  /// Open contact: no plug.
  case open
  case twentyAmperes, thirteenAmperes
  /// A short.
  case invalid
}

enum MeterKind: UInt8, Hashable, Sendable {
  case none
  /// No current, 230 V.
  case idle
  /// Twice the hardware's current.
  case tooMuchCurrent
  case tooHighVoltage, tooLowVoltage
  /// A register that has grown.
  case energy
}

enum Heat: UInt8, Hashable, Sendable {
  case none, cool, derating, tooHot
}
