import ChargerBase

/// What a simulated meter shows.
public struct MeterFigures: Sendable, Equatable {
  public var importRegister = Energy.zero
  public var exportRegister = Energy.zero
  /// Of the phases 1 to 3.
  public var voltage: [Voltage] = [Voltage(volts: 230), Voltage(volts: 230), Voltage(volts: 230)]
  public var current: [Current] = [.zero, .zero, .zero]
  public var power: [Power] = [.zero, .zero, .zero]
  public var frequency = Frequency(thousandths: 50_000)

  public init() {}

  public var totalPower: Power { power.reduce(.zero, +) }
}

/// Meter types as a Modbus device shows them. Written from the makers' tables, apart from the register maps of
/// `boards/meters`: a map that is wrong does not read what was put here.
public enum SimulatedMeterType: String, Sendable, CaseIterable {
  case eastronSDM630 = "eastron-sdm630-v2"
  case eastronSDM72D = "eastron-sdm72d-m-v2"
  case carloGavazziEM340 = "carlo-gavazzi-em340"
  case abbB23 = "abb-b23"
  case schneiderIEM3155 = "schneider-iem3155"
  case iskraWM3M4C = "iskra-wm3m4c"

  /// A device of this type with nothing measured yet.
  public func makeSlave(number: UInt8, serialNumber: String = "25000001") -> ModbusSlave {
    var slave = ModbusSlave(number: number)
    switch self {
    case .eastronSDM630, .eastronSDM72D:
      // The whole area can be read; what is not defined is zero.
      slave.set(.input, 0, [UInt16](repeating: 0, count: 0x180))
      slave.set(.holding, 0xFC00, integer: Int64(serialNumber) ?? 1, words: 2)
      slave.maximumRegisters = self == .eastronSDM630 ? 80 : 60
    case .carloGavazziEM340:
      slave.set(.input, 0, [UInt16](repeating: 0, count: 0x58))
      slave[.input, 0x000B] = 341
      slave.maximumRegisters = 50
    case .abbB23:
      // Each block ends where its values do: a request beyond is refused.
      slave.set(.holding, 0x5000, [UInt16](repeating: 0xFFFF, count: 8))
      slave.set(.holding, 0x5B00, [UInt16](repeating: 0xFFFF, count: 0x2D))
      slave.set(.holding, 0x8900, integer: Int64(serialNumber) ?? 1, words: 2)
    case .schneiderIEM3155:
      slave.set(.holding, 0x0BB7, [UInt16](repeating: 0, count: 0x70))
      slave.set(.holding, 0x0C83, [UInt16](repeating: 0, count: 8))
      slave.set(.holding, 0x0081, integer: Int64(serialNumber) ?? 1, words: 2)
    case .iskraWM3M4C:
      slave.set(.input, 1, text: "WM3M4C", words: 8)
      slave.set(.input, 9, text: serialNumber, words: 4)
      slave.set(.input, 105, [UInt16](repeating: 0, count: 60))
      slave.set(.input, 414, [UInt16](repeating: 0, count: 8))
      slave.iskra = IskraSession(serialNumber: serialNumber)
    }
    show(MeterFigures(), on: &slave)
    return slave
  }

  /// Puts figures into the registers.
  public func show(_ figures: MeterFigures, on slave: inout ModbusSlave) {
    switch self {
    case .eastronSDM630, .eastronSDM72D: showEastron(figures, on: &slave)
    case .carloGavazziEM340: showCarloGavazzi(figures, on: &slave)
    case .abbB23: showABB(figures, on: &slave)
    case .schneiderIEM3155: showSchneider(figures, on: &slave)
    case .iskraWM3M4C: showIskra(figures, on: &slave)
    }
  }

  /// Takes the current of the third phase away, as the type says "not available"; false where it cannot say so.
  public func withholdThirdCurrent(on slave: inout ModbusSlave) -> Bool {
    switch self {
    case .eastronSDM630, .eastronSDM72D: slave.set(.input, 0x0A, float: .nan)
    case .schneiderIEM3155: slave.set(.holding, 0x0BBB, float: .nan)
    case .abbB23: slave.set(.holding, 0x5B10, [0xFFFF, 0xFFFF])
    case .carloGavazziEM340: slave.set(.input, 0x10, [0xFFFF, 0x7FFF])
    case .iskraWM3M4C: return false
    }
    return true
  }

  private func phases(_ figures: MeterFigures, _ body: (Int, Voltage, Current, Power) -> Void) {
    for phase in 0..<3 {
      body(
        phase, phase < figures.voltage.count ? figures.voltage[phase] : .zero,
        phase < figures.current.count ? figures.current[phase] : .zero,
        phase < figures.power.count ? figures.power[phase] : .zero)
    }
  }

