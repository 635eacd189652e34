import ChargerBase
import EVSEControl
import HAL

/// The rules of sharing, in the words of the world: what flows, what is offered, what was limited when.
extension AllocatorWalk {
  /// The standard's time for a vehicle, and the product's for the station.
  private static let follow = Duration.seconds(5)
  private static let lower = Duration.seconds(5)
  /// An instant that lies exactly at the end of a time may be judged by either side of it.
  private static let moment = Duration.milliseconds(20)

  mutating func check() {
    noteCheck()
    checkSum()
    checkLimits()
    checkOverdrawing()
    checkWaiting()
    checkUnused()
    keepAccounts()
  }

  private mutating func violate(_ rule: String) {
    guard violation == nil else { return }
    var lines = ["  \(scenario.kind.rawValue), supply \(text(supply.latest)) since \(supply.changedAt.clock)"]
    for (index, slot) in slots.enumerated() {
      var line = "  \(slot.evse.id): cap \(slot.cap.latest.amperes), offer \(slot.present.amperes)"
      line += " since \(slot.offer.changedAt.clock), draws \(slot.current.amperes)"
      line += slot.isClosed ? ", closed" : ", open"
      if let vehicle = slot.vehicle {
        line += ", wants \(vehicle.appetite.amperes), \(vehicle.isAsking ? "asks" : "does not ask")"
        line += slot.isGranted ? "" : ", no permit"
        if vehicle.manner != .obeys { line += ", \(vehicle.manner)" }
      } else {
        line += ", no vehicle"
      }
      if let share = control.supply?.shares[index] {
        line += "; granted \(share.granted.amperes), target \(share.target.amperes), booked \(share.booked.amperes)"
        if share.need < Self.unlimited { line += ", needs \(share.need.amperes)" }
      }
      lines.append(line)
    }
    violation = Violation(seed: seed, at: now, rule: rule, situation: lines.joined(separator: "\n"))
  }

  private func text(_ supply: Int64) -> String { supply >= Self.unlimited ? "unlimited" : supply.amperes }

  // MARK: The sum

  /// The sum over the EVSEs of the larger of offer and current never exceeds an unchanged supply; a lower one is kept
  /// by the offers within 5 s, and by what flows when the vehicles have had theirs too.
  private mutating func checkSum() {
    var offers: Int64 = 0
    var sum: Int64 = 0
    var tolerance: Int64 = 0
    var obey = true
    var isSeen = true
    for index in slots.indices {
      let offer = slots[index].present
      let current = slots[index].current
      offers += offer
      sum += max(offer, current)
      if !slots[index].obeys {
        obey = false
        if isSilent(index) { isSeen = false }
        // A meter's error and a second's delay.
        tolerance += 600 + current / 40
      }
    }
    let lowered = supply.greatest(within: Self.lower, at: now)
    if offers > lowered { violate("offers \(offers.amperes) of \(text(lowered))") }
    let followed = supply.greatest(within: Self.lower + Self.follow + Self.moment, at: now)
    if obey && sum > followed { violate("sum of offers and currents is \(sum.amperes) of \(text(followed))") }
    // Vehicles that do not follow can make the sum exceed the supply; the station must not add to it.
    // Where the meter is silent, time alone must count.
    if !obey && isSeen && hasRaised && sum > followed + tolerance {
      violate("an offer was raised while the sum of offers and currents is \(sum.amperes) of \(text(followed))")
    }
  }

  // MARK: Limits

  private mutating func checkLimits() {
    for index in slots.indices {
      let offer = slots[index].present
      guard offer > 0 else { continue }
      let cap = slots[index].cap.greatest(within: Self.lower, at: now)
      if offer > cap { violate("\(slots[index].evse.id) offers \(offer.amperes) under a limit of \(cap.amperes)") }
      if offer < 6_000 { violate("\(slots[index].evse.id) offers \(offer.amperes)") }
      if !slots[index].isGranted { violate("\(slots[index].evse.id) offers without a permit") }
    }
  }

  // MARK: Overdrawing

