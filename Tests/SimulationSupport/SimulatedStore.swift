import ChargerBase
import OCPPPorts

/// A store in memory that keeps the contract of `StationStore` and can fail, be killed and lose its power.
package final class SimulatedStore: StationStore {
  /// What a store holds.
  package struct Content: Equatable {
    package var entries: [OutboxEntry] = []
    package var deadLetters: [DeadLetter] = []
    package var documents: [StoreSnapshot.Document] = []
    package var lastNumber = OutboxNumber(0)
    package var offlineThrough = OutboxNumber(0)
    package var tokens = SimulatedTokenTables()

    package static func == (left: Content, right: Content) -> Bool {
      left.entries == right.entries && left.documents == right.documents && left.lastNumber == right.lastNumber
        && left.offlineThrough == right.offlineThrough
        && left.deadLetters == right.deadLetters && left.tokens == right.tokens
    }
  }

  /// As the program sees it.
  package private(set) var content = Content()
  /// As it would be after a power cut.
  package private(set) var durable = Content()
  package var latency = Duration.milliseconds(1)
  /// Every commit fails with this while it is set.
  package var failure: StoreFailure?
  /// Commits to let pass before `failure` shows.
  package var commitsBeforeFailure = 0
  /// Records ever appended, by the kind in their first byte.
  package private(set) var appended: [UInt8: Int] = [:]
  package private(set) var fullCommits = 0
  package private(set) var relaxedCommits = 0
  package private(set) var queries = 0
  package private(set) var lookUps = 0
  package private(set) var violations: [String] = []
  /// What `noteUnwritten` was told last; it outlives every end.
  package private(set) var unwritten = 0
  /// How much room there is; told to the engine.
  package var space = StoreSpace.ample {
    didSet { if space != oldValue { answer { [self] in receiver(.space(space)) } } }
  }

  private let clock: SimulatedClock
  private let queue: EventQueue
  private var generation = 0
  /// Where answers go; set by the harness.
  package var receiver: (StoreEvent) -> Void = { _ in }

  package init(clock: SimulatedClock, queue: EventQueue) {
    self.clock = clock
    self.queue = queue
  }

  // MARK: StationStore

  package func commit(_ mutations: [StoreMutation], durability: StoreDurability, id: StoreRequestID) {
    answer { [self] in
      if let failure {
        if commitsBeforeFailure == 0 { return receiver(.failed(id, failure)) }
        commitsBeforeFailure -= 1
      }
      let former = content
      for mutation in mutations where !apply(mutation) {
        content = former
        return receiver(.failed(id, StoreFailure(.limit, detail: "too many")))
      }
      if content.tokens.state != former.tokens.state { receiver(.tokenTables(content.tokens.state)) }
      if durability == .full {
        fullCommits += 1
        durable = content
      } else {
        relaxedCommits += 1
      }
      receiver(.committed(id))
    }
  }

  package func query(_ query: StoreQuery, id: StoreRequestID) {
    answer { [self] in
      queries += 1
      switch query {
      case .outbox(let lane, let after, let limit): receiver(.entries(id, page(lane, after, limit)))
      case .outline(let lane, let after, let limit):
        let page = page(lane, after, limit).map { entry in
          var entry = entry
          entry.body = []
          return entry
        }
        receiver(.entries(id, page))
      case .outlineOfGroup(let lane, let group, let after, let limit):
        let page = content.entries.filter { $0.lane == lane && $0.number > after && $0.group == group }
        receiver(
          .entries(
            id,
            page.prefix(limit).map { entry in
              var entry = entry
              entry.body = []
              return entry
            }))
      case .deadLetters(let limit): receiver(.deadLetters(id, Array(content.deadLetters.suffix(limit))))
      case .token(let digest):
        lookUps += 1
        if let failure { return receiver(.failed(id, failure)) }
        receiver(.token(id, content.tokens.record(of: digest)))
      }
    }
  }

  /// Ends early as the real one does when its bodies are many bytes.
  private func page(_ lane: OutboxLane, _ after: OutboxNumber, _ limit: Int) -> [OutboxEntry] {
    var page: [OutboxEntry] = []
    var bytes = 0
    for entry in content.entries where entry.lane == lane && entry.number > after {
      guard page.count < limit, bytes <= StoreLimits.maximumAnswerBytes else { break }
      page.append(entry)
      bytes += entry.body.count
    }
    return page
  }

  package func noteUnwritten(_ records: Int) { unwritten = records }

  private func answer(_ body: @escaping () -> Void) {
    let asked = generation
    queue.schedule(at: clock.now + latency) { [weak self] in
      guard let self, generation == asked else { return }
      body()
    }
  }

  /// False when it exceeds a limit.
  private func apply(_ mutation: StoreMutation) -> Bool {
    switch mutation {
    case .append(let entry):
      if entry.number <= content.lastNumber { violations.append("outbox number \(entry.number.rawValue) used again") }
      content.lastNumber = max(content.lastNumber, entry.number)
      content.entries.append(entry)
      if let kind = entry.body.first { appended[kind, default: 0] += 1 }
    case .remove(let numbers): content.entries.removeAll { numbers.contains($0.number) }
    case .markOffline(let through): content.offlineThrough = max(content.offlineThrough, through)
    case .setFailedAttempts(let number, let attempts):
      guard let place = content.entries.firstIndex(where: { $0.number == number }) else { return true }
      content.entries[place].failedAttempts = attempts
    case .moveToDeadLetters(let number, let attempts, let reason):
      guard let place = content.entries.firstIndex(where: { $0.number == number }) else { return true }
      var entry = content.entries.remove(at: place)
      entry.failedAttempts = attempts
      content.deadLetters.append(DeadLetter(entry, reason: reason))
    case .putDocument(let kind, let key, let body):
      if body.count > StoreLimits.maximumDocumentBytes || key.utf8.count > StoreLimits.maximumKeyBytes {
        violations.append("document \(key) is too large")
      }
      content.documents.removeAll { $0.kind == kind && $0.key == key }
      content.documents.append(.init(kind: kind, key: key, body: body))
    case .removeDocument(let kind, let key): content.documents.removeAll { $0.kind == kind && $0.key == key }
    case .updateTokenList, .cacheToken, .touchCachedToken, .removeCachedToken, .clearTokenCache:
      return content.tokens.apply(mutation)
    }
    return true
  }

  // MARK: What can happen to it

  /// The program dies: what was committed stays, what was asked for and not done is lost.
  package func killed() { generation += 1 }

  /// The supply fails: what was not flushed is gone.
  package func powerCut() {
    generation += 1
    content = durable
  }

  /// As it is when it is opened again.
  package func snapshot() -> StoreSnapshot {
    durable = content
    let documents = content.documents.sorted { ($0.kind.rawValue, $0.key) < ($1.kind.rawValue, $1.key) }
    return StoreSnapshot(
      documents: documents, lastOutboxNumber: content.lastNumber, offlineThrough: content.offlineThrough,
      waiting: OutboxLane.allCases.map { lane in content.entries.count { $0.lane == lane } },
      deadLetters: content.deadLetters.count, unwritten: unwritten, space: space, tokens: content.tokens.state)
  }
}
