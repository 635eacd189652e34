import ChargerBase

/// A residual current detection with test winding: it trips a short time after it measures its trip level, and stays
/// tripped until it is reset.
struct SimulatedResidualCurrentMonitor: Sendable, Equatable {
  let configuration: WorldResidualCurrentMonitor
  private(set) var isTripped = false
  private(set) var isTestCurrentOn = false
  /// What flows off beside the conductors.
  private(set) var leakage = Current.zero
  private(set) var tripsAt: MonotonicInstant?
  /// The test winding is broken: a test current is not measured.
  private(set) var isTestBroken = false
  /// The trip output no longer lets go.
  var isSticky = false

  init(_ configuration: WorldResidualCurrentMonitor) { self.configuration = configuration }

  mutating func measure(_ leakage: Current, at now: MonotonicInstant) {
    guard leakage != self.leakage else { return }
    self.leakage = leakage
    judge(at: now)
  }

  mutating func setTestCurrent(_ isOn: Bool, at now: MonotonicInstant) {
    isTestCurrentOn = isOn
    judge(at: now)
  }

  mutating func setTestBroken(_ isBroken: Bool, at now: MonotonicInstant) {
    isTestBroken = isBroken
    judge(at: now)
  }

  mutating func reset(at now: MonotonicInstant) {
    guard isTripped, !isSticky else { return }
    isTripped = false
    judge(at: now)
  }

  mutating func advance(to now: MonotonicInstant) {
    guard let trip = tripsAt, trip <= now else { return }
    tripsAt = nil
    isTripped = true
  }

  mutating func restore(tripped: Bool) { isTripped = tripped }

  /// The test winding carries a third more than the trip level.
  private var measured: Current {
    guard isTestCurrentOn, !isTestBroken else { return leakage }
    let level = configuration.tripLevel.milliamperes
    return leakage + Current(milliamperes: level.addingSaturating(level / 3))
  }

  private mutating func judge(at now: MonotonicInstant) {
    if isTripped || measured < configuration.tripLevel {
      tripsAt = nil
    } else if tripsAt == nil {
      tripsAt = now + configuration.tripDelay
    }
  }
}
