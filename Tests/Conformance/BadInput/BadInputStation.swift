import ChargerBase
import MessageSamples
import OCPPCore
import OCPPJSON
import OCPPPorts
import OCPPTypes
import SimulationSupport

/// What a station is doing when bad input reaches it.
enum StationSituation: String, CaseIterable, Sendable, CustomStringConvertible {
  case accepted, pending, rejected, transaction

  var description: String { rawValue }
  var isRegistered: Bool { self == .accepted || self == .transaction }
}

/// A whole engine in one situation, and everything about it that bad input must not change.
final class BadInputStation {
  /// What was stored, told to the hardware and shown; two of them are equal when nothing has happened between.
  struct Fingerprint: Equatable {
    var documents: [StoreSnapshot.Document]
    var records: [OutboxEntry]
    var variables: [VariableListing]
    var transactions: [OpenTransactionStatus?]
    var commands: [Int]
    var registration: RegistrationStatus?
    var calls: Int
  }

  let station: ChargingStation
  let situation: StationSituation

  /// The intervals are such that the station has nothing to say by itself.
  init(_ situation: StationSituation) {
    self.situation = situation
    station = ChargingStation(
      [
        ("SampledDataCtrlr", "TxUpdatedInterval", "0"), ("OCPPCommCtrlr", "HeartbeatInterval", "86400"),
        ("OCPPCommCtrlr", "RetryBackOffWaitMinimum", "1"),
      ], evses: 2, starts: false)
    switch situation {
    case .accepted, .transaction: harness.csms.bootAnswers = [(.accepted, 86_400)]
    case .pending: harness.csms.bootAnswers = [(.pending, 86_400)]
    case .rejected: harness.csms.bootAnswers = [(.rejected, 86_400)]
    }
    harness.start()
    station.announce()
    station.wait(3)
    guard situation == .transaction else { return }
    station.plugIn(1)
    station.tap("CARD", evses: [1])
    station.wait(3)
  }

  var harness: EngineHarness { station.harness }

  var fingerprint: Fingerprint {
    let delegate = harness.delegate
    return Fingerprint(
      // The clock's own document follows the CSMS's time, and the security log tells of the bad input.
      documents: harness.store.content.documents.filter { $0.kind != .engine && !$0.key.hasPrefix("security ") },
      records: harness.store.content.entries,
      variables: harness.chargePoint.inventory { !($0.component == "ClockCtrlr" && $0.variable == "DateTime") },
      transactions: [Int32(1), 2].map { evse in
        var status = harness.chargePoint.openTransaction(at: EVSEID(evse))
        // It grows by itself.
        status?.duration = nil
        return status
      },
      commands: [
        delegate.grants.count, delegate.revocations.count, delegate.resets.count, delegate.unlocked.count,
        delegate.operative.count { $0.value }, delegate.feedback.count,
      ],
      registration: harness.chargePoint.status.registration, calls: harness.csms.calls.count)
  }

  /// Sends a CALL and gives what came back within a quarter of a second: often enough for a fault to be forgotten before
  /// the station takes the CSMS for a flood.
  func ask(_ action: String, _ payload: String) -> (answer: SimulatedCSMS.Answer?, path: String?) {
    let id = harness.csms.callRaw(action, payload, as: OCPPAction(wireName: action, version: .v201))
    harness.run(for: .milliseconds(250))
    return (harness.csms.answers[id], harness.csms.errorPaths[id])
  }

  var invalidMessages: Int {
    harness.delegate.notes.count { $0.kind == .security && $0.text.hasPrefix("InvalidMessages") }
  }

  /// Nil when the station still answers as it did before all this.
  var failure: String? {
    if !harness.csms.isConnected { return "the link was closed" }
    if !harness.violations.isEmpty { return "\(harness.violations)" }
    let question =
      #"{"getVariableData":[{"component":{"name":"OCPPCommCtrlr"},"variable":{"name":"OfflineThreshold"}}]}"#
    let (answer, _) = ask("GetVariables", question)
    switch (situation, answer) {
    case (.rejected, .error(code: "SecurityError", _)): return nil
    case (.rejected, _): return "GetVariables while Rejected: \(String(describing: answer))"
    case (_, .result(let result)) where result["getVariableResult"]?[0]?["attributeStatus"] == "Accepted": return nil
    default: return "GetVariables: \(String(describing: answer))"
    }
  }
}

extension SimulatedCSMS.Answer {
  var code: String? { if case .error(let code, _) = self { code } else { nil } }
}

/// The generated samples by message.
enum BadInputSamples {
  static let all = MessageSample.all(.v201)
  /// Requests, each with the action that carries it.
  static let requests = all.compactMap { sample in
    sample.name.hasSuffix("Request")
      ? OCPPAction(wireName: String(sample.name.dropLast("Request".count)), version: .v201).map { ($0, sample) } : nil
  }

  static func request(_ action: OCPPAction) -> MessageSample? { requests.first { $0.0 == action }?.1 }
  static func response(_ action: OCPPAction) -> MessageSample? {
    all.first { $0.name == action.rawName + "Response" }
  }
}
