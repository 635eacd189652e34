import ChargerBase
import OCPPTypes

// F06 for the messages that sessions and meters make: TransactionEvent and MeterValues.

extension SessionController {
  /// Whether the message can be sent for an EVSE, or (nil) for any; then it will be, after the answer.
  package func trigger(_ message: MessageTrigger, at evse: EVSEID?) -> TriggerMessageStatus {
    let meant = slots.map { $0.machine }.filter { evse == nil || $0.evse == evse }
    let evses: [EVSEID]
    switch message {
    case .transactionEvent:
      evses = meant.filter { $0.transaction != nil && $0.transaction?.pendingEnd == nil && $0.resumption == nil }
        .map { $0.evse }
    case .meterValues:
      evses = meant.filter { currentReading(of: $0) != nil }.map { $0.evse }
    default:
      return .notImplemented
    }
    // F06.FR.09: there is nothing current to tell.
    guard !evses.isEmpty else { return .rejected }
    services.later { [weak self] in
      for evse in evses {
        if message == .transactionEvent {
          self?.run(evse) { machine, context in machine.reportTriggered(context) }
        } else {
          self?.sendMeterValues(of: evse)
        }
      }
    }
    return .accepted
  }

  /// F06.FR.06: the newest values of what AlignedDataCtrlr.Measurands lists.
  private func currentReading(of machine: EVSESessionStateMachine) -> MeterReadingRecord? {
    let listed = services.deviceModel.members(.alignedMeasurands).compactMap { Measurand(wireName: $0) }
    let present = services.eventTime
    guard let sample = machine.latestSample,
      sample.takenAt.duration(to: present.instant) <= EVSESessionStateMachine.staleAfter
    else { return nil }
    let time = EventTime(boot: present.boot, instant: sample.takenAt, wall: nil)
    return MeterReadingRecord(time: time, context: .trigger, values: sample.values)
      .selecting(listed, context: .trigger)
  }

  private func sendMeterValues(of evse: EVSEID) {
    guard let place = place(of: evse), let reading = currentReading(of: slots[place].machine),
      let wall = services.wallTime(of: reading.time)
    else { return }
    services.call(.meterValues, deadline: services.configuration.messageTimeout) { writer, version in
      guard let value = reading.meterValue(at: wall, version: version) else { return }
      MeterValuesRequest(evseId: evse.number, meterValue: [value]).encode(into: &writer, version: version)
    } answer: { _ in
    }
  }
}
