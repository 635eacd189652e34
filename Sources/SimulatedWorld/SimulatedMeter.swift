import ChargerBase

/// What a meter shows at one moment.
public struct MeterValues: Sendable, Equatable {
  public var importRegister: Energy
  public var exportRegister: Energy
  /// Of the phases that are wired, L1 first.
  public var voltages: [Voltage]
  public var currents: [Current]
  public var powers: [Power]
  public var frequency: Frequency

  public init(
    importRegister: Energy, exportRegister: Energy, voltages: [Voltage], currents: [Current], powers: [Power],
    frequency: Frequency
  ) {
    self.importRegister = importRegister
    self.exportRegister = exportRegister
    self.voltages = voltages
    self.currents = currents
    self.powers = powers
    self.frequency = frequency
  }

  public var totalPower: Power { powers.reduce(.zero, +) }
}

/// The meter of one EVSE. Energy is summed in mA·mV·ns, so that no step, however short, is lost to rounding.
struct SimulatedMeter: Sendable, Equatable {
  /// One milliwatthour in mA·mV·ns: 3.6 J in units of 10⁻¹⁵ J.
  static let unitsPerMilliwattHour: Int128 = 3_600_000_000_000_000

  let phases: Int
  var importBase = Energy.zero
  var exportRegister = Energy.zero
  private var importUnits: Int128 = 0
  /// Phase to neutral while the mains is up.
  var voltages: [Voltage]
  var frequency = Frequency(thousandths: 50_000)
  /// Readings set by hand; nil where the model's own holds.
  var currentOverrides: [Current?]
  var powerOverrides: [Power?]
  /// Shifts every voltage: the over- and undervoltage faults.
  var voltageShift = Voltage.zero

  init(phases: Int) {
    self.phases = phases
    voltages = Array(repeating: Voltage(volts: 230), count: phases)
    currentOverrides = Array(repeating: nil, count: phases)
    powerOverrides = Array(repeating: nil, count: phases)
  }

  var importRegister: Energy {
    Energy(
      milliwattHours: importBase.milliwattHours.addingSaturating(
        Int64(clamping: importUnits / Self.unitsPerMilliwattHour)))
  }

  mutating func setImport(_ register: Energy) {
    importBase = register
    importUnits = 0
  }

  /// The voltages that stand before the contactor.
  func presentVoltages(mainsUp: Bool) -> [Voltage] {
    voltages.map { mainsUp ? max(.zero, $0 + voltageShift) : .zero }
  }

  /// Energy per nanosecond for a current in each of the first `used` phases, in mA·mV.
  func rate(milliamperes: Int64, phases used: Int, mainsUp: Bool) -> Int128 {
    guard mainsUp else { return 0 }
    return presentVoltages(mainsUp: true).prefix(used).reduce(Int128(0)) {
      $0 + Int128($1.millivolts) * Int128(milliamperes)
    }
  }

  mutating func add(units: Int128) {
    importUnits += max(0, units)
  }

  func values(milliamperes: [Int64], mainsUp: Bool) -> MeterValues {
    let shown = presentVoltages(mainsUp: mainsUp)
    var currents: [Current] = []
    var powers: [Power] = []
    for (index, voltage) in shown.enumerated() {
      let actual = index < milliamperes.count ? milliamperes[index] : 0
      currents.append(currentOverrides[index] ?? Current(milliamperes: actual))
      let product = voltage.millivolts.multipliedSaturating(by: actual)
      powers.append(powerOverrides[index] ?? Power(milliwatts: product / 1_000))
    }
    return MeterValues(
      importRegister: importRegister, exportRegister: exportRegister, voltages: shown, currents: currents,
      powers: powers, frequency: mainsUp ? frequency : .zero)
  }
}
