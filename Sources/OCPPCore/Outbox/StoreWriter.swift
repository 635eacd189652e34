import ChargerBase
import DequeModule
import OCPPPorts

/// Writes to the store in order: what is ready shares one commit, at most one commit is under way, and what must not be
/// lost is kept in memory and tried again while the store fails.
final class StoreWriter {
  /// Records that wait in memory while the store fails, before expendable ones are thinned.
  static let maximumHeldRecords = 512
  /// Records that may wait for a store that is well, and only slow.
  static let maximumQueuedRecords = 16_384
  /// Mutations of one commit at most; the rest goes with the next.
  static let maximumBatch = 256
  /// Removals wait this long for company.
  static let lazyDelay = Duration.seconds(2)
  static let maximumLazyRemovals = 64
  /// Removals that wait while the store cannot be written; a record whose removal is dropped is sent again after a
  /// restart.
  static let maximumHeldRemovals = 16_384

  enum Persistence {
    /// Kept and tried again until it is stored.
    case untilStored
    /// Given up, and told, when its commit fails.
    case once
  }

  fileprivate struct Item {
    var mutations: [StoreMutation]
    var durability: StoreDurability
    var persistence: Persistence
    var completion: ((Bool) -> Void)?
    /// Its record gave way before it was stored.
    var isThinned = false
  }

  private let store: any StationStore
  private var nextRequest: UInt64 = 0
  /// Bounded by `maximumHeldRecords` for records; by the blocks' own turns for everything else.
  private var waiting: Deque<Item> = []
  private var underWay: (id: StoreRequestID, items: [Item])?
  /// One per lane at most.
  private var queries: [(id: StoreRequestID, completion: ([OutboxEntry]?) -> Void)] = []
  /// As many as `TokenAuthorizer` has questions.
  private var lookUps: [(id: StoreRequestID, completion: (TokenRecord?) -> Void)] = []
  private var listUpdate: (id: StoreRequestID, completion: (StoreFailure?) -> Void)?
  private(set) var tokenTables: TokenTablesState
  private var lazyRemovals: [OutboxNumber] = []
  private var lazyDeadline = MonotonicInstant.distantFuture
  private var retryAt: MonotonicInstant?
  private var failures: Int32 = 0
  private(set) var failure: StoreFailure?
  private(set) var space: StoreSpace
  private(set) var heldRecords = 0
  /// What the store was last told of records in memory; while `keepsNote`, the last run's number stays.
  private var unwritten = 0
  var keepsNote = false
  var note: (EngineEvent) -> Void = { _ in }
  /// Told with the number of `Updated` records that went while the store could not be written, and with that of records
  /// that no store could take.
  var thinned: (Int) -> Void = { _ in }
  var refused: (Int) -> Void = { _ in }
  /// What goes into the next commit besides; nil when there is nothing.
  var companion: () -> StoreMutation? = { nil }

  init(_ store: any StationStore, snapshot: StoreSnapshot) {
    self.store = store
    space = snapshot.space
    tokenTables = snapshot.tokens
    unwritten = snapshot.unwritten
  }

  var isHealthy: Bool { failure == nil }
  var nextDeadline: MonotonicInstant { underWay == nil ? retryAt ?? lazyDeadline : .distantFuture }
  var isIdle: Bool { underWay == nil && waiting.isEmpty && lazyRemovals.isEmpty && listUpdate == nil }

  // MARK: Requests

  /// `completion` is told false when a commit that is not tried again has failed, or when the record among the mutations
  /// has given way; at most one record a call.
  func write(
    _ mutations: [StoreMutation], _ durability: StoreDurability, _ persistence: Persistence,
    completion: ((Bool) -> Void)? = nil
  ) {
    let sound = mutations.contains(where: Self.exceedsLimits) ? withoutOversized(mutations) : mutations
    waiting.append(Item(mutations: sound, durability: durability, persistence: persistence, completion: completion))
    for mutation in sound { if case .append = mutation { heldRecords += 1 } }
    thinIfNeeded()
  }

  /// One mutation that the store can never take would hold up all that come after it.
  private func withoutOversized(_ mutations: [StoreMutation]) -> [StoreMutation] {
    mutations.filter { mutation in
      guard Self.exceedsLimits(mutation) else { return true }
      switch mutation {
      case .append(let entry):
        refused(1)
        note(EngineEvent(.storage, "a record of \(entry.body.count) bytes is too large to be kept"))
      case .putDocument(_, let key, let body):
        note(EngineEvent(.storage, "\(key.prefix(64)) of \(body.count) bytes is too large to be kept"))
      default: break
      }
      return false
    }
  }

