import ChargerBase
import EVSEControl

/// Overrides of the control lane's times and thresholds. A profile can make the station safer without limit, and less
/// safe only up to what the standard allows (IEC 61851-1 Annex A).
enum TimingLoader {
  static func timing(_ field: ProfileField) -> TimingTable {
    var table = TimingTable()
    guard let object = ProfileObject<TimingKey>(field) else { return table }
    for entry in TimingEntry.all { entry.read(object[entry.key], into: &table) }
    let room = min(table.openAfterVehicleStops, table.openAfterUnplug, table.openAfterFault) - table.pilotFilter
    if room < .milliseconds(10) {
      object.first(.pilotFilterMilliseconds).report(
        "leaves \(room.wholeMilliseconds) ms of the opening time for the contactor's command",
        allowed: "a pilot filter at least 10 ms shorter than the three opening times")
    }
    return table
  }

  static func thresholds(_ field: ProfileField) -> PilotThresholds {
    var thresholds = PilotThresholds()
    guard let object = ProfileObject<PilotThresholdKey>(field) else { return thresholds }
    func set(
      _ key: PilotThresholdKey, _ entry: WritableKeyPath<PilotThresholds, Voltage>, _ range: ClosedRange<Int64>
    ) {
      guard let number = object[key].integer(in: range, unit: "mV") else { return }
      thresholds[keyPath: entry] = Voltage(millivolts: number)
    }
    set(.aAboveMillivolts, \.aAbove, -13_000...13_000)
    set(.bAboveMillivolts, \.bAbove, -13_000...13_000)
    set(.cAboveMillivolts, \.cAbove, -13_000...13_000)
    set(.dAboveMillivolts, \.dAbove, -13_000...13_000)
    set(.eAboveMillivolts, \.eAbove, -13_000...13_000)
    set(.hysteresisMillivolts, \.hysteresis, 0...1_000)
    set(.diodeBelowMillivolts, \.diodeBelow, -12_500 ... -3_000)
    checkOrder(of: thresholds, object)
    return thresholds
  }

  private static func checkOrder(of thresholds: PilotThresholds, _ object: ProfileObject<PilotThresholdKey>) {
    let ordered: [(PilotThresholdKey, Voltage)] = [
      (.aAboveMillivolts, thresholds.aAbove), (.bAboveMillivolts, thresholds.bAbove),
      (.cAboveMillivolts, thresholds.cAbove), (.dAboveMillivolts, thresholds.dAbove),
      (.eAboveMillivolts, thresholds.eAbove),
    ]
    let distance = thresholds.hysteresis + thresholds.hysteresis
    for (higher, lower) in zip(ordered, ordered.dropFirst()) where higher.1 - lower.1 <= distance {
      let field =
        [object[lower.0], object[higher.0], object[.hysteresisMillivolts]].first { $0.isPresent } ?? object.field
      field.report(
        "makes \(lower.0.rawValue) \(lower.1.millivolts) and \(higher.0.rawValue) \(higher.1.millivolts)",
        allowed:
          "each threshold lower than the one before by more than twice the hysteresis (\(distance.millivolts) mV)")
    }
  }
}
