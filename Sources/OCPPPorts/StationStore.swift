import ChargerBase

/// The station's durable memory.
///
/// 1. No member blocks, and none calls back before it has returned: each request with an id is answered later by
///    exactly one `StoreEvent` with that id, in the order of the requests.
/// 2. A commit is applied whole or not at all, and commits are applied in the order in which they were submitted.
/// 3. `.full`: when `.committed` is told, the commit survives a power cut. `.relaxed`: it survives the death of the
///    program, and a power cut may take it, but never a later commit without it.
/// 4. Commits that wait together may share one flush.
/// 5. A failure is told as `.failed`; the store then holds what it held before. Nothing is retried inside.
/// 6. How much room is left is told as `.space`, whenever it changes and before the answers of the commit that found it;
///    likewise what the token tables hold as `.tokenTables`.
public protocol StationStore: AnyObject {
  func commit(_ mutations: [StoreMutation], durability: StoreDurability, id: StoreRequestID)
  func query(_ query: StoreQuery, id: StoreRequestID)
  /// So many records are kept in memory because commits fail; 0 once they are written. Noted beside the database, in
  /// space that was taken in good times, so that the next start can tell what the end of the program took.
  func noteUnwritten(_ records: Int)
}

extension StationStore {
  public func noteUnwritten(_ records: Int) {}
}

/// What one commit may hold; more fails it.
public enum StoreLimits {
  public static let maximumRecordBytes = 1024 * 1024
  public static let maximumDocumentBytes = 256 * 1024
  public static let maximumKeyBytes = 512
  /// A query's answer ends early, but never empty, once its bodies exceed this.
  public static let maximumAnswerBytes = 1024 * 1024
}

public struct StoreRequestID: Sendable, Hashable {
  public let number: UInt64
  public init(_ number: UInt64) { self.number = number }
}

public enum StoreDurability: UInt8, Sendable {
  case relaxed, full
}

/// Which queue a record waits in. Security events have a lane of their own, so that none can hold up billing.
public enum OutboxLane: UInt8, Sendable, CaseIterable {
  case transaction = 1
  case security = 2
  case general = 3
}

/// The place of a record in the outbox: given out by the engine, rising by one, never used again.
public struct OutboxNumber: Sendable, Hashable, Comparable {
  public let rawValue: Int64
  public init(_ rawValue: Int64) { self.rawValue = rawValue }
  public static func < (left: OutboxNumber, right: OutboxNumber) -> Bool { left.rawValue < right.rawValue }
  public var next: OutboxNumber { OutboxNumber(rawValue.addingSaturating(1)) }
}

/// A record on its way to the CSMS. `body` is a version-neutral record of facts in the stored-record format; the store
/// does not look into it.
public struct OutboxEntry: Sendable, Equatable {
  public var number: OutboxNumber
  public var lane: OutboxLane
  /// Groups records whose order must hold among themselves: the transaction id; empty elsewhere.
  public var group: String
  /// For thinning: an `Updated` that may go when space is short.
  public var isExpendable: Bool
  /// The record's place in its group, as its maker counts them: thinning keeps an even spacing.
  public var position: Int32
  /// Made without an accepted link. A record is offline too when its number is at or under the stored watermark.
  public var isOffline: Bool
  public var failedAttempts: Int32
  public var body: [UInt8]

  public init(
    number: OutboxNumber, lane: OutboxLane, group: String, isExpendable: Bool, position: Int32 = 0, isOffline: Bool,
    failedAttempts: Int32 = 0, body: [UInt8]
  ) {
    self.number = number
    self.lane = lane
    self.group = group
    self.isExpendable = isExpendable
    self.position = position
    self.isOffline = isOffline
    self.failedAttempts = failedAttempts
    self.body = body
  }
}

/// Kinds of small documents that the engine keeps; each has keys of its own. Raw values are stored: never reuse one.
public enum DocumentKind: UInt8, Sendable, CaseIterable {
  /// Device-model attribute values that were set; the key names component, variable and attribute.
  case variable = 1
  /// The open transaction of an EVSE; the key is the EVSE's number.
  case transaction = 2
  /// The engine's own memory: boot, clock, last identifiers, pending resets.
  case engine = 3
  /// Scheduled and persistent availability.
  case availability = 4
  /// Authorization cache entries of former programs; they move to the token tables.
  case authorization = 5
  /// Network connection profiles that the CSMS has set, and the one that worked last.
  case network = 6
  /// Readings that an open transaction keeps for its Ended event; the key names EVSE and number.
  case meterReading = 7
  /// What the CSMS was told of faults, and the security log.
  case status = 8
  /// Drivers who were accepted and have no transaction yet, and cables that are kept for their owners.
  case session = 9
  /// Sessions that are over, for people at the station; the key is the place in a ring.
  case sessionHistory = 13
}

