import ChargerBase
import HAL

/// What a shared supply knows of one EVSE: what it wants, what it is granted, what its vehicle may be drawing, and how
/// much of its share it uses. Currents are milliamperes per phase.
package struct SupplyShare: Hashable, Sendable {
  // MARK: What the station tells

  /// A vehicle could be offered current now, were it not for the supply.
  package internal(set) var wants = false
  /// A vehicle is connected, or may be.
  var isConnected = false
  /// The smallest of the EVSE's other limits.
  var cap: Int64 = 0
  /// The contactor is not certainly open.
  var mayDraw = false

  // MARK: Its place

  /// In line since: since it began to want, or since it last gave its place away.
  var queuedAt: MonotonicInstant?
  /// Has one of the places that the supply has 6 A for, since.
  package internal(set) var admittedAt: MonotonicInstant?
  /// Is offered current that its vehicle does not ask for, since.
  var idleSince: MonotonicInstant?

  // MARK: Its grant

  /// What the EVSE may offer now.
  package internal(set) var granted: Int64 = 0
  /// What it shall be granted as soon as nobody else may still be drawing it.
  package internal(set) var target: Int64 = 0

  // MARK: What its vehicle may be drawing

  /// After a reduction: what may still be drawn, and when it was reduced and by when the vehicle must have followed.
  private(set) var formerly: Int64 = 0
  private(set) var reducedAt: MonotonicInstant?
  private(set) var followsBy: MonotonicInstant?
  /// The newest measured current; nil without one that is fresh.
  private(set) var measured: Int64?
  private(set) var measuredAt = MonotonicInstant.zero
  /// It was seen over its grant after its time to follow.
  private(set) var doesNotFollow = false
  /// The vehicle draws more than it is granted, since.
  private(set) var exceedsSince: MonotonicInstant?
  /// What it takes beyond its grant for good, and what others must therefore do without.
  private(set) var excess: Int64 = 0

  // MARK: How much it uses

  /// What it can use, by what it has drawn; `unlimited` until it has shown that it leaves something.
  package private(set) var need = SupplyShare.unlimited
  private var windowEnds: MonotonicInstant?
  private var peak: Int64 = 0
  private var usesItsShare = false
  /// Each lending doubles the time until the next, so that a vehicle whose need goes up and down ends with its share.
  private(set) var lendings: UInt8 = 0

  static let unlimited = Int64.max
  static let least = DutyCycle.leastOffer.milliamperes
  static let mostLendings: UInt8 = 4

  /// A reading this much over the grant is still within it: 0.5 A and 2 %, more than a billing meter is wrong by.
  static func tolerance(_ granted: Int64) -> Int64 { 500 + granted / 50 }

  var isCandidate: Bool { wants && cap >= Self.least }

  // MARK: Booking

  /// What others must not be given: the grant, and what the vehicle may be drawing beyond it.
  package var booked: Int64 {
    guard mayDraw || granted >= Self.least else { return granted }
    let excess = mayDraw && isOver ? measured ?? 0 : 0
    return max(granted, followsBy == nil ? 0 : formerly, excess)
  }

  /// The newest reading is over the grant.
  private var isOver: Bool {
    guard let measured else { return false }
    return measured > granted + Self.tolerance(granted)
  }

  /// Takes a measured current; an open contactor draws nothing, whatever the noise of the meter.
  mutating func take(measured current: Current, at takenAt: MonotonicInstant) {
    measured = mayDraw ? abs(current.milliamperes.clamped(to: -Self.mostMeasured...Self.mostMeasured)) : 0
    measuredAt = takenAt
    // While it has time to follow nothing is proven by what it still draws.
    if !isOver { doesNotFollow = false } else if followsBy == nil { doesNotFollow = true }
    noteUse()
  }

  /// No meter shows more than this; a greater number is a wrong one.
  private static let mostMeasured: Int64 = 1_000_000

  mutating func setMayDraw(_ new: Bool) {
    guard new != mayDraw else { return }
    mayDraw = new
    guard !new else { return }
    doesNotFollow = false
    if measured != nil { measured = 0 }
  }

  /// An old reading counts no more, except that of a vehicle that does not keep to its grant: it goes on, for all we know.
  mutating func judgeFreshness(at now: MonotonicInstant, timing: TimingTable) {
    if measured != nil && !doesNotFollow && now >= measuredAt + timing.meterSilence { measured = nil }
  }

  mutating func reduce(to new: Int64, at now: MonotonicInstant, timing: TimingTable) {
    formerly = booked
    reducedAt = now
    // Where nothing is offered any more the vehicle has the time of sequence 10.2, and then the contactor opens.
    let withdrawal = timing.openUnderLoadAfterWithdrawal + timing.contactorTravel
    followsBy = now + (new < Self.least ? max(timing.vehicleFollowsOffer, withdrawal) : timing.vehicleFollowsOffer)
    granted = new
    if new < Self.least { stopWatchingUse() }
  }

  mutating func raise(to new: Int64) {
    granted = new
    if followsBy != nil && formerly <= new { forgetReduction() }
  }

  mutating func forgetReduction() {
    formerly = 0
    reducedAt = nil
    followsBy = nil
  }

  /// Whether the vehicle has followed its last reduction. Its time must be over even when less is measured before, as
  /// it may go up to its former offer until then; and less must be measured after the reduction, where the meter tells
  /// currents at all.
  mutating func judgeFollowing(at now: MonotonicInstant) {
    guard let reducedAt, let followsBy else { return }
    guard mayDraw else {
      // An open contactor draws nothing; under an offer that stands it may close before the time is over.
      if granted < Self.least || now >= followsBy { forgetReduction() }
      return
    }
    guard now >= followsBy else { return }
    // A reading that is still over the grant is booked by itself from here on.
    if measured != nil ? measuredAt > reducedAt : granted >= Self.least { forgetReduction() }
  }

  /// By then a vehicle that is watched has been cut off: it had its time to follow, and a reading may be old.
  private static func excessTime(_ timing: TimingTable) -> Duration {
    timing.vehicleFollowsOffer + timing.overCurrentTime + timing.vehicleFollowsOffer
  }

  /// Finds a vehicle that takes more than its grant for longer than it may: others make room for it, unless its
  /// contactor is opened. Answers whether the excess has changed.
  mutating func judgeExcess(at now: MonotonicInstant, timing: TimingTable) -> Bool {
    let former = excess
    guard mayDraw, isOver, let measured else {
      exceedsSince = nil
      // Room is given back when the vehicle keeps to its grant or draws nothing any more.
      excess = 0
      return former != excess
    }
    let since = exceedsSince ?? now
    exceedsSince = since
    if followsBy == nil && now >= since + Self.excessTime(timing) {
      excess = max(excess, (measured - granted + 999) / 1_000 * 1_000)
    }
    return former != excess
  }

  // MARK: Use

  /// What is left over a need before more is given: a vehicle that comes this close wants more. 2 A or an eighth, as
  /// vehicles draw somewhat less than they are offered.
  private static func slack(_ need: Int64) -> Int64 { max(2_000, need / 8) }

  /// The need of a vehicle that has drawn at most `peak`: the slack and 1 A more, in steps of half an ampere.
  private static func need(for peak: Int64) -> Int64 {
    let need = max(peak + 3_000, (peak + 1_000) * 8 / 7)
    return max(least, (need + 499) / 500 * 500)
  }

  private mutating func noteUse() {
    guard windowEnds != nil, mayDraw, let measured else { return }
    peak = max(peak, measured)
    let reference = min(granted, need)
    if measured >= reference - Self.slack(reference) { usesItsShare = true }
  }

  /// Judges how much of the share is used, while others could use the rest. Answers whether the need has changed.
  mutating func judgeNeed(at now: MonotonicInstant, isContended: Bool, timing: TimingTable) -> Bool {
    let former = need
    guard isContended, granted >= Self.least else {
      stopWatchingUse()
      if !isContended { need = Self.unlimited }
      return need != former
    }
    if mayDraw {
      guard let measured else {
        // What is drawn is not known: the whole share may be.
        stopWatchingUse()
        need = Self.unlimited
        return need != former
      }
      if need != Self.unlimited && measured >= need - Self.slack(need) {
        // It wants more: its share comes back in steps.
        need += max(4_000, need / 2)
        if need >= cap { need = Self.unlimited }
        stopWatchingUse()
      }
    }
    guard let ends = windowEnds else {
      startWatchingUse(at: now, timing: timing)
      return need != former
    }
    guard now >= ends else { return need != former }
    if !usesItsShare {
      let new = Self.need(for: peak)
      if new <= min(need, cap) - 2_000 {
        need = new
        lendings = min(lendings + 1, Self.mostLendings)
      }
    }
    startWatchingUse(at: now, timing: timing)
    return need != former
  }

  private mutating func startWatchingUse(at now: MonotonicInstant, timing: TimingTable) {
    windowEnds = now + lendTime(timing)
    peak = 0
    usesItsShare = false
    noteUse()
  }

  private mutating func stopWatchingUse() {
    windowEnds = nil
    peak = 0
    usesItsShare = false
  }

  /// How long a share must be left unused before it is lent.
  func lendTime(_ timing: TimingTable) -> Duration { timing.supplyLendAfter * (1 << Int(lendings)) }

  /// Gives the place to another, having been offered current without asking for it.
  mutating func noteIdleTurn() { lendings = min(lendings + 1, Self.mostLendings) }

  mutating func vehicleLeft() {
    queuedAt = nil
    admittedAt = nil
    need = Self.unlimited
    lendings = 0
    stopWatchingUse()
  }

  // MARK: Instants

  func deadlines(_ soonest: inout Deadline, timing: TimingTable) {
    if let followsBy { soonest.add(followsBy) }
    if measured != nil { soonest.add(measuredAt + timing.meterSilence) }
    if let exceedsSince {
      soonest.add(exceedsSince + Self.excessTime(timing))
    }
    if let windowEnds { soonest.add(windowEnds) }
  }

  /// Forgets what no later decision reads, so that what behaves alike is equal; for exhaustive exploration.
  mutating func forgetPast(at now: MonotonicInstant, timing: TimingTable) {
    if measured == nil { measuredAt = .longAgo }
    if reducedAt == nil { measuredAt.forget(after: timing.meterSilence, at: now) }
    exceedsSince.forget(
      after: timing.vehicleFollowsOffer + timing.overCurrentTime + timing.contactorTravel, at: now)
    if let ends = followsBy, now >= ends { followsBy = .longAgo }
    idleSince.forget(after: lendTime(timing), at: now)
  }

  mutating func visitInstants(_ visit: (inout MonotonicInstant) -> Void) {
    queuedAt.visitInstant(visit)
    admittedAt.visitInstant(visit)
    idleSince.visitInstant(visit)
    reducedAt.visitInstant(visit)
    followsBy.visitInstant(visit)
    visit(&measuredAt)
    exceedsSince.visitInstant(visit)
    windowEnds.visitInstant(visit)
  }
}
