import ChargerBase
import OCPPPorts
import OCPPTypes
import OrderedCollections

/// The durable queue of records on their way to the CSMS (DESIGN §4): appended with a full commit before anything is
/// sent, read on demand, kept in order within a group, tried again by E13 and never lost silently.
final class Outbox {
  /// Transactions whose last record is remembered for E14.
  static let rememberedGroups = 256
  static let minimumCapacity = 1_000

  let writer: StoreWriter
  private let deviceModel: DeviceModel
  private var lanes: [OutboxLaneState]
  /// One for each kind of record: a handful.
  private var codecs: [any OutboxRecordCodec] = []
  private(set) var lastNumber: OutboxNumber
  private(set) var offlineThrough: OutboxNumber
  /// Records at most, those of all lanes together.
  let capacity: Int
  private var inFlightLane: Int?
  /// The highest record of the transactions that were written last; the oldest is forgotten first.
  private var lastOfGroup: OrderedDictionary<String, OutboxNumber> = [:]
  var thinning: ThinningPass?
  var thinnedBefore = 0
  /// Records stored since the last pass began, and how many it takes for another.
  var appendedSincePass = Int.max
  var passInterval = 1
  private(set) var tallies: OutboxTallies
  private var areTalliesStored = true
  /// Records that were given up on and can be read.
  private(set) var deadLetters: Int
  let droppedDeadLetters: Int
  private let unwrittenBefore: Int

  init(_ writer: StoreWriter, _ deviceModel: DeviceModel, snapshot: StoreSnapshot, capacity: Int) {
    self.writer = writer
    self.deviceModel = deviceModel
    self.capacity = max(Self.minimumCapacity, capacity)
    tallies = OutboxTallies(snapshot.documents)
    deadLetters = snapshot.deadLetters
    droppedDeadLetters = snapshot.droppedDeadLetters
    unwrittenBefore = snapshot.unwritten
    lastNumber = snapshot.lastOutboxNumber
    offlineThrough = snapshot.offlineThrough
    lanes = OutboxLane.allCases.enumerated().map { index, lane in
      OutboxLaneState(
        lane, waiting: snapshot.waiting.indices.contains(index) ? snapshot.waiting[index] : 0,
        lastNumber: snapshot.lastOutboxNumber)
    }
    writer.thinned = { [weak self] count in self?.count(\.thinned, count) }
    writer.refused = { [weak self] count in self?.count(\.refused, count) }
    writer.companion = { [weak self] in self?.talliesToStore() }
  }

  /// Tells what the end of the last run took.
  func start() {
    guard unwrittenBefore > 0 else { return }
    count(\.lost, unwrittenBefore)
    writer.note(
      EngineEvent(.storage, "\(unwrittenBefore) records could not be written before the last end and are lost"))
    writer.keepsNote = true
    writer.write([], .full, .untilStored) { [weak self] _ in self?.writer.keepsNote = false }
  }

  private func count(_ tally: WritableKeyPath<OutboxTallies, Int>, _ number: Int) {
    tallies[keyPath: tally] = tallies[keyPath: tally].addingSaturating(number)
    areTalliesStored = false
  }

  /// In the commit that makes them true.
  private func talliesToStore() -> StoreMutation? {
    guard !areTalliesStored else { return nil }
    areTalliesStored = true
    return tallies.document
  }

  func register(_ codec: any OutboxRecordCodec) { codecs.append(codec) }

  private func codec(of kind: UInt8) -> (any OutboxRecordCodec)? {
    for codec in codecs where codec.kind.rawValue == kind { return codec }
    return nil
  }

  var waiting: Int { lanes.reduce(0) { $0 + $1.waiting } }
  func waiting(in lane: OutboxLane) -> Int { lanes.first { $0.lane == lane }?.waiting ?? 0 }
  /// Room for what a transaction may still have to say, and a store that takes it.
  var canBeginTransaction: Bool { writer.isHealthy && !isCritical }
  /// Stored records and those on their way to the store.
  var occupied: Int { waiting + writer.heldRecords }
  var nextDeadline: MonotonicInstant { lanes.reduce(.distantFuture) { min($0, $1.nextDue) } }

