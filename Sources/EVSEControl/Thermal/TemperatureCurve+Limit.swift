import ChargerBase

extension TemperatureCurve {
  /// The step in which heat lowers the limit. Whole amperes: a finer one would put a new duty cycle on the pilot, and
  /// make the vehicle follow it, with every tenth of a degree.
  private static let step: Int64 = 1_000

  /// What an EVSE that carries `maximum` may give at a temperature; nil for all of it, zero at and above `stopAt`.
  /// Rounded down to whole amperes, but not under `leastCurrent`.
  package func limit(at temperature: Temperature, maximum: Current) -> Current? {
    guard temperature < stopAt else { return .zero }
    guard temperature > deratingFrom, maximum > leastCurrent else { return nil }
    // Between them, so that neither is empty and nothing can overflow 128 bits.
    let width = Int128((stopAt - deratingFrom).thousandths)
    let rest = Int128((stopAt - temperature).thousandths)
    let span = Int128((maximum - leastCurrent).milliamperes)
    guard width > 0, let share = Int64(exactly: span * rest / width) else { return leastCurrent }
    let exact = leastCurrent.milliamperes.addingSaturating(share)
    return max(leastCurrent, Current(milliamperes: exact - exact % Self.step))
  }
}
