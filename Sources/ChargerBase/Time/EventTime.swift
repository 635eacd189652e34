/// Which start of the operating system a monotonic instant belongs to: the station counts the boots it has seen.
public struct BootNumber: Sendable, Hashable, Comparable {
  public var rawValue: Int64
  public init(rawValue: Int64) { self.rawValue = rawValue }
  public static func < (left: BootNumber, right: BootNumber) -> Bool { left.rawValue < right.rawValue }
}

/// When something happened, in the form that is stored: exact on the station's own clock, and civil time as far as it
/// was known then.
///
/// An unset or jumping civil clock never changes the order of events, because order comes from boot and instant; a
/// missing `wall` is filled in when the offset of that boot becomes known.
public struct EventTime: Sendable, Hashable, Comparable {
  public var boot: BootNumber
  public var instant: MonotonicInstant
  /// Civil time as known when the event happened; nil while the station had no trusted clock.
  public var wall: WallTime?

  public init(boot: BootNumber, instant: MonotonicInstant, wall: WallTime?) {
    self.boot = boot
    self.instant = instant
    self.wall = wall
  }

  public static func < (left: EventTime, right: EventTime) -> Bool {
    (left.boot, left.instant) < (right.boot, right.instant)
  }
}
