import ChargerBase
import EVSEControl
import HAL

/// Measures a pilot under each of its three signals, with no vehicle on it: +12 V steady, ±12 V, −12 V steady.
package struct PilotProbe: Sendable, Equatable {
  package enum Outcome: Sendable, Equatable {
    case worked
    case refused(HardwareTestRefusal)
    case interrupted(HardwareTestRefusal)
    /// Under ±12 V: the high part is not the one of an open circuit.
    case wrongHigh
    /// Under ±12 V: the low part is not near −12 V, or is not measured.
    case wrongLow
    /// Under −12 V the pilot does not go negative.
    case wrongNegative
    /// After −12 V the pilot does not go positive again.
    case staysNegative
  }

  private enum Phase: Sendable, Equatable {
    case steady, pulsing, negative, returning
    case ended(Outcome)
  }

  /// Each signal is measured after so long at the earliest.
  static let settling = Duration.milliseconds(300)
  /// How long a signal may take to be measured as it should be: a companion controller confirms a signal before what it
  /// measures counts. Under −12 V no vehicle can be seen; nothing but the pilot is moved then.
  static let patience = Duration.seconds(5)
  private static let pulses = PilotOutput.pulseWidth(DutyCycle(hundredthsOfPercent: 5_000))

  private let thresholds: PilotThresholds
  private var phase = Phase.steady
  private var since: MonotonicInstant
  package private(set) var steady: Voltage?
  package private(set) var high: Voltage?
  package private(set) var low: Voltage?
  package private(set) var negative: Voltage?

  package init(thresholds: PilotThresholds, at now: MonotonicInstant) {
    self.thresholds = thresholds
    since = now
  }

  package var outcome: Outcome? {
    if case .ended(let outcome) = phase { outcome } else { nil }
  }

  /// - Returns: the signal that shall be on the pilot.
  package mutating func advance(
    refusal: HardwareTestRefusal?, measurement: PilotMeasurement?, at now: MonotonicInstant
  ) -> PilotOutput {
    let isDue = now - since >= Self.settling
    // Taken under the present signal, once that has settled.
    let measured = measurement.flatMap { $0.takenAt >= since + Self.settling / 2 ? $0 : nil }
    let isOver = now - since >= Self.patience
    switch phase {
    case .steady:
      guard isDue else { return .steadyPositive }
      steady = measured?.positivePeak
      if let refusal { return now - since < refusal.patience ? .steadyPositive : end(.refused(refusal)) }
      return begin(.pulsing, at: now)
    case .pulsing:
      if let refusal { return end(.interrupted(refusal)) }
      guard isDue else { return Self.pulses }
      (high, low) = (measured?.positivePeak, measured?.negativePeak)
      guard let high, high > thresholds.aAbove else { return isOver ? end(.wrongHigh) : Self.pulses }
      guard let low, low <= thresholds.diodeBelow else { return isOver ? end(.wrongLow) : Self.pulses }
      return begin(.negative, at: now)
    case .negative:
      if let refusal, refusal.isEnd { return end(.interrupted(refusal)) }
      guard isDue else { return .steadyNegative }
      negative = measured?.positivePeak
      guard let negative, negative <= thresholds.eAbove else { return isOver ? end(.wrongNegative) : .steadyNegative }
      return begin(.returning, at: now)
    case .returning:
      // Whoever measures next would take the station's own −12 V for something at the connector.
      if let refusal, refusal.isEnd { return end(.interrupted(refusal)) }
      if let measurement, measurement.takenAt > since, measurement.positivePeak > thresholds.eAbove {
        return end(.worked)
      }
      return isOver ? end(.staysNegative) : .steadyPositive
    case .ended: return .steadyPositive
    }
  }

  private mutating func begin(_ next: Phase, at now: MonotonicInstant) -> PilotOutput {
    phase = next
    since = now
    return switch next {
    case .pulsing: Self.pulses
    case .negative: .steadyNegative
    case .steady, .returning, .ended: .steadyPositive
    }
  }

  private mutating func end(_ outcome: Outcome) -> PilotOutput {
    phase = .ended(outcome)
    return .steadyPositive
  }
}
