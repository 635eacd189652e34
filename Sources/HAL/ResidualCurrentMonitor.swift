import ChargerBase

/// The residual current detection of one EVSE (RDC-DD of IEC 62955, or an RCD with an auxiliary contact) and its test.
///
/// Obligations, beside those of `ControlLaneDriver`:
/// 1. `reading` is what the trip output shows, whatever its polarity on the board; nil until it was first read. A broken
///    wire reads as tripped.
/// 2. A trip is readable within 20 ms.
/// 3. `setTestCurrent(true)` makes the monitor see a test current within 50 ms and until `setTestCurrent(false)`; a healthy
///    monitor then reads as tripped.
/// 4. `reset` lets a monitor that has tripped measure anew; one that measures still too much trips again.
public protocol ResidualCurrentMonitor: ControlLaneDriver {
  var reading: ResidualCurrentReading? { get }
  func setTestCurrent(_ isOn: Bool)
  func reset()
}

public struct ResidualCurrentReading: Sendable, Hashable {
  public var isTripped: Bool
  public var takenAt: MonotonicInstant

  public init(isTripped: Bool, takenAt: MonotonicInstant) {
    self.isTripped = isTripped
    self.takenAt = takenAt
  }
}
