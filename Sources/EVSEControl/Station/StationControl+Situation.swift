import ChargerBase
import HAL

extension StationControl {
  /// All that decides what the next input does, as one small value: two controls in the same situation at the same
  /// instant behave alike for ever. For exhaustive exploration.
  package struct Situation: Hashable, Sendable {
    package let evses: [EVSE]
    package let machines: [ConnectorStateMachine]
    package let inputs: SafetyInputs
    package let stationLimits: CurrentLimits
    package let supply: SharedSupply?
    package let isShuttingDown: Bool
    package let now: MonotonicInstant
  }

  package var situation: Situation {
    Situation(
      evses: evses, machines: machines, inputs: inputs, stationLimits: stationLimits, supply: supply,
      isShuttingDown: isShuttingDown, now: now)
  }

  /// Of the time of a closing it matters only whether the newest reading is from after it.
  private mutating func forgetClosing(of place: Int, by meter: MeterMonitor) {
    guard let closedAt = machines[place].closedAt else { return }
    guard let newest = meter.newestAt, newest < closedAt, now < newest + configuration.timing.meterSilence else {
      machines[place].closedAt = .longAgo
      return
    }
  }

  /// Forgets what no later decision reads, so that what behaves alike is equal; for exhaustive exploration.
  package mutating func forgetPast() {
    for index in machines.indices { machines[index].forgetPast(at: now, timing: configuration.timing) }
    for index in evses.indices {
      for place in evses[index].connectors { forgetClosing(of: place, by: evses[index].meter) }
      evses[index].forgetPast(at: now, timing: configuration.timing)
    }
    inputs.forgetPast()
    supply?.forgetPast(at: now, timing: configuration.timing)
  }

  /// Visits every instant on which a later decision depends, the present one included: shifting all of them by the same
  /// span leaves the behaviour as it is, the draw of random delays excepted. For exhaustive exploration.
  package mutating func visitInstants(_ visit: (inout MonotonicInstant) -> Void) {
    visit(&now)
    for index in machines.indices { machines[index].visitInstants(visit) }
    for index in evses.indices { evses[index].visitInstants(visit) }
    inputs.visitInstants(visit)
    stationLimits.visitInstants(visit)
    supply?.visitInstants(visit)
  }
}