  private static func exceedsLimits(_ mutation: StoreMutation) -> Bool {
    switch mutation {
    case .append(let entry):
      entry.body.count > StoreLimits.maximumRecordBytes || entry.group.utf8.count > StoreLimits.maximumKeyBytes
    case .putDocument(_, let key, let body):
      body.count > StoreLimits.maximumDocumentBytes || key.utf8.count > StoreLimits.maximumKeyBytes
    default: false
    }
  }

  private func thinIfNeeded() {
    let limit = failure == nil ? Self.maximumQueuedRecords : Self.maximumHeldRecords
    var spacing: Int32 = 2
    while heldRecords > limit, spacing <= ThinningPass.widestSpacing {
      thin(to: spacing)
      spacing *= 2
    }
  }

  /// Removes a record some time soon: a record that comes back after a crash is only sent twice.
  func removeLazily(_ number: OutboxNumber, at now: MonotonicInstant) {
    guard lazyRemovals.count < Self.maximumHeldRemovals else { return }
    lazyRemovals.append(number)
    if lazyDeadline == .distantFuture { lazyDeadline = now + Self.lazyDelay }
  }

  /// Removes at the end of this turn what has been put off.
  func expediteRemovals() {
    if !lazyRemovals.isEmpty { lazyDeadline = .zero }
  }

  func query(_ query: StoreQuery, completion: @escaping ([OutboxEntry]?) -> Void) {
    submitLazyRemovals()
    let id = makeID()
    queries.append((id, completion))
    store.query(query, id: id)
  }

  /// What the token tables know of a token; nil when the store cannot tell. What waits to be written is not seen.
  func lookUp(_ digest: TokenDigest, completion: @escaping (TokenRecord?) -> Void) {
    let id = makeID()
    lookUps.append((id, completion))
    store.query(.token(digest), id: id)
  }

  /// In a commit of its own: a list that is refused says nothing of the store. One at a time.
  func updateTokenList(_ update: TokenListUpdate, completion: @escaping (StoreFailure?) -> Void) {
    guard listUpdate == nil else { return completion(StoreFailure(.other, detail: "another list is being written")) }
    let id = makeID()
    listUpdate = (id, completion)
    store.commit([.updateTokenList(update)], durability: .full, id: id)
  }

  /// Submits what is ready; called at the end of every turn.
  func flush(at now: MonotonicInstant) {
    noteUnwritten()
    guard underWay == nil else { return }
    if let retryAt {
      guard retryAt <= now else { return }
      self.retryAt = nil
    }
    // In company: a removal of its own costs as much as a record.
    let isLazyDue = lazyDeadline <= now || lazyRemovals.count >= Self.maximumLazyRemovals
    guard !waiting.isEmpty || isLazyDue else { return }
    if isLazyDue { submitLazyRemovals(into: true) }
    submit()
  }

  /// What the end of the program would take now.
  private func noteUnwritten() {
    let count = isHealthy ? 0 : heldRecords
    guard count != unwritten, !keepsNote || count > 0 else { return }
    unwritten = count
    store.noteUnwritten(count)
  }

  private func submitLazyRemovals(into nextBatch: Bool = false) {
    // While the store fails they wait here, where their number is bounded.
    guard !lazyRemovals.isEmpty, isHealthy || retryAt == nil else { return }
    let removal = StoreMutation.remove(lazyRemovals)
    lazyRemovals = []
    lazyDeadline = .distantFuture
    let item = Item(mutations: [removal], durability: .relaxed, persistence: .untilStored, completion: nil)
    if nextBatch || retryAt != nil || underWay != nil {
      waiting.prepend(item)
    } else {
      waiting.prepend(item)
      submit()
    }
  }

  private func submit() {
    var items: [Item] = []
    var mutations: [StoreMutation] = []
    var durability = StoreDurability.relaxed
    while let first = waiting.first, items.isEmpty || mutations.count + first.mutations.count <= Self.maximumBatch {
      waiting.removeFirst()
      if items.isEmpty { mutations = first.mutations } else { mutations += first.mutations }
      if first.durability == .full { durability = .full }
      items.append(first)
    }
    guard !items.isEmpty else { return }
    if let mutation = companion() {
      mutations.append(mutation)
      items.append(Item(mutations: [mutation], durability: .relaxed, persistence: .untilStored))
    }
    let id = makeID()
    underWay = (id, items)
    store.commit(Self.withoutOutdated(mutations), durability: durability, id: id)
  }

