import ChargerBase
import OCPPTypes

// Readings that the meter signs at the begin and the end of a transaction (J02.FR.21).
//
// - The Started event waits for the signed reading of the begin for `signedBeginGrace`, and energy with it: what was
//   signed is what the transaction began with. One that comes later is told by an event of its own
//   (SignedDataReceived), as the begin's only if no energy has flowed by then.
// - The Ended event waits for the signed reading of the end for `signedEndGrace` after the contactor has opened.
// - Where DataSigned starts transactions (E01.FR.04), the meter is asked when the vehicle is plugged in, and the
//   transaction begins with what it has signed (`+DataSigned`).
// - A meter that refuses is asked again within that time. Then the event goes without a signature, and says nothing
//   that was not measured: no transaction is lost or held up for want of one.

extension EVSESessionStateMachine {
  /// How long the Started event waits for the signature of its reading.
  package static let signedBeginGrace: Duration = .seconds(3)
  /// How long the Ended event waits for the signature of its last reading.
  package static let signedEndGrace: Duration = .seconds(12)
  /// An answer that has not come by then was lost on its way: a meter answers within its own time.
  static let longestSigning: Duration = .seconds(60)
  /// A meter that is busy is asked again after this.
  private static let signingRetry: Duration = .seconds(1)

  /// What is asked of the meter, and what the next event waits for.
  package struct Signing: Sendable, Equatable {
    struct Request: Sendable, Equatable {
      var number: UInt32
      var moment: SignedReadingMoment
      var owner: Owner
      var askedAt: MonotonicInstant
    }

    enum Owner: Sendable, Equatable {
      case transaction(String)
      /// The vehicle that is plugged in, before its transaction has begun.
      case vehicle
      /// That vehicle, or its session, is gone.
      case nobody
    }

    /// The request under way; a new one has to wait for its answer.
    var pending: Request?
    var retryAt: MonotonicInstant?
    /// Until when the next event waits for it.
    var deadline: MonotonicInstant?
    /// The signature of the end has come, or will not come.
    var isEndSettled = false
    var signedEnd: MeterReadingRecord?
    /// That the meter refuses was told once, before a transaction.
    var isRefusalTold = false
    /// Signed for the transaction that the flow of energy is about to start, and until when that flow waits for it.
    var ready: MeterReadingRecord?
    var flowsFrom: MonotonicInstant?
  }

  func wantsSignature(_ moment: SignedReadingMoment, _ settings: SessionSettings) -> Bool {
    guard meterSigns, settings.metering.signsReadings else { return false }
    let register = Measurand.energyActiveImportRegister
    if settings.endedMeasurands.contains(register) { return true }
    return moment == .transactionBegin && settings.startedMeasurands.contains(register)
  }

  mutating func ask(_ moment: SignedReadingMoment, _ context: Context) -> [Effect] {
    guard !isMeterSigning(context) else { return [] }
    lastSigningNumber &+= 1
    signing.pending = Signing.Request(
      number: lastSigningNumber, moment: moment,
      owner: transaction.map { .transaction($0.id) } ?? .vehicle, askedAt: context.now)
    signing.retryAt = nil
    return [
      .sign(
        number: lastSigningNumber, moment, identification: Self.masked(transaction?.authorization ?? authorization),
        signedBegin: moment == .transactionEnd ? transaction?.signedBegin?.signed?.signedData : nil)
    ]
  }

  func isMeterSigning(_ context: Context) -> Bool {
    signing.pending.map { $0.askedAt + Self.longestSigning > context.now } ?? false
  }

  /// Enough of a token to find it again, and too little to use it.
  private static func masked(_ authorization: SessionAuthorization?) -> String {
    guard let text = authorization?.token.idToken, text.count > 4 else { return "" }
    return "\(text.prefix(2))…\(text.suffix(2))"
  }

  // MARK: - Begin

