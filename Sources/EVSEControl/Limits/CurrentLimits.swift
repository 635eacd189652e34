import ChargerBase
import HAL

/// All current limits of one EVSE, or of the whole station: those that the control lane sets itself, one a source, and
/// those that the upper side has set by name. The smallest wins and is told.
///
/// Nothing that comes from above can raise what another limit says: a named limit of any source, `hardware` included,
/// stands beside the lane's own and can only lower. Values under zero count as zero.
///
/// The table is bounded to `CurrentLimit.capacity` named limits. One that finds no place is never dropped: it is joined
/// to a single common limit with the smallest value, the fewest phases and the latest expiry of all that were joined,
/// told under the owner `CurrentLimits.joined`. That one lapses at its expiry, or when no other named limit stands any
/// more. So a full table is too strict at worst, never too generous.
package struct CurrentLimits: Hashable, Sendable {
  /// The limit that wins, as a current per phase.
  package struct Winner: Hashable, Sendable {
    package var limit: Current
    package var source: LimitSource
    package var owner: String
    /// The limit as it was set.
    package var original: CurrentLimit
  }

  /// The owner under which limits without a place of their own are told.
  package static let joined = "(table full)"
  /// Without a measurement a power is turned into a current by this voltage.
  package static let nominalVoltage = Voltage(volts: 230)
  /// Measured voltages beyond these (230 V ± 20 %) are no voltages of a live phase: the nearer end counts.
  package static let plausibleVoltages = Voltage(volts: 184)...Voltage(volts: 276)

  /// All limits that stand: the lane's own first, then the joined one, then the named ones in the order of their
  /// setting. Its storage is shared with every snapshot, and is copied only when a limit changes.
  package private(set) var all: [CurrentLimit] = []
  /// How many of `all` are the lane's own.
  private var ownCount = 0
  private var hasJoined = false
  /// Limits that found no place since the start.
  package private(set) var refused: UInt32 = 0
  /// The phases that a power is divided by, 1…3.
  package private(set) var phasesInUse: UInt8
  /// The voltage that powers are turned into currents by, in whole volts: it follows the measured one upwards at once
  /// and downwards with a hysteresis, so that a meter's noise moves no limit.
  package private(set) var voltage = CurrentLimits.nominalVoltage

  package init(_ source: LimitSource = .hardware, _ current: Current?, phases: UInt8) {
    phasesInUse = phases.clamped(to: 1...3)
    all.reserveCapacity(CurrentLimit.capacity + 1 + LimitSource.allCases.count)
    self[source] = current
  }

  // MARK: The lane's own limits

  /// The limit that the lane itself has set for a source; nil for none.
  package subscript(source: LimitSource) -> Current? {
    get {
      for index in 0..<ownCount where all[index].source == source {
        if case .perPhase(let current) = all[index].value { return current }
      }
      return nil
    }
    set { setOwn(source, newValue) }
  }

  /// Sets or, with nil, lifts the lane's own limit of a source; `owner` names who stands behind it.
  package mutating func setOwn(_ source: LimitSource, _ current: Current?, owner: String = "") {
    var place = 0
    while place < ownCount && all[place].source.rawValue < source.rawValue { place += 1 }
    let isSet = place < ownCount && all[place].source == source
    guard let current else {
      guard isSet else { return }
      all.remove(at: place)
      ownCount -= 1
      return
    }
    let new = CurrentLimit(source, owner: owner, .perPhase(max(.zero, current)))
    if isSet {
      if all[place] != new { all[place] = new }
    } else {
      all.insert(new, at: place)
      ownCount += 1
    }
  }

  // MARK: Named limits

  private var firstNamed: Int { ownCount + (hasJoined ? 1 : 0) }

  /// Sets a limit in place of an earlier one of the same source and owner; one that has lapsed already only lifts it.
  package mutating func set(_ limit: CurrentLimit, at now: MonotonicInstant) {
    if let expiry = limit.expiry, expiry <= now { return lift(limit.source, owner: limit.owner) }
    let limit = Self.harmless(limit)
    for index in firstNamed..<all.count where all[index].source == limit.source && all[index].owner == limit.owner {
      if all[index] != limit { all[index] = limit }
      return
    }
    if all.count - firstNamed < CurrentLimit.capacity {
      all.append(limit)
    } else {
      join(limit)
    }
  }

  package mutating func lift(_ source: LimitSource, owner: String) {
    let owner = CurrentLimit.cut(owner)
    for index in firstNamed..<all.count where all[index].source == source && all[index].owner == owner {
      all.remove(at: index)
      break
    }
    forgetJoinedIfAlone()
  }

  /// Lets limits lapse whose time is over; call it after every input and at `deadlines`.
  package mutating func evaluate(at now: MonotonicInstant) {
    var index = ownCount
    while index < all.count {
      if let expiry = all[index].expiry, expiry <= now {
        all.remove(at: index)
        if hasJoined && index == ownCount { hasJoined = false }
      } else {
        index += 1
      }
    }
    forgetJoinedIfAlone()
  }

  private mutating func forgetJoinedIfAlone() {
    guard hasJoined, all.count == firstNamed else { return }
    all.remove(at: ownCount)
    hasJoined = false
  }

  private mutating func join(_ limit: CurrentLimit) {
    refused = refused.addingSaturating(1)
    // By the highest voltage and all phases: whatever is in use later, the joined limit is strict enough.
    let current = Self.current(of: limit.value, voltage: Self.plausibleVoltages.upperBound, phases: 3)
    guard hasJoined, case .perPhase(let former) = all[ownCount].value else {
      let joined = CurrentLimit(
        limit.source, owner: Self.joined, .perPhase(current), phases: limit.phases, expiry: limit.expiry)
      all.insert(joined, at: ownCount)
      hasJoined = true
      return
    }
    let present = all[ownCount]
    let joined = CurrentLimit(
      current < former ? limit.source : present.source, owner: Self.joined, .perPhase(min(former, current)),
      phases: Self.fewest(present.phases, limit.phases), expiry: Self.latest(present.expiry, limit.expiry))
    if joined != present { all[ownCount] = joined }
  }

  private static func fewest(_ left: UInt8?, _ right: UInt8?) -> UInt8? {
    guard let left, let right else { return left ?? right }
    return min(left, right)
  }

  private static func latest(_ left: MonotonicInstant?, _ right: MonotonicInstant?) -> MonotonicInstant? {
    guard let left, let right else { return nil }
    return max(left, right)
  }

  private static func harmless(_ limit: CurrentLimit) -> CurrentLimit {
    var limit = limit
    switch limit.value {
    case .perPhase(let current): limit.value = .perPhase(max(.zero, current))
    case .total(let power): limit.value = .total(max(.zero, power))
    }
    limit.phases = limit.phases?.clamped(to: 1...3)
    return limit
  }

  // MARK: Powers

  /// Takes the voltages of a reading that is fresh; without any, the last ones stay.
  package mutating func take(voltage reading: PhaseValues<Voltage>) {
    guard let highest = reading.greatest else { return }
    // The highest phase, rounded up: the current that a power allows is rounded down.
    let plausible = highest.clamped(to: Self.plausibleVoltages)
    let whole = Voltage(volts: plausible.millivolts.addingSaturating(999) / 1_000)
    if whole > voltage || whole < voltage - Self.voltageHysteresis { voltage = whole }
  }

  private static let voltageHysteresis = Voltage(volts: 3)

  /// The meter is silent: powers are converted by the nominal voltage.
  package mutating func forgetVoltage() { voltage = Self.nominalVoltage }

  /// The phases that are connected now.
  package mutating func setPhasesInUse(_ phases: UInt8) { phasesInUse = phases.clamped(to: 1...3) }

  /// A limit as a current per phase, rounded down to milliamperes.
  package func current(of limit: CurrentLimit) -> Current {
    Self.current(of: limit.value, voltage: voltage, phases: phasesInUse)
  }

  private static func current(of value: CurrentLimit.Value, voltage: Voltage, phases: UInt8) -> Current {
    switch value {
    case .perPhase(let current): return max(.zero, current)
    case .total(let power):
      let divisor = voltage.millivolts.multipliedSaturating(by: Int64(phases))
      guard divisor > 0 else { return .zero }
      return max(.zero, Current(milliamperes: power.milliwatts.multipliedSaturating(by: 1_000) / divisor))
    }
  }

  // MARK: What they come to

  /// The smallest limit; among equals the first source in the enum's order, and the share of a supply last: it is cut to
  /// the others, so that another as small is its cause. Nil when none stands.
  package var winner: Winner? { winner(leavingOutShare: false) }

  /// The smallest limit beside the EVSE's share of a supply: what the share is cut to.
  package var winnerBesideShare: Winner? { winner(leavingOutShare: true) }

  /// The smallest limit; an EVSE always has one, that of its hardware.
  package var smallest: Winner {
    winner
      ?? Winner(
        limit: DutyCycle.greatestOffer, source: .hardware, owner: "",
        original: CurrentLimit(.hardware, .perPhase(DutyCycle.greatestOffer)))
  }

  private func winner(leavingOutShare: Bool) -> Winner? {
    var found: Winner?
    var foundRank: UInt8 = 0
    for index in all.indices {
      let limit = all[index]
      if leavingOutShare && index < ownCount && limit.source == .supply { continue }
      let current = current(of: limit)
      let rank = index < ownCount && limit.source == .supply ? UInt8.max : limit.source.rawValue
      if let found, (found.limit, foundRank) <= (current, rank) { continue }
      foundRank = rank
      found = Winner(limit: current, source: limit.source, owner: limit.owner, original: limit)
    }
    return found
  }

  /// The most phases that all limits allow, 1…3.
  package var phases: UInt8 {
    var fewest: UInt8 = 3
    for limit in all { if let phases = limit.phases, phases < fewest { fewest = max(1, phases) } }
    return fewest
  }

  package func deadlines(_ soonest: inout Deadline) {
    for index in ownCount..<all.count { if let expiry = all[index].expiry { soonest.add(expiry) } }
  }

  package mutating func visitInstants(_ visit: (inout MonotonicInstant) -> Void) {
    for index in ownCount..<all.count { all[index].expiry.visitInstant(visit) }
  }
}

extension PhaseValues where Value: Comparable {
  /// The greatest of the phases; the total where no phase is told.
  package var greatest: Value? {
    var found = l1
    if let l2, found.map({ l2 > $0 }) ?? true { found = l2 }
    if let l3, found.map({ l3 > $0 }) ?? true { found = l3 }
    return found ?? total
  }
}
