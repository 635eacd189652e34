import ChargerBase
import OCPPTypes

// Readings within a transaction (J02): which are told, in which event, and when the next is due.

extension EVSESessionStateMachine {
  /// Takes a reading, unless its register cannot follow the one before (`doubt`).
  mutating func took(_ sample: MeterSample, _ context: Context) -> [Effect] {
    if let latest = latestSample, sample.takenAt < latest.takenAt { return [] }
    if resumption != nil { return resumptionSaw(sample, context) }
    if isMeterForeign { return finishEndIfReady(context) }
    var effects: [Effect] = []
    if let doubt = doubt(sample, context) {
      effects = doubt.effects
      guard doubt.isAnotherMeter else { return effects }
      if transaction != nil { return effects + endWithMeter(doubt.meter, context) }
    }
    if sample.energyImport != nil {
      effects += registerFollows()
      proof?.awaitsReading = false
    }
    latestSample = sample
    noteRegister(of: sample, context)
    countPhases(of: sample, context)
    let ended = finishEndIfReady(context)
    effects += ended
    if ended.isEmpty, let limit = transaction?.energyLimit, let register = sample.energyImport, register >= limit {
      effects += barEnergy(context)
    }
    return effects
  }

  mutating func noteRegister(of sample: MeterSample, _ context: Context) {
    guard let register = sample.energyImport else { return }
    let time = time(of: sample, context)
    transaction?.lastRegister = register
    transaction?.lastRegisterAt = time
    if transaction?.startRegister == nil { transaction?.startRegister = register }
  }

  /// The newest reading, if it is fresh enough to be told as one of now.
  func freshSample(_ context: Context) -> MeterSample? {
    guard let latestSample, latestSample.takenAt.duration(to: context.now) <= Self.staleAfter else { return nil }
    return latestSample
  }

  /// A reading's own time; one from before this boot cannot occur.
  func time(of sample: MeterSample, _ context: Context) -> EventTime {
    EventTime(
      boot: context.time.boot, instant: sample.takenAt,
      wall: context.time.wall.map { $0 + context.now.duration(to: sample.takenAt) })
  }

  func reading(_ sample: MeterSample, _ context: Context, _ readingContext: ReadingContext) -> MeterReadingRecord {
    MeterReadingRecord(
      time: time(of: sample, context), context: readingContext,
      values: sample.values(withoutPhasesOfRegisters: context.settings.metering.registersWithoutPhases))
  }

  mutating func scheduleSampling(_ context: Context) {
    let settings = context.settings
    nextUpdate = settings.updatedInterval > .zero ? context.now + settings.updatedInterval : nil
    nextEndedSample = settings.endedInterval > .zero ? context.now + settings.endedInterval : nil
  }

  /// The settings have changed: intervals count from now, unless they stay as they are.
  package mutating func intervalsChanged(_ context: Context) {
    guard transaction != nil, transaction?.pendingEnd == nil else { return }
    scheduleSampling(context)
  }

  /// What the configuration adds to an event: the first readings, and with Ended all that belongs to it.
  mutating func addReadings(
    _ record: inout TransactionEventRecord, _ transaction: inout OpenTransaction, _ context: Context
  ) {
    let settings = context.settings
    if transaction.beginReading == nil, let sample = freshSample(context) {
      transaction.beginReading = reading(sample, context, .transactionBegin)
      transaction.startRegister = transaction.startRegister ?? sample.energyImport
    }
    // E01.FR.09; when there was no reading, or no vehicle, at the start: when charging starts (E01.FR.17).
    let isTime = record.kind == .started || record.chargingState == .charging
    let begin = joining(transaction.beginReading, transaction.signedBegin)
    if !transaction.isBeginReported, isTime {
      let told = begin.compactMap { $0.selecting(settings.startedMeasurands, context: .transactionBegin) }
      record.readings += told
      transaction.isBeginReported = !told.isEmpty
    }
    guard record.kind == .ended else { return }
    // E06.FR.11: the first reading, those between, and the last one with its own time.
    var readings = begin.map { $0.selecting(settings.endedMeasurands, context: .transactionBegin) }
    readings += transaction.endedReadings.readings.map { kept in
      kept.context == .sampleClock
        ? kept.selecting(settings.metering.alignedEndedMeasurands, context: .sampleClock)
        : kept.selecting(settings.endedMeasurands, context: .samplePeriodic)
    }
    let last = lastReadings(transaction, context)
    readings += last.map { $0.selecting(settings.endedMeasurands, context: .transactionEnd) }
    record.readings += EndedReadings.fitting(
      readings.compactMap { $0 }, bytes: settings.metering.maximumReadingBytes)
  }

