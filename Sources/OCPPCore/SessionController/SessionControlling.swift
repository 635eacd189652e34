import ChargerBase
import OCPPPorts
import OCPPTypes

/// What the engine asks of the session controller, beyond what it asks of every functional block.
package protocol SessionControlling: TimedBlock {
  /// How the records that this block appends are spoken.
  var recordCodecs: [any OutboxRecordCodec] { get }
  /// The engine starts: `documents` are all that were stored but the variables, in the order of kinds and keys. Called
  /// once, before any fact and before the first dial.
  func start(reason: BootReason, documents: [StoreSnapshot.Document])
  /// The program is about to open the contactors for its orderly end: energy that ends by that ends no transaction.
  func park()
  /// The program is about to end in order; open transactions stay open.
  func stop()
  func handle(_ fact: StationFact)
  /// The store has begun to fail, or can be written again (`EngineServices.isStoreFailing`).
  func storeChanged()
  /// The variable at a place of the device model was changed by the CSMS or locally.
  func variableChanged(at place: Int)
  /// The id of the transaction that is open at an EVSE (member 34).
  func transactionID(at evse: EVSEID) -> String?
  /// The same with what is known of it, for status displays.
  func openTransaction(at evse: EVSEID) -> OpenTransaction?
  /// Whether the meter's register is in doubt there, or has ended the last transaction.
  func registerDoubt(at evse: EVSEID) -> RegisterDoubt?
  /// Transactions that are over, the newest of them, oldest first.
  var finishedSessions: [SessionHistoryEntry] { get }
  func lastSession(at evse: EVSEID) -> SessionHistoryEntry?
  /// Open transactions, and drivers who are authorized and about to plug in: the station is not idle (B12.FR.01).
  func isBusy(_ scope: ResetScope) -> Bool
  /// Ends every transaction in the scope for an immediate reset (B12.FR.04); `whenDurable` runs once the Ended events
  /// are on disk, at once when there is nothing to end.
  func endTransactions(in scope: ResetScope, whenDurable: @escaping () -> Void)
  /// The effective availability of a connector has changed: nothing new begins at an inoperative one.
  func operativeChanged(_ connector: ConnectorID, isOperative: Bool)
  /// TriggerMessage for MeterValues or TransactionEvent of an EVSE, or of all (F06.FR.06, .07): whether it can be sent,
  /// and then it will be, after the answer.
  func trigger(_ message: MessageTrigger, at evse: EVSEID?) -> TriggerMessageStatus
  /// Whether a token may charge (member 27); one answer.
  func validate(_ token: IdToken, deadline: Duration, answer: @escaping (TokenVerdict) -> Void)
}

extension SessionControlling {
  package func validate(_ token: IdToken, deadline: Duration, answer: @escaping (TokenVerdict) -> Void) {}
}

extension SessionControlling {
  package var nextDeadline: MonotonicInstant { .distantFuture }
  package func advance(to now: MonotonicInstant) {}
}

extension SessionControlling {
  package func park() {}
  package func stop() {}
}

extension SessionControlling {
  package func openTransaction(at evse: EVSEID) -> OpenTransaction? { nil }
}

extension SessionControlling {
  package var finishedSessions: [SessionHistoryEntry] { [] }
  package func lastSession(at evse: EVSEID) -> SessionHistoryEntry? { nil }
}

extension SessionControlling {
  package func storeChanged() {}
  package func variableChanged(at place: Int) {}
}

extension SessionControlling {
  package func trigger(_ message: MessageTrigger, at evse: EVSEID?) -> TriggerMessageStatus { .notImplemented }
}
