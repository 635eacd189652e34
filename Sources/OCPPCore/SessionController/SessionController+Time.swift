import ChargerBase

// What comes to pass without a fact.

extension SessionController {
  package var nextDeadline: MonotonicInstant {
    min(deadlineOfOwn, authorizer.nextDeadline, alignedDeadline)
  }

  /// Asked at every turn, and a slot is large to look through: so only after something may have changed.
  private var deadlineOfOwn: MonotonicInstant {
    if let ownDeadline { return ownDeadline }
    var deadline = masterPass?.until ?? .distantFuture
    for slot in slots { deadline = min(deadline, slot.machine.nextDeadline, slot.notice?.until ?? .distantFuture) }
    for driver in undecided { deadline = min(deadline, driver.until) }
    for start in remoteStarts where !start.isAsked { deadline = min(deadline, start.until) }
    for unlock in pendingUnlocks { deadline = min(deadline, unlock.until) }
    ownDeadline = deadline
    return deadline
  }

  package func advance(to now: MonotonicInstant) {
    expireDrivers(at: now)
    expireUnlocks(at: now)
    authorizer.advance(to: now)
    expireMasterPass(at: now)
    advanceAlignedData()
    for place in slots.indices {
      if let notice = slots[place].notice, notice.until <= now { slots[place].notice = nil }
      if slots[place].machine.nextDeadline <= now {
        run(slots[place].machine.evse) { machine, context in machine.advance(context) }
      } else {
        settle(place)
      }
    }
  }
}
