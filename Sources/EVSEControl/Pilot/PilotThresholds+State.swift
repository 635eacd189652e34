import ChargerBase

extension PilotThresholds {
  /// The state that a voltage in the high part of the period stands for. The present state is kept within the
  /// hysteresis band around its limits.
  package func state(at voltage: Voltage, present: PilotState) -> PilotState {
    let plain = state(at: voltage)
    guard plain != present, let band = band(of: present) else { return plain }
    let isKept = voltage > band.lower - hysteresis && voltage <= band.upper + hysteresis
    return isKept ? present : plain
  }

  private func state(at voltage: Voltage) -> PilotState {
    if voltage > aAbove { return .a }
    if voltage > bAbove { return .b }
    if voltage > cAbove { return .c }
    if voltage > dAbove { return .d }
    return voltage > eAbove ? .e : .f
  }

  /// The limits between which a state lies; wide enough at the ends for any voltage.
  private func band(of state: PilotState) -> (lower: Voltage, upper: Voltage)? {
    switch state {
    case .unknown: nil
    case .a: (aAbove, Voltage(volts: 1_000))
    case .b: (bAbove, aAbove)
    case .c: (cAbove, bAbove)
    case .d: (dAbove, cAbove)
    case .e: (eAbove, dAbove)
    case .f: (Voltage(volts: -1_000), eAbove)
    }
  }
}
