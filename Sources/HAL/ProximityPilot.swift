import ChargerBase

/// The proximity contact of a socket: the resistor in the plug tells what current its cable carries (IEC 61851-1 Annex B).
///
/// Obligations, beside those of `ControlLaneDriver`:
/// 1. `measurement` is the resistance between the proximity contact and the protective conductor; an open contact is
///    a measurement without resistance, never a large number.
/// 2. A change is readable within 200 ms.
/// 3. Bands are not the driver's: it reports ohms, the control lane reads ratings from them.
public protocol ProximityPilot: ControlLaneDriver {
  var measurement: ProximityMeasurement? { get }
}

public struct ProximityMeasurement: Sendable, Hashable {
  /// Nil for an open contact: no plug.
  public var resistance: Resistance?
  public var takenAt: MonotonicInstant

  public init(resistance: Resistance?, takenAt: MonotonicInstant) {
    self.resistance = resistance
    self.takenAt = takenAt
  }
}
