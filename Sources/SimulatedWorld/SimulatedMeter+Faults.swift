import ChargerBase

// What a meter shows that is not as it should be.

extension SimulatedMeter {
  /// A meter that drifts counts 2 % too much.
  static let driftThousandths: Int128 = 20
  static let jumpBack = Energy(wattHours: 5_000)
  static let jumpAhead = Energy(wattHours: 50_000)
  /// A slow meter answers for one second in eight.
  static let slowPeriod: Int64 = 8_000_000_000
  static let slowAnswers: Int64 = 1_100_000_000
  /// Noise goes up to 1 % of each value.
  static let noiseThousandths: Int64 = 10

  static func slowMeterAnswers(at now: MonotonicInstant) -> Bool { now.nanoseconds % slowPeriod < slowAnswers }

  /// Noise is the same for the same instant, EVSE and value.
  func falsified(_ values: MeterValues, seed: UInt64, at now: MonotonicInstant) -> MeterValues {
    guard !faults.isEmpty else { return values }
    var values = values
    if faults.contains(.meterNoisy) {
      var random = SeededRandom(seed: UInt64(truncatingIfNeeded: now.nanoseconds) ^ (seed << 56))
      values.voltages = values.voltages.map { Voltage(thousandths: Self.noisy($0.thousandths, &random)) }
      values.currents = values.currents.map { Current(thousandths: Self.noisy($0.thousandths, &random)) }
      values.powers = values.powers.map { Power(thousandths: Self.noisy($0.thousandths, &random)) }
    }
    if faults.contains(.meterPhasesSwapped) {
      values.voltages.reverse()
      values.currents.reverse()
      values.powers.reverse()
    }
    if faults.contains(.meterValuesMissing) {
      values.voltages = []
      values.currents = []
      values.powers = []
    }
    if faults.contains(.meterRegistersMissing) { values.hasRegisters = false }
    return values
  }

  private static func noisy(_ value: Int64, _ random: inout SeededRandom) -> Int64 {
    let width = noiseThousandths * 2 + 1
    let offset = Int64(random.next() % UInt64(width)) - noiseThousandths
    return value.addingSaturating(value / 1_000 * offset)
  }
}
