import ChargerBase
import OCPPTypes

// Another meter in the place of the one that was read (J02.FR.16), told by the register alone.
//
// A register cannot follow the one before it when it is below that, or farther ahead than the EVSE can have delivered
// since. Such a reading is not used. One or two are a slip; with the third in a row another meter is there:
//
// - Between transactions it is believed from then on.
// - A transaction ends with the register that was seen last, and energy with it: what came through the old meter is
//   billed, the step between the two is in no transaction, and what comes through the new one belongs to the next
//   transaction, which begins with that meter's register. Registers are told as they are read (J02.FR.17), so none is
//   counted on over two meters; nor does the new one sign the end of what the old one has signed the begin of.
// - A transaction goes on, and waits for the register to catch up, where that fell by no more than the slack: a meter
//   that loses its supply comes back with the register that it has stored.
//
// Over a restart the resume table draws the same line, and says how the transaction ends.

extension EVSESessionStateMachine {
  /// Readings in a row that cannot follow the one before them, and are another meter's.
  package static let readingsOfAnotherMeter = 3
  /// What a register may be off by: its resolution, and the time between its being counted and its being read. In Wh.
  package static let registerSlack: Decimal = 1_000

  /// Readings in a row that could not follow.
  package struct StrangeReadings: Sendable, Equatable {
    var count = 0
    /// Of the newest: one that is told twice counts once.
    var takenAt: MonotonicInstant?
    /// The operator was told.
    var isTold = false
  }

  /// For whoever asks why it is not charging.
  package var registerDoubt: RegisterDoubt? {
    if hasMeterEndedIt { return .endedSession }
    return strangeReadings.isTold && transaction != nil ? .catchingUp : nil
  }

  /// A reading that is not used, at least not yet.
  struct Doubt {
    var meter: ResumeTable.Meter
    var isAnotherMeter: Bool
    var effects: [Effect]
  }

  /// Nil for a reading that follows the one before, or has no register.
  mutating func doubt(_ sample: MeterSample, _ context: Context) -> Doubt? {
    guard let register = sample.energyImport, let last = formerRegister else { return nil }
    let meter = verdict(on: register, after: last, at: sample.takenAt, context)
    guard meter != .plausible else { return nil }
    if strangeReadings.takenAt.map({ $0 < sample.takenAt }) ?? true {
      strangeReadings.count = strangeReadings.count.addingSaturating(1)
      strangeReadings.takenAt = sample.takenAt
    }
    let step = "meter register of \(evse) is \(register) Wh after \(last) Wh"
    guard strangeReadings.count >= Self.readingsOfAnotherMeter else {
      let isFirst = strangeReadings.count == 1
      return Doubt(
        meter: meter, isAnotherMeter: false, effects: isFirst ? [.note("\(step); the reading is not used")] : [])
    }
    let isAnother = !mayCatchUp(register, last)
    var effects: [Effect] = []
    if !strangeReadings.isTold {
      strangeReadings.isTold = true
      effects = [.note("\(step): \(isAnother ? "another meter" : "it has to catch up")"), .meterProblem(step)]
    }
    return Doubt(meter: meter, isAnotherMeter: isAnother, effects: effects)
  }

  /// A reading is used: whatever was odd before it is over.
  mutating func registerFollows() -> [Effect] {
    defer { strangeReadings = StrangeReadings() }
    return strangeReadings.isTold ? [.meterProblem(nil)] : []
  }

  /// The transaction's meter is gone.
  mutating func endWithMeter(_ meter: ResumeTable.Meter, _ context: Context) -> [Effect] {
    isMeterForeign = true
    guard transaction?.pendingEnd == nil else { return finishEndIfReady(context) }
    hasMeterEndedIt = true
    var cause = SessionCause(.abnormalCondition, .other)
    if let proof, proof.awaitsReading,
      case .end(let trigger, let reason) = ResumeTable.outcome(.init(cause: proof.cause, meter: meter))
    {
      cause = SessionCause(trigger, reason)
    }
    proof?.awaitsReading = false
    authorization = nil
    return beginEnd(cause, context)
  }

  // MARK: - The line

  /// Whether a register can be the next one of this meter, as far as the newest is known.
  func canFollow(_ register: Decimal, at instant: MonotonicInstant, _ context: Context) -> Bool {
    guard let last = formerRegister else { return true }
    return verdict(on: register, after: last, at: instant, context) == .plausible
  }

  private var formerRegister: Decimal? {
    transaction == nil ? latestSample?.energyImport : transaction?.lastRegister
  }

  /// Nobody has seen the meter since the program started.
  private var isUnproven: Bool { resumption != nil || proof?.awaitsReading == true }

  private func mayCatchUp(_ register: Decimal, _ last: Decimal) -> Bool {
    transaction != nil && !isUnproven && register < last && register >= last.subtracting(Self.registerSlack)
  }

  private func verdict(
    on register: Decimal, after last: Decimal, at instant: MonotonicInstant, _ context: Context
  ) -> ResumeTable.Meter {
    if register < last { return .behind }
    let most = last.adding(deliverable(until: instant, context)).adding(Self.registerSlack)
    return register > most ? .exchanged : .plausible
  }

  /// The most that can have been delivered since the register was seen last, in Wh: a fifth above the rating, all that time.
  private func deliverable(until instant: MonotonicInstant, _ context: Context) -> Decimal {
    let flowing =
      isUnproven ? flowingUnseen(context) : registerSeenAt(context).map { $0.duration(to: instant) } ?? .zero
    // W × s / 3,600.
    return Decimal(
      thousandths: max(0, flowing.wholeSeconds).multipliedSaturating(by: Int64(maximumPowerW))
        .multipliedSaturating(by: 1_200) / 3_600)
  }

  private func registerSeenAt(_ context: Context) -> MonotonicInstant? {
    guard let seen = transaction?.lastRegisterAt, seen.boot == context.time.boot else { return latestSample?.takenAt }
    return seen.instant
  }

  /// Over a restart energy flowed at most until the transaction was last known to run, then unseen until it was due to
  /// be stored again, and until the contactor of a dead program opened. Without a clock the time away counts as that
  /// long: more cannot have been unseen.
  private func flowingUnseen(_ context: Context) -> Duration {
    guard let transaction else { return .zero }
    let alive = transaction.lastAliveAt
    let seen = transaction.lastRegisterAt ?? transaction.startedAt
    let away = Self.duration(from: alive, to: context.time).map { max(.zero, $0) } ?? Self.aliveInterval
    let unseen = max(.zero, Self.duration(from: seen, to: alive) ?? Self.aliveInterval)
    return unseen + min(away, Self.aliveInterval) + Self.deadManTime
  }
}

/// What a register that cannot be the next one of its meter has led to.
public enum RegisterDoubt: Sendable, Equatable {
  /// The transaction goes on, and the register is not used until it has caught up.
  case catchingUp
  /// Another meter has ended the transaction, the last one here.
  case endedSession
}