  /// The newest reading; and the register as it was last seen, with the time of then, when the newest reading has none
  /// or no reading has come since a restart.
  private func lastReadings(_ transaction: OpenTransaction, _ context: Context) -> [MeterReadingRecord] {
    let newest = latestSample.map { reading($0, context, .transactionEnd) }
    if let signed = signing.signedEnd { return joining(newest, signed) }
    guard newest?.energyImport == nil, let register = transaction.lastRegister, let time = transaction.lastRegisterAt
    else { return newest.map { [$0] } ?? [] }
    let known = MeterReadingRecord(
      time: time, context: .transactionEnd,
      values: [MeasuredValue(measurand: .energyActiveImportRegister, value: register)])
    return [newest, known].compactMap { $0 }
  }

  /// Periodic readings that are due. One that is stale is left out: no event says that nothing was measured.
  mutating func samplePeriodically(_ context: Context) -> [Effect] {
    guard transaction != nil, transaction?.pendingEnd == nil, resumption == nil else {
      nextUpdate = nil
      nextEndedSample = nil
      return []
    }
    var effects: [Effect] = []
    if let due = nextEndedSample, due <= context.now {
      nextEndedSample = following(due, context.settings.endedInterval, context)
      if let sample = freshSample(context),
        let kept = reading(sample, context, .samplePeriodic)
          .selecting(context.settings.endedMeasurands, context: .samplePeriodic)
      {
        effects += keep(kept)
      }
    }
    if let due = nextUpdate, due <= context.now {
      nextUpdate = following(due, context.settings.updatedInterval, context)
      // While the Started event waits for its signature no energy flows, and it is not told early for a reading of that.
      if heldStart == nil, let sample = freshSample(context),
        lastPublishedSampleAt.map({ $0 < sample.takenAt }) ?? true,
        let told = reading(sample, context, .samplePeriodic)
          .selecting(context.settings.updatedMeasurands, context: .samplePeriodic)
      {
        lastPublishedSampleAt = sample.takenAt
        effects.append(report(.updated, SessionCause(.meterValuePeriodic), context, reading: told))
      }
    }
    return effects
  }

  /// Keeps a reading for the Ended event, on disk too.
  mutating func keep(_ reading: MeterReadingRecord) -> [Effect] {
    guard let kept = transaction?.endedReadings.keep(reading), let id = transaction?.id else { return [] }
    guard kept.item != nil || !kept.dropped.isEmpty else { return [] }
    return [
      .keepReading(
        number: kept.item?.number ?? 0, document: kept.item?.document(transactionID: id, evse: evse),
        dropped: kept.dropped)
    ]
  }

  /// A clock-aligned reading of this transaction (J01.FR.22, J02): told now, kept for the Ended event, or both. What
  /// comes between the stop and the Ended event, or before the vehicle was seen again, is not the transaction's.
  package var takesAlignedReadings: Bool {
    transaction != nil && transaction?.pendingEnd == nil && resumption == nil
  }

  package mutating func reportAligned(_ reading: MeterReadingRecord, _ context: Context) -> [Effect] {
    guard takesAlignedReadings else { return [] }
    return [report(.updated, SessionCause(.meterValueClock), context, reading: reading)]
  }

  package mutating func keepAligned(_ reading: MeterReadingRecord) -> [Effect] {
    guard takesAlignedReadings else { return [] }
    return keep(reading)
  }

  /// An event because the CSMS asked for one (F06.FR.07); nothing between the stop and the Ended event.
  package mutating func reportTriggered(_ context: Context) -> [Effect] {
    guard transaction != nil, transaction?.pendingEnd == nil, resumption == nil else { return [] }
    let told = freshSample(context).flatMap {
      reading($0, context, .trigger).selecting(context.settings.updatedMeasurands, context: .trigger)
    }
    return [report(.updated, SessionCause(.trigger), context, reading: told)]
  }

  private func following(
    _ due: MonotonicInstant, _ interval: Duration, _ context: Context
  ) -> MonotonicInstant? {
    guard interval > .zero else { return nil }
    let next = due + interval
    return next > context.now ? next : context.now + interval
  }
}
