import ChargerBase
import OCPPPorts
import OCPPTypes

// What people at the station may look at: nothing here changes anything, and no secret is in it.

/// An open transaction as status displays show it.
public struct OpenTransactionStatus: Sendable, Equatable {
  public var id: String
  /// The number of the newest event; -1 before the first.
  public var lastSequenceNumber: Int32
  /// Since the start, in Wh; nil without readings.
  public var energyWh: Decimal?
  /// Nil while civil time is not known.
  public var startedAt: WallTime?
  /// How long ago that was; nil over a change of boots while civil time is not known.
  public var duration: Duration?
  /// The first characters of the token and an ellipsis; of a key code the ellipsis alone (C04.FR.04).
  public var redactedToken: String?
}

/// What waits for the CSMS, and what never reached it.
public struct OutboxStatus: Sendable, Equatable {
  /// Records waiting, by lane: transaction, security, general.
  public var waiting: [Int]
  /// Records that the queue holds at most.
  public var capacity = 0
  /// Records given up on that can be read.
  public var deadLetters: Int
  /// Older dead letters that had to go before this start.
  public var droppedDeadLetters = 0
  /// Periodic events left out for want of space, since the state was made.
  public var thinned: Int
  /// Records not taken because their lane was full, since the state was made.
  public var refused = 0
  /// Records that a power cut or an end of the program took, because the store could not be written before.
  public var lost = 0
  /// Records in memory only, because the store cannot be written at present.
  public var unwritten = 0
  public var space = StoreSpace.ample
  /// Why the store cannot be written; nil when it can.
  public var storeFailure: String?

  package init(waiting: [Int], deadLetters: Int, thinned: Int) {
    self.waiting = waiting
    self.deadLetters = deadLetters
    self.thinned = thinned
  }
}

/// One attribute of one variable, as an inventory lists it.
public struct VariableListing: Sendable, Equatable {
  public var key: VariableKey
  public var attribute: AttributeKind
  public var mutability: Mutability
  public var dataType: DataKind
  public var unit: String?
  /// Nil for a secret, and while there is none.
  public var value: String?
}

extension ChargePoint {
  /// The transaction that is open at an EVSE (34).
  public func openTransaction(at evse: EVSEID) -> OpenTransactionStatus? {
    guard let transaction = sessions?.openTransaction(at: evse) else { return nil }
    var energy: Decimal?
    if let start = transaction.startRegister?.thousandths, let last = transaction.lastRegister?.thousandths {
      energy = Decimal(thousandths: last.subtractingSaturating(start))
    }
    return OpenTransactionStatus(
      id: transaction.id, lastSequenceNumber: transaction.nextSeqNo.subtractingSaturating(1), energyWh: energy,
      startedAt: wallTime(of: transaction.startedAt),
      duration: duration(since: transaction.startedAt),
      redactedToken: transaction.authorization.flatMap { $0.token.masked })
  }

  private func duration(since start: EventTime) -> Duration? {
    let present = eventTime
    if present.boot == start.boot { return start.instant.duration(to: present.instant) }
    guard let began = wallTime(of: start), let wall = present.wall else { return nil }
    return wall - began
  }

  /// The actions of the CSMS that a block answers; every other one is NotSupported.
  package var handledActions: [OCPPAction] {
    OCPPAction.allCases.filter { handlers[Int($0.rawValue)] != nil && $0.isInitiatedByCSMS }
  }

  /// A reset was promised and has not been carried out.
  public var isResetPending: Bool { resets?.isPending ?? false }

  public var outboxStatus: OutboxStatus {
    var status = OutboxStatus(
      waiting: [outbox.waiting(in: .transaction), outbox.waiting(in: .security), outbox.waiting(in: .general)],
      deadLetters: outbox.deadLetters, thinned: outbox.tallies.thinned)
    status.capacity = outbox.capacity
    status.droppedDeadLetters = outbox.droppedDeadLetters
    status.refused = outbox.tallies.refused
    status.lost = outbox.tallies.lost
    status.unwritten = writer.isHealthy ? 0 : writer.heldRecords
    status.space = writer.space
    status.storeFailure = writer.failure?.detail
    return status
  }

  /// Civil time now, by the sources that ClockCtrlr names; nil while it is not known.
  public var civilTime: WallTime? { wall(at: timeSource.now) }

  /// What holds for tokens while the CSMS is away (AuthCtrlr.LocalAuthorizeOffline, OfflineTxForUnknownIdEnabled).
  public var offlineRules: (acceptsKnown: Bool, acceptsUnknown: Bool) {
    (deviceModel.bool(.localAuthorizeOffline), deviceModel.bool(.offlineTxForUnknownIdEnabled))
  }

  /// Every attribute whose variable `isWanted` picks, in the device model's order.
  public func inventory(where isWanted: (VariableKey) -> Bool) -> [VariableListing] {
    var listings: [VariableListing] = []
    for (place, entry) in deviceModel.entries.enumerated() where isWanted(entry.key) {
      for attribute in entry.attributes {
        listings.append(
          VariableListing(
            key: entry.key, attribute: attribute.kind, mutability: attribute.mutability, dataType: entry.character.kind,
            unit: entry.character.unit,
            value: attribute.mutability == .writeOnly ? nil : deviceModel.value(of: attribute, at: place)))
      }
    }
    return listings
  }

  /// Sets one variable by the rules that hold for the CSMS: for people at the station socket.
  public func setVariableByRules(_ item: SetVariableData, answer: @escaping (SetVariableResult) -> Void) {
    turn {
      provisioning?.set([item], locally: false) { results in
        if let result = results.first { answer(result) }
      }
    }
  }
}
