import ChargerBase
import HAL

extension CableReading {
  var resistance: Resistance? {
    switch self {
    case .none, .open: nil
    case .twentyAmperes: Resistance(ohms: 680)
    case .thirteenAmperes: Resistance(ohms: 1_500)
    case .invalid: Resistance(ohms: 10)
    }
  }

  var rating: Current? {
    switch self {
    case .none, .open, .invalid: nil
    case .twentyAmperes: Current(amperes: 20)
    case .thirteenAmperes: Current(amperes: 13)
    }
  }
}

extension MeterKind {
  func reading(at now: MonotonicInstant) -> MeterReading {
    let volts: Int64 =
      switch self {
      case .none, .idle, .tooMuchCurrent, .energy: 230
      case .tooHighVoltage: 300
      case .tooLowVoltage: 100
      }
    let voltage = Voltage(volts: volts)
    let current = self == .tooMuchCurrent ? Current(amperes: 100) : .zero
    return MeterReading(
      takenAt: now, importRegister: self == .energy ? Energy(wattHours: 1) : .zero,
      current: PhaseValues(l1: current, l2: current, l3: current),
      voltage: PhaseValues(l1: voltage, l2: voltage, l3: voltage))
  }
}

extension Heat {
  var temperature: Temperature {
    switch self {
    case .none, .cool: Temperature(celsius: 20)
    case .derating: Temperature(celsius: 70)
    case .tooHot: Temperature(celsius: 90)
    }
  }
}
