import ChargerBase
import OCPPTypes

/// What becomes of a transaction that was open when the program stopped (DESIGN §4, "Resume table"). OCPP 2.0.1 has no
/// trigger for a resumed transaction, so going on is told as a change of the charging state, and an end by its cause.
///
/// | vehicle | meter | why the program had stopped | outcome |
/// | --- | --- | --- | --- |
/// | any | any | any; the stop was already asked for | Ended as it was asked for |
/// | there | plausible or silent | any | goes on |
/// | there | behind the stored register | any | Ended, AbnormalCondition: PowerLoss after a power cut, else Other |
/// | gone, or not seen in time | any | power cut | Ended, EVCommunicationLost: PowerLoss |
/// | gone, or not seen in time | any | watchdog, crash | Ended, EVCommunicationLost: Reboot |
/// | gone, or not seen in time | any | ordinary stop, reset | Ended, EVCommunicationLost: EVDisconnected |
///
/// A transaction whose TxStopPoint does not ask for a vehicle (parking bay) goes on without one.
package enum ResumeTable {
  /// How long the first word of the pilot is waited for; then the vehicle counts as gone.
  package static let vehicleWait: Duration = .seconds(30)
  /// How long the first reading is waited for; then the meter counts as silent.
  package static let meterWait: Duration = .seconds(10)

  package enum Vehicle: Sendable, CaseIterable { case present, gone, unseen }
  package enum Meter: Sendable, CaseIterable { case plausible, behind, silent }
  package enum Outcome: Sendable, Equatable {
    case goOn
    case end(SessionCause)
  }

  package static func outcome(
    reason: BootReason, vehicle: Vehicle, meter: Meter, pendingEnd: SessionCause?, needsVehicle: Bool
  ) -> Outcome {
    if let pendingEnd { return .end(pendingEnd) }
    if meter == .behind {
      return .end(SessionCause(.abnormalCondition, reason == .powerUp ? .powerLoss : .other))
    }
    guard vehicle != .present, needsVehicle else { return .goOn }
    return switch reason {
    case .powerUp: .end(SessionCause(.evCommunicationLost, .powerLoss))
    case .watchdog, .unknown: .end(SessionCause(.evCommunicationLost, .reboot))
    default: .end(SessionCause(.evCommunicationLost, .evDisconnected))
    }
  }
}
