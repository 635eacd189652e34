extension Duration {
  // By the attoseconds at once: `components` divides twice, and every comparison of instants comes through here.

  /// Whole nanoseconds, rounded towards zero, at most `Int64`'s ends (292 years).
  @inlinable
  public var wholeNanoseconds: Int64 { Int64(clamping: attoseconds / 1_000_000_000) }

  /// Whole milliseconds, rounded towards zero.
  @inlinable
  public var wholeMilliseconds: Int64 { Int64(clamping: attoseconds / 1_000_000_000_000_000) }

  /// As `.nanoseconds`, for the many that are made of two instants.
  @inlinable
  public init(wholeNanoseconds: Int64) { self.init(attoseconds: Int128(wholeNanoseconds) &* 1_000_000_000) }

  /// Whole seconds, rounded towards zero.
  @inlinable
  public var wholeSeconds: Int64 { components.seconds }

  /// Seconds from an untrusted integer, kept between zero and `limit` (one year unless told).
  @inlinable
  public init(clampingSeconds seconds: Int64, limit: Int64 = 366 * 86_400) {
    self = .seconds(seconds.clamped(to: 0...max(0, limit)))
  }
}
