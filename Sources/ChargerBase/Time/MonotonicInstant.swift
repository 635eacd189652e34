/// A point on the station's own clock: nanoseconds since the system booted, never set back and never jumping.
///
/// It means nothing in another boot; `EventTime` joins it with the boot it belongs to. Arithmetic saturates.
public struct MonotonicInstant: InstantProtocol, Sendable, Hashable, Comparable, CustomStringConvertible {
  /// Nanoseconds since boot.
  public var nanoseconds: Int64

  @inlinable
  public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

  public static let zero = MonotonicInstant(nanoseconds: 0)
  /// Later than every instant that can occur: "no deadline".
  public static let distantFuture = MonotonicInstant(nanoseconds: .max)

  @inlinable
  public func advanced(by duration: Duration) -> MonotonicInstant {
    MonotonicInstant(nanoseconds: nanoseconds.addingSaturating(duration.wholeNanoseconds))
  }

  /// The same for whole seconds, without the 128 bits of a `Duration`: for what every turn asks.
  @inlinable
  public func advanced(bySeconds seconds: Int64) -> MonotonicInstant {
    MonotonicInstant(nanoseconds: nanoseconds.addingSaturating(seconds.multipliedSaturating(by: 1_000_000_000)))
  }

  @inlinable
  public func duration(to other: MonotonicInstant) -> Duration {
    Duration(wholeNanoseconds: other.nanoseconds.subtractingSaturating(nanoseconds))
  }

  @inlinable
  public static func < (left: MonotonicInstant, right: MonotonicInstant) -> Bool {
    left.nanoseconds < right.nanoseconds
  }

  @inlinable
  public static func + (instant: MonotonicInstant, duration: Duration) -> MonotonicInstant {
    instant.advanced(by: duration)
  }

  @inlinable
  public static func - (later: MonotonicInstant, earlier: MonotonicInstant) -> Duration {
    earlier.duration(to: later)
  }

  public var description: String { "\(nanoseconds / 1_000_000) ms" }
}
