import ChargerBase

/// Which configuration slot is dialed next (B10.FR.03, B10.FR.04, B10.FR.07, B10.FR.08): each slot gets its attempts,
/// the rest of the priority list follows; after a whole round of failures the profile that worked last is tried first and
/// the list begins again. It never ends.
struct SlotRotation {
  /// Nil while there is no slot at all.
  private(set) var current: Int32?
  private(set) var lastGood: Int32?
  private var priority: [Int32]
  /// Slots that have not had their attempts in this round.
  private var left: [Int32] = []
  private var failures: Int32 = 0

  /// After a start the first of the list is the first to be dialed, whatever worked last (B10.FR.04, A05.FR.05).
  init(priority: [Int32], lastGood: Int32?) {
    self.priority = priority
    self.lastGood = lastGood
    begin(with: priority.first ?? lastGood)
  }

  /// The firmware's own wish.
  mutating func use(_ slot: Int32) { begin(with: slot) }

  mutating func setPriority(_ slots: [Int32]) {
    priority = slots
    left.removeAll { !slots.contains($0) }
  }

  /// After the next loss this slot is tried first, and then every other one.
  mutating func succeeded() {
    lastGood = current
    begin(with: current)
  }

  mutating func failed(attempts: Int32) {
    failures = failures.addingSaturating(1)
    if failures >= attempts { next() }
  }

  /// The present slot cannot be dialed now, however many attempts it has left; false when there is no other.
  mutating func giveUp() -> Bool {
    let before = current
    next()
    if current == before, !left.isEmpty { next() }
    return current != before
  }

  private mutating func next() {
    guard !left.isEmpty else { return begin(with: lastGood ?? priority.first) }
    current = left.removeFirst()
    failures = 0
  }

  private mutating func begin(with slot: Int32?) {
    current = slot
    failures = 0
    left = priority.filter { $0 != slot }
  }
}
