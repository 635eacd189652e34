import ChargerBase
import HAL

/// Follows an energy register past its end: one that has come back to zero by counting on goes on where it was.
///
/// It has counted on when the energy that this makes is no more than an EVSE can have delivered since the last reading.
/// Any other fall is another meter, or a reset one, and is handed on as it is: what becomes of it is decided where
/// transactions are known (`EVSESessionStateMachine.took`, the resume table after a restart).
struct RegisterRollOver {
  /// 80 A on three phases at 253 V, the most that an EVSE of a profile has.
  static let mostPower = Power(watts: 60_720)
  /// What may have been counted between the reading of the register and its time.
  static let slack = Energy(wattHours: 1_000)

  /// The register has this many values: it reads zero when it would reach it. Nil for one that does not end.
  private let modulus: Energy?
  private var last: (register: Energy, at: MonotonicInstant)?
  /// What it has lost by beginning anew.
  private var lost = Energy.zero

  init(modulus: Energy?) { self.modulus = modulus }

  /// By the map: its `registerMaximum`, else the end of an unsigned register that a meter can reach.
  init(_ map: RegisterMap, _ target: MeterTarget) {
    if let maximum = map.registerMaximum {
      self.init(modulus: maximum)
      return
    }
    let value = map.values.first { $0.target == target && $0.exponent == nil }
    let span: Int128? =
      switch value?.field.type {
      case .uint16: 1 << 16
      case .uint32: 1 << 32
      default: nil
      }
    let end = span.flatMap { span in value.flatMap { RegisterNumber.integer(span, power: 0).thousandths($0.scale) } }
    self.init(modulus: end.map { Energy(thousandths: $0) })
  }

  mutating func absolute(_ register: Energy, at now: MonotonicInstant) -> Energy {
    defer { last = (register, now) }
    guard let modulus, let last, register < last.register else { return lost + register }
    let counted = modulus - last.register + register
    if last.register < modulus, counted <= deliverable(last.at.duration(to: now)) {
      lost = lost + modulus
    } else {
      lost = .zero
    }
    return lost + register
  }

  private func deliverable(_ elapsed: Duration) -> Energy {
    let milliwattSeconds = Self.mostPower.milliwatts.multipliedSaturating(by: max(0, elapsed.wholeSeconds) + 1)
    return Energy(milliwattHours: milliwattSeconds / 3_600) + Self.slack
  }
}
