import ChargerBase
import OCPPTypes

/// Types and units of the variables that OCPP defines for any component (2.0.1 Part 2, appendix 3): for entries of a
/// board that do not say themselves what they are. Every other name is a text.
enum StandardVariables {
  private static let characters: [(character: VariableCharacter, names: [String])] = [
    (
      .init(.boolean),
      [
        "Active", "AllowReset", "Available", "ChargingCompleteBulk", "ChargingCompleteFull", "Complete", "Enabled",
        "Fallback", "Operated", "Overload", "Problem", "Protecting", "Suspending", "Suspension", "Tripped",
      ]
    ),
    (.init(.dateTime), ["DateTime", "DepartureTime", "Time", "VersionDate"]),
    (.init(.decimal, unit: "A"), ["ACCurrent", "DCCurrent", "FuseRating"]),
    (.init(.decimal, unit: "Celsius"), ["Temperature"]),
    (.init(.decimal, unit: "Deg"), ["Angle"]),
    (.init(.decimal, unit: "Hz"), ["Frequency"]),
    (.init(.decimal, unit: "N"), ["Force"]),
    (.init(.decimal, unit: "Ohm"), ["Impedance"]),
    (
      .init(.decimal, unit: "Percent"),
      ["CurrentImbalance", "Hysteresis", "Percent", "StateOfCharge", "StateOfChargeBulk", "VoltageImbalance"]
    ),
    (.init(.decimal, unit: "RH"), ["Humidity"]),
    (.init(.decimal, unit: "RPM"), ["FanSpeed"]),
    (.init(.decimal, unit: "V"), ["ACVoltage", "DCVoltage"]),
    (.init(.decimal, unit: "W"), ["Power"]),
    (
      .init(.decimal, unit: "Wh"),
      ["Energy", "EnergyCapacity", "EnergyExport", "EnergyExportRegister", "EnergyImport", "EnergyImportRegister"]
    ),
    (.init(.decimal, unit: "dBm"), ["SignalStrength"]),
    (.init(.decimal, unit: "lx"), ["Light"]),
    (.init(.decimal, unit: "m"), ["Height", "Length"]),
    (.init(.decimal, unit: "s"), ["ChargingTime", "ConnectedTime", "PostChargingTime", "Timeout"]),
    (.init(.integer), ["Attempts", "Count", "Entries", "SupplyPhases", "Tries"]),
    (.init(.integer, unit: "B"), ["Storage"]),
    (.init(.integer, unit: "s"), ["Interval", "MinimumStatusDuration", "RemainingTimeBulk", "RemainingTimeFull"]),
  ]

  static func character(of key: VariableKey) -> VariableCharacter {
    for (character, names) in characters where names.contains(where: { CaseFolding.isEqual($0, key.variable) }) {
      return character
    }
    return VariableCharacter(.string, maximum: 2_500)
  }
}
