import ChargerBase
import DequeModule
import OCPPPorts

/// One lane of the outbox as far as it is in memory: the oldest records that may be sent, and the groups that wait after
/// a failed attempt. Everything else stays in the store, so memory does not grow with the queue.
struct OutboxLaneState {
  /// Records in memory that may be sent.
  static let windowLimit = 16
  /// Groups that wait for another attempt; more block the lane.
  static let parkedLimit = 64

  struct Parked {
    var entry: OutboxEntry
    var dueAt: MonotonicInstant
    /// Later records of the group were passed over and have to be read again.
    var hasSkipped: Bool
  }

  let lane: OutboxLane
  private(set) var window: Deque<OutboxEntry> = []
  private(set) var parked: [Parked] = []
  /// Every record up to here has been looked at.
  private(set) var cursor: OutboxNumber
  /// The highest durable record of the lane.
  private(set) var lastStored: OutboxNumber
  private(set) var loadingThrough: OutboxNumber?
  private(set) var inFlight: OutboxEntry?
  /// Done a short while ago: the store may still hold them when it is asked again.
  private var recentlyDone = BoundedRing<OutboxNumber>(capacity: 256)
  private(set) var waiting: Int
  private var appending = 0
  /// Give way to others; the store may still hold them when it is asked. In rising order, at most a page of a pass.
  private var beingThinned: [OutboxNumber] = []

  init(_ lane: OutboxLane, waiting: Int, lastNumber: OutboxNumber) {
    self.lane = lane
    self.waiting = waiting
    lastStored = lastNumber
    cursor = waiting == 0 ? lastNumber : OutboxNumber(0)
  }

  /// Records of one group keep their order; in the security lane each record stands alone.
  private static func group(of entry: OutboxEntry) -> String {
    entry.group.isEmpty ? "#\(entry.number.rawValue)" : entry.group
  }

  private func parkedIndex(_ entry: OutboxEntry) -> Int? {
    guard !parked.isEmpty else { return nil }
    let wanted = Self.group(of: entry)
    return parked.firstIndex { Self.group(of: $0.entry) == wanted }
  }

  // MARK: Coming in

  /// Records on their way to the store and in it.
  var occupied: Int { waiting + appending }

  mutating func beginAppending() { appending += 1 }

  /// It is durable, or (nil) has given way in memory.
  mutating func appended(_ entry: OutboxEntry?) {
    appending = max(0, appending - 1)
    guard let entry else { return }
    waiting += 1
    let hadSeenAll = hasSeenAll
    lastStored = entry.number
    guard hadSeenAll else { return }
    if let index = parkedIndex(entry) {
      parked[index].hasSkipped = true
      cursor = entry.number
    } else if window.count < Self.windowLimit {
      window.append(entry)
      cursor = entry.number
    }
  }

  /// Neither is anything here that could be sent, now or later, nor anything in the store that has to be read.
  var isQuiet: Bool { window.isEmpty && parked.isEmpty && (loadingThrough != nil || cursor >= lastStored) }

  /// The query to submit now, if the window runs low and the store holds more.
  mutating func queryNeeded() -> StoreQuery? {
    guard loadingThrough == nil, cursor < lastStored, window.count < Self.windowLimit / 2,
      parked.count < Self.parkedLimit
    else { return nil }
    loadingThrough = lastStored
    return .outbox(lane, after: cursor, limit: Self.windowLimit)
  }

  /// The answer to that query; nil when it failed.
  mutating func loaded(_ entries: [OutboxEntry]?) {
    guard let through = loadingThrough else { return }
    loadingThrough = nil
    guard let entries else { return }
    let done = recentlyDone.elements
    var bytes = 0
    for entry in entries where entry.number > cursor {
      cursor = entry.number
      bytes += entry.body.count
      guard entry.number != inFlight?.number, !done.contains(entry.number), !beingThinned.contains(entry.number) else {
        continue
      }
      if let index = parkedIndex(entry) {
        if parked[index].entry.number != entry.number { parked[index].hasSkipped = true }
      } else {
        window.append(entry)
      }
    }
    // Short for its bytes, an answer says nothing about what comes after it.
    let isWhole = entries.count < Self.windowLimit && bytes <= StoreLimits.maximumAnswerBytes
    if isWhole, cursor < through { cursor = through }
  }

