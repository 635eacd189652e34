import ChargerBase
import OCPPTypes

// Making the events of a transaction: what each of them carries is decided here and nowhere else.

extension EVSESessionStateMachine {
  /// Makes the next event and counts it; the transaction must be open.
  mutating func report(
    _ kind: TransactionEventKind, _ cause: SessionCause, _ context: Context, reading: MeterReadingRecord? = nil
  ) -> Effect {
    if kind != .started {
      let started = startNow(context)
      prelude += started
    }
    guard var transaction else { return .note("an event without a transaction was not made") }
    let time = max(context.time, transaction.lastEventAt)
    var record = TransactionEventRecord(
      transactionID: transaction.id, seqNo: transaction.nextSeqNo, kind: kind, trigger: cause.trigger, time: time)
    transaction.nextSeqNo = transaction.nextSeqNo.addingSaturating(1)
    transaction.lastEventAt = time

    let state = chargingState
    // F06.FR.07: a triggered event says what is, changed or not.
    let isTriggered = cause.trigger == .trigger
    if kind == .started || isTriggered || transaction.chargingState != state { record.chargingState = state }
    transaction.chargingState = state
    countCharging(&transaction, state, time)

    // E01.FR.16: once, with the connector, after the vehicle has connected.
    if let connector, !transaction.isConnectorReported || transaction.connector != connector.number {
      record.evse = evse.number
      record.connector = connector.number
      transaction.connector = connector.number
      transaction.isConnectorReported = true
    } else if kind == .started || isTriggered {
      record.evse = evse.number
    }
    tellAuthorization(&record, &transaction)
    if kind == .started { transaction.began = record.trigger }
    if let token = cause.token { record.token = token }
    record.phasesUsed = takePhases(for: &transaction, context)
    if let reading { record.readings.append(reading) }
    addReadings(&record, &transaction, context)
    tellPublicKeys(of: &record.readings, &transaction, context.settings)
    if kind == .ended {
      record.stoppedReason = transaction.stopReason ?? cause.stopReason
      record.secondsCharging = Int32(clamping: transaction.millisecondsCharging / 1_000)
      finished.append(SessionHistoryEntry(transaction, ending: record, at: evse))
    }
    self.transaction = transaction
    nextAliveMark = kind == .ended ? nil : context.now + Self.aliveInterval
    return .report(record, document: kind == .ended ? nil : storedDocument())
  }

  /// A transaction whose events come seldom is stored again, so that the time away after a restart can be told from the
  /// time before it.
  mutating func markAlive(_ context: Context) -> [Effect] {
    guard let due = nextAliveMark, due <= context.now else { return [] }
    nextAliveMark = transaction == nil ? nil : context.now + Self.aliveInterval
    return aliveDocument(context).map { [.remember($0)] } ?? []
  }

  /// The transaction as it is now, in an orderly stop or from time to time.
  package mutating func aliveDocument(_ context: Context) -> [UInt8]? {
    guard transaction != nil, resumption == nil else { return nil }
    transaction?.aliveAt = context.time
    return storedDocument()
  }

  /// The token, and the remote start that brought it, are told in the next event, whichever it is (E03.FR.01,
  /// F02.FR.05, .21).
  private mutating func tellAuthorization(_ record: inout TransactionEventRecord, _ transaction: inout OpenTransaction)
  {
    guard var authorization else { return }
    if !authorization.isTokenReported {
      record.token = authorization.token
      authorization.isTokenReported = true
    }
    if let remoteStartID = authorization.remoteStartID, !authorization.isRemoteStartReported {
      record.remoteStartID = remoteStartID
      if record.kind != .ended { record.trigger = .remoteStart }
      authorization.isRemoteStartReported = true
    }
    self.authorization = authorization
    transaction.authorization = authorization
  }

  private func countCharging(_ transaction: inout OpenTransaction, _ state: ChargingState, _ time: EventTime) {
    if let since = transaction.chargingSince, since.boot == time.boot, state != .charging {
      transaction.millisecondsCharging = transaction.millisecondsCharging.addingSaturating(
        max(0, since.instant.duration(to: time.instant).wholeMilliseconds))
    }
    if state != .charging {
      transaction.chargingSince = nil
    } else if transaction.chargingSince == nil || transaction.chargingSince?.boot != time.boot {
      transaction.chargingSince = time
    }
  }
}
