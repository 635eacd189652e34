import ChargerBase
import EVSEControl

/// Reads what an EVSE watches beside its connectors: residual current, heat, voltage, load.
enum SupervisionLoader {
  /// A supervision by the meter: on by default where there is a meter, and impossible without one.
  static func needsMeter(_ field: ProfileField, meter: ProfileField) -> Bool {
    let isWanted = field.boolean()
    if isWanted == true, !meter.isPresent {
      field.report("is true, but this EVSE has no meter", allowed: "false, or a \"meter\"")
    }
    return isWanted ?? meter.isPresent
  }

  /// A product says where its residual current protection is; forgetting the key must not leave it out.
  static func residualCurrent(
    _ field: ProfileField, purpose: BoardProfile.Purpose?
  ) -> (driver: DriverReference?, isTested: Bool) {
    if field.isText("external") { return (nil, true) }
    if !field.isPresent, purpose == .product {
      field.report(
        "is missing",
        allowed: "the driver of the monitor, or \"external\" for a protection that the station does not watch")
    }
    guard let object = ProfileObject<ResidualCurrentKey>(field, orText: "external", allowsOthers: true) else {
      return (nil, true)
    }
    let driver = DriverLoader.reference(
      field, driver: object[.driver], reserved: ResidualCurrentKey.allCases.map(\.rawValue))
    return (driver, object[.test].boolean() ?? true)
  }

  static func temperatureSensors(_ field: ProfileField) -> [DriverReference] {
    let limit = BoardProfile.maximumTemperatureSensorsPerEVSE
    guard let fields = field.list(count: 0...limit, of: "sensors") else { return [] }
    return fields.compactMap { DriverLoader.load($0, isRequired: true) }
  }

  static func temperatureCurve(_ field: ProfileField, sensors: ProfileField, maximum: Current?) -> TemperatureCurve {
    var curve = TemperatureCurve()
    guard let object = ProfileObject<TemperatureCurveKey>(field) else { return curve }
    if !sensors.isPresent {
      field.report("is there, but this EVSE has no temperature sensors", allowed: "with \"temperatureSensors\"")
    }
    if let from = object[.deratingFromCelsius].temperature(in: 20...110) { curve.deratingFrom = from }
    if let stop = object[.stopAtCelsius].temperature(in: 30...120) { curve.stopAt = stop }
    if let least = object[.leastCurrentA].current(in: 6...80) { curve.leastCurrent = least }
    if let hysteresis = object[.hysteresisCelsius].temperature(in: 1...20) { curve.hysteresis = hysteresis }
    if curve.deratingFrom >= curve.stopAt {
      object.first(.deratingFromCelsius, .stopAtCelsius).report(
        "makes the current fall from \(curve.deratingFrom) on and stop at \(curve.stopAt)",
        allowed: "deratingFromCelsius lower than stopAtCelsius")
    }
    if let maximum, curve.leastCurrent > maximum, object[.leastCurrentA].isPresent {
      object[.leastCurrentA].report(
        "is \(curve.leastCurrent.decimal), more than the EVSE's maximumCurrentA",
        allowed: "6…\(maximum.decimal) A")
    }
    return curve
  }

  static func voltageBand(_ field: ProfileField, meter: ProfileField) -> VoltageBand? {
    if field.isText("notWatched") { return nil }
    var band = VoltageBand()
    guard let object = ProfileObject<VoltageBandKey>(field, orText: "notWatched") else {
      return meter.isPresent ? band : nil
    }
    if !meter.isPresent {
      field.report("is there, but this EVSE has no meter", allowed: "\"notWatched\", or a \"meter\"")
    }
    if let lowest = object[.lowestV].voltage(in: 80...250) { band.lowest = lowest }
    if let highest = object[.highestV].voltage(in: 100...300) { band.highest = highest }
    if let hysteresis = object[.hysteresisV].voltage(in: 0...20) { band.hysteresis = hysteresis }
    if band.highest - band.lowest <= band.hysteresis + band.hysteresis {
      object.first(.lowestV, .highestV, .hysteresisV).report(
        "makes a band of \(band.lowest)…\(band.highest)",
        allowed: "highestV over lowestV by more than twice the hysteresis (\(band.hysteresis))")
    }
    return meter.isPresent ? band : nil
  }
}
