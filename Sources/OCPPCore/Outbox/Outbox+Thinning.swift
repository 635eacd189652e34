import ChargerBase
import OCPPPorts

// When space is short, every second periodic event of each transaction gives way: the first, the third and so on, never
// Started or Ended, and never a whole block (E04.FR.07, .08, J02.FR.12, .13).

/// One walk through the stored records of the transactions, a page at a time. What is left of each transaction has an
/// even spacing: every second event after the first walk, every fourth after the second, whenever the events were made.
struct ThinningPass {
  static let pageLimit = 256
  /// Wider than this nothing is left to give way.
  static let widestSpacing: Int32 = 1 << 16
  /// For want of the store's own room, which may not be ours to give back, no more than this unless it is critical.
  static let widestSpacingForRoom: Int32 = 8

  let spacing: Int32
  private(set) var cursor = OutboxNumber(0)
  /// What was put in after the pass began is left to the next.
  let last: OutboxNumber

  init(spacing: Int32, through last: OutboxNumber) {
    self.spacing = spacing
    self.last = last
  }

  /// The records of the next page that give way.
  mutating func choose(from page: [OutboxEntry], unless isTouched: (OutboxEntry) -> Bool) -> [OutboxNumber] {
    var chosen: [OutboxNumber] = []
    for entry in page where entry.number <= last {
      cursor = entry.number
      if entry.givesWay(to: spacing), !isTouched(entry) { chosen.append(entry.number) }
    }
    return chosen
  }

  func isComplete(after page: [OutboxEntry]) -> Bool {
    page.count < Self.pageLimit || cursor >= last || page.contains { $0.number > last }
  }
}

extension OutboxEntry {
  /// Whether it goes when of its transaction every event at a multiple of `spacing` stays.
  func givesWay(to spacing: Int32) -> Bool { isExpendable && position % max(2, spacing) != 0 }
}

extension Outbox {
  // Steps of shortness, in records. At each the store's own space counts as well.

  /// From here on periodic events give way.
  var thinningLevel: Int { capacity - capacity / 10 }
  /// From here on no transaction begins.
  var beginningLevel: Int { capacity - capacity / 20 }
  /// From here on every second new periodic event is left out; the rest is for the Ended of what runs.
  var endingLevel: Int { capacity - capacity / 50 }

  var isCritical: Bool { occupied >= beginningLevel || writer.space >= .critical }

  /// What is stored is too much. What is still on its way cannot give way here, and must not make the rest do so.
  private var mustThin: Bool { waiting >= thinningLevel || writer.space >= .short }
  /// Enough has been gained to stop.
  var isRelieved: Bool { waiting < capacity / 10 * 8 && writer.space < .short }

  /// Begins a pass when one is needed. While records flow out it is not (E04.FR.07 speaks of Offline), unless it is
  /// critical.
  func thinIfShort(isOffline: Bool) {
    guard thinning == nil, mustThin, isOffline || isCritical, writer.isHealthy else { return }
    guard appendedSincePass >= passInterval else { return }
    appendedSincePass = 0
    thinning = ThinningPass(spacing: 2, through: lastNumber)
    thinnedBefore = tallies.thinned
    writer.note(EngineEvent(.storage, "space is short: periodic events in the queue give way"))
    continueThinning()
  }

  private func continueThinning() {
    guard let pass = thinning else { return }
    writer.query(.outline(.transaction, after: pass.cursor, limit: ThinningPass.pageLimit)) { [weak self] page in
      self?.thin(page)
    }
  }

  private func thin(_ page: [OutboxEntry]?) {
    guard var pass = thinning else { return }
    guard let page else { return endThinning(pass) }
    let chosen = choose(from: page, in: &pass)
    thinning = pass
    let isComplete = pass.isComplete(after: page)
    guard !chosen.isEmpty else { return isComplete ? endThinning(pass) : continueThinning() }
    writer.write([.remove(chosen)], .relaxed, .untilStored) { [weak self] _ in
      guard let self else { return }
      thinned()
      if isComplete { endThinning(pass) } else { continueThinning() }
    }
  }

  private func endThinning(_ pass: ThinningPass) {
    thinning = nil
    let isForRoom = waiting < thinningLevel && writer.space < .critical
    let widest = isForRoom ? ThinningPass.widestSpacingForRoom : ThinningPass.widestSpacing
    if !isRelieved, pass.spacing < widest, writer.isHealthy {
      thinning = ThinningPass(spacing: pass.spacing * 2, through: pass.last)
      return continueThinning()
    }
    // Nothing left to give way: not again before something has come.
    passInterval = mustThin ? max(16, capacity / 100) : 1
    writer.note(
      EngineEvent(.storage, "\(tallies.thinned - thinnedBefore) periodic events have given way for want of space"))
  }
}
