import ChargerBase

/// The clocks of the machine, as the engine may see them. The engine never asks the system itself.
public protocol TimeSource: AnyObject {
  /// The station's own clock.
  var now: MonotonicInstant { get }
  /// Civil time by the system's clock, or nil while that clock is not trusted (never set since power-up, or before
  /// the program was built).
  var trustedWallTime: WallTime? { get }
}

/// Randomness for identifiers and for spreading retries; never for keys.
public protocol RandomSource: AnyObject {
  func next() -> UInt64
}
