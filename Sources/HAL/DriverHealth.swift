import ChargerBase

/// Whether a driver still speaks for its hardware.
public enum DriverHealth: Sendable, Hashable {
  case alive
  /// No answer since the given instant; what it last said must not be taken for the present.
  case silent(since: MonotonicInstant)
}
