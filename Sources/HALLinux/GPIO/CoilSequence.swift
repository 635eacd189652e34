import ChargerBase

/// In which order the outputs of a contactor come on: pre-charge, coils, holding line. All go off at once.
struct CoilSequence: Equatable {
  /// Bits of the outputs.
  var coils: UInt8
  var preCharge: UInt8 = 0
  var hold: UInt8 = 0
  /// How long the pre-charge relay goes before the coils, and stays after they came on.
  var lead = Duration.zero
  var overlap = Duration.zero
  /// How long the coils are driven in full, where a holding line takes over.
  var pullIn = Duration.zero

  /// What is active when closing began so long ago. The holding line alone does not pull in: the coils stay in power, or
  /// get it again, while the contacts do not show closed.
  func outputs(after elapsed: Duration, showsClosed: Bool) -> UInt8 {
    var active: UInt8 = 0
    if elapsed < lead + overlap { active |= preCharge }
    guard elapsed >= lead else { return active }
    if hold == 0 || elapsed < lead + pullIn || !showsClosed { active |= coils }
    return active | hold
  }

  /// When the outputs change next; nil when they have come to rest.
  func nextChange(after elapsed: Duration) -> Duration? {
    if elapsed < lead { return lead }
    if hold != 0, elapsed < lead + pullIn {
      return preCharge != 0 && elapsed < lead + overlap ? lead + min(pullIn, overlap) : lead + pullIn
    }
    return preCharge != 0 && elapsed < lead + overlap ? lead + overlap : nil
  }
}