  /// A vehicle that draws more than its offer and the table's tolerance is cut off in time; one without an offer too.
  private mutating func checkOverdrawing() {
    let timing = scenario.configuration.timing
    // Two readings and the contactor's way.
    let allowed = timing.vehicleFollowsOffer + timing.overCurrentTime + .milliseconds(2_100)
    let opened = timing.openUnderLoadAfterWithdrawal + .milliseconds(100)
    for index in slots.indices {
      let offer = slots[index].present
      let current = slots[index].current
      // A meter's error.
      let noise = scenario.absoluteNoise + current * scenario.relativeNoise / 10_000
      // Nobody can see it while the meter is silent.
      let isWatched = slots[index].evse.watchesOverCurrent && !isSilent(index)
      let isOver = isWatched && offer > 0 && current > offer + max(1_000, offer / 10) + noise
      slots[index].exceedsSince = isOver ? slots[index].exceedsSince ?? now : nil
      let isWithdrawn = offer == 0 && slots[index].isClosed
      slots[index].withdrawnSince = isWithdrawn ? slots[index].withdrawnSince ?? now : nil
      if let since = slots[index].exceedsSince, now > since + allowed {
        violate("\(slots[index].evse.id) has drawn more than its offer since \(since.clock) and is not opened")
      }
      if let since = slots[index].withdrawnSince, now > since + opened {
        violate("\(slots[index].evse.id) has no offer since \(since.clock) and is not opened")
      }
    }
  }

  // MARK: Waiting

  /// The EVSE's meter has said nothing for a while.
  private func isSilent(_ index: Int) -> Bool { now > slots[index].readAt + .milliseconds(1_500) }

  private func couldCharge(_ index: Int) -> Bool {
    // A power is less of a current when the voltage is high.
    let least: Int64 = scenario.changesSupply ? 6_400 : 6_000
    return slots[index].isGranted && supply.latest >= least && slots[index].cap.latest >= least && slots[index].obeys
      && !(slots[index].evse.meterNeeded && now > slots[index].readAt + .seconds(8))
  }

  /// Everybody who could charge gets an offer within as many turns as there are EVSEs.
  private mutating func checkWaiting() {
    let timing = scenario.configuration.timing
    let longest = timing.supplyTurn * slots.count + .seconds(120)
    for index in slots.indices {
      let isWaiting = slots[index].present == 0 && couldCharge(index)
      slots[index].waitsSince = isWaiting ? slots[index].waitsSince ?? now : nil
      guard let since = slots[index].waitsSince else { continue }
      noteWait(now - since)
      if now > since + longest { violate("\(slots[index].evse.id) waits for a turn since \(since.clock)") }
    }
  }

  // MARK: Nothing left unused

  /// When everything has been quiet for a minute nobody has less than it could have.
  private mutating func checkUnused() {
    guard now > lastExternalAt + .seconds(60), now > lastOfferChangeAt + .seconds(20) else { return }
    var left = supply.latest
    var obey = true
    var tolerance: Int64 = 0
    for index in slots.indices {
      left -= max(slots[index].present, slots[index].current)
      guard !slots[index].obeys else { continue }
      obey = false
      if isSilent(index) { return }
      tolerance += 1_500 + slots[index].current / 40
    }
    guard obey else {
      // Where nobody opens a vehicle that takes too much, the others have made room for it.
      if left < -tolerance { violate("the supply is overdrawn by \((-left).amperes), and nobody makes room") }
      return
    }
    let rounding = 1_000 + (supply.latest == Self.unlimited ? 0 : supply.latest / 25)
    for index in slots.indices where couldCharge(index) {
      let slot = slots[index]
      let missing = slot.cap.latest - slot.present
      // A power is turned into a current by the voltage of the moment; a duty cycle is rounded down.
      let isMissed = slot.present > 0 ? min(missing, left) > rounding + slot.cap.latest / 25 : left >= 6_000 + rounding
      if isMissed { violate("\(slot.evse.id) could have \(min(missing, left).amperes) more that nobody uses") }
    }
  }

  // MARK: Over a long time

  private var isCalm: Bool { scenario.kind == .calm || scenario.kind == .equal }

  /// By when every lending has been decided: each doubles the time until the next.
  private var settled: MonotonicInstant {
    lastExternalAt + scenario.configuration.timing.supplyLendAfter * 40 + .seconds(300)
  }

  private mutating func keepAccounts() {
    guard isCalm else { return }
    guard now > settled else {
      calmChanges = nil
      return
    }
    if calmChanges == nil {
      calmChanges = offerChanges
      accountedAt = now
      for index in slots.indices {
        slots[index].drawn = 0
        slots[index].seconds = 0
      }
    }
    let seconds = Double((now - accountedAt).wholeMilliseconds) / 1_000
    accountedAt = now
    for index in slots.indices {
      slots[index].drawn += Double(slots[index].current) * seconds
      slots[index].seconds += seconds
    }
  }

