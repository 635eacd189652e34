import ChargerBase
import OCPPTypes

/// Who may charge, and by which word.
package struct SessionAuthorization: Sendable, Equatable {
  package var token: IdToken
  package var groupToken: IdToken?
  package var remoteStartID: Int32?
  package var reason: EnergyGrant.Reason
  /// The token was in an event: it is told once (E03.FR.01).
  package var isTokenReported = false
  /// Trigger RemoteStart and the id were in an event (F02.FR.21).
  package var isRemoteStartReported = false

  package init(
    token: IdToken, groupToken: IdToken? = nil, remoteStartID: Int32? = nil,
    reason: EnergyGrant.Reason = .authorized
  ) {
    self.token = token
    self.groupToken = groupToken
    self.remoteStartID = remoteStartID
    self.reason = reason
  }
}

/// Why a session moves on: what the next event says about it.
package struct SessionCause: Sendable, Equatable {
  package var trigger: TriggerReason
  /// What an end by this cause is called.
  package var stopReason: StopReason
  /// The token that was used for it, when it was not the one that started.
  package var token: IdToken?

  package init(_ trigger: TriggerReason, _ stopReason: StopReason = .other, token: IdToken? = nil) {
    self.trigger = trigger
    self.stopReason = stopReason
    self.token = token
  }

  /// A Started event that has yet to be made tells the state of its moment, with whatever led there.
  var isToldByStarted: Bool {
    switch trigger {
    case .authorized, .cablePluggedIn, .chargingStateChanged, .evDetected, .remoteStart: true
    default: false
    }
  }
}

/// A transaction between its Started and its Ended event: all that must survive the death of the program. It is stored
/// in the same commit as each of its events.
package struct OpenTransaction: Sendable, Equatable {
  package var id: String
  /// The number of the next event; each is given out once.
  package var nextSeqNo: Int32 = 0
  package var startedAt: EventTime
  package var lastEventAt: EventTime
  package var connector: Int32?
  package var isConnectorReported = false
  /// What held when the transaction was stored last.
  package var conditions: TransactionPoints = []
  /// As told last.
  package var chargingState: ChargingState?
  /// Who has started it; kept when the authorization has ended (C01.FR.23).
  package var authorization: SessionAuthorization?
  package var isAuthorized = false
  /// The import register at the start, and as last seen, in Wh.
  package var startRegister: Decimal?
  package var lastRegister: Decimal?
  package var lastRegisterAt: EventTime?
  /// The reading at the start: for the Started event, or the next one if there was none yet, and for Ended.
  package var beginReading: MeterReadingRecord?
  package var isBeginReported = false
  /// The begin's register as the meter has signed it.
  package var signedBegin: MeterReadingRecord?
  /// The meter's public key was in an event.
  package var isPublicKeyTold = false
  /// Kept for the Ended event (TxEndedInterval); stored in documents of their own.
  package var endedReadings = EndedReadings()
  /// The CSMS has refused the token, and StopTxOnInvalidId lets the transaction stand without energy (E05.FR.02).
  package var isEnergyBarred = false
  /// The import register up to which energy flows in spite of a refused token (MaxEnergyOnInvalidId).
  package var energyLimit: Decimal?
  /// The first event that began to bring the transaction to its end.
  package var stopReason: StopReason?
  /// The transaction has ended, but for the last reading.
  package var pendingEnd: SessionCause?
  /// The rating of the cable in the socket, in mA.
  package var cableRating: Int32?
  /// When the transaction was stored without an event.
  package var aliveAt: EventTime?
  /// Until when an authorized driver must have plugged in.
  package var connectionExpiry: EventTime?
  /// The number of phases that was told last.
  package var phasesTold: Int32?
  /// The trigger of its Started event, as told.
  package var began: TriggerReason?
  package var millisecondsCharging: Int64 = 0
  /// Since when energy flows; nil while it does not.
  package var chargingSince: EventTime?

  package init(id: String, at time: EventTime) {
    self.id = id
    startedAt = time
    lastEventAt = time
  }

  /// When the transaction was last known to run.
  package var lastAliveAt: EventTime { max(lastEventAt, lastRegisterAt ?? lastEventAt, aliveAt ?? lastEventAt) }

}
