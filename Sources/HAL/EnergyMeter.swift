import ChargerBase

/// The energy meter of one EVSE, or the main meter of the station. A main meter is served by Station: all its members are
/// called on the network loop alone.
///
/// Obligations, beside those of `ControlLaneDriver`:
/// 1. `latest` is the newest reading with the time when the meter gave it; an old one is never given a new time.
/// 2. A value that the meter did not give, or marked as not available, is nil, never zero.
/// 3. The import register is the meter's own absolute register; the driver neither resets nor smooths it. One that has
///    counted past its known end goes on beyond it; any other fall is handed on, and judged where transactions are known.
/// 4. A meter that signs takes one request at a time; `requestSignedReading` answers false when it cannot, and gives
///    exactly one answer for each request that it took, within `signingTimeout`, a failure included.
public protocol EnergyMeter: ControlLaneDriver {
  var latest: MeterReading? { get }
  /// Nil for a meter that does not sign.
  var signingTimeout: Duration? { get }
  /// Begins a signed reading without waiting for it.
  func requestSignedReading(_ request: SignedReadingRequest) -> Bool
  /// The answer that has come since the last call.
  func takeSignedReading() -> SignedReadingAnswer?
}

extension EnergyMeter {
  public var signingTimeout: Duration? { nil }
  public func requestSignedReading(_ request: SignedReadingRequest) -> Bool { false }
  public func takeSignedReading() -> SignedReadingAnswer? { nil }
}

/// One reading of a meter. Fixed in size, so that passing it on allocates nothing.
public struct MeterReading: Sendable, Equatable {
  public var takenAt: MonotonicInstant
  /// Absolute register of energy taken from the grid.
  public var importRegister: Energy?
  /// Absolute register of energy given back.
  public var exportRegister: Energy?
  public var power: PhaseValues<Power>
  public var current: PhaseValues<Current>
  /// Phase to neutral.
  public var voltage: PhaseValues<Voltage>
  public var frequency: Frequency?

  public init(
    takenAt: MonotonicInstant, importRegister: Energy? = nil, exportRegister: Energy? = nil,
    power: PhaseValues<Power> = PhaseValues(), current: PhaseValues<Current> = PhaseValues(),
    voltage: PhaseValues<Voltage> = PhaseValues(), frequency: Frequency? = nil
  ) {
    self.takenAt = takenAt
    self.importRegister = importRegister
    self.exportRegister = exportRegister
    self.power = power
    self.current = current
    self.voltage = voltage
    self.frequency = frequency
  }
}

/// A quantity per phase and, where it has one, in total.
public struct PhaseValues<Value: Sendable & Equatable>: Sendable, Equatable {
  public var total: Value?
  public var l1: Value?
  public var l2: Value?
  public var l3: Value?

  public init(total: Value? = nil, l1: Value? = nil, l2: Value? = nil, l3: Value? = nil) {
    self.total = total
    self.l1 = l1
    self.l2 = l2
    self.l3 = l3
  }
}
