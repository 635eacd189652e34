import ChargerBase
import Glibc
import OCPPPorts
import TemporaryDirectories
import Testing

@testable import OCPPStorage

extension TemporaryDirectory {
  static func names(in path: String) -> [String] {
    guard let directory = opendir(path) else { return [] }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  var names: [String] { Self.names(in: path) }

  func bytes(of name: String) -> [UInt8] { Self.read("\(path)/\(name)") }

  static func read(_ path: String) -> [UInt8] {
    let descriptor = open(path, O_RDONLY)
    guard descriptor >= 0 else { return [] }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = Glibc.read(descriptor, &buffer, buffer.count)
      guard count > 0 else { return bytes }
      bytes += buffer.prefix(count)
    }
  }

  func write(_ bytes: [UInt8], to name: String) {
    let descriptor = open("\(path)/\(name)", O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    guard descriptor >= 0 else { return }
    _ = Glibc.write(descriptor, bytes, bytes.count)
    close(descriptor)
  }
}

/// A store with its answers collected, to be waited for with a deadline.
final class StoreUnderTest {
  /// `@unchecked Sendable`: every access under `mutex`.
  final class Answers: @unchecked Sendable {
    private var mutex = pthread_mutex_t()
    private var events: [StoreEvent] = []
    private var spaces: [StoreSpace] = []
    private var tokenTables: [TokenTablesState] = []
    private var isHeld = false
    init() { pthread_mutex_init(&mutex, nil) }
    /// Called on the storage thread; waits while the test holds it.
    func add(_ event: StoreEvent) {
      pthread_mutex_lock(&mutex)
      switch event {
      case .space(let level): spaces.append(level)
      case .tokenTables(let state): tokenTables.append(state)
      default: events.append(event)
      }
      pthread_mutex_unlock(&mutex)
      while held { usleep(500) }
    }
    var held: Bool {
      get {
        pthread_mutex_lock(&mutex)
        defer { pthread_mutex_unlock(&mutex) }
        return isHeld
      }
      set {
        pthread_mutex_lock(&mutex)
        isHeld = newValue
        pthread_mutex_unlock(&mutex)
      }
    }
    var allSpaces: [StoreSpace] {
      pthread_mutex_lock(&mutex)
      defer { pthread_mutex_unlock(&mutex) }
      return spaces
    }
    var allTokenTables: [TokenTablesState] {
      pthread_mutex_lock(&mutex)
      defer { pthread_mutex_unlock(&mutex) }
      return tokenTables
    }
    var all: [StoreEvent] {
      pthread_mutex_lock(&mutex)
      defer { pthread_mutex_unlock(&mutex) }
      return events
    }
  }

  let store: SQLiteStationStore
  let snapshot: StoreSnapshot
  private let answers = Answers()
  private var lastID: UInt64 = 0

  init(_ directory: String, options: StoreOptions = StoreOptions()) throws {
    let answers = answers
    (store, snapshot) = try SQLiteStationStore.open(directory: directory, options: options) { answers.add($0) }
  }

  /// While the body runs, the storage thread stands still behind a first answer, so that what the body submits waits.
  func whileBusy(_ body: () -> Void) {
    answers.held = true
    let id = submit([], .relaxed)
    _ = answers(Int(id.number))
    body()
    answers.held = false
  }

  func nextID() -> StoreRequestID {
    lastID += 1
    return StoreRequestID(lastID)
  }

  @discardableResult
  func submit(_ mutations: [StoreMutation], _ durability: StoreDurability = .full) -> StoreRequestID {
    let id = nextID()
    store.commit(mutations, durability: durability, id: id)
    return id
  }

  /// The first answers, as soon as there are so many.
  func answers(_ count: Int) -> [StoreEvent] {
    for _ in 0..<12_000 {
      let all = answers.all
      if all.count >= count { return all }
      usleep(5_000)
    }
    Issue.record("only \(answers.all.count) of \(count) answers came")
    return answers.all
  }

  @discardableResult
  func commit(_ mutations: [StoreMutation], _ durability: StoreDurability = .full) -> StoreEvent? {
    submit(mutations, durability)
    return answers(Int(lastID)).last
  }

  func entries(_ query: StoreQuery) -> [OutboxEntry] {
    store.query(query, id: nextID())
    guard case .entries(_, let entries) = answers(Int(lastID)).last else { return [] }
    return entries
  }

  /// How much room there was, as far as it was told.
  var spaces: [StoreSpace] { answers.allSpaces }

  /// What the token tables held, each time that it was told.
  var tokenTables: [TokenTablesState] { answers.allTokenTables }

  func token(_ digest: TokenDigest) -> TokenRecord? {
    store.query(.token(digest), id: nextID())
    guard case .token(_, let record) = answers(Int(lastID)).last else { return nil }
    return record
  }

  func deadLetters(limit: Int = 100) -> [DeadLetter] {
    store.query(.deadLetters(limit: limit), id: nextID())
    guard case .deadLetters(_, let letters) = answers(Int(lastID)).last else { return [] }
    return letters
  }

  func outbox(_ lane: OutboxLane = .transaction, after: Int64 = 0, limit: Int = 1_000) -> [OutboxEntry] {
    entries(.outbox(lane, after: OutboxNumber(after), limit: limit))
  }
}

extension StoreUnderTest {
  /// The numbers of all records of the transaction lane, page by page.
  func everything() -> [Int64] {
    var numbers: [Int64] = []
    while true {
      let page = outbox(after: numbers.last ?? 0).map(\.number.rawValue)
      if page.isEmpty { return numbers }
      numbers += page
    }
  }
}

func entry(
  _ number: Int64, lane: OutboxLane = .transaction, group: String = "transaction", isExpendable: Bool = false,
  isOffline: Bool = false, bytes: Int = 200
) -> OutboxEntry {
  OutboxEntry(
    number: OutboxNumber(number), lane: lane, group: group, isExpendable: isExpendable,
    position: Int32(clamping: number % 1_000), isOffline: isOffline,
    body: (0..<bytes).map { UInt8(truncatingIfNeeded: Int64($0) &+ number) })
}

extension StoreEvent {
  var isCommitted: Bool { if case .committed = self { true } else { false } }
  var failure: StoreFailure? { if case .failed(_, let failure) = self { failure } else { nil } }
  var id: StoreRequestID {
    switch self {
    case .committed(let id), .entries(let id, _), .deadLetters(let id, _), .failed(let id, _), .token(let id, _): id
    case .space, .tokenTables: StoreRequestID(0)
    }
  }
}
