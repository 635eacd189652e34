import ChargerBase

/// What the station's pilot generator puts on the conductor.
public enum PilotSignal: Sendable, Equatable {
  /// Steady +12 V.
  case steadyPositive
  /// ±12 V at 1 kHz; the positive share in hundredths of a percent, 0…10,000.
  case pulseWidth(hundredthsOfPercent: UInt16)
  /// Steady −12 V.
  case steadyNegative

  /// What a car reads from the duty cycle, in milliamperes per phase; nil when it is no offer of alternating current.
  ///
  /// Bands of IEC 61851-1 Annex A as a vehicle reads them (hardware facts, "Duty cycle"): 8 to under 10 % 6 A, to 85 %
  /// 0.6 A per percent, to 96 % 2.5 A per percent over 64, to 97 % 80 A.
  public var offeredMilliamperes: Int64? {
    guard case .pulseWidth(let duty) = self else { return nil }
    let hundredths = Int64(duty)
    switch hundredths {
    case 800..<1_000: return 6_000
    case 1_000...8_500: return hundredths * 6
    case 8_501...9_600: return (hundredths - 6_400) * 25
    case 9_601...9_700: return 80_000
    default: return nil
    }
  }
}

/// What hangs on the conductor at the other end.
enum PilotLoad: Sendable, Equatable {
  case nothing
  /// 2.74 kΩ: vehicle connected.
  case connected
  /// 882 Ω: vehicle asks for energy.
  case ready
  /// 246 Ω: vehicle asks for energy and for ventilation.
  case readyWithVentilation
  /// Shorted to the protective conductor.
  case shorted
  /// Held at −12 V from outside.
  case negative

  var positivePeakMillivolts: Int64 {
    switch self {
    case .nothing: 12_000
    case .connected: 9_000
    case .ready: 6_000
    case .readyWithVentilation: 3_000
    case .shorted: 0
    case .negative: -12_000
    }
  }

  /// Ohms between pilot and protective conductor; nil where it is no resistor.
  private var ohms: Int64? {
    switch self {
    case .connected: 2_740
    case .ready: 882
    case .readyWithVentilation: 246
    case .nothing, .shorted, .negative: nil
    }
  }

  /// The peak with resistors off their nominal value. The generator's source is 12 V behind 1 kΩ, and the vehicle's
  /// diode takes 0.7 V: the nominal peak is shifted by what this divider says.
  func positivePeakMillivolts(resistorPercent: Int64) -> Int64 {
    guard resistorPercent != 100, let ohms else { return positivePeakMillivolts }
    func divided(_ ohms: Int64) -> Int64 { 700 + 11_300 * ohms / (1_000 + ohms) }
    return positivePeakMillivolts + divided(ohms * resistorPercent / 100) - divided(ohms)
  }
}

/// Peaks of the pilot at the station's terminal.
public struct PilotPeaks: Sendable, Equatable {
  public var positive: Voltage
  /// Nil while the signal is steady.
  public var negative: Voltage?

  public init(positive: Voltage, negative: Voltage?) {
    self.positive = positive
    self.negative = negative
  }

  /// The divider of generator and load; the vehicle's diode keeps the load away from the negative half.
  init(signal: PilotSignal, load: PilotLoad, hasDiode: Bool, resistorPercent: Int64 = 100) {
    let loaded = load.positivePeakMillivolts(resistorPercent: resistorPercent)
    let loadedNegative: Int64 =
      switch load {
      case .shorted: 0
      case .negative: -12_000
      case .nothing: -12_000
      case .connected, .ready, .readyWithVentilation: hasDiode ? -12_000 : -loaded
      }
    switch signal {
    case .steadyPositive, .pulseWidth(hundredthsOfPercent: 10_000...):
      self.init(positive: Voltage(millivolts: loaded), negative: nil)
    case .steadyNegative, .pulseWidth(hundredthsOfPercent: 0):
      self.init(positive: Voltage(millivolts: loadedNegative), negative: nil)
    case .pulseWidth:
      self.init(positive: Voltage(millivolts: loaded), negative: Voltage(millivolts: loadedNegative))
    }
  }
}
