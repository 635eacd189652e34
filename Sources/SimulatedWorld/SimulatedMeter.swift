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
  /// False: the meter marks its registers as not available, and what stands in them means nothing.
  public var hasRegisters: Bool

  /// Phase values that the meter marks as not available are empty.
  public init(
    importRegister: Energy, exportRegister: Energy, voltages: [Voltage], currents: [Current], powers: [Power],
    frequency: Frequency, hasRegisters: Bool = true
  ) {
    self.importRegister = importRegister
    self.exportRegister = exportRegister
    self.voltages = voltages
    self.currents = currents
    self.powers = powers
    self.frequency = frequency
    self.hasRegisters = hasRegisters
  }

  /// Nil when the meter gives no powers.
  public var totalPower: Power? { powers.isEmpty ? nil : powers.reduce(.zero, +) }
}

/// The meter of one EVSE. Energy is summed in mA·mV·ns, so that no step, however short, is lost to rounding.
struct SimulatedMeter: Sendable, Equatable {
  /// One milliwatthour in mA·mV·ns: 3.6 J in units of 10⁻¹⁵ J.
  static let unitsPerMilliwattHour: Int128 = 3_600_000_000_000_000

  /// A meter can be made to show more, but no more than this drives energy: sums stay far within their range.
  static let mostVoltage = Voltage(volts: 10_000)

  let phases: Int
  var importBase = Energy.zero
  var exportRegister = Energy.zero
  private var importUnits: Int128 = 0
  /// What a meter that drifts has counted too much, in thousandths of units.
  private var driftUnits: Int128 = 0
  /// What has really flowed.
  private var deliveredUnits: Int128 = 0
  /// Phase to neutral while the mains is up.
  var voltages: [Voltage]
  var frequency = Frequency(thousandths: 50_000)
  /// Readings set by hand; nil where the model's own holds.
  var currentOverrides: [Current?]
  var powerOverrides: [Power?]
  /// Shifts every voltage: the over- and undervoltage faults.
  var voltageShift = Voltage.zero
  /// Active faults of the meter and of the supply.
  private(set) var faults: [SimulatedFault] = []
  /// What a register that stands still shows.
  private var frozenRegister: Energy?

  init(phases: Int) {
    self.phases = phases
    voltages = Array(repeating: Voltage(volts: 230), count: phases)
    currentOverrides = Array(repeating: nil, count: phases)
    powerOverrides = Array(repeating: nil, count: phases)
  }

  var importRegister: Energy {
    Energy(
      milliwattHours: importBase.milliwattHours.addingSaturating(
        Int64(clamping: (importUnits + driftUnits / 1_000) / Self.unitsPerMilliwattHour)))
  }

  /// What has flowed since the world began, whatever the register says.
  var delivered: Energy { Energy(milliwattHours: Int64(clamping: deliveredUnits / Self.unitsPerMilliwattHour)) }

  mutating func setImport(_ register: Energy) {
    importBase = register
    importUnits = 0
    driftUnits = 0
    if frozenRegister != nil { frozenRegister = register }
  }

  /// Of one phase (1…3) or of all; a phase that is not wired is passed over.
  mutating func setVoltage(_ voltage: Voltage, phase: Int?) {
    for place in voltages.indices where phase == nil || phase == place + 1 { voltages[place] = voltage }
  }

  mutating func set(_ fault: SimulatedFault, active: Bool) {
    faults.removeAll { $0 == fault }
    if active { faults.append(fault) }
    if fault == .meterStuck { frozenRegister = active ? importRegister : nil }
  }

  /// The last wired phase has no voltage.
  func isLost(_ phase: Int) -> Bool { faults.contains(.phaseLoss) && phase == phases - 1 }

  /// The voltages that stand before the contactor.
  func presentVoltages(mainsUp: Bool) -> [Voltage] {
    voltages.indices.map { presentVoltage($0, mainsUp: mainsUp) }
  }

  /// Of one phase, from 0; none beyond those that are wired.
  func presentVoltage(_ phase: Int, mainsUp: Bool) -> Voltage {
    guard mainsUp, voltages.indices.contains(phase), !isLost(phase) else { return .zero }
    return max(.zero, voltages[phase] + voltageShift)
  }

  /// Energy per nanosecond for a current in each of the first `used` phases, in mA·mV.
  func rate(milliamperes: Int64, phases used: Int, mainsUp: Bool) -> Int128 {
    guard mainsUp, milliamperes != 0 else { return 0 }
    var sum = Int128(0)
    for phase in 0..<max(0, used) {
      sum += Int128(min(Self.mostVoltage, presentVoltage(phase, mainsUp: true)).millivolts)
    }
    return sum * Int128(milliamperes)
  }

  mutating func add(units: Int128) {
    importUnits += max(0, units)
    deliveredUnits += max(0, units)
    if faults.contains(.meterDrifts) { driftUnits += max(0, units) * Self.driftThousandths }
  }

  /// The register as the meter shows it.
  var shownRegister: Energy {
    if let frozenRegister { return frozenRegister }
    let register = importRegister
    if faults.contains(.meterJumpsBack) { return max(.zero, register - Self.jumpBack) }
    return faults.contains(.meterJumpsAhead) ? register + Self.jumpAhead : register
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
      importRegister: shownRegister, exportRegister: exportRegister, voltages: shown, currents: currents,
      powers: powers, frequency: mainsUp ? frequency : .zero)
  }
}
