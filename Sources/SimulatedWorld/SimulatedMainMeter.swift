import ChargerBase

/// The meter of the whole station: what all EVSEs take, and what the station takes for itself.
struct SimulatedMainMeter: Sendable, Equatable {
  /// What controller, readers and display take from L1.
  static let ownPower = Power(watts: 15)

  var isSilent = false
  /// What the station has taken for itself, in mW·ns.
  private var ownUnits: Int128 = 0
  /// One milliwatthour in mW·ns.
  private static let unitsPerMilliwattHour: Int128 = 3_600_000_000_000

  /// The supply of the controller stays up when that of the vehicles is gone.
  mutating func integrate(nanoseconds: Int64) {
    ownUnits += Int128(Self.ownPower.milliwatts) * Int128(nanoseconds)
  }

  private var ownEnergy: Energy { Energy(milliwattHours: Int64(clamping: ownUnits / Self.unitsPerMilliwattHour)) }

  /// - Parameter evses: what each EVSE really takes, and what has really flowed there.
  func values(of evses: [(values: MeterValues, delivered: Energy)]) -> MeterValues {
    var register = ownEnergy
    var currents = [Current](repeating: .zero, count: 3)
    var powers = [Power](repeating: .zero, count: 3)
    for evse in evses {
      register = register + evse.delivered
      for (phase, current) in evse.values.currents.prefix(3).enumerated() {
        currents[phase] = currents[phase] + current
      }
      for (phase, power) in evse.values.powers.prefix(3).enumerated() { powers[phase] = powers[phase] + power }
    }
    powers[0] = powers[0] + Self.ownPower
    currents[0] = currents[0] + Current(milliamperes: Self.ownPower.milliwatts / 230)
    return MeterValues(
      importRegister: register, exportRegister: .zero,
      voltages: Array(repeating: Voltage(volts: 230), count: 3), currents: currents, powers: powers,
      frequency: Frequency(thousandths: 50_000))
  }
}