  /// The Started event: at once, or when its reading is signed.
  mutating func start(_ cause: SessionCause, _ context: Context) -> [Effect] {
    let former = signing
    signing = Signing()
    signing.pending = former.pending
    guard wantsSignature(.transactionBegin, context.settings) else { return [report(.started, cause, context)] }
    if let ready = former.ready, ready.energyImport == latestSample?.energyImport ?? ready.energyImport {
      transaction?.signedBegin = ready
      transaction?.startRegister = ready.energyImport
      return [report(.started, cause, context)]
    }
    // Energy that flows already is not cut off for a signature: it has been waited for (`mayEnergyFlow`).
    if isPathClosed { return [report(.started, cause, context)] + ask(.transactionBegin, context) }
    heldStart = cause
    signing.deadline = context.now + Self.signedBeginGrace
    return ask(.transactionBegin, context)
  }

  /// The Started event that has waited; another event of the transaction must not come before it.
  mutating func startNow(_ context: Context) -> [Effect] {
    guard let cause = heldStart else { return [] }
    heldStart = nil
    signing.deadline = nil
    signing.retryAt = nil
    return [report(.started, cause, context)]
  }

  /// What led to the start is about to go, and its driver with it: the Started event names him first (E02.FR.01,
  /// E03.FR.01), signed or not.
  mutating func tellStartBeforeItsEnd(_ context: Context) {
    let started = startNow(context)
    prelude += started
  }

  // MARK: - End

  /// Before the Ended event: asks for the signature of its last reading, once, and says whether to wait for it.
  mutating func awaitSignedEnd(_ context: Context) -> (effects: [Effect], waits: Bool) {
    guard !signing.isEndSettled, !isMeterForeign, latestSample != nil, wantsSignature(.transactionEnd, context.settings)
    else {
      return ([], false)
    }
    guard let deadline = signing.deadline else {
      signing.deadline = context.now + Self.signedEndGrace
      endDeadline = nil
      return (ask(.transactionEnd, context), true)
    }
    guard deadline > context.now else {
      signing.isEndSettled = true
      return ([unsignedEnd], false)
    }
    return (signing.retryAt == nil ? ask(.transactionEnd, context) : [], true)
  }

  private var unsignedEnd: Effect {
    .note("the meter of \(evse) has not signed the end of \(transaction?.id ?? "") in time")
  }

  /// A transaction that ends by what was found after a restart.
  mutating func endAfterSigning(_ cause: SessionCause, _ context: Context) -> [Effect] {
    transaction?.pendingEnd = cause
    endDeadline = context.now
    let effects = finishEndIfReady(context)
    guard transaction != nil, let document = storedDocument() else { return effects }
    return effects + [.store(document)]
  }

  // MARK: - Answers

  package mutating func signed(_ number: UInt32, _ outcome: SignedReadingOutcome, _ context: Context) -> [Effect] {
    guard let pending = signing.pending, pending.number == number else { return [] }
    signing.pending = nil
    guard let transaction else {
      return pending.owner == .vehicle ? signedBeforeStart(outcome, context) : []
    }
    guard pending.owner == .transaction(transaction.id) || pending.owner == .vehicle else {
      // The meter has done with the transaction before this one.
      return heldStart != nil ? ask(.transactionBegin, context) : advanceSigning(context)
    }
    switch outcome {
    case .failed(let reason):
      return refused("the meter of \(evse) has not signed: \(reason)", context)
    case .signed(let reading):
      guard !isMeterForeign, canFollow(reading.register, at: reading.takenAt, context) else {
        return refused("the meter of \(evse) has signed a register that cannot follow; it is not used", context)
      }
      return took(reading, of: pending.moment, context)
    }
  }

  /// No signature this time: once more a little later, while there is time.
  private mutating func refused(_ note: String, _ context: Context) -> [Effect] {
    var effects: [Effect] = [.note(note)]
    let next = context.now + Self.signingRetry
    if let deadline = signing.deadline, deadline > next {
      signing.retryAt = next
    } else if transaction?.pendingEnd != nil {
      signing.isEndSettled = true
      effects.append(unsignedEnd)
    }
    return effects + advanceSigning(context)
  }