  /// Whether a record of a transaction (nil: of any) still waits for the CSMS's acceptance; nil when only the store
  /// knows: those of former runs are in memory as far as they have been read.
  func hasQueued(group: String?) -> Bool? {
    guard let lane = lanes.first(where: { $0.lane == .transaction }) else { return false }
    guard let group else { return lane.waiting > 0 }
    if lane.holds(group: group) { return true }
    if let last = lastOfGroup[group] { return lane.isUnread(last) }
    return lane.hasSeenAll ? false : nil
  }

  /// The same, in a later turn where the store has to be asked; nil when it cannot tell.
  func askQueued(group: String?, answer: @escaping (Bool?) -> Void) {
    if let known = hasQueued(group: group) { return answer(known) }
    guard let group, let lane = lanes.first(where: { $0.lane == .transaction }) else { return answer(false) }
    askStore(group: group, after: lane.cursor, answer: answer)
  }

  private func askStore(group: String, after: OutboxNumber, answer: @escaping (Bool?) -> Void) {
    let limit = OutboxLaneState.windowLimit
    writer.query(.outlineOfGroup(.transaction, group, after: after, limit: limit)) { [weak self] entries in
      guard let self, let entries, let lane = lanes.first(where: { $0.lane == .transaction }) else {
        return answer(nil)
      }
      // What has been read in the meantime is in memory, or done; what was done a short while ago may still be there.
      if lane.holds(group: group) || entries.contains(where: { lane.isUnread($0.number) }) { return answer(true) }
      guard entries.count >= limit, let last = entries.last else { return answer(false) }
      askStore(group: group, after: last.number, answer: answer)
    }
  }

  // MARK: In

  func append(
    _ record: OutboxRecord, isOffline: Bool, documents: [StoreMutation], whenDurable: (() -> Void)?
  ) {
    guard admits(record) else {
      count(record.lane == .transaction ? \.thinned : \.refused, 1)
      writer.note(EngineEvent(.storage, "the queue is full: a record of the \(record.lane) lane was left out"))
      writer.write(documents, .full, .untilStored) { _ in whenDurable?() }
      return
    }
    lastNumber = lastNumber.next
    let entry = OutboxEntry(
      number: lastNumber, lane: record.lane, group: record.group, isExpendable: record.isExpendable,
      position: record.position, isOffline: isOffline, body: [record.kind.rawValue] + record.body)
    if !record.group.isEmpty {
      lastOfGroup.removeValue(forKey: record.group)
      lastOfGroup[record.group] = entry.number
      if lastOfGroup.count > Self.rememberedGroups { lastOfGroup.removeFirst() }
    }
    lanes.withLane(entry.lane) { $0.beginAppending() }
    writer.write([.append(entry)] + documents, .full, .untilStored) { [weak self] isStored in
      guard let self else { return }
      lanes.withLane(entry.lane) { $0.appended(isStored ? entry : nil) }
      if isStored, appendedSincePass < .max { appendedSincePass += 1 }
      whenDurable?()
      thinIfShort(isOffline: isOffline)
    }
  }

  /// What bills always. Of periodic events every second when all that could give way has gone; of the other lanes no
  /// more than a tenth of the queue each, so that neither can take the place of the other.
  private func admits(_ record: OutboxRecord) -> Bool {
    guard record.lane == .transaction else {
      let lane = lanes.first { $0.lane == record.lane }
      return (lane?.occupied ?? 0) < capacity / 10
        && (writer.isHealthy || writer.heldRecords < StoreWriter.maximumHeldRecords)
    }
    guard record.isExpendable, occupied >= endingLevel || (writer.space >= .critical && thinning == nil) else {
      return true
    }
    return record.position % 2 == 0
  }

  // MARK: Thinning

  func choose(from page: [OutboxEntry], in pass: inout ThinningPass) -> [OutboxNumber] {
    guard let place = lanes.firstIndex(where: { $0.lane == .transaction }) else { return [] }
    let lane = lanes[place]
    let chosen = pass.choose(from: page) { lane.isTouched($0) }
    lanes[place].beginThinning(chosen)
    if !chosen.isEmpty { count(\.thinned, chosen.count) }
    return chosen
  }

  func thinned() { lanes.withLane(.transaction) { $0.thinned() } }

  /// Everything that has not been accepted by now is offline from now on (E11.FR.02): one write.
  func markOffline() {
    guard lastNumber > offlineThrough else { return }
    offlineThrough = lastNumber
    guard waiting > 0 else { return }
    writer.write([.markOffline(through: lastNumber)], .full, .untilStored)
  }

