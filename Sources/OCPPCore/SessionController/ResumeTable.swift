import ChargerBase
import OCPPTypes

/// What becomes of a transaction that was open when the program stopped (DESIGN §4, "Resume table"). OCPP 2.0.1 has no
/// trigger for a resumed transaction, so going on is told as a change of the charging state, and an end by its cause.
///
/// The first row that fits decides. The end that was asked for before the stop is its own cause: a card, a remote stop,
/// or an immediate Reset by the CSMS whose Ended event was not yet stored (ResetCommand, ImmediateReset).
///
/// | end asked for | cause of the stop | vehicle | meter | time away | outcome |
/// | --- | --- | --- | --- | --- | --- |
/// | yes | any | any | any | any | Ended as it was asked for |
/// | no | power cut | any | behind, exchanged | any | Ended, AbnormalCondition: PowerLoss |
/// | no | SIGTERM, Reset, crash, watchdog | any | behind, exchanged | any | Ended, AbnormalCondition: Other |
/// | no | power cut | gone, swapped, not seen | plausible, silent | any | Ended, EVCommunicationLost: PowerLoss |
/// | no | crash, watchdog | gone, swapped, not seen | plausible, silent | any | Ended, EVCommunicationLost: Reboot |
/// | no | SIGTERM, Reset | gone, swapped, not seen | plausible, silent | any | Ended, EVCommunicationLost: EVDisconnected |
/// | no | power cut | there, not needed | plausible, silent | too long, any by setting | Ended, AbnormalCondition: PowerLoss |
/// | no | SIGTERM, Reset, crash, watchdog | there, not needed | plausible, silent | too long, any by setting | Ended, AbnormalCondition: Reboot |
/// | no | any | there, not needed | plausible, silent | short, not known | goes on |
///
/// *Vehicle*: TxStopPoint and StopTxOnEVSideDisconnect say whether one is needed: it is not when its loss would not have
/// ended the transaction while the program ran (E06, E10). *Swapped* is what shows: a cable of another rating. One of the
/// same kind that comes for another within the time away cannot be told from it; the time limit bounds that.
/// *Meter*: *behind* is a register below the last stored one; *exchanged* one farther ahead than the EVSE can have
/// delivered. Both end the transaction with the register as it was last seen. *Time away*: since the transaction was
/// last known to run; *too long* beyond TxCtrlr.ResumeTimeLimit, *any by setting* where TxCtrlr.ResumeTransactions is
/// false. Not known without a clock: then the transaction goes on.
package enum ResumeTable {
  /// How long the first word of the pilot is waited for; then the vehicle counts as not seen.
  package static let vehicleWait: Duration = .seconds(30)
  /// How long the first reading is waited for; then the meter counts as silent.
  package static let meterWait: Duration = .seconds(10)
  /// How long civil time is waited for, where the time away hangs on it; then it counts as not known.
  package static let clockWait: Duration = .seconds(30)

  package enum StopCause: String, Sendable, CaseIterable {
    case orderlyStop = "SIGTERM"
    case reset = "Reset"
    case crash, watchdog
    case powerCut = "power cut"

    /// What the reason of the boot says of the stop before it.
    package init(_ reason: BootReason) {
      self =
        switch reason {
        case .powerUp: .powerCut
        case .watchdog: .watchdog
        case .applicationReset, .unknown: .crash
        case .remoteReset, .scheduledReset: .reset
        default: .orderlyStop
        }
    }
  }

  package enum Vehicle: String, Sendable, CaseIterable {
    case present = "there"
    case notNeeded = "not needed"
    case gone, swapped
    case unseen = "not seen"
  }

  package enum Meter: String, Sendable, CaseIterable {
    case plausible, silent, behind, exchanged
  }

  package enum TimeAway: String, Sendable, CaseIterable {
    case short
    case unknown = "not known"
    case tooLong = "too long"
    case refused = "any by setting"
  }

  package enum Outcome: Sendable, Equatable {
    case goOn
    case endAsAsked
    case end(TriggerReason, StopReason)
  }

  package struct Situation: Sendable, Equatable {
    package var isEndAskedFor: Bool
    package var cause: StopCause
    package var vehicle: Vehicle
    package var meter: Meter
    package var timeAway: TimeAway

    package init(
      isEndAskedFor: Bool = false, cause: StopCause, vehicle: Vehicle = .present, meter: Meter = .plausible,
      timeAway: TimeAway = .short
    ) {
      self.isEndAskedFor = isEndAskedFor
      self.cause = cause
      self.vehicle = vehicle
      self.meter = meter
      self.timeAway = timeAway
    }
  }

  package struct Row: Sendable {
    package var isEndAskedFor = false
    package var causes = StopCause.allCases
    package var vehicles = Vehicle.allCases
    package var meters = Meter.allCases
    package var timesAway = TimeAway.allCases
    package var outcome: Outcome

    package func fits(_ situation: Situation) -> Bool {
      isEndAskedFor == situation.isEndAskedFor && causes.contains(situation.cause)
        && vehicles.contains(situation.vehicle) && meters.contains(situation.meter)
        && timesAway.contains(situation.timeAway)
    }
  }

  private static let withoutPowerCut: [StopCause] = [.orderlyStop, .reset, .crash, .watchdog]
  private static let missing: [Vehicle] = [.gone, .swapped, .unseen]
  private static let inOrder: [Vehicle] = [.present, .notNeeded]
  private static let usable: [Meter] = [.plausible, .silent]
  private static let foreign: [Meter] = [.behind, .exchanged]
  private static let barred: [TimeAway] = [.tooLong, .refused]

  package static let rows: [Row] = [
    Row(isEndAskedFor: true, outcome: .endAsAsked),
    Row(causes: [.powerCut], meters: foreign, outcome: .end(.abnormalCondition, .powerLoss)),
    Row(causes: withoutPowerCut, meters: foreign, outcome: .end(.abnormalCondition, .other)),
    Row(causes: [.powerCut], vehicles: missing, meters: usable, outcome: .end(.evCommunicationLost, .powerLoss)),
    Row(causes: [.crash, .watchdog], vehicles: missing, meters: usable, outcome: .end(.evCommunicationLost, .reboot)),
    Row(
      causes: [.orderlyStop, .reset], vehicles: missing, meters: usable,
      outcome: .end(.evCommunicationLost, .evDisconnected)),
    Row(
      causes: [.powerCut], vehicles: inOrder, meters: usable, timesAway: barred,
      outcome: .end(.abnormalCondition, .powerLoss)),
    Row(
      causes: withoutPowerCut, vehicles: inOrder, meters: usable, timesAway: barred,
      outcome: .end(.abnormalCondition, .reboot)),
    Row(vehicles: inOrder, meters: usable, timesAway: [.short, .unknown], outcome: .goOn),
  ]

  package static func outcome(_ situation: Situation) -> Outcome {
    // That every situation has its row is tested.
    rows.first { $0.fits(situation) }?.outcome ?? .goOn
  }
}

extension ResumeTable.Row {
  /// The row as the tables in the documentation have it.
  package var text: String {
    func names<Kind: RawRepresentable & CaseIterable>(_ kinds: [Kind]) -> String where Kind.RawValue == String {
      kinds.count == Kind.allCases.count ? "any" : kinds.map { $0.rawValue }.joined(separator: ", ")
    }
    let end =
      switch outcome {
      case .goOn: "goes on"
      case .endAsAsked: "Ended as it was asked for"
      case .end(let trigger, let reason): "Ended, \(trigger.rawName): \(reason.rawName)"
      }
    let cells = [
      isEndAskedFor ? "yes" : "no", names(causes), names(vehicles), names(meters), names(timesAway), end,
    ]
    return "| " + cells.joined(separator: " | ") + " |"
  }
}