  private func float(_ thousandths: Int64, per unit: Double = 1_000) -> Float { Float(Double(thousandths) / unit) }

  private func showEastron(_ figures: MeterFigures, on slave: inout ModbusSlave) {
    phases(figures) { phase, voltage, current, power in
      let place = UInt16(phase * 2)
      slave.set(.input, 0x00 + place, float: float(voltage.millivolts))
      slave.set(.input, 0x06 + place, float: float(current.milliamperes))
      slave.set(.input, 0x0C + place, float: float(power.milliwatts))
    }
    slave.set(.input, 0x34, float: float(figures.totalPower.milliwatts))
    slave.set(.input, 0x46, float: float(figures.frequency.thousandths))
    slave.set(.input, 0x48, float: float(figures.importRegister.milliwattHours, per: 1_000_000))
    slave.set(.input, 0x4A, float: float(figures.exportRegister.milliwattHours, per: 1_000_000))
  }

  private func showCarloGavazzi(_ figures: MeterFigures, on slave: inout ModbusSlave) {
    func set(_ address: UInt16, _ value: Int64) {
      slave.set(.input, address, integer: value, words: 2, lowWordFirst: true)
    }
    phases(figures) { phase, voltage, current, power in
      let place = UInt16(phase * 2)
      set(0x00 + place, voltage.millivolts / 100)
      set(0x0C + place, current.milliamperes)
      set(0x12 + place, power.milliwatts / 100)
    }
    set(0x28, figures.totalPower.milliwatts / 100)
    slave.set(.input, 0x33, integer: figures.frequency.thousandths / 100, words: 1)
    set(0x34, figures.importRegister.milliwattHours / 100_000)
    set(0x4E, figures.exportRegister.milliwattHours / 100_000)
  }

  private func showABB(_ figures: MeterFigures, on slave: inout ModbusSlave) {
    phases(figures) { phase, voltage, current, power in
      let place = UInt16(phase * 2)
      slave.set(.holding, 0x5B00 + place, integer: voltage.millivolts / 100, words: 2)
      slave.set(.holding, 0x5B0C + place, integer: current.milliamperes / 10, words: 2)
      slave.set(.holding, 0x5B16 + place, integer: power.milliwatts / 10, words: 2)
    }
    slave.set(.holding, 0x5B14, integer: figures.totalPower.milliwatts / 10, words: 2)
    slave.set(.holding, 0x5B2C, integer: figures.frequency.thousandths / 10, words: 1)
    slave.set(.holding, 0x5000, integer: figures.importRegister.milliwattHours / 10_000, words: 4)
    slave.set(.holding, 0x5004, integer: figures.exportRegister.milliwattHours / 10_000, words: 4)
  }

  private func showSchneider(_ figures: MeterFigures, on slave: inout ModbusSlave) {
    phases(figures) { phase, voltage, current, power in
      let place = UInt16(phase * 2)
      slave.set(.holding, 0x0BB7 + place, float: float(current.milliamperes))
      slave.set(.holding, 0x0BD3 + place, float: float(voltage.millivolts))
      slave.set(.holding, 0x0BED + place, float: float(power.milliwatts, per: 1_000_000))
    }
    slave.set(.holding, 0x0BF3, float: float(figures.totalPower.milliwatts, per: 1_000_000))
    slave.set(.holding, 0x0C25, float: float(figures.frequency.thousandths))
    slave.set(.holding, 0x0C83, integer: figures.importRegister.milliwattHours / 1_000, words: 4)
    slave.set(.holding, 0x0C87, integer: figures.exportRegister.milliwattHours / 1_000, words: 4)
  }

  private func showIskra(_ figures: MeterFigures, on slave: inout ModbusSlave) {
    /// A signed power of ten in the high byte, then 24 bits.
    func set(_ address: UInt16, _ thousandths: Int64) {
      var mantissa = thousandths
      var power: Int64 = -3
      while mantissa > 0x7F_FFFF || mantissa < -0x80_0000 {
        mantissa /= 10
        power += 1
      }
      slave.set(.input, address, integer: (power & 0xFF) << 24 | (mantissa & 0xFF_FFFF), words: 2)
    }
    phases(figures) { phase, voltage, current, power in
      let place = UInt16(phase * 2)
      set(107 + place, voltage.millivolts)
      set(126 + place, current.milliamperes)
      set(142 + place, power.milliwatts)
    }
    set(140, figures.totalPower.milliwatts)
    set(105, figures.frequency.thousandths)
    slave[.input, 414] = 0
    slave[.input, 415] = 0
    slave.set(.input, 418, integer: figures.importRegister.milliwattHours / 1_000, words: 2)
    slave.set(.input, 420, integer: figures.exportRegister.milliwattHours / 1_000, words: 2)
  }
}