  private mutating func took(
    _ reading: SignedMeterReading, of moment: SignedReadingMoment, _ context: Context
  ) -> [Effect] {
    var record = record(of: reading, moment == .transactionBegin ? .transactionBegin : .transactionEnd, context)
    var effects: [Effect] = []
    if !reading.data.fitsEveryVersion {
      effects.append(.note("what the meter of \(evse) has signed is too long for OCPP 2.0.1"))
    }
    transaction?.lastRegister = reading.register
    transaction?.lastRegisterAt = record.time
    guard moment == .transactionBegin else {
      signing.signedEnd = record
      signing.isEndSettled = true
      return effects + finishEndIfReady(context)
    }
    if heldStart != nil {
      transaction?.signedBegin = record
      transaction?.startRegister = reading.register
      return effects + startNow(context)
    }
    guard transaction?.pendingEnd == nil, resumption == nil else { return effects + advanceSigning(context) }
    if reading.register == transaction?.beginReading?.energyImport {
      transaction?.signedBegin = record
      transaction?.isBeginReported = true
    } else {
      record.context = .other
    }
    return effects + [report(.updated, SessionCause(.signedDataReceived), context, reading: record)]
  }

  /// A signed reading as an event tells it, never from the future.
  func record(
    of reading: SignedMeterReading, _ readingContext: ReadingContext, _ context: Context
  ) -> MeterReadingRecord {
    let takenAt = min(reading.takenAt, context.now)
    let time = EventTime(
      boot: context.time.boot, instant: takenAt, wall: context.time.wall.map { $0 + context.now.duration(to: takenAt) })
    return MeterReadingRecord(
      time: time, context: readingContext,
      values: [MeasuredValue(measurand: .energyActiveImportRegister, value: reading.register)], signed: reading.data)
  }

  /// What has become due: another request, or an event that has waited long enough.
  mutating func advanceSigning(_ context: Context) -> [Effect] {
    guard let deadline = signing.deadline, transaction != nil else { return [] }
    let isLate = deadline <= context.now
    if transaction?.pendingEnd != nil {
      if let retryAt = signing.retryAt, retryAt <= context.now { signing.retryAt = nil }
      return finishEndIfReady(context)
    }
    guard heldStart != nil else { return [] }
    if isLate || signing.pending == nil && signing.retryAt == nil { return startNow(context) }
    guard let retryAt = signing.retryAt, retryAt <= context.now else { return [] }
    return ask(.transactionBegin, context)
  }

  var signingDeadline: MonotonicInstant? {
    guard transaction != nil else { return signedStartDeadline }
    guard let deadline = signing.deadline else { return nil }
    return min(deadline, signing.retryAt ?? deadline)
  }

  // MARK: - Events

  /// A signed register is told as it was signed, with its own time; the other values keep theirs.
  func joining(_ reading: MeterReadingRecord?, _ signed: MeterReadingRecord?) -> [MeterReadingRecord] {
    guard let signed else { return reading.map { [$0] } ?? [] }
    return [reading?.omitting(.energyActiveImportRegister), signed].compactMap { $0 }
  }

  /// OCPPCommCtrlr.PublicKeyWithSignedMeterValue, for every signed reading of an event that is about to be told.
  func tellPublicKeys(
    of readings: inout [MeterReadingRecord], _ transaction: inout OpenTransaction, _ settings: SessionSettings
  ) {
    for place in readings.indices where readings[place].signed != nil {
      switch settings.metering.publicKeyTelling {
      case .everyMeterValue: continue
      case .never: readings[place].signed?.publicKey = ""
      case .oncePerTransaction:
        if transaction.isPublicKeyTold { readings[place].signed?.publicKey = "" }
        // Neither is an empty key told, nor one whose signature does not fit into the message.
        if let signed = readings[place].signed, !signed.publicKey.isEmpty, signed.fitsEveryVersion {
          transaction.isPublicKeyTold = true
        }
      }
    }
  }
}
