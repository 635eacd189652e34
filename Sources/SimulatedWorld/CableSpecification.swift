import ChargerBase

/// The cable between a socket and a car, as its plug's resistor tells it.
public struct CableSpecification: Sendable, Equatable {
  /// Between the plug's proximity contact and the protective conductor.
  public var proximity: ProximityContact

  public init(proximity: ProximityContact) { self.proximity = proximity }

  /// A cable of one of the ratings of IEC 61851-1 Annex B: 13, 20, 32 or 63 A; others are taken as the next lower one.
  public init(rating: Current = Current(amperes: 32)) {
    let ohms: Int64 =
      switch rating.milliamperes / 1_000 {
      case 63...: 100
      case 32...: 220
      case 20...: 680
      default: 1_500
      }
    proximity = .resistance(Resistance(ohms: ohms))
  }
}