  /// Of a document that is written several times in one commit only the last body counts. Documents of one commit are
  /// few: they are compared one by one, which costs the start less than a table.
  private static func withoutOutdated(_ mutations: [StoreMutation]) -> [StoreMutation] {
    guard mutations.count > 2 else { return mutations }
    var seen: [(kind: DocumentKind, key: String)] = []
    var kept: [StoreMutation] = []
    kept.reserveCapacity(mutations.count)
    for mutation in mutations.reversed() {
      switch mutation {
      case .putDocument(let kind, let key, _), .removeDocument(let kind, let key):
        guard !seen.contains(where: { $0.kind == kind && $0.key == key }) else { continue }
        seen.append((kind, key))
        kept.append(mutation)
      default: kept.append(mutation)
      }
    }
    return kept.reversed()
  }

  // MARK: Answers

  func handle(_ event: StoreEvent, at now: MonotonicInstant) {
    switch event {
    case .committed(let id):
      if listUpdate?.id == id { return listUpdateAnswered(nil) }
      guard let (expected, items) = underWay, expected == id else { return }
      underWay = nil
      failures = 0
      if failure != nil {
        failure = nil
        note(EngineEvent(.storage, "the store can be written again"))
      }
      for item in items {
        heldRecords -= item.appendCount
        item.completion?(!item.isThinned)
      }
    case .entries(let id, let entries): answerQuery(id, entries)
    case .deadLetters: break
    case .token(let id, let record): answerLookUp(id, record)
    case .tokenTables(let state): tokenTables = state
    case .space(let level):
      guard level != space else { return }
      let isWorse = level > space
      space = level
      note(
        EngineEvent(.storage, isWorse ? "space for records is \(level)" : "there is more space for records: \(level)"))
    case .failed(let id, let failure):
      if underWay?.id == id { return commitFailed(failure, at: now) }
      if listUpdate?.id == id { return listUpdateAnswered(failure) }
      answerQuery(id, nil)
      answerLookUp(id, nil)
    }
  }

  private func listUpdateAnswered(_ failure: StoreFailure?) {
    let completion = listUpdate?.completion
    listUpdate = nil
    completion?(failure)
  }

  private func answerLookUp(_ id: StoreRequestID, _ record: TokenRecord?) {
    guard let place = lookUps.firstIndex(where: { $0.id == id }) else { return }
    lookUps.remove(at: place).completion(record)
  }

  private func answerQuery(_ id: StoreRequestID, _ entries: [OutboxEntry]?) {
    guard let place = queries.firstIndex(where: { $0.id == id }) else { return }
    queries.remove(at: place).completion(entries)
  }

  private func commitFailed(_ failure: StoreFailure, at now: MonotonicInstant) {
    guard let items = underWay?.items else { return }
    underWay = nil
    if self.failure == nil { note(EngineEvent(.storage, "the store cannot be written: \(failure.detail)")) }
    self.failure = failure
    let kept = items.filter { $0.persistence == .untilStored }
    for item in kept.reversed() { waiting.prepend(item) }
    // One second, doubled up to a minute.
    let seconds = min(Int64(1) << Int64(min(failures, 6)), 60)
    failures = failures.addingSaturating(1)
    if !waiting.isEmpty { retryAt = now + .seconds(seconds) }
    thinIfNeeded()
    for item in items where item.persistence == .once {
      heldRecords -= item.appendCount
      item.completion?(false)
    }
  }

  /// Of each transaction expendable records go but for an even spacing; their documents stay (E04.FR.08).
  private func thin(to spacing: Int32) {
    var count = 0
    for place in waiting.indices {
      let before = waiting[place].mutations.count
      waiting[place].mutations.removeAll { mutation in
        if case .append(let entry) = mutation { entry.givesWay(to: spacing) } else { false }
      }
      let gone = before - waiting[place].mutations.count
      guard gone > 0 else { continue }
      waiting[place].isThinned = true
      count += gone
      heldRecords -= gone
    }
    guard count > 0 else { return }
    thinned(count)
    note(EngineEvent(.storage, "memory is short: \(count) periodic events were left out"))
  }

  private func makeID() -> StoreRequestID {
    nextRequest += 1
    return StoreRequestID(nextRequest)
  }
}

extension StoreWriter.Item {
  fileprivate var appendCount: Int {
    mutations.reduce(0) { count, mutation in if case .append = mutation { count + 1 } else { count } }
  }
}
