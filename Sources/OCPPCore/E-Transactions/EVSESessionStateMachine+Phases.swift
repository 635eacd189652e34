import ChargerBase
import OCPPTypes

// The number of phases that a vehicle draws from (E02.FR.18, .19; E03.FR.13, .14), by the currents that the meter tells
// of each phase. It is told with the next event once it is steady, and by an event of its own when none comes soon; a
// meter that tells no current of a phase tells nothing of this either.

extension EVSESessionStateMachine {
  /// What flows in a phase that is used; less is a meter's noise, or a vehicle that draws nothing.
  private static let usedFrom: Decimal = 1
  /// A vehicle begins with its phases one by one: for so long the number has to stay before it is told.
  private static let steadyAfter: Duration = .seconds(3)
  /// By then it is told, with an event of its own if need be.
  private static let toldWithin: Duration = .seconds(10)

  /// What is seen of the phases in this transaction.
  package struct Phases: Sendable, Equatable {
    /// As the meter tells it, and since when without a change.
    var inUse: Int32?
    var since: MonotonicInstant?
    /// When an event of its own is due.
    var deadline: MonotonicInstant?
  }

  mutating func countPhases(of sample: MeterSample, _ context: Context) {
    guard let transaction, transaction.pendingEnd == nil, physicalState == .charging else {
      phases = Phases()
      return
    }
    var used: [Phase] = []
    for value in sample.values where value.measurand == .currentImport {
      guard let phase = value.phase, phase == .l1 || phase == .l2 || phase == .l3, value.value >= Self.usedFrom,
        !used.contains(phase)
      else { continue }
      used.append(phase)
    }
    // None in use is no number of phases: the vehicle pauses.
    guard let number = Int32(exactly: used.count), number > 0, number != phases.inUse else { return }
    let isNews = number != transaction.phasesTold
    phases = Phases(inUse: number, since: context.now, deadline: isNews ? context.now + Self.toldWithin : nil)
  }

  /// For the event that is being made.
  mutating func takePhases(for transaction: inout OpenTransaction, _ context: Context) -> Int32? {
    guard let number = phases.inUse, number != transaction.phasesTold, let since = phases.since,
      since + Self.steadyAfter <= context.now
    else { return nil }
    transaction.phasesTold = number
    phases.deadline = nil
    return number
  }

  mutating func tellPhases(_ context: Context) -> [Effect] {
    guard let deadline = phases.deadline, deadline <= context.now else { return [] }
    phases.deadline = nil
    guard let transaction, transaction.pendingEnd == nil, resumption == nil, phases.inUse != transaction.phasesTold
    else { return [] }
    return [report(.updated, SessionCause(.chargingRateChanged), context)]
  }
}
