import ChargerBase

/// What a socket's proximity contact tells.
package enum Cable: Hashable, Sendable {
  /// Not yet read for the filter's time, or no driver.
  case unknown
  /// The contact is open: no plug.
  case none
  /// A plug whose cable carries this current per phase.
  case rated(Current)
  /// A short, or a resistance that stands for no cable.
  case invalid
}

extension ProximityBands {
  /// What a resistance means (IEC 61851-1 Annex B); nil is an open contact. Between two bands it is the lower rating or
  /// a fault, as the profile has it; under the lowest resistance of all it is a short, and between the highest band and
  /// the open contact there is no rating below to fall back on.
  package func cable(at resistance: Resistance?) -> Cable {
    guard let resistance, resistance <= openAbove else { return .none }
    var within: Current?
    // The nearest bands on both sides.
    var above: Band?
    var isAboveAny = false
    for band in bands {
      if resistance >= band.lowest && resistance <= band.highest {
        within = min(within ?? band.rating, band.rating)
      } else if resistance > band.highest {
        isAboveAny = true
      } else if band.lowest < (above?.lowest ?? openAbove) {
        above = band
      }
    }
    if let within { return .rated(within) }
    guard let above, isAboveAny, betweenBands == .lowerRating else { return .invalid }
    return .rated(above.rating)
  }
}
