import ChargerBase
import OCPPTypes

// What happens at the station finds its EVSE here.

extension SessionController {
  package func handle(_ fact: StationFact) {
    switch fact {
    case .tokenPresented(let token, let evses):
      tokenPresented(token.idToken, evses: evses)
    case .connected(let connector, let isConnected, let instant):
      run(connector.evse, at: instant) { machine, context in
        isConnected ? machine.connected(connector, context) : machine.disconnected(connector, context)
      }
      if isConnected { vehicleArrived(at: connector.evse) }
    case .powerPath(let connector, let isClosed, let instant):
      run(connector.evse, at: instant) { machine, context in machine.powerPath(isClosed: isClosed, context) }
    case .powerPathClosing(let connector, let instant):
      run(connector.evse, at: instant) { machine, context in machine.powerPathClosing(context) }
    case .charging(let connector, let state, let instant):
      run(connector.evse, at: instant) { machine, context in machine.charging(state, at: connector, context) }
    case .parkingBay(let evse, let isOccupied, let instant):
      run(evse, at: instant) { machine, context in machine.parkingBay(isOccupied: isOccupied, context) }
    case .meter(let evse, let sample):
      meterRead(evse, sample)
    case .signedReading(let evse, let number, let outcome):
      run(evse) { machine, context in machine.signed(number, outcome, context) }
    case .fault(let place, let fault, let isActive, let instant):
      faultChanged(place, fault, isActive, instant)
    case .usable(let connector, let isUsable, let instant):
      run(connector.evse, at: instant) { machine, context in machine.usable(isUsable, connector, context) }
    case .unlocked(let connector, let number, let outcome, _):
      unlockAnswered(connector, number: number, outcome)
    case .lock(let connector, let isLocked, let instant):
      run(connector.evse, at: instant) { machine, _ in machine.lock(isLocked: isLocked, connector) }
    case .cable(let connector, let rating, let instant):
      run(connector.evse, at: instant) { machine, context in machine.cable(rating: rating, connector, context) }
    case .startPressed(let evse, _): startPressed(at: evse)
    case .chosenOnDisplay(let choice, _): chosenOnDisplay(choice)
    case .permitEnded(let connector, let number, let instant):
      guard let place = place(of: connector.evse), slots[place].grantNumber == number else { return }
      run(connector.evse, at: instant) { machine, context in machine.permitEnded(context) }
    }
  }

  package func storeChanged() {
    for slot in slots { run(slot.machine.evse) { _, _ in [] } }
  }

  /// A fault of the whole station (nil) ends sessions everywhere when it is of that kind, and is otherwise no business
  /// of theirs.
  private func faultChanged(_ place: ConnectorID?, _ fault: StationFault, _ isActive: Bool, _ instant: MonotonicInstant)
  {
    if !fault.hindersCharging || place == nil && EndingFaults.stopReason(for: fault) == nil { return }
    for slot in slots where place == nil || place?.evse == slot.machine.evse {
      run(slot.machine.evse, at: instant) { machine, context in machine.fault(fault, isActive: isActive, context) }
    }
  }

  package func operativeChanged(_ connector: ConnectorID, isOperative: Bool) {
    run(connector.evse) { machine, context in machine.operative(isOperative, connector, context) }
  }

  func tokenAnswered(_ record: TransactionEventRecord, _ information: IdTokenInfo) {
    guard let token = record.token else { return }
    authorizer.learn(token, information)
    heard(information.languages, of: token)
    guard
      let place = slots.firstIndex(where: { $0.machine.transaction?.id == record.transactionID })
    else { return }
    let evse = slots[place].machine.evse
    let isRestricted = information.evseId.map { !$0.isEmpty && !$0.contains(evse.number) } ?? false
    if information.status == .accepted, !isRestricted {
      slots[place].machine.tokenConfirmed(token, group: information.groupIdToken)
    } else {
      services.note(EngineEvent(.authorization, "the CSMS refuses the token of \(record.transactionID)"))
      run(evse) { machine, context in machine.tokenRefused(token, context) }
    }
  }
}
