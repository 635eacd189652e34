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
  }

  private enum Phase: Sendable, Equatable {
    case steady, pulsing, negative
    case ended(Outcome)
  }

  /// Each signal is measured after so long; the −12 V cannot be watched for a vehicle and lasts no longer than this.
  static let settling = Duration.milliseconds(300)
  /// How long the rule gets to allow it: a controller that has just heard of the station leaves its state F first.
  static let patience = Duration.seconds(2)
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
    switch phase {
    case .steady:
      guard isDue else { return .steadyPositive }
      steady = measured?.positivePeak
      if let refusal { return now - since < Self.patience ? .steadyPositive : end(.refused(refusal)) }
      return begin(.pulsing, at: now)
    case .pulsing:
      if let refusal { return end(.interrupted(refusal)) }
      guard isDue else { return Self.pulses }
      (high, low) = (measured?.positivePeak, measured?.negativePeak)
      guard let high, high > thresholds.aAbove else { return end(.wrongHigh) }
      guard let low, low <= thresholds.diodeBelow else { return end(.wrongLow) }
      return begin(.negative, at: now)
    case .negative:
      guard isDue else { return .steadyNegative }
      negative = measured?.positivePeak
      guard let negative, negative <= thresholds.eAbove else { return end(.wrongNegative) }
      return end(.worked)
    case .ended: return .steadyPositive
    }
  }

  private mutating func begin(_ next: Phase, at now: MonotonicInstant) -> PilotOutput {
    phase = next
    since = now
    return next == .negative ? .steadyNegative : Self.pulses
  }

  private mutating func end(_ outcome: Outcome) -> PilotOutput {
    phase = .ended(outcome)
    return .steadyPositive
  }
}
