import ChargerBase
import OCPPTypes

// The units of measurands: those that this station stores and tells, and those that it can be told values in.

extension Measurand {
  /// OCPP's default unit of the measurand: the one in which values are stored and told. Nil for a number without unit.
  package var standardUnit: String? {
    let name = rawName
    if name.hasPrefix("Energy.Reactive") { return "varh" }
    if name.hasPrefix("Energy.Apparent") { return "VAh" }
    if name.hasPrefix("Energy") { return "Wh" }
    if name.hasPrefix("Power.Reactive") { return "var" }
    if name == "Power.Factor" { return nil }
    if name.hasPrefix("Power") { return "W" }
    if name.hasPrefix("Current") { return "A" }
    if name == "Voltage" { return "V" }
    if name == "Frequency" { return "Hz" }
    if name == "SoC" { return "Percent" }
    return nil
  }

  /// Said with each value, so that no reader has to guess: OCPP's default unit is Wh whatever the measurand.
  var unitToTell: UnitOfMeasure? {
    let place = Int(rawValue)
    return Self.unitsToTell.indices.contains(place) ? Self.unitsToTell[place] : nil
  }

  /// By raw value: a periodic event asks for eight and more of them.
  private static let unitsToTell = allCases.map { $0.standardUnit.map { UnitOfMeasure(unit: $0) } }

  /// Registers count up for ever, and have no sign.
  var isRegister: Bool { rawName.hasSuffix(".Register") }

  /// By how many powers of ten a value in `unit` is brought to the measurand's own unit; nil for a unit of something
  /// else.
  func powerOfTen(from unit: String) -> Int? {
    guard let standardUnit else { return nil }
    if unit == standardUnit { return 0 }
    return unit == "k" + standardUnit && standardUnit != "Percent" ? 3 : nil
  }
}
