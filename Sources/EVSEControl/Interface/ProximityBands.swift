import ChargerBase

/// The resistances by which a plug tells its cable's rating (IEC 61851-1 Annex B; the limits are *unverified* against the
/// paid standard: nominal 1.5 kΩ, 680 Ω, 220 Ω and 100 Ω). A laboratory can replace them through the board profile.
public struct ProximityBands: Sendable, Equatable, Hashable {
  public struct Band: Sendable, Equatable, Hashable {
    public var rating: Current
    /// Lowest and highest resistance of the band, both included.
    public var lowest: Resistance
    public var highest: Resistance

    public init(rating: Current, lowest: Resistance, highest: Resistance) {
      self.rating = rating
      self.lowest = lowest
      self.highest = highest
    }
  }

  /// What a resistance between two bands means.
  public enum BetweenBands: String, Sendable, CaseIterable {
    case lowerRating, fault
  }

  /// From the lowest rating (highest resistance) to the highest; 1…8 bands.
  public var bands = [
    Band(rating: Current(amperes: 13), lowest: Resistance(ohms: 1_100), highest: Resistance(ohms: 2_460)),
    Band(rating: Current(amperes: 20), lowest: Resistance(ohms: 400), highest: Resistance(ohms: 936)),
    Band(rating: Current(amperes: 32), lowest: Resistance(ohms: 164), highest: Resistance(ohms: 308)),
    Band(rating: Current(amperes: 63), lowest: Resistance(ohms: 80), highest: Resistance(ohms: 140)),
  ]
  public var betweenBands = BetweenBands.lowerRating
  /// Above this the contact is open: no plug.
  public var openAbove = Resistance(ohms: 4_500)

  public init() {}
}
