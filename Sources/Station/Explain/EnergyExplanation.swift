import ChargerBase
import EVSEControl
import OCPPCore

/// One reason why an EVSE gives no energy, or no more of it, from the machine's own state: a stable code, a sentence,
/// what helps, and the numbers in it.
public struct EnergyReason: Sendable, Equatable {
  /// A number or a name that the sentence speaks of; the name ends in the number's unit.
  public struct Detail: Sendable, Equatable {
    public enum Value: Sendable, Equatable {
      case number(Decimal)
      case text(String)
    }
    public var name: String
    public var value: Value
  }

  public var code: String
  public var text: String
  public var remedy: String
  public var details: [Detail] = []

  func with(_ name: String, _ number: Decimal?) -> EnergyReason {
    guard let number else { return self }
    var copy = self
    copy.details.append(Detail(name: name, value: .number(number)))
    return copy
  }

  func with(_ name: String, _ text: String?) -> EnergyReason {
    guard let text, !text.isEmpty else { return self }
    var copy = self
    copy.details.append(Detail(name: name, value: .text(text)))
    return copy
  }
}

/// What the upper side knows and the control lane does not.
package struct ExplanationContext: Sendable {
  package var now: MonotonicInstant
  package var link = LinkStatus(isConnected: true, isAccepted: true)
  /// A new session could be stored and billed.
  package var canBill = true
  /// What the driver at the EVSE is shown.
  package var feedback: DriverFeedback?
  package var hasOpenTransaction = false
  /// A reset was promised to the operator's system and waits for the last session.
  package var isResetPending = false
  package var timing = TimingTable()
  /// Parts at the post that do not work: readers, keypads, buttons.
  package var postReasons: [EnergyReason] = []
  /// What is wrong with the station or the EVSE and keeps nobody from charging.
  package var notes: [EnergyReason] = []
  /// Nil while they are not known.
  package var offlineRules: OfflineRules?

  package init(now: MonotonicInstant) { self.now = now }
}

/// "Why is it not charging?" — and, while it does, why not with more — the answer for one EVSE.
public struct EnergyExplanation: Sendable, Equatable {
  public var evse: EVSEID
  /// The connector that the answer speaks of; nil before the control lane has reported.
  public var connector: Int32?
  public var isCharging: Bool
  /// What must be mended first comes first; empty while energy flows.
  public var reasons: [EnergyReason]
  /// Why the current is what it is; nil while no energy flows.
  public var current: EnergyReason?
  /// All limits that stand.
  public var limits: [CurrentLimit]
  /// What is wrong with the station, the same at each EVSE, or with this EVSE (then with the detail `evse`), and keeps
  /// nobody from charging.
  public var notes: [EnergyReason]

  /// Reads the chain of reasons off the connectors of one EVSE: a connector in use speaks for it, else one with a
  /// fault, else the first.
  package init(evse: EVSEID, connectors: [ConnectorSnapshot], context: ExplanationContext) {
    self.evse = evse
    notes = context.notes
    let inUse = connectors.first { !$0.blockers.contains(.noVehicle) && !$0.blockers.contains(.otherConnectorInUse) }
    guard let snapshot = inUse ?? connectors.first(where: { !$0.faults.isEmpty }) ?? connectors.first else {
      isCharging = false
      reasons = [
        EnergyReason(code: "starting", text: "The control lane has not reported yet.", remedy: "Wait a second.")
      ]
      limits = []
      return
    }
    connector = snapshot.connector.number
    isCharging = snapshot.phase == .charging && snapshot.blockers.isEmpty
    limits = snapshot.details.limits
    let chain = ReasonChain(snapshot: snapshot, context: context)
    reasons = isCharging ? [] : chain.reasons
    current = isCharging ? chain.currentReason : nil
  }
}
