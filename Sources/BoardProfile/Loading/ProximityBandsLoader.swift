import ChargerBase
import EVSEControl

/// Reads the resistances by which plugs tell their cables' ratings.
enum ProximityBandsLoader {
  static func load(_ field: ProfileField) -> ProximityBands {
    var table = ProximityBands()
    guard let object = ProfileObject<ProximityBandsKey>(field) else { return table }
    if let fields = object[.bands].list(count: 1...BoardProfile.maximumProximityBands, of: "bands") {
      table.bands = bands(fields)
    }
    if let between = object[.betweenBands].choice(as: ProximityBands.BetweenBands.self) { table.betweenBands = between }
    if let open = object[.openAboveOhms].resistance(in: 100...100_000) { table.openAbove = open }
    if let first = table.bands.first, table.openAbove <= first.highest {
      object.first(.openAboveOhms, .bands).report(
        "makes an open contact begin at \(table.openAbove), within the band of \(first.rating)",
        allowed: "openAboveOhms over every band")
    }
    return table
  }

  /// Ratings rise from band to band and resistances fall, so that no resistance has two ratings and a broken plug never
  /// reads as a thicker cable.
  private static func bands(_ fields: [ProfileField]) -> [ProximityBands.Band] {
    var bands: [ProximityBands.Band] = []
    for field in fields {
      guard let object = ProfileObject<ProximityBandKey>(field, isRequired: true) else { continue }
      let rating = object[.ratingA].current(isRequired: true, in: 6...80)
      let lowest = object[.lowestOhms].resistance(isRequired: true, in: 1...100_000)
      let highest = object[.highestOhms].resistance(isRequired: true, in: 1...100_000)
      guard let rating, let lowest, let highest else { continue }
      if lowest >= highest {
        object[.lowestOhms].report("is \(lowest.decimal), not under highestOhms", allowed: "under \(highest.decimal)")
      } else if let last = bands.last, rating <= last.rating {
        object[.ratingA].report(
          "is \(rating.decimal), not more than the band before", allowed: "ratings in rising order")
      } else if let last = bands.last, highest >= last.lowest {
        object[.highestOhms].report(
          "is \(highest.decimal), within the band of \(last.rating) or above it",
          allowed: "under \(last.lowest.decimal)")
      } else {
        bands.append(ProximityBands.Band(rating: rating, lowest: lowest, highest: highest))
      }
    }
    return bands
  }
}
