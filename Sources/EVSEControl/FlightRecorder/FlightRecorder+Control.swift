import ChargerBase
import HAL

/// Entries for what control takes in and gives out.
extension FlightRecorder {
  public func note(
    _ kind: FlightRecord.Kind, _ connector: ConnectorID = FlightRecord.station, _ first: Int32 = 0, _ second: Int32 = 0,
    at now: MonotonicInstant
  ) {
    record(FlightRecord(at: now, kind: kind, connector: connector, first: first, second: second))
  }

  public func record(_ output: PilotOutput, at connector: ConnectorID, _ now: MonotonicInstant) {
    switch output {
    case .steadyPositive: note(.pilotOutput, connector, 0, at: now)
    case .pulseWidth(let duty): note(.pilotOutput, connector, 1, Int32(duty.hundredthsOfPercent), at: now)
    case .steadyNegative: note(.pilotOutput, connector, 2, at: now)
    }
  }

  /// Records an edge; meter readings are no edges and are left out, and a lock's position is noted when it is read.
  public func record(_ fact: ControlFact) {
    switch fact {
    case .connected(let connector, let isConnected, let at):
      note(.connected, connector, isConnected ? 1 : 0, at: at)
    case .powerPath(let connector, let closed, let at):
      note(.powerPath, connector, closed ? 1 : 0, at: at)
    case .charging(let connector, let phase, let at):
      note(.phase, connector, Int32(phase.rawValue), at: at)
    case .meter:
      break
    case .fault(let connector, let fault, let active, let at):
      note(.fault, connector, Int32(fault.rawValue), active ? 1 : 0, at: at)
    case .permitEnded(let connector, let number, let end, let at):
      note(.permitEnded, connector, Int32(bitPattern: number), Int32(end.rawValue), at: at)
    case .unlocked(let connector, _, let result, let at):
      note(.unlocked, connector, Int32(result.rawValue), at: at)
    case .lock, .signedReading, .contactorOperated, .powerPathClosing:
      break
    }
  }

  public func record(_ command: ControlCommand, at now: MonotonicInstant) {
    switch command {
    case .grant(let connector, let permit):
      let seconds = Int32(clamping: (permit.expiry - now).wholeSeconds)
      note(.permitGranted, connector, Int32(bitPattern: permit.number), seconds, at: now)
    case .revoke(let connector):
      note(.permitRevoked, connector, at: now)
    case .setLimit(let evse, let limit):
      let amount =
        switch limit.value {
        case .perPhase(let current): current.milliamperes
        case .total(let power): power.milliwatts
        }
      note(
        .limit, ConnectorID(evse: evse, number: 0), Int32(limit.source.rawValue), Int32(clamping: max(0, amount)),
        at: now)
    case .liftLimit(let evse, let source, _):
      note(.limit, ConnectorID(evse: evse, number: 0), Int32(source.rawValue), -1, at: now)
    case .pause(let connector, let isPaused):
      note(.paused, connector, isPaused ? 1 : 0, at: now)
    case .startNotBefore(let connector, let instant):
      let seconds = instant.map { Int32(clamping: max(0, ($0 - now).wholeSeconds)) } ?? -1
      note(.startGate, connector, seconds, at: now)
    case .unlock(let connector, _):
      note(.lockCommand, connector, 0, at: now)
    case .keepLocked, .digitalCommunication, .signReading:
      break
    case .setOperative(let connector, let isOperative):
      note(.operative, connector, isOperative ? 1 : 0, at: now)
    case .clearLatchedFaults(let connector):
      note(.faultsCleared, connector, at: now)
    case .reset(let evse):
      note(.faultsCleared, ConnectorID(evse: evse, number: 0), at: now)
    case .shutDown:
      note(.shutDown, at: now)
    }
  }
}
