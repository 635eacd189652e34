import ChargerBase
import OCPPTypes

/// A finished charging session, as the station keeps it for people.
public struct FinishedSession: Sendable, Equatable {
  /// What became of its events.
  public enum Report: UInt8, Sendable {
    /// The CSMS has yet to be told of its end.
    case waiting = 0
    /// The CSMS has accepted its end.
    case told = 1
    /// An event of it was given up on and lies among the dead letters.
    case incomplete = 2
  }

  /// Rises by one with each session, over restarts.
  public var number: Int64
  public var transactionID: String
  public var evse: EVSEID
  /// Nil when no vehicle was plugged in.
  public var connector: Int32?
  /// Nil while civil time of then is not known.
  public var startedAt: WallTime?
  public var endedAt: WallTime?
  /// Nil when it cannot be told: it went over a restart, and civil time is not known.
  public var duration: Duration?
  /// Seconds during which energy flowed.
  public var secondsCharging: Int32?
  /// In Wh: between the first and the last register that the CSMS is told; nil without a meter.
  public var energyWh: Decimal?
  public var startRegisterWh: Decimal?
  public var endRegisterWh: Decimal?
  /// The first characters and an ellipsis; nil without a token.
  public var maskedToken: String?
  public var tokenType: String?
  /// OCPP's TriggerReason of the Started and of the Ended event, and its Reason.
  public var began: String?
  public var ended: String?
  public var stoppedReason: String?
  public var remoteStartID: Int32?
  /// Transaction events, Started and Ended among them.
  public var events: Int32
  public var report: Report

  package init(
    number: Int64, transactionID: String, evse: EVSEID, connector: Int32? = nil, startedAt: WallTime? = nil,
    endedAt: WallTime? = nil, duration: Duration? = nil, secondsCharging: Int32? = nil, energyWh: Decimal? = nil,
    startRegisterWh: Decimal? = nil, endRegisterWh: Decimal? = nil, maskedToken: String? = nil,
    tokenType: String? = nil, began: String? = nil, ended: String? = nil, stoppedReason: String? = nil,
    remoteStartID: Int32? = nil, events: Int32, report: Report
  ) {
    self.number = number
    self.transactionID = transactionID
    self.evse = evse
    self.connector = connector
    self.startedAt = startedAt
    self.endedAt = endedAt
    self.duration = duration
    self.secondsCharging = secondsCharging
    self.energyWh = energyWh
    self.startRegisterWh = startRegisterWh
    self.endRegisterWh = endRegisterWh
    self.maskedToken = maskedToken
    self.tokenType = tokenType
    self.began = began
    self.ended = ended
    self.stoppedReason = stoppedReason
    self.remoteStartID = remoteStartID
    self.events = events
    self.report = report
  }
}

extension ChargePoint {
  /// Finished sessions that are kept, at most.
  public static var sessionHistoryCapacity: Int { SessionHistory.capacity }

  /// The newest finished sessions, oldest first.
  public var sessionHistory: [FinishedSession] { sessions?.finishedSessions.map(finished) ?? [] }

  /// The newest of one EVSE.
  public func lastSession(at evse: EVSEID) -> FinishedSession? { sessions?.lastSession(at: evse).map(finished) }

  private func finished(_ entry: SessionHistoryEntry) -> FinishedSession {
    let startedAt = wallTime(of: entry.startedAt)
    let endedAt = wallTime(of: entry.endedAt)
    var duration: Duration?
    if entry.startedAt.boot == entry.endedAt.boot {
      duration = entry.startedAt.instant.duration(to: entry.endedAt.instant)
    } else if let startedAt, let endedAt {
      duration = endedAt - startedAt
    }
    var energy: Decimal?
    if let start = entry.startRegister?.thousandths, let end = entry.endRegister?.thousandths {
      energy = Decimal(thousandths: end.subtractingSaturating(start))
    }
    return FinishedSession(
      number: entry.number, transactionID: entry.transactionID, evse: entry.evse, connector: entry.connector,
      startedAt: startedAt, endedAt: endedAt, duration: duration, secondsCharging: entry.secondsCharging,
      energyWh: energy, startRegisterWh: entry.startRegister, endRegisterWh: entry.endRegister,
      maskedToken: entry.maskedToken, tokenType: entry.tokenType, began: entry.began, ended: entry.ended,
      stoppedReason: entry.stoppedReason, remoteStartID: entry.remoteStartID, events: entry.events,
      report: entry.report)
  }
}
