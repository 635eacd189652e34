import ChargerBase
import HAL

/// Divides one supply fairly between the EVSEs that share it.
///
/// - The sum over the EVSEs of the larger of offer and drawn current never exceeds an unchanged supply, as long as the
///   vehicles follow their offers in time: an offer is lowered at once and raised only from current that no other
///   vehicle may still be drawing. After a reduction the former share stays booked until the vehicle's time to follow
///   is over *and* a reading newer than the reduction shows less (time alone counts where the meter tells no current).
/// - A vehicle that draws more than its grant keeps what it draws booked until it follows or its contactor is open. It
///   is not this table that opens it (`OverCurrentSupervisor` does), and others keep what they have meanwhile: lowering
///   them would take effect no sooner. Where nobody opens it, they make room for it.
/// - Every share is booked on every phase, whichever the vehicle uses: which of the station's phases a single-phase
///   vehicle loads is not known. So the rule holds for each phase.
/// - The supply is divided equally; what an EVSE cannot use, by its other limits or because its vehicle draws less for a
///   while, goes to the others. A vehicle that comes near to its reduced share gets it back in steps.
/// - Where there is no 6 A for each, those who came first are admitted, and the others take turns with them.
/// - Without a change from outside nothing changes, the turns excepted.
package struct SharedSupply: Hashable, Sendable {
  /// In milliamperes per phase.
  package private(set) var total: Int64
  package internal(set) var shares: [SupplyShare]
  /// When places were last exchanged, or somebody began to wait; nil while nobody waits.
  var turnBeganAt: MonotonicInstant?
  private var needsTargets = true

  package init(total: Current, evses: Int) {
    self.total = Self.sensible(total)
    shares = Array(repeating: SupplyShare(), count: evses)
  }

  /// No supply has more than 10,000 A: greater numbers are taken as that, and none under zero.
  private static func sensible(_ current: Current) -> Int64 { current.milliamperes.clamped(to: 0...10_000_000) }

  // MARK: What the station tells

  /// Changes the total; `divide` then lowers the grants at once.
  package mutating func setTotal(_ new: Current) {
    let new = Self.sensible(new)
    guard new != total else { return }
    total = new
    needsTargets = true
  }

  /// Takes over what an EVSE offered before the supply was limited.
  package mutating func adopt(_ index: Int, offer: Current, at now: MonotonicInstant) {
    guard shares.indices.contains(index) else { return }
    shares[index].raise(to: Self.sensible(offer))
    shares[index].queuedAt = now
    shares[index].admittedAt = now
    needsTargets = true
  }

  /// Tells what one EVSE needs; `divide` then decides.
  ///
  /// - `wants`: a vehicle could be offered current now, were it not for the supply.
  /// - `isConnected`: a vehicle is connected, or it is not known that none is.
  /// - `cap`: the smallest of the EVSE's limits beside its share.
  /// - `mayDraw`: a vehicle is or may be connected and the contactor is not certainly open.
  package mutating func update(
    _ index: Int, wants: Bool, isConnected: Bool, cap: Current, mayDraw: Bool, at now: MonotonicInstant
  ) {
    guard shares.indices.contains(index) else { return }
    let cap = Self.sensible(cap)
    if shares[index].wants != wants || shares[index].cap != cap { needsTargets = true }
    shares[index].wants = wants
    shares[index].cap = cap
    shares[index].setMayDraw(mayDraw)
    if shares[index].isConnected && !isConnected { shares[index].vehicleLeft() }
    shares[index].isConnected = isConnected
  }

  /// Takes the current of a meter's reading, where it has one.
  package mutating func take(_ reading: MeterReading, evse index: Int, at now: MonotonicInstant) {
    guard shares.indices.contains(index), let current = reading.current.greatest else { return }
    shares[index].take(measured: current, at: min(reading.takenAt, now))
  }

  // MARK: Division

  /// Divides anew; call it after every input and at `deadlines`.
  package mutating func divide(at now: MonotonicInstant, timing: TimingTable) {
    for index in shares.indices {
      shares[index].judgeFreshness(at: now, timing: timing)
      shares[index].judgeFollowing(at: now)
      if shares[index].judgeExcess(at: now, timing: timing) { needsTargets = true }
    }
    if takeTurns(at: now, timing: timing) { needsTargets = true }
    let isContended = isContended
    for index in shares.indices
    where shares[index].judgeNeed(at: now, isContended: isContended, timing: timing) { needsTargets = true }
    if needsTargets {
      needsTargets = false
      findTargets()
    }
    for index in shares.indices where shares[index].target < shares[index].granted {
      shares[index].reduce(to: shares[index].target, at: now, timing: timing)
    }
    for index in shares.indices where shares[index].target > shares[index].granted { raise(index) }
    noteIdleness(at: now)
  }

  /// Raises one grant from what nobody else may be drawing. A part of the way is gone only where it is worth a change
  /// of the offer.
  private mutating func raise(_ index: Int) {
    var free = total
    for other in shares.indices where other != index { free -= shares[other].booked }
    let raised = min(shares[index].target, free)
    guard raised >= SupplyShare.least, raised > shares[index].granted else { return }
    let isWorthIt = raised == shares[index].target || raised >= shares[index].granted + Self.leastPartialRaise
    if isWorthIt { shares[index].raise(to: raised) }
  }

  private static let leastPartialRaise: Int64 = 1_000

  /// What may be granted: the total without what vehicles take beyond their grants for good.
  var budget: Int64 {
    var budget = total
    for share in shares { budget -= share.excess }
    return max(0, budget)
  }

  /// Somebody could use more than there is.
  private var isContended: Bool {
    var caps: Int64 = 0
    var candidates = 0
    for share in shares where share.isCandidate {
      candidates += 1
      caps = caps.addingSaturating(share.cap)
    }
    return candidates > 1 && caps > budget
  }

  /// The same level for all that are admitted: as much as they need where that is more than there is; else the need of
  /// each, and the rest on top of the lowest.
  private mutating func findTargets() {
    let budget = budget
    var needs: Int64 = 0
    var highest: Int64 = 0
    for share in shares where share.admittedAt != nil {
      needs = needs.addingSaturating(min(share.need, share.cap))
      highest = max(highest, share.cap)
    }
    let isShort = needs > budget
    var low: Int64 = 0
    var high = highest
    while low < high {
      let level = low + (high - low + 1) / 2
      var sum: Int64 = 0
      for share in shares { sum = sum.addingSaturating(share.part(at: level, isShort: isShort)) }
      if sum <= budget { low = level } else { high = level - 1 }
    }
    for index in shares.indices { shares[index].target = shares[index].part(at: low, isShort: isShort) }
  }

  // MARK: Instants

  package func deadlines(_ soonest: inout Deadline, timing: TimingTable) {
    for share in shares { share.deadlines(&soonest, timing: timing) }
    turnDeadlines(&soonest, timing: timing)
  }

  /// Forgets what no later decision reads, so that what behaves alike is equal; for exhaustive exploration.
  package mutating func forgetPast(at now: MonotonicInstant, timing: TimingTable) {
    for index in shares.indices { shares[index].forgetPast(at: now, timing: timing) }
    turnBeganAt.forget(after: timing.supplyTurn, at: now)
    forgetAges(at: now, timing: timing)
  }

  /// Of the time in line only the order matters; of that at a place too, when every turn is over.
  private mutating func forgetAges(at now: MonotonicInstant, timing: TimingTable) {
    let queued = shares.map { share in shares.count { ($0.queuedAt ?? now) < (share.queuedAt ?? now) } }
    let admitted = shares.map { share in shares.count { ($0.admittedAt ?? now) < (share.admittedAt ?? now) } }
    let turnsAreOver = shares.allSatisfy { share in share.admittedAt.map { now >= $0 + timing.supplyTurn } ?? true }
    for index in shares.indices {
      if shares[index].queuedAt != nil { shares[index].queuedAt = .longAgo + .nanoseconds(queued[index]) }
      if turnsAreOver && shares[index].admittedAt != nil {
        shares[index].admittedAt = .longAgo + .nanoseconds(admitted[index])
      }
    }
  }

  package mutating func visitInstants(_ visit: (inout MonotonicInstant) -> Void) {
    for index in shares.indices { shares[index].visitInstants(visit) }
    turnBeganAt.visitInstant(visit)
  }
}

extension SupplyShare {
  /// What this EVSE has when the common level is `level`.
  fileprivate func part(at level: Int64, isShort: Bool) -> Int64 {
    guard admittedAt != nil else { return 0 }
    let need = min(need, cap)
    return isShort ? min(level, need) : min(max(level, need), cap)
  }
}