public enum StoreMutation: Sendable, Equatable {
  case append(OutboxEntry)
  case remove([OutboxNumber])
  /// Everything with this number or a lower one is offline: one write, however long the queue.
  case markOffline(through: OutboxNumber)
  case setFailedAttempts(OutboxNumber, Int32)
  /// Out of the queue and into the dead letters, where people can read it.
  case moveToDeadLetters(OutboxNumber, failedAttempts: Int32 = 0, reason: String)
  /// At most `StoreLimits.maximumDocumentBytes` a body and `maximumKeyBytes` a key.
  case putDocument(DocumentKind, key: String, body: [UInt8])
  case removeDocument(DocumentKind, key: String)
  /// A list that would exceed `TokenLimits` fails the commit as `.limit`.
  case updateTokenList(TokenListUpdate)
  /// Into the cache, or over what it says of this token.
  case cacheToken(CachedToken)
  /// A token of the cache was used; nothing happens when it is not there.
  case touchCachedToken(TokenDigest)
  case removeCachedToken(TokenDigest)
  case clearTokenCache
}

/// A record that was given up on, and why.
public struct DeadLetter: Sendable, Equatable {
  public var entry: OutboxEntry
  public var reason: String
  public init(_ entry: OutboxEntry, reason: String) {
    self.entry = entry
    self.reason = reason
  }
}

/// How much room is left for records. What is asked for at each step is the engine's; the store itself refuses only when
/// the room is exhausted.
public enum StoreSpace: UInt8, Sendable, Comparable {
  case ample
  /// More than nine tenths of the quota are used, or the disk is filling up: periodic events give way.
  case short
  /// Kept for what open transactions still have to say: no new one begins.
  case critical
  /// Nothing is added any more.
  case exhausted

  public static func < (left: StoreSpace, right: StoreSpace) -> Bool { left.rawValue < right.rawValue }
}

public enum StoreQuery: Sendable, Equatable {
  /// The oldest records of a lane beyond a number, at most `limit`.
  case outbox(OutboxLane, after: OutboxNumber, limit: Int)
  /// The same without their bodies.
  case outline(OutboxLane, after: OutboxNumber, limit: Int)
  /// The same of one group. Reads through the lane: for rare questions.
  case outlineOfGroup(OutboxLane, String, after: OutboxNumber, limit: Int)
  /// The newest, oldest first.
  case deadLetters(limit: Int)
  /// What is known of one token, answered with `.token`.
  case token(TokenDigest)
}

public enum StoreEvent: Sendable, Equatable {
  case committed(StoreRequestID)
  case entries(StoreRequestID, [OutboxEntry])
  case deadLetters(StoreRequestID, [DeadLetter])
  case failed(StoreRequestID, StoreFailure)
  case token(StoreRequestID, TokenRecord)
  /// No answer to a request.
  case space(StoreSpace)
  /// No answer to a request: the token tables hold more, or less.
  case tokenTables(TokenTablesState)
}

public struct StoreFailure: Error, Sendable, Equatable {
  public enum Kind: UInt8, Sendable {
    /// No space, or the quota is used.
    case full
    case readOnly, corrupt, inputOutput, other
    /// What the commit asks for exceeds a bound that the station states.
    case limit
  }
  public var kind: Kind
  public var detail: String

  public init(_ kind: Kind, detail: String) {
    self.kind = kind
    self.detail = detail
  }
}

/// What the store held when it was opened: all that the engine needs before it starts. The queue itself stays on disk.
public struct StoreSnapshot: Sendable, Equatable {
  public struct Document: Sendable, Equatable {
    public var kind: DocumentKind
    public var key: String
    public var body: [UInt8]
    public init(kind: DocumentKind, key: String, body: [UInt8]) {
      self.kind = kind
      self.key = key
      self.body = body
    }
  }
  /// In the order of kind and key.
  public var documents: [Document]
  /// The highest number ever given out, removed records included.
  public var lastOutboxNumber: OutboxNumber
  public var offlineThrough: OutboxNumber
  /// Records waiting, by lane in the order of `OutboxLane`.
  public var waiting: [Int]
  /// Dead letters that can be read, and older ones that had to go.
  public var deadLetters: Int
  public var droppedDeadLetters: Int
  /// Records that were only in memory when the program ended (`StationStore.noteUnwritten`).
  public var unwritten: Int
  public var space: StoreSpace
  public var tokens: TokenTablesState

  public init(
    documents: [Document] = [], lastOutboxNumber: OutboxNumber = OutboxNumber(0),
    offlineThrough: OutboxNumber = OutboxNumber(0), waiting: [Int] = [0, 0, 0], deadLetters: Int = 0,
    droppedDeadLetters: Int = 0, unwritten: Int = 0, space: StoreSpace = .ample,
    tokens: TokenTablesState = TokenTablesState()
  ) {
    self.documents = documents
    self.lastOutboxNumber = lastOutboxNumber
    self.offlineThrough = offlineThrough
    self.waiting = waiting
    self.deadLetters = deadLetters
    self.droppedDeadLetters = droppedDeadLetters
    self.unwritten = unwritten
    self.space = space
    self.tokens = tokens
  }
}
