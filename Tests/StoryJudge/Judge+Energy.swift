import ChargerBase
import OCPPTypes
import SimulatedWorld
import SimulationSupport

// Energy: all of it in exactly one transaction, as the meter has it, and none without somebody who may charge.

extension Judge {
  /// How old a reading may be when it is told (a meter is read once a second).
  private static let readingAge = Duration.milliseconds(2_500)
  /// Rounding of a register, in mWh.
  private static let rounding: Int64 = 2
  /// From the end of an authorization to the open contact: the car has time to bring its current down.
  static let opening = Duration.seconds(10)

  mutating func judgeEnergy() {
    for transaction in evidence.transactions { judgeRegisters(transaction) }
    for evse in chronicle.evses {
      judgeSum(evse)
      judgeFlow(evse)
    }
  }

  /// What flowed at an EVSE while a meter that was exchanged had not been told.
  private func exchanges(_ evse: Int32) -> [MonotonicInstant] {
    chronicle.acts.compactMap { act in
      guard case .end(_, _, .meterExchanged(let place, _)) = act.action, place == evse else { return nil }
      return act.at
    }
  }

  private func isExchanged(_ transaction: Evidence.Transaction) -> Bool {
    guard let evse = transaction.evse else { return false }
    return exchanges(evse).contains { $0 >= transaction.start - .seconds(5) && $0 <= transaction.end }
  }

  // MARK: Registers

  private mutating func judgeRegisters(_ transaction: Evidence.Transaction) {
    guard let evse = transaction.evse, !isExchanged(transaction), !transaction.isUndated else { return }
    var last = Int64.min
    for event in transaction.events {
      for told in event.request.registers {
        let at = MonotonicInstant.zero + (told.at - chronicle.epoch)
        let most = chronicle.reading(evse, at: at + .milliseconds(300)).register + Self.rounding
        let least = chronicle.reading(evse, at: at - Self.readingAge).register - Self.rounding
        if told.milliwattHours > most || told.milliwattHours < least {
          find("\(event.request.name) tells \(told.milliwattHours) mWh, the meter had \(least)…\(most) (E02.FR.09)")
        }
        guard told.context != .transactionBegin else { continue }
        if told.milliwattHours < last { find("\(event.request.name): the register goes back") }
        last = told.milliwattHours
      }
    }
    if let begin = transaction.started?.request.registers.first, let ended = transaction.ended,
      let again = ended.request.registers.first(where: { $0.context == .transactionBegin }),
      again.milliwattHours != begin.milliwattHours
    {
      find("\(ended.request.name) begins at \(again.milliwattHours) mWh, its Started at \(begin.milliwattHours)")
    }
  }

  /// In mWh: the first register against the last one of Ended.
  func told(_ transaction: Evidence.Transaction) -> Int64? {
    guard let registers = transaction.ended?.request.registers, let last = registers.last else { return nil }
    return last.milliwattHours - (registers.first?.milliwattHours ?? last.milliwattHours)
  }

  /// Every kWh is in one transaction.
  private mutating func judgeSum(_ evse: Int32) {
    var missing = chronicle.reading(evse, at: chronicle.end).delivered
    var allowance = Self.rounding
    for transaction in evidence.transactions where transaction.evse == evse {
      let start = chronicle.reading(evse, at: transaction.start - Self.opening).delivered
      let flowed = chronicle.reading(evse, at: transaction.end + .seconds(1)).delivered - start
      guard let told = told(transaction) else {
        // A transaction that never had a vehicle has nothing to tell.
        if flowed > Self.rounding { find("\(transaction.id.suffix(6)) does not tell its energy (E06.FR.11)") }
        continue
      }
      if told < 0 { find("\(transaction.id.suffix(6)) tells less than nothing") }
      missing -= told
      allowance += Self.rounding
      if isExchanged(transaction) {
        // The old meter's last register that was stored stands for what it had counted.
        allowance += max(0, flowed - told)
        if told > flowed + Self.rounding { find("\(transaction.id.suffix(6)): \(told) mWh of \(flowed) that flowed") }
      }
    }
    if abs(missing) > allowance {
      find("EVSE \(evse): \(missing) mWh \(missing > 0 ? "are in no transaction" : "were not delivered")")
    }
  }

  // MARK: Flow

  /// A time in which a transaction may give energy.
  struct Authorization {
    var transaction: String
    var from: MonotonicInstant
    var to: MonotonicInstant
  }

  /// From the event that names who pays to the one that ends it (E02.FR.01, E06, E07.FR.01).
  func authorizations(_ transaction: Evidence.Transaction) -> [Authorization] {
    var spans: [Authorization] = []
    var from: MonotonicInstant?
    for event in transaction.events {
      switch event.trigger {
      case .stopAuthorized, .remoteStop, .deauthorized, .resetCommand, .evConnectTimeout:
        if let begun = from { spans.append(.init(transaction: transaction.id, from: begun, to: event.at)) }
        from = nil
      default:
        if event.card != nil, from == nil { from = event.at }
        if event.request.eventType == .ended, let begun = from {
          spans.append(.init(transaction: transaction.id, from: begun, to: event.at))
          from = nil
        }
      }
    }
    if let from { spans.append(.init(transaction: transaction.id, from: from, to: .distantFuture)) }
    return spans
  }

  /// C01.FR.01: no energy but while somebody who may is charging.
  private mutating func judgeFlow(_ evse: Int32) {
    let spans = evidence.transactions.filter { $0.evse == evse }.flatMap { authorizations($0) }
    var closedAt: MonotonicInstant?
    for switching in chronicle.switchings where switching.evse == evse {
      guard !switching.isClosed else {
        closedAt = closedAt ?? switching.at
        continue
      }
      guard let from = closedAt else { continue }
      closedAt = nil
      // Where a transaction begins with the energy, it is told after it (E01.FR.06).
      let lead = rules.start == [.energyTransfer] ? Self.opening : .milliseconds(500)
      let isCovered =
        evidence.transactions.contains { $0.evse == evse && $0.isUndated }
        || spans.contains { span in
          // A program that was killed tells what it began when it is back.
          let early = hasJustStarted(at: span.from) ? Duration.seconds(60) : lead
          return span.from - early <= from && switching.at <= span.to + Self.opening
        }
      if !isCovered { find("EVSE \(evse) gave energy to nobody from \(from) to \(switching.at) (C01.FR.01)") }
    }
  }
}