  private func isDone(_ number: OutboxNumber) -> Bool {
    var isFound = false
    recentlyDone.forEach { if $0 == number { isFound = true } }
    return isFound
  }

  /// Every record that is stored has been looked at.
  var hasSeenAll: Bool { cursor >= lastStored && loadingThrough == nil }

  /// The store alone holds it.
  func isUnread(_ number: OutboxNumber) -> Bool {
    number > cursor && !isDone(number) && !beingThinned.contains(number)
  }

  // MARK: Going out

  /// When a parked group may be tried again.
  var nextDue: MonotonicInstant {
    loadingThrough == nil ? parked.reduce(.distantFuture) { min($0, $1.dueAt) } : .distantFuture
  }

  /// The record that would be sent next.
  mutating func head(at now: MonotonicInstant) -> OutboxEntry? {
    unpark(at: now)
    return window.first
  }

  mutating func take(at now: MonotonicInstant) -> OutboxEntry? {
    guard inFlight == nil, let entry = head(at: now) else { return nil }
    window.removeFirst()
    inFlight = entry
    return entry
  }

  private mutating func unpark(at now: MonotonicInstant) {
    // After an answer of the store that is on its way: it was asked for with these groups parked.
    guard loadingThrough == nil else { return }
    while let index = parked.firstIndex(where: { $0.dueAt <= now }) {
      let due = parked.remove(at: index)
      // Beyond the cursor it is read again with everything that follows it.
      guard due.entry.number <= cursor else { continue }
      if due.hasSkipped {
        while let last = window.last, last.number > due.entry.number { window.removeLast() }
        cursor = due.entry.number
      }
      insert(due.entry)
    }
  }

  private mutating func insert(_ entry: OutboxEntry) {
    let place = window.firstIndex { $0.number > entry.number } ?? window.endIndex
    window.insert(entry, at: place)
  }

  /// The record in flight is done: accepted by the CSMS, or a dead letter.
  mutating func finished() {
    guard let entry = inFlight else { return }
    inFlight = nil
    waiting = max(0, waiting - 1)
    recentlyDone.appendOverwriting(entry.number)
  }

  /// The link went away before the answer: the same record again, next time.
  mutating func returned() {
    guard let entry = inFlight else { return }
    inFlight = nil
    if entry.number <= cursor { insert(entry) }
  }

  /// The attempt failed: the group waits, the others go on.
  mutating func parkInFlight(failedAttempts: Int32, until dueAt: MonotonicInstant) {
    guard var entry = inFlight else { return }
    inFlight = nil
    entry.failedAttempts = failedAttempts
    let wanted = Self.group(of: entry)
    let before = window.count
    window.removeAll { Self.group(of: $0) == wanted }
    parked.append(Parked(entry: entry, dueAt: dueAt, hasSkipped: window.count != before))
  }

  // MARK: Thinning

  /// On its way, tried without success, or done: not to be thinned.
  func isTouched(_ entry: OutboxEntry) -> Bool {
    entry.failedAttempts > 0 || inFlight?.number == entry.number || isDone(entry.number)
      || parked.contains { $0.entry.number == entry.number }
  }

  /// These are not sent any more. In rising order.
  mutating func beginThinning(_ numbers: [OutboxNumber]) {
    beingThinned = numbers
    window.removeAll { numbers.contains($0.number) }
  }

  /// They are out of the store.
  mutating func thinned() {
    waiting = max(0, waiting - beingThinned.count)
    beingThinned = []
  }

  /// Whether a record of a group is known to wait.
  func holds(group wanted: String) -> Bool {
    inFlight?.group == wanted || window.contains { $0.group == wanted } || parked.contains { $0.entry.group == wanted }
  }
}
