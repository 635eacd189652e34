extension Duration {
  /// Whole nanoseconds, at most `Int64`'s ends (292 years).
  @inlinable
  public var wholeNanoseconds: Int64 {
    let (seconds, attoseconds) = components
    return seconds.multipliedSaturating(by: 1_000_000_000).addingSaturating(attoseconds / 1_000_000_000)
  }

  /// Whole milliseconds, rounded towards zero.
  @inlinable
  public var wholeMilliseconds: Int64 {
    let (seconds, attoseconds) = components
    return seconds.multipliedSaturating(by: 1_000).addingSaturating(attoseconds / 1_000_000_000_000_000)
  }

  /// Whole seconds, rounded towards zero.
  @inlinable
  public var wholeSeconds: Int64 { components.seconds }

  /// Seconds from an untrusted integer, kept between zero and `limit` (one year unless told).
  @inlinable
  public init(clampingSeconds seconds: Int64, limit: Int64 = 366 * 86_400) {
    self = .seconds(seconds.clamped(to: 0...max(0, limit)))
  }
}
