import ChargerBase

/// The control pilot conductor of one connector (IEC 61851-1 Annex A): the signal that the station puts on it and the
/// voltages that the vehicle makes of it.
///
/// Obligations, beside those of `ControlLaneDriver`:
/// 1. `measurement` holds the newest pair of peaks, taken no earlier than `takenAt` says.
/// 2. A change of the peaks is readable within 20 ms of its happening.
/// 3. `apply` takes effect within 10 ms; applying the present output again is harmless.
/// 4. Thresholds are not the driver's: it reports voltages, the connector machine reads states from them.
public protocol ControlPilot: ControlLaneDriver {
  var measurement: PilotMeasurement? { get }
  func apply(_ output: PilotOutput)
}

/// Peaks of the pilot signal at the station's terminal.
public struct PilotMeasurement: Sendable, Hashable {
  /// The voltage in the high part of the period, or the steady voltage.
  public var positivePeak: Voltage
  /// The voltage in the low part of the period; nil while the output is steady.
  public var negativePeak: Voltage?
  public var takenAt: MonotonicInstant

  public init(positivePeak: Voltage, negativePeak: Voltage?, takenAt: MonotonicInstant) {
    self.positivePeak = positivePeak
    self.negativePeak = negativePeak
    self.takenAt = takenAt
  }
}

/// What the station puts on the control pilot.
public enum PilotOutput: Sendable, Hashable {
  /// Steady +12 V: no offer (X1).
  case steadyPositive
  /// ±12 V at 1 kHz: the duty cycle offers current (X2).
  case pulseWidth(DutyCycle)
  /// Steady −12 V: the station is not available (state F).
  case steadyNegative
}

/// The positive share of the pilot's period, in hundredths of a percent (0…10,000).
public struct DutyCycle: Sendable, Hashable, Comparable {
  public let hundredthsOfPercent: UInt16

  /// Values over 10,000 are taken as 10,000.
  public init(hundredthsOfPercent: UInt16) {
    self.hundredthsOfPercent = min(hundredthsOfPercent, 10_000)
  }

  public static func < (left: DutyCycle, right: DutyCycle) -> Bool {
    left.hundredthsOfPercent < right.hundredthsOfPercent
  }
}
