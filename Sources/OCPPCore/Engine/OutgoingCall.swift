import ChargerBase
import OCPPJSON
import OCPPPorts
import OCPPTypes

/// A CALL of ours that is not in the outbox: it waits for its turn in memory.
struct DirectCall {
  var action: OCPPAction
  /// Absolute: covers the wait in the queue and the wait for the answer.
  var deadline: MonotonicInstant
  /// B02.FR.02: what TriggerMessage, GetBaseReport or GetReport asked for may be sent while Pending.
  var isAllowedWhilePending: Bool
  var payload: (inout JSONWriter, OCPPVersion) -> Void
  var answer: (CallAnswer) -> Void
}

/// The one CALL of ours that is on its way (Part 4 §4.1.1).
struct CallInFlight {
  enum Kind {
    case bootNotification
    case heartbeat
    case record
    /// Nil once its own deadline has passed and it was answered with `.timeout`: the place stays taken.
    case direct(deadline: MonotonicInstant, answer: ((CallAnswer) -> Void)?)
  }

  var id: String
  var action: OCPPAction
  var sentAt: MonotonicInstant
  var timeoutAt: MonotonicInstant
  var kind: Kind
}

/// A CALL of the CSMS that has not been answered.
struct OpenCall {
  var messageID: String
  var attempt: LinkAttempt
  var deadline: MonotonicInstant
}

/// What the engine counts, for `station.status` and tests.
public struct EngineCounters: Sendable, Equatable {
  /// Frames that could not be read, or whose payload broke its schema.
  public var faultyFrames: UInt64 = 0
  /// CALLRESULTs and CALLERRORs that answer nothing we wait for.
  public var unexpectedAnswers: UInt64 = 0
  /// CALLs of ours that got no answer in time.
  public var timeouts: UInt64 = 0
  /// CALLs of the CSMS that had no answer by their deadline.
  public var unansweredCalls: UInt64 = 0
  /// CALLs of the CSMS that came again while the first was unanswered.
  public var repeatedCalls: UInt64 = 0
  /// Links that were closed because the CSMS sent too much.
  public var floods: UInt64 = 0
}
