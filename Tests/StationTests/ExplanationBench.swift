import ChargerBase
import EVSEControl
import HAL
import OCPPCore

@testable import Station

/// A connector as the control lane could tell it, and what is explained of it.
struct ExplanationBench {
  static let connector = ConnectorID(evse: EVSEID(1), number: 1)
  static let now = MonotonicInstant.zero + .seconds(100)

  var snapshot: ConnectorSnapshot
  var context = ExplanationContext(now: now)

  /// A vehicle in state B with a limit of 16 A, and `blockers`.
  init(_ blockers: EnergyBlockers, faults: FaultSet = [], phase: ChargingPhase? = .connected) {
    snapshot = ConnectorSnapshot(
      connector: Self.connector, takenAt: Self.now, pilotState: .b, pilotOutput: .steadyPositive, isOperative: true,
      contactorCommand: .open, contactorFeedback: .open, permit: nil, offeredCurrent: nil,
      limit: Current(amperes: 16), limitSource: .hardware, blockers: blockers, faults: faults, phase: phase)
  }

  func with(_ change: (inout ExplanationBench) -> Void) -> ExplanationBench {
    var copy = self
    change(&copy)
    return copy
  }

  /// A smallest limit that was set by somebody.
  func limited(
    _ source: LimitSource, _ owner: String = "", to current: Current, as value: CurrentLimit.Value? = nil,
    expiresIn expiry: Duration? = nil
  ) -> ExplanationBench {
    with {
      $0.snapshot.limit = current
      $0.snapshot.limitSource = source
      $0.snapshot.details.limitOwner = owner
      $0.snapshot.details.limits = [
        CurrentLimit(.hardware, .perPhase(Current(amperes: 32))),
        CurrentLimit(source, owner: owner, value ?? .perPhase(current), expiry: expiry.map { Self.now + $0 }),
      ]
    }
  }

  /// Charging with `measured` under an offer.
  static func charging(offered: Current, measured: Current?) -> ExplanationBench {
    ExplanationBench([], phase: .charging).with {
      $0.snapshot.pilotState = .c
      $0.snapshot.offeredCurrent = offered
      $0.snapshot.details.measuredCurrent = measured
    }
  }

  var answer: EnergyExplanation {
    EnergyExplanation(evse: EVSEID(1), connectors: [snapshot], context: context)
  }

  var codes: [String] { answer.reasons.map(\.code) }
  /// The text of the first reason.
  var text: String { answer.reasons.first?.text ?? "" }
}

extension EnergyReason {
  func number(_ name: String) -> Decimal? {
    details.compactMap { if case .number(let value) = $0.value, $0.name == name { value } else { nil } }.first
  }

  func name(_ name: String) -> String? {
    details.compactMap { if case .text(let value) = $0.value, $0.name == name { value } else { nil } }.first
  }
}
