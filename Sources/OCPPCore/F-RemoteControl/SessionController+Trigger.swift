import ChargerBase
import OCPPTypes

// F06 for the messages that sessions and meters make: TransactionEvent and MeterValues.

extension SessionController {
  /// Whether the message can be sent for an EVSE, or (nil) for any; then it will be, after the answer.
  package func trigger(_ message: MessageTrigger, at evse: EVSEID?) -> TriggerMessageStatus {
    let evses: [EVSEID]
    switch message {
    case .transactionEvent:
      let meant = slots.map { $0.machine }.filter { evse == nil || $0.evse == evse }
      evses = meant.filter { $0.transaction != nil && $0.transaction?.pendingEnd == nil && $0.resumption == nil }
        .map { $0.evse }
    case .meterValues:
      // F06.FR.11: without an EVSE all of them, and the main meter.
      let meant = evse.map { [$0] } ?? slots.map { $0.machine.evse } + [Self.wholeStation]
      evses = meant.filter { triggeredReading(of: $0) != nil }
    default:
      return .notImplemented
    }
    // F06.FR.09: there is nothing current to tell.
    guard !evses.isEmpty else { return .rejected }
    services.later { [weak self] in
      for evse in evses {
        if message == .transactionEvent {
          self?.run(evse) { machine, context in machine.reportTriggered(context) }
        } else if let reading = self?.triggeredReading(of: evse) {
          self?.sendMeterValues(reading, of: evse)
        }
      }
    }
    return .accepted
  }

  /// F06.FR.06: the newest values of what AlignedDataCtrlr.Measurands lists.
  private func triggeredReading(of evse: EVSEID) -> MeterReadingRecord? {
    currentReading(of: evse, .trigger)?.selecting(settings.metering.alignedMeasurands, context: .trigger)
  }
}
