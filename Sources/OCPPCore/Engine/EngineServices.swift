import ChargerBase
import OCPPJSON
import OCPPPorts
import OCPPTypes

/// What the engine offers to its functional blocks and to the session controller: the one interface through which they
/// meet it. They do not know the link, the store or the version that is spoken.
package protocol EngineServices: AnyObject {
  /// The instant of the event that is being handled.
  var now: MonotonicInstant { get }
  /// The same with boot and, where known, civil time: what records store.
  var eventTime: EventTime { get }
  /// The link is up and the registration accepted.
  var isOnline: Bool { get }
  var deviceModel: DeviceModel { get }
  var configuration: ChargePointConfiguration { get }
  /// False while the outbox is full or the store cannot be written: then no new transaction begins (DESIGN §4).
  var canBeginTransaction: Bool { get }

  /// Commits fail at present: what happens is kept in memory, and nobody waits for its being durable.
  var isStoreFailing: Bool { get }

  /// Whether records of a transaction (nil: of any) still wait for the CSMS's acceptance (E14.FR.04, .07).
  /// Answers at once, or in a later turn where the store has to be asked; nil when it cannot tell.
  func askQueuedTransactionEvents(_ transactionID: String?, answer: @escaping (Bool?) -> Void)
  /// Civil time of a stored event by what is known today; nil while it cannot be told.
  func wallTime(of time: EventTime) -> WallTime?

  /// A new identifier of 36 characters, never used before by this station.
  func makeIdentifier() -> String

  /// Queues a record durably, in one commit with `documents`; `whenDurable` runs once both are on disk, before the
  /// record is sent. When the store fails the record is held in memory and written as soon as possible; `whenDurable`
  /// then waits as well. Order within a lane is the order of these calls.
  func append(_ record: OutboxRecord, documents: [StoreMutation], whenDurable: (() -> Void)?)

  /// Stores documents without a record.
  func save(_ documents: [StoreMutation], durability: StoreDurability, whenDone: ((Bool) -> Void)?)

  /// What the token tables hold.
  var tokenTables: TokenTablesState { get }
  /// What the token tables know of a token, in a later turn; nil when the store cannot tell. Nothing bounds how long the
  /// answer takes.
  func lookUp(_ token: TokenDigest, answer: @escaping (TokenRecord?) -> Void)
  /// Writes a step of the local authorization list durably; nil when it is done.
  func updateTokenList(_ update: TokenListUpdate, whenDone: @escaping (StoreFailure?) -> Void)

  /// Sends a CALL that is not queued (Authorize, DataTransfer …) and gives exactly one answer, at the latest at the
  /// deadline. While the station is not online the answer is `.offline`, in a later turn.
  func call(
    _ action: OCPPAction, deadline: Duration, payload: @escaping (inout JSONWriter, OCPPVersion) -> Void,
    answer: @escaping (CallAnswer) -> Void)

  /// Runs `body` in a later turn at the same instant: for answers that must not come before their question returns.
  func later(_ body: @escaping () -> Void)

  func grant(_ grant: EnergyGrant, to connector: ConnectorID)
  func revokeGrant(at connector: ConnectorID)
  func show(_ feedback: DriverFeedback, at evse: EVSEID?)
  /// What is shown at an EVSE (nil: at none in particular) from now on is for a reader of these languages; none: for
  /// anybody.
  func speak(_ languages: [String], at evse: EVSEID?)
  /// Releases a cable; the fact `unlocked` with the same number answers.
  func unlock(_ connector: ConnectorID, number: UInt32)
  func keepLocked(_ isKept: Bool, _ connector: ConnectorID)
  /// Asks the meter of an EVSE for a signed reading; the fact `signedReading` with the same number answers.
  func sign(_ order: SignedReadingOrder, at evse: EVSEID)
  func note(_ event: EngineEvent)
  /// Tells the CSMS of a fault that the engine itself has found at an EVSE, or that it is gone; it bars nothing.
  func tell(_ fault: StationFault, at evse: EVSEID, isActive: Bool)
  /// Tells the firmware around of a transaction event that is on disk, and of the CSMS's answer to it.
  func told(_ event: TransactionEventRequest)
  func told(_ event: TransactionEventRequest, answer: TransactionEventResponse)
}

