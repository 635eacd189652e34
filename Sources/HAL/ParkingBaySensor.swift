import ChargerBase

/// The detector that tells whether something stands in the parking bay of an EVSE (loop, ultrasound, radar, camera).
///
/// Obligations, beside those of `StationLaneDriver`:
/// 1. `reading` is what the detector sees, whatever its polarity on the board; nil until it was first read.
/// 2. A change is readable, and notified, within 500 ms. It may well be a person who walks by: how long something must
///    stay to count is the station's to say.
/// 3. A detector that is silent or says that it is faulty keeps its last reading, and its `health` tells.
public protocol ParkingBaySensor: StationLaneDriver {
  var reading: ParkingBayReading? { get }
}

public struct ParkingBayReading: Sendable, Hashable {
  public var isOccupied: Bool
  /// When the detector first saw it so.
  public var since: MonotonicInstant

  public init(isOccupied: Bool, since: MonotonicInstant) {
    self.isOccupied = isOccupied
    self.since = since
  }
}
