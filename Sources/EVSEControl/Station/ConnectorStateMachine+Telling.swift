import ChargerBase
import HAL

extension ConnectorStateMachine {
  mutating func tellFaults(_ new: FaultSet, at now: MonotonicInstant, into effects: inout ControlEffects) {
    guard new != faults else { return }
    let changed = new.symmetricDifference(faults)
    faults = new
    for fault in Self.allFaults where changed.contains(fault) {
      effects.tell(.fault(id, fault, active: new.contains(fault), at: now))
    }
  }

  private static let allFaults = ControlFault.allCases

  mutating func tellPowerPath(at now: MonotonicInstant, into effects: inout ControlEffects) {
    let new: PowerPath =
      contactor.isConfirmedClosed ? .closed : contactor.isClosing ? .closing : .open
    guard new != toldPowerPath else { return }
    toldPowerPath = new
    switch new {
    case .open: effects.tell(.powerPath(id, closed: false, at: now))
    case .closing: effects.tell(.powerPathClosing(id, at: now))
    case .closed: effects.tell(.powerPath(id, closed: true, at: now))
    }
  }

  mutating func tellPhase(at now: MonotonicInstant, into effects: inout ControlEffects) {
    let new = presentPhase
    guard new != phase else { return }
    phase = new
    if let new { effects.tell(.charging(id, new, at: now)) }
  }

  private var presentPhase: ChargingPhase? {
    guard isConnected == true else { return nil }
    guard permit.isInForce else { return .connected }
    if output.isOffer {
      return contactor.command == .closed && contactor.isConfirmedClosed ? .charging : .suspendedByVehicle
    }
    // A vehicle that is being woken is one that does not answer the offer.
    if wakeUp.isWaking { return .suspendedByVehicle }
    // Locking, testing and reading the cable take a second or two: nobody is suspended by that.
    let isPreparing = blockers.subtracting(Self.preparing).isEmpty
    return isPreparing && (phase ?? .connected) == .connected ? .connected : .suspendedByStation
  }

  private static let preparing: EnergyBlockers = [
    .lockNotConfirmed, .residualCurrentUntested, .cableUnknown, .vehicleNotReady, .contactorMoving,
  ]

  mutating func tellPermitEnd(at now: MonotonicInstant, into effects: inout ControlEffects) {
    guard let end = permit.takeUntoldEnd(), let number = permit.permit?.number else { return }
    effects.tell(.permitEnded(id, number: number, end, at: now))
  }
}
