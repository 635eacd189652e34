import ChargerBase
import OCPPPorts
import OCPPTypes

/// The newest finished sessions: a ring of documents of which each new session takes one, in the commit of its Ended
/// event. Kept as they are stored and read when somebody asks, so that a full history costs the start next to nothing.
package final class SessionHistory {
  /// Sessions that are kept; each takes about 200 bytes.
  package static let capacity = 500
  /// Open transactions of which an event was given up on; more than there are EVSEs never wait.
  private static let maximumIncomplete = 64

  private struct Item {
    var number: Int64
    var body: [UInt8]
  }

  /// As the start found them, until somebody asks.
  private var stored: [StoreSnapshot.Document] = []
  /// Oldest first.
  private var items: [Item] = []
  private var lastNumber: Int64 = 0
  private var incomplete: [String] = []
  private var isIncompleteUnsaved = false
  private static let incompleteKey = "incomplete"
  /// By EVSE, as far as somebody has asked.
  private var newest: [(evse: EVSEID, entry: SessionHistoryEntry?)] = []
  /// Sessions whose report has changed and is not stored yet.
  private var unsaved: [Int64] = []

  package init() {}

  /// Read when it is first needed, which is after the start.
  package func load(_ documents: [StoreSnapshot.Document]) {
    stored = documents.filter { $0.kind == .sessionHistory && $0.key != Self.incompleteKey }
    guard let document = documents.first(where: { $0.kind == .sessionHistory && $0.key == Self.incompleteKey }) else {
      return
    }
    var reader = RecordReader(document.body)
    while let (_, value) = try? reader.next() {
      if let id = value.string, incomplete.count < Self.maximumIncomplete { incomplete.append(id) }
    }
  }

  /// Ids, each as field 2: in field 1 a session has its number.
  private var incompleteDocument: StoreMutation {
    guard !incomplete.isEmpty else { return .removeDocument(.sessionHistory, key: Self.incompleteKey) }
    var record = RecordWriter()
    for id in incomplete { record.write(id, field: 2) }
    return .putDocument(.sessionHistory, key: Self.incompleteKey, body: record.bytes)
  }

  private func readStored() {
    guard !stored.isEmpty else { return }
    items = stored.compactMap { document in
      SessionHistoryEntry.number(ofStored: document.body).map { Item(number: $0, body: document.body) }
    }
    stored = []
    items.sort { $0.number < $1.number }
    items.removeFirst(max(0, items.count - Self.capacity))
    lastNumber = items.last?.number ?? 0
  }

  private static func key(_ number: Int64) -> String { String(number % Int64(capacity)) }

  /// A session that is over; the mutations belong into the commit of its Ended event.
  package func add(_ entry: SessionHistoryEntry) -> [StoreMutation] {
    readStored()
    var entry = entry
    var mutations: [StoreMutation] = []
    lastNumber = lastNumber.addingSaturating(1)
    entry.number = lastNumber
    if let place = incomplete.firstIndex(of: entry.transactionID) {
      incomplete.remove(at: place)
      mutations.append(incompleteDocument)
      entry.report = .incomplete
    }
    if items.count >= Self.capacity { items.removeFirst() }
    newest.removeAll { $0.evse == entry.evse }
    let body = entry.stored
    items.append(Item(number: lastNumber, body: body))
    return mutations + [.putDocument(.sessionHistory, key: Self.key(lastNumber), body: body)]
  }

  /// The CSMS has accepted the Ended event; whether that changes anything.
  func told(_ transactionID: String) -> Bool {
    guard let (place, entry) = find(transactionID), entry.report == .waiting else { return false }
    replace(place, entry, .told)
    return true
  }

  /// An event of the transaction was given up on: the CSMS will not hear all of it.
  func gaveUp(_ transactionID: String) -> Bool {
    if let (place, entry) = find(transactionID) {
      guard entry.report != .incomplete else { return false }
      replace(place, entry, .incomplete)
      return true
    }
    if incomplete.count >= Self.maximumIncomplete { incomplete.removeFirst() }
    guard !incomplete.contains(transactionID) else { return false }
    incomplete.append(transactionID)
    isIncompleteUnsaved = true
    return true
  }

  /// What has changed since it was stored, as mutations.
  func takeChanges() -> Changes {
    let changed = items.filter { unsaved.contains($0.number) }
    var mutations: [StoreMutation] = changed.map {
      .putDocument(.sessionHistory, key: Self.key($0.number), body: $0.body)
    }
    if isIncompleteUnsaved { mutations.append(incompleteDocument) }
    let changes = Changes(
      mutations: mutations, numbers: changed.map(\.number), withIncomplete: isIncompleteUnsaved)
    unsaved = []
    isIncompleteUnsaved = false
    return changes
  }

  /// They could not be stored: they go with the next change.
  func keepUnsaved(_ changes: Changes) {
    unsaved += changes.numbers
    if changes.withIncomplete { isIncompleteUnsaved = true }
  }

  struct Changes {
    var mutations: [StoreMutation]
    fileprivate var numbers: [Int64]
    fileprivate var withIncomplete: Bool
  }

  private func find(_ transactionID: String) -> (place: Int, entry: SessionHistoryEntry)? {
    readStored()
    for (place, item) in items.enumerated().reversed() {
      if let entry = SessionHistoryEntry(stored: item.body), entry.transactionID == transactionID {
        return (place, entry)
      }
    }
    return nil
  }

  private func replace(_ place: Int, _ entry: SessionHistoryEntry, _ report: FinishedSession.Report) {
    var entry = entry
    entry.report = report
    items[place].body = entry.stored
    unsaved.append(entry.number)
  }

  /// The newest session of an EVSE. Found once, for those who ask every second.
  func last(at evse: EVSEID) -> SessionHistoryEntry? {
    if let known = newest.first(where: { $0.evse == evse }) { return known.entry }
    readStored()
    let found = items.lazy.reversed().compactMap { SessionHistoryEntry(stored: $0.body) }.first { $0.evse == evse }
    newest.append((evse, found))
    return found
  }

  /// Oldest first.
  package var entries: [SessionHistoryEntry] {
    readStored()
    return items.compactMap { SessionHistoryEntry(stored: $0.body) }
  }
}

extension SessionController {
  /// The history's part of the commit of an Ended event.
  func takeHistory(of transactionID: String, at place: Int) -> [StoreMutation] {
    guard let index = slots[place].machine.finished.firstIndex(where: { $0.transactionID == transactionID }) else {
      return []
    }
    return history.add(slots[place].machine.finished.remove(at: index))
  }

  package var finishedSessions: [SessionHistoryEntry] { history.entries }
  package func lastSession(at evse: EVSEID) -> SessionHistoryEntry? { history.last(at: evse) }
}

extension TransactionEventCodec {
  /// What became of the Ended event. Stored before its removal from the queue, which waits for company: when a power cut
  /// takes this, the event is still there and is sent once more.
  func noteTold(_ record: TransactionEventRecord) {
    if record.kind == .ended, history?.told(record.transactionID) == true { saveHistory() }
  }

  package func gaveUp(group: String) {
    if history?.gaveUp(group) == true { saveHistory() }
  }
}
