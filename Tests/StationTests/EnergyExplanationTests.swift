import ChargerBase
import EVSEControl
import HAL
import Testing

@testable import Station

private let connector = ConnectorID(evse: EVSEID(1), number: 1)

private func snapshot(_ blockers: EnergyBlockers, faults: FaultSet = [], phase: ChargingPhase? = .connected)
  -> ConnectorSnapshot
{
  ConnectorSnapshot(
    connector: connector, takenAt: .zero, pilotState: .b, pilotOutput: .steadyPositive, isOperative: true,
    contactorCommand: .open, contactorFeedback: .open, permit: nil, offeredCurrent: nil, limit: Current(amperes: 4),
    limitSource: .supply, blockers: blockers, faults: faults, phase: phase)
}

@Suite("Why is it not charging?")
struct EnergyExplanationTests {
  @Test(
    "Every condition that blocks energy has a sentence of its own",
    arguments: [
      (EnergyBlockers.noVehicle, "noVehicle"), (.vehicleNotReady, "vehicleNotReady"), (.noPermit, "noPermit"),
      (.permitExpired, "permitExpired"), (.energyBudgetUsed, "energyBudgetUsed"), (.inoperative, "inoperative"),
      (.limitBelowMinimum, "limitBelowMinimum"), (.driverSilent, "driverSilent"),
      (.ventilationMissing, "ventilationMissing"), (.contactorMoving, "contactorMoving"),
      (.shuttingDown, "shuttingDown"), (.otherConnectorInUse, "otherConnectorInUse"),
    ])
  func everyBlocker(_ blocker: EnergyBlockers, _ code: String) {
    let answer = EnergyExplanation(evse: EVSEID(1), connectors: [snapshot(blocker)], linkIsUp: true)
    #expect(!answer.isCharging)
    #expect(answer.reasons.map(\.code) == [code])
    #expect(answer.reasons.allSatisfy { !$0.text.isEmpty && !$0.remedy.isEmpty })
  }

  @Test("Every fault is named with its code", arguments: ControlFault.allCases)
  func everyFault(_ fault: ControlFault) {
    let answer = EnergyExplanation(
      evse: EVSEID(1), connectors: [snapshot([.faulted, .noPermit], faults: FaultSet(fault))], linkIsUp: true)
    #expect(answer.reasons.first?.code == "\(fault)")
    #expect(answer.reasons.first?.remedy.contains(FaultCatalogue.entry(for: fault).code) == true)
  }

  @Test("While energy flows there is nothing to explain")
  func charging() {
    let answer = EnergyExplanation(evse: EVSEID(1), connectors: [snapshot([], phase: .charging)], linkIsUp: true)
    #expect(answer.isCharging)
    #expect(answer.reasons.isEmpty)
  }

  @Test("The winning limit is told with the source it comes from")
  func limitSource() {
    let answer = EnergyExplanation(evse: EVSEID(1), connectors: [snapshot(.limitBelowMinimum)], linkIsUp: true)
    #expect(answer.reasons.first?.text.contains("4 A") == true)
    #expect(answer.reasons.first?.text.contains("supply") == true)
  }

  @Test("Before the control lane has spoken the answer says so")
  func starting() {
    let answer = EnergyExplanation(evse: EVSEID(1), connectors: [], linkIsUp: false)
    #expect(answer.reasons.map(\.code) == ["starting"])
  }

  @Test("DESIGN §4: while nothing can be billed the driver is told so")
  func cannotBill() {
    let answer = EnergyExplanation(evse: EVSEID(1), connectors: [snapshot(.noPermit)], linkIsUp: true, canBill: false)
    #expect(answer.reasons.map(\.code) == ["outboxFull", "noPermit"])
  }

  @Test("No two faults share a code: the end of one must not end the other")
  func codesAreUnique() {
    let codes = ControlFault.allCases.map { FaultCatalogue.entry(for: $0).code }
    for (index, code) in codes.enumerated() { #expect(!codes[..<index].contains(code)) }
  }
}