extension EngineServices {
  package func speak(_ languages: [String], at evse: EVSEID?) {}
  package func tell(_ fault: StationFault, at evse: EVSEID, isActive: Bool) {}
  package func told(_ event: TransactionEventRequest) {}
  package func told(_ event: TransactionEventRequest, answer: TransactionEventResponse) {}
  package var isStoreFailing: Bool { false }

  /// From the event's own civil time, or from the station's clock when the event belongs to this boot.
  package func wallTime(of time: EventTime) -> WallTime? {
    if let wall = time.wall { return wall }
    let present = eventTime
    guard present.boot == time.boot, let wall = present.wall else { return nil }
    return wall + present.instant.duration(to: time.instant)
  }
}

/// A record for the outbox: a version-neutral fact in stored form with what the queue must know of it.
package struct OutboxRecord {
  package var kind: OutboxRecordKind
  package var lane: OutboxLane
  /// The transaction id, or empty.
  package var group: String
  package var isExpendable: Bool
  /// The place in its group: a transaction event's sequence number.
  package var position: Int32
  /// The record's fields (`RecordWriter`), without the kind.
  package var body: [UInt8]

  package init(
    kind: OutboxRecordKind, lane: OutboxLane, group: String = "", isExpendable: Bool = false, position: Int32 = 0,
    body: [UInt8]
  ) {
    self.kind = kind
    self.lane = lane
    self.group = group
    self.isExpendable = isExpendable
    self.position = position
    self.body = body
  }
}

/// Kinds of stored record; raw values are stored as the first byte of `OutboxEntry.body` and never reused.
package enum OutboxRecordKind: UInt8, Sendable {
  case transactionEvent = 1
  case securityEvent = 2
  case notifyEvent = 3
  case statusNotification = 4
  case reservationStatus = 8
  case logStatus = 9
}

/// Knows how records of one kind are spoken: written by the block that makes them, used by the outbox when it sends.
package protocol OutboxRecordCodec: AnyObject {
  var kind: OutboxRecordKind { get }
  /// The action and payload for a record, decided now: version, offline flag, civil time filled in from what is known
  /// today. Nil when the stored bytes cannot be read: the record goes to the dead letters.
  func encode(_ body: ArraySlice<UInt8>, isOffline: Bool, version: OCPPVersion) -> EncodedCall?
  /// The CSMS has accepted the message; `payload` is its answer, unchecked. False: the answer is faulty, which counts
  /// as an error answer of this attempt (DESIGN §4).
  func answered(_ body: ArraySlice<UInt8>, payload: ArraySlice<UInt8>, version: OCPPVersion) -> Bool
  /// A record of this kind is a dead letter.
  func gaveUp(group: String)
}

extension OutboxRecordCodec {
  package func gaveUp(group: String) {}
}

package struct EncodedCall {
  package var action: OCPPAction
  package var payload: (inout JSONWriter) -> Void

  package init(action: OCPPAction, payload: @escaping (inout JSONWriter) -> Void) {
    self.action = action
    self.payload = payload
  }
}

/// The one answer to a CALL of ours.
package enum CallAnswer {
  /// The CSMS's CALLRESULT, unchecked.
  case result(payload: ArraySlice<UInt8>, OCPPVersion)
  case error(code: String, description: String)
  case timeout
  /// Not sent, or the link went down before the answer came.
  case offline
}

/// A functional block: owns the actions it answers.
package protocol FunctionalBlock: AnyObject {
  /// Incoming actions that this block answers.
  var incomingActions: [OCPPAction] { get }
  /// Answers one CALL: by `call.respond`, at once or before the call's deadline. A violation that is thrown becomes the
  /// CALLERROR of the table.
  func handle(_ call: IncomingCall) throws(MessageViolation)
  /// The registration was accepted on a link, or that link was lost.
  func onlineChanged(_ isOnline: Bool)
}

extension FunctionalBlock {
  package func onlineChanged(_ isOnline: Bool) {}
}

/// A block that has something to do at a certain time (`ChargePoint.timedBlocks`).
package protocol TimedBlock: FunctionalBlock {
  /// When `advance` must be called next; `.distantFuture` for never.
  var nextDeadline: MonotonicInstant { get }
  func advance(to now: MonotonicInstant)
}
