import ChargerBase
import OCPPTypes

// J01 and the clock-aligned part of J02: meter readings as they come in, and what is told of them at aligned instants.
//
// An EVSE in a transaction tells its clock-aligned values in TransactionEvent (MeterValueClock), queued like every event
// of it; everything else goes as MeterValues, for each EVSE and for the whole station (EVSE 0), while the station is
// online: only messages of transactions are queued.

extension SessionController {
  /// EVSE 0: the whole station.
  static let wholeStation = EVSEID(0)

  /// A reading of an EVSE's meter, or of the station's main meter.
  func meterRead(_ evse: EVSEID, _ sample: MeterSample) {
    if evse == Self.wholeStation {
      guard stationSample.map({ $0.takenAt <= sample.takenAt }) ?? true else { return }
      stationSample = sample
    } else {
      run(evse) { machine, context in machine.took(sample, context) }
    }
    for due in aligned.take(evse, takenAt: sample.takenAt) { tellAligned(due) }
    // The sum over all EVSEs is as old as its oldest part.
    guard stationSample == nil, evse != Self.wholeStation, !aligned.due.isEmpty, let sum = stationReading() else {
      return
    }
    for due in aligned.take(Self.wholeStation, takenAt: sum.takenAt) { tellAligned(due) }
  }

  func advanceAlignedData() {
    guard !aligned.isOff else { return }
    aligned.advance(services.eventTime, slots.map { $0.machine.evse } + [Self.wholeStation])
    for due in aligned.takeOverdue(at: services.now) { tellAligned(due) }
  }

  var alignedDeadline: MonotonicInstant { aligned.isOff ? .distantFuture : aligned.deadline(services.eventTime) }

  private func tellAligned(_ due: AlignedData.Due) {
    let metering = settings.metering
    let measurands = due.purpose == .ended ? metering.alignedEndedMeasurands : metering.alignedMeasurands
    guard var reading = currentReading(of: due.evse, .sampleClock)?.selecting(measurands, context: .sampleClock)
    else { return }
    let age = due.instant.duration(to: reading.time.instant)
    if age >= .zero, age <= AlignedData.alignedWithin {
      reading.time = EventTime(boot: reading.time.boot, instant: due.instant, wall: due.wall)
    }
    if due.purpose == .ended {
      guard due.evse != Self.wholeStation else { return }
      return run(due.evse) { machine, _ in machine.keepAligned(reading) }
    }
    guard !isSilent(due.evse) else { return }
    if let place = place(of: due.evse), slots[place].machine.takesAlignedReadings {
      // The event has the time of its values.
      run(due.evse, at: reading.time.instant) { machine, context in machine.reportAligned(reading, context) }
    } else {
      sendMeterValues(reading, of: due.evse)
    }
  }

  /// AlignedDataCtrlr.SendDuringIdle: of the station for all EVSEs and the main meter (J01.FR.20), of an EVSE for it
  /// alone (J01.FR.19).
  private func isSilent(_ evse: EVSEID) -> Bool {
    let metering = settings.metering
    if metering.isStationSilentInTransaction, slots.contains(where: { $0.machine.transaction != nil }) { return true }
    return metering.evsesSilentInTransaction.contains(evse.number) && transactionID(at: evse) != nil
  }

  // MARK: - Readings

  /// The newest reading of an EVSE, or of the whole station, that is fresh enough to be told as one of now.
  func currentReading(of evse: EVSEID, _ context: ReadingContext) -> MeterReadingRecord? {
    let sample =
      evse == Self.wholeStation ? stationReading() : place(of: evse).flatMap { slots[$0].machine.latestSample }
    let present = services.eventTime
    guard let sample, sample.takenAt.duration(to: present.instant) <= EVSESessionStateMachine.staleAfter else {
      return nil
    }
    let time = EventTime(
      boot: present.boot, instant: sample.takenAt,
      wall: present.wall.map { $0 + present.instant.duration(to: sample.takenAt) })
    return MeterReadingRecord(
      time: time, context: context,
      values: sample.values(withoutPhasesOfRegisters: settings.metering.registersWithoutPhases))
  }

  /// The main meter's, where there is one. Else what all EVSEs take together: power and current, but no energy, which
  /// is the main meter's to tell (J01.FR.04).
  private func stationReading() -> MeterSample? {
    if stationSample != nil || services.configuration.hasMainMeter { return stationSample }
    var sum: MeterSample?
    for slot in slots {
      guard let sample = slot.machine.latestSample else { return nil }
      guard let former = sum else {
        sum = MeterSample(takenAt: sample.takenAt, values: sample.values.filter { $0.canBeSummed })
        continue
      }
      sum = former.adding(sample)
    }
    return sum.flatMap { $0.values.isEmpty ? nil : $0 }
  }

  // MARK: - MeterValues

  /// Not queued: J01 asks for no queue, and Part 2's QueueAllMessages (2.1.9), which this station has as false, leaves
  /// the queue to messages of transactions (E04.FR.01). One that finds no link, or no answer, is the next one's to make
  /// good; the registers in that one still tell the energy of the time between.
  func sendMeterValues(_ reading: MeterReadingRecord, of evse: EVSEID) {
    // What a TriggerMessage asks for is sent while Pending too (B02.FR.02).
    let isSendable = services.isOnline || reading.context == .trigger
    guard isSendable, services.wallTime(of: reading.time) != nil else { return }
    services.call(.meterValues, deadline: services.deviceModel.seconds(.messageTimeout)) {
      [weak self] writer, version in
      // What was not spoken of in another version was not selected; a message is owed all the same.
      let wall = self?.services.wallTime(of: reading.time) ?? WallTime(millisecondsSinceEpoch: 0)
      let values = reading.meterValue(at: wall, version: version).map { [$0] } ?? []
      MeterValuesRequest(evseId: evse.number, meterValue: values).encode(into: &writer, version: version)
    } answer: { [weak self] answer in
      if case .error(let code, _) = answer {
        self?.services.note(EngineEvent(.message, "the CSMS refused meter values: \(code.prefix(64))"))
      }
    }
  }
}

extension MeasuredValue {
  /// What several EVSEs take together is the sum of what each of them takes.
  fileprivate var canBeSummed: Bool { measurand == .powerActiveImport || measurand == .currentImport }
}

extension MeterSample {
  /// Sums what both have; what one of them lacks has no sum.
  fileprivate func adding(_ other: MeterSample) -> MeterSample {
    var sums: [MeasuredValue] = []
    for value in values {
      guard
        let more = other.values.first(where: { $0.measurand == value.measurand && $0.phase == value.phase }),
        let left = value.value.thousandths, let right = more.value.thousandths
      else { continue }
      var sum = value
      sum.value = Decimal(thousandths: left.addingSaturating(right))
      sums.append(sum)
    }
    return MeterSample(takenAt: min(takenAt, other.takenAt), values: sums)
  }
}