  mutating func checkAtEnd() {
    checkChangesOverall()
    guard isCalm, let calmChanges, let seconds = slots.first?.seconds, seconds > 1_800 else { return }
    let isScarce = supply.latest < Int64(slots.indices.count { couldCharge($0) }) * 6_000
    checkSettled(offerChanges - calmChanges, seconds: seconds, isScarce: isScarce)
    if isScarce { checkEqualTurns(seconds: seconds) } else { checkShares(seconds: seconds) }
  }

  /// Without a change from outside the offers stay; where EVSEs take turns they change with the turns.
  private mutating func checkSettled(_ changes: Int, seconds: Double, isScarce: Bool) {
    let timing = scenario.configuration.timing
    let turn = Double(timing.supplyTurn.wholeSeconds)
    let idle = Double(timing.supplyLendAfter.wholeSeconds) * 16
    let full = slots.count { $0.vehicle?.appetite == 0 }
    let exchanges = isScarce ? seconds / turn + 1 + Double(full) * (seconds / idle + 1) : 0
    let allowed = Int(exchanges) * (slots.count + 2)
    if changes > allowed { violate("\(changes) offers changed in \(Int(seconds)) s without a change from outside") }
  }

  /// Changes of offers are bounded by what happens outside, by turns, and by lending, which grows rarer and rarer.
  private mutating func checkChangesOverall() {
    let timing = scenario.configuration.timing
    let seconds = scenario.duration.wholeSeconds
    let turns = seconds / max(1, timing.supplyTurn.wholeSeconds) + seconds / (timing.supplyLendAfter.wholeSeconds * 16)
    let allowed = (externalChanges * 6 + Int(turns) + 20) * (slots.count + 2)
    if offerChanges > allowed {
      violate("\(offerChanges) offers changed after \(externalChanges) changes from outside and \(turns) turns")
    }
  }

  /// Equal vehicles that take turns have drawn the same, but for one turn.
  private mutating func checkEqualTurns(seconds: Double) {
    guard scenario.kind == .equal else { return }
    let drawn = slots.map(\.drawn)
    guard let most = drawn.max(), let least = drawn.min() else { return }
    let turn = Double(scenario.configuration.timing.supplyTurn.wholeSeconds)
    let level = Double(min(supply.latest, 32_000))
    let tolerance = turn * level * 1.1 + most / 50
    if most - least > tolerance {
      violate(
        "of equal vehicles one has drawn \(Int(most / seconds)) mA on average, another \(Int(least / seconds)) mA")
    }
  }

  /// Each vehicle has drawn what it wants, or its equal share of what the others leave.
  private mutating func checkShares(seconds: Double) {
    // What must be kept free above a vehicle that wants less than its share: 3 A, or 1 A and an eighth of the offer.
    let needs = slots.indices.map { index -> Int64 in
      guard couldCharge(index) else { return 0 }
      let slot = slots[index]
      let wish = min(slot.vehicle?.appetite ?? 0, slot.cap.latest)
      return min(slot.cap.latest, max(6_000, max(wish + 3_500, (wish + 1_000) * 8 / 7 + 500)))
    }
    let level = Self.level(of: needs, supply: supply.latest)
    for index in slots.indices {
      guard couldCharge(index), let vehicle = slots[index].vehicle else { continue }
      let fair = min(vehicle.appetite, slots[index].cap.latest, level) * vehicle.share / 1_000
      let average = Int64(slots[index].drawn / seconds)
      if average < fair - 300 - fair / 50 {
        violate("\(slots[index].evse.id) has drawn \(average.amperes) on average; its fair share is \(fair.amperes)")
      }
    }
    guard scenario.kind == .equal, let most = slots.map(\.drawn).max(), let least = slots.map(\.drawn).min() else {
      return
    }
    if most - least > most / 50 {
      violate("equal vehicles have drawn \(Int(least / seconds))…\(Int(most / seconds)) mA")
    }
  }

  /// The level up to which everybody has what it needs.
  private static func level(of needs: [Int64], supply: Int64) -> Int64 {
    var left = supply
    var open = needs.filter { $0 > 0 }.sorted()
    while let smallest = open.first {
      let level = left / Int64(open.count)
      if smallest > level { return level }
      left -= smallest
      open.removeFirst()
    }
    return unlimited
  }
}
