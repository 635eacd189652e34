/// A point in civil time: milliseconds since 1970-01-01T00:00:00Z, leap seconds not counted (as POSIX has it).
///
/// OCPP 2.0.1 allows three decimal places of a second (Part 2, "Primitive datatypes"), so milliseconds are exact.
public struct WallTime: Sendable, Hashable, Comparable, CustomStringConvertible {
  /// Milliseconds since the Unix epoch, within `range`.
  public let millisecondsSinceEpoch: Int64

  /// 0001-01-01T00:00:00.000Z … 9999-12-31T23:59:59.999Z: what RFC 3339 can write.
  public static let range: ClosedRange<Int64> = -62_135_596_800_000...253_402_300_799_999

  /// Values beyond `range` stop at its ends.
  public init(millisecondsSinceEpoch: Int64) {
    self.millisecondsSinceEpoch = millisecondsSinceEpoch.clamped(to: Self.range)
  }

  public static func < (left: WallTime, right: WallTime) -> Bool {
    left.millisecondsSinceEpoch < right.millisecondsSinceEpoch
  }

  public static func + (time: WallTime, duration: Duration) -> WallTime {
    WallTime(millisecondsSinceEpoch: time.millisecondsSinceEpoch.addingSaturating(duration.wholeMilliseconds))
  }

  public static func - (later: WallTime, earlier: WallTime) -> Duration {
    .milliseconds(later.millisecondsSinceEpoch - earlier.millisecondsSinceEpoch)
  }

  public var description: String { rfc3339 }
}
