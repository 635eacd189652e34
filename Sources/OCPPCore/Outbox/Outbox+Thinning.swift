import ChargerBase
import OCPPPorts
import OrderedCollections

// When space is short, every second periodic event of each transaction gives way: the first, the third and so on, never
// Started or Ended, and never a whole block (E04.FR.07, .08, J02.FR.12, .13).

/// One walk through the stored records of the transactions, a page at a time.
struct ThinningPass {
  static let pageLimit = 256
  /// Transactions whose turn is remembered; records of one transaction lie near each other, so older ones are done.
  static let rememberedGroups = 256

  private(set) var cursor = OutboxNumber(0)
  /// What was put in after the pass began is left to the next.
  let last: OutboxNumber
  private(set) var removed = 0
  private var dropsNext: OrderedDictionary<String, Bool> = [:]

  init(through last: OutboxNumber) { self.last = last }

  /// The records of the next page that give way.
  mutating func choose(from page: [OutboxEntry], unless isTouched: (OutboxEntry) -> Bool) -> [OutboxNumber] {
    var chosen: [OutboxNumber] = []
    for entry in page where entry.number <= last {
      cursor = entry.number
      guard entry.isExpendable, !isTouched(entry) else { continue }
      let drops = dropsNext[entry.group] ?? true
      dropsNext[entry.group] = !drops
      if dropsNext.count > Self.rememberedGroups { dropsNext.removeFirst() }
      if drops { chosen.append(entry.number) }
    }
    removed += chosen.count
    return chosen
  }

  func isComplete(after page: [OutboxEntry]) -> Bool {
    page.count < Self.pageLimit || cursor >= last || page.contains { $0.number > last }
  }
}

extension Outbox {
  // Steps of shortness, in records. At each the store's own space counts as well.

  /// From here on periodic events give way.
  var thinningLevel: Int { capacity - capacity / 10 }
  /// From here on no transaction begins.
  var beginningLevel: Int { capacity - capacity / 20 }
  /// From here on every second new periodic event is left out; the rest is for the Ended of what runs.
  var endingLevel: Int { capacity - capacity / 50 }

  var isShort: Bool { occupied >= thinningLevel || writer.space >= .short }
  var isCritical: Bool { occupied >= beginningLevel || writer.space >= .critical }

  /// Begins a pass when one is needed. While records flow out it is not (E04.FR.07 speaks of Offline), unless it is
  /// critical.
  func thinIfShort(isOffline: Bool) {
    guard thinning == nil, isShort, isOffline || isCritical, writer.isHealthy else { return }
    guard appendedSincePass >= passInterval else { return }
    appendedSincePass = 0
    thinning = ThinningPass(through: lastNumber)
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
    // Nothing left to give way: not again before something has come.
    passInterval = pass.removed == 0 ? max(16, capacity / 100) : 1
    writer.note(EngineEvent(.storage, "\(pass.removed) periodic events have given way for want of space"))
  }
}
