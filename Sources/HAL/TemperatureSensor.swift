import ChargerBase

/// A temperature on the path of the energy: plug contacts, contactor, enclosure.
///
/// Obligations, beside those of `ControlLaneDriver`:
/// 1. `reading` is the newest temperature with the time when the sensor gave it; an old one is never given a new time.
/// 2. A sensor that is broken or not there (open, shorted, out of its range) gives no reading and so falls silent.
public protocol TemperatureSensor: ControlLaneDriver {
  var reading: TemperatureReading? { get }
}

public struct TemperatureReading: Sendable, Hashable {
  public var temperature: Temperature
  public var takenAt: MonotonicInstant

  public init(temperature: Temperature, takenAt: MonotonicInstant) {
    self.temperature = temperature
    self.takenAt = takenAt
  }
}