  // MARK: Out

  struct Outgoing {
    var entry: OutboxEntry
    var call: EncodedCall
  }

  /// The oldest record that may be sent, encoded for now; nil when there is none in memory.
  func next(at now: MonotonicInstant, version: OCPPVersion) -> Outgoing? {
    // Asked at every turn, and mostly nothing waits.
    guard inFlightLane == nil, lanes.contains(where: { !$0.isQuiet }) else { return nil }
    load()
    while let place = oldestLane(at: now), let entry = lanes[place].take(at: now) {
      if let call = encode(entry, version) {
        inFlightLane = place
        return Outgoing(entry: entry, call: call)
      }
      bury(entry, at: place, attempts: entry.failedAttempts, reason: "the stored record cannot be read")
    }
    return nil
  }

  private func oldestLane(at now: MonotonicInstant) -> Int? {
    var oldest: (place: Int, number: OutboxNumber)?
    for place in lanes.indices {
      guard let head = lanes[place].head(at: now) else { continue }
      if oldest.map({ head.number < $0.number }) ?? true { oldest = (place, head.number) }
    }
    return oldest?.place
  }

  private func load() {
    for place in lanes.indices {
      guard let query = lanes[place].queryNeeded() else { continue }
      writer.query(query) { [weak self] entries in self?.lanes[place].loaded(entries) }
    }
  }

  private func encode(_ entry: OutboxEntry, _ version: OCPPVersion) -> EncodedCall? {
    guard let kind = entry.body.first, let codec = codec(of: kind) else { return nil }
    let isOffline = entry.isOffline || entry.number <= offlineThrough
    return codec.encode(entry.body.dropFirst(), isOffline: isOffline, version: version)
  }

  private func bury(_ entry: OutboxEntry, at place: Int, attempts: Int32, reason: String) {
    lanes[place].finished()
    deadLetters += 1
    writer.note(EngineEvent(.message, "record \(entry.number.rawValue) is a dead letter: \(reason)"))
    writer.write(
      [.moveToDeadLetters(entry.number, failedAttempts: attempts, reason: reason)], .relaxed, .untilStored)
    entry.body.first.flatMap { codec(of: $0) }?.gaveUp(group: entry.group)
  }

  /// The CSMS answered; false when its answer is faulty, which counts as a failed attempt.
  func answered(payload: ArraySlice<UInt8>, version: OCPPVersion, at now: MonotonicInstant) -> Bool {
    guard let place = inFlightLane, let entry = lanes[place].inFlight, let kind = entry.body.first,
      let codec = codec(of: kind)
    else { return true }
    guard codec.answered(entry.body.dropFirst(), payload: payload, version: version) else {
      failed("a faulty answer", at: now)
      return false
    }
    inFlightLane = nil
    lanes[place].finished()
    writer.removeLazily(entry.number, at: now)
    return true
  }

  /// The attempt counts: an error, a faulty answer or silence on a live link (E13.FR.02, TC_E_41_CS).
  func failed(_ why: String, at now: MonotonicInstant) {
    guard let place = inFlightLane, let entry = lanes[place].inFlight else { return }
    inFlightLane = nil
    let attempts = entry.failedAttempts.addingSaturating(1)
    guard attempts < deviceModel.integer(.messageAttempts) else {
      return bury(entry, at: place, attempts: attempts, reason: "\(attempts) attempts failed, the last with \(why)")
    }
    let interval = Int64(deviceModel.integer(.messageAttemptInterval)).multipliedSaturating(by: Int64(attempts))
    lanes[place].parkInFlight(failedAttempts: attempts, until: now + Duration(clampingSeconds: interval))
    writer.write([.setFailedAttempts(entry.number, attempts)], .relaxed, .untilStored)
  }

  /// The link went down before the answer; the attempt does not count.
  func interrupted() {
    guard let place = inFlightLane else { return }
    inFlightLane = nil
    lanes[place].returned()
  }
}

extension [OutboxLaneState] {
  fileprivate mutating func withLane(_ lane: OutboxLane, _ body: (inout OutboxLaneState) -> Void) {
    guard let place = firstIndex(where: { $0.lane == lane }) else { return }
    body(&self[place])
  }
}
