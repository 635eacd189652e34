import ChargerBase
import HAL

/// Judges the voltages that an EVSE's meter gives against the band in which energy may flow. A phase that the meter does
/// not give is not judged; without any nothing is.
///
/// A meter in front of the contactor sees the mains always, and is always judged. One behind it sees nothing while the
/// contactor is open: it is judged only by readings taken while the contactor is confirmed closed, and a fault that it
/// found then ends after ten times the recovery time, because only another closing can tell whether it is gone.
///
/// While the mains contact shows the mains missing, a low voltage is no fault of its own.
package struct VoltageSupervisor: Hashable, Sendable {
  /// What stands around the meter.
  package struct Circumstances: Hashable, Sendable {
    /// Commanded closed and confirmed.
    package var contactorIsClosed: Bool
    /// Phases that are connected now, 1 or 3; of one only L1 is judged.
    package var phases: UInt8
    package var mainsIsPresent: Bool

    package init(contactorIsClosed: Bool, phases: UInt8 = 3, mainsIsPresent: Bool = true) {
      self.contactorIsClosed = contactorIsClosed
      self.phases = phases
      self.mainsIsPresent = mainsIsPresent
    }
  }

  private let band: VoltageBand
  private let meterIsBehindContactor: Bool
  private var l1: Voltage?
  private var l2: Voltage?
  private var l3: Voltage?
  private var takenAt: MonotonicInstant
  /// Since when the contactor is closed.
  private var closedSince: MonotonicInstant?
  private var over = TimedFault()
  private var under = TimedFault()

  package init(band: VoltageBand, meterIsBehindContactor: Bool = false, at now: MonotonicInstant) {
    self.band = band
    self.meterIsBehindContactor = meterIsBehindContactor
    takenAt = now
  }

  package var faults: FaultSet {
    var found = FaultSet()
    if over.isActive { found.insert(FaultSet(.overVoltage)) }
    if under.isActive { found.insert(FaultSet(.underVoltage)) }
    return found
  }

  /// Of the phase that is farthest from the middle of the band; nil while the meter gives none.
  package var farthest: Voltage? {
    let middle = (band.lowest + band.highest).millivolts / 2
    func distance(_ voltage: Voltage) -> UInt64 { voltage.millivolts.subtractingSaturating(middle).magnitude }
    var farthest = l1
    if let l2, farthest.map({ distance(l2) > distance($0) }) ?? true { farthest = l2 }
    if let l3, farthest.map({ distance(l3) > distance($0) }) ?? true { farthest = l3 }
    return farthest
  }

  package mutating func take(_ reading: MeterReading) {
    l1 = reading.voltage.l1
    l2 = reading.voltage.l2
    l3 = reading.voltage.l3
    takenAt = reading.takenAt
  }

  /// Without its meter nothing is known of the voltage: a fault stays until it is seen to be gone.
  package mutating func setAlive(_ alive: Bool, at now: MonotonicInstant) {
    guard !alive else { return }
    l1 = nil
    l2 = nil
    l3 = nil
  }

  /// Call it after every input and at `deadlines`.
  package mutating func evaluate(at now: MonotonicInstant, timing: TimingTable, in circumstances: Circumstances) {
    takenAt = min(takenAt, now)
    closedSince = meterIsBehindContactor && circumstances.contactorIsClosed ? closedSince ?? now : nil
    let recovery = timing.voltageRecovery
    if meterIsBehindContactor && !circumstances.contactorIsClosed {
      let rest = recoveryBehindContactor(timing)
      over.judge(hasCause: false, isGone: true, at: now, after: timing.voltageFault, recovery: rest)
      under.judge(hasCause: false, isGone: true, at: now, after: timing.voltageFault, recovery: rest)
      return
    }
    let isJudged = !meterIsBehindContactor || closedSince.map { takenAt >= $0 } ?? false
    let others = circumstances.phases > 1
    guard isJudged, let highest = Self.farther(l1, others ? l2 : nil, others ? l3 : nil, by: >),
      let lowest = Self.farther(l1, others ? l2 : nil, others ? l3 : nil, by: <)
    else {
      over.suspend()
      under.suspend()
      return
    }
    over.judge(
      hasCause: highest > band.highest, isGone: highest <= band.highest - band.hysteresis, at: now,
      after: timing.voltageFault, recovery: recovery)
    if circumstances.mainsIsPresent {
      under.judge(
        hasCause: lowest < band.lowest, isGone: lowest >= band.lowest + band.hysteresis, at: now,
        after: timing.voltageFault, recovery: recovery)
    } else {
      under.suspend()
    }
  }

  private static func farther(
    _ first: Voltage?, _ second: Voltage?, _ third: Voltage?, by isFarther: (Voltage, Voltage) -> Bool
  ) -> Voltage? {
    var found = first
    if let second, found.map({ isFarther(second, $0) }) ?? true { found = second }
    if let third, found.map({ isFarther(third, $0) }) ?? true { found = third }
    return found
  }

  private func recoveryBehindContactor(_ timing: TimingTable) -> Duration {
    .nanoseconds(timing.voltageRecovery.wholeNanoseconds.multipliedSaturating(by: 10))
  }

  package func deadlines(_ soonest: inout Deadline, timing: TimingTable) {
    let isBlind = meterIsBehindContactor && closedSince == nil
    let recovery = isBlind ? recoveryBehindContactor(timing) : timing.voltageRecovery
    over.deadlines(&soonest, after: timing.voltageFault, recovery: recovery)
    under.deadlines(&soonest, after: timing.voltageFault, recovery: recovery)
  }

  /// Forgets what no later decision reads, so that what behaves alike is equal; for exhaustive exploration.
  package mutating func forgetPast() {
    // When a reading was taken matters only behind the contactor, and only whether it was before the closing.
    takenAt = closedSince.map { takenAt >= $0 ? $0 : .longAgo } ?? .longAgo
  }

  package mutating func visitInstants(_ visit: (inout MonotonicInstant) -> Void) {
    visit(&takenAt)
    closedSince.visitInstant(visit)
    over.visitInstants(visit)
    under.visitInstants(visit)
  }
}
