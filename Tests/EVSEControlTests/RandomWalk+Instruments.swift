import ChargerBase
import EVSEControl
import HAL

/// What else happens around a connector: locks, monitors, heat, contacts, commands of the upper side.
extension RandomWalk {
  mutating func stepInstruments() {
    let place = Int.random(in: 0..<granted.count, using: &random)
    let connector = bench.control.connectors[place]
    let evse = Int(connector.evse.number) - 1
    let isOdd = Bool.random(using: &random)
    switch Int.random(in: 0..<24, using: &random) {
    case 0: bench.locksFollow.toggle()
    case 1: bench.lock(isOdd ? .locked : .unlocked, at: place)
    case 2: bench.trip(isOdd, evse: evse)
    case 3: bench.testsTrip.toggle()
    case 4: bench.resetsFree = true
    case 5: bench.plug(ohms: [nil, 100, 220, 680, 1_500, 10].randomElement(using: &random) ?? nil, at: place)
    case 6, 7: toggleSafety()
    case 8:
      bench.drawn[evse] = [nil, .zero, Current(amperes: 16), Current(amperes: 40)].randomElement(using: &random) ?? nil
    case 9: bench.voltages[evse] = Voltage(volts: [230, 230, 180, 280].randomElement(using: &random) ?? 230)
    case 10: bench.celsius = [20, 40, 70, 79, 85].randomElement(using: &random) ?? 20
    case 11, 12: bench.feed(.command(.pause(connector, isOdd)))
    case 13: bench.feed(.command(.startNotBefore(connector, isOdd ? bench.now + .seconds(5) : nil)))
    case 14: bench.feed(.command(.digitalCommunication(connector, isOdd)))
    case 15: unlock(connector, at: place)
    case 16:
      bench.feed(
        .command(
          .setLimit(connector.evse, CurrentLimit(.external, .perPhase(Current(amperes: 20)), phases: isOdd ? 1 : 3))))
    case 17: bench.phasesFollow.toggle()
    case 18:
      bench.feed(
        .phaseSwitchFeedback(evse: evse, PhaseSwitchFeedback(phases: isOdd ? .one : .three, takenAt: bench.now)))
    case 19: silenceSomething(place, evse, isOdd)
    case 20: if isOdd { standStill() }
    default: bench.run(for: .milliseconds(Int64.random(in: 1...3_000, using: &random)))
    }
  }

  private mutating func toggleSafety() {
    guard let input = safety.indices.randomElement(using: &random) else { return }
    safety[input].toggle()
    bench.safety(input, safety[input])
  }

  private mutating func unlock(_ connector: ConnectorID, at place: Int) {
    number += 1
    if bench.control.machines[place].lock != nil { granted[place] = nil }
    bench.feed(.command(.unlock(connector, number: number)))
  }

  /// What was on its way has arrived, and every driver speaks again afterwards.
  private mutating func standStill() {
    bench.run(for: .seconds(1))
    bench.standStill(for: .milliseconds(Int64.random(in: 1_000...60_000, using: &random)))
    bench.readAnew()
    for place in granted.indices {
      silentPilots[place] = false
      silentContactors[place] = false
    }
  }

  private mutating func silenceSomething(_ place: Int, _ evse: Int, _ isSilent: Bool) {
    let drivers: [ControlDriver] = [
      .lock(connector: place), .proximity(connector: place), .residualCurrent(evse: evse),
      .temperature(evse: evse, sensor: 0), .phaseSwitch(evse: evse), .safetyInput(0), .meter(evse: evse),
    ]
    guard let driver = drivers.randomElement(using: &random) else { return }
    bench.feed(.health(driver, isSilent ? .silent(since: bench.now) : .alive))
  }

  /// Everything around the connector works again.
  mutating func healInstruments(_ place: Int) {
    let evse = Int(bench.control.connectors[place].evse.number) - 1
    bench.locksFollow = true
    bench.testsTrip = true
    bench.phasesFollow = true
    bench.celsius = 25
    bench.voltages[evse] = Voltage(volts: 230)
    bench.drawn[evse] = nil
    for driver: ControlDriver in [
      .lock(connector: place), .proximity(connector: place), .residualCurrent(evse: evse),
      .temperature(evse: evse, sensor: 0), .phaseSwitch(evse: evse), .safetyInput(0), .meter(evse: evse),
    ] { bench.feed(.health(driver, .alive)) }
    for input in safety.indices {
      safety[input] = false
      bench.safety(input, false)
    }
    bench.lock(bench.plugs[place], at: place)
    bench.plug(ohms: nil, at: place)
    bench.trip(false, evse: evse)
    bench.feed(.phaseSwitchFeedback(evse: evse, PhaseSwitchFeedback(phases: .one, takenAt: bench.now)))
    bench.feed(.command(.pause(bench.control.connectors[place], false)))
    bench.feed(.command(.startNotBefore(bench.control.connectors[place], nil)))
    bench.feed(.command(.digitalCommunication(bench.control.connectors[place], false)))
    bench.run(for: .seconds(configuration.evses[evse].hasPhaseSwitch ? 12 : 2))
  }

  func instrumentViolationsWhileClosed(_ place: Int, _ snapshot: ConnectorSnapshot) -> [String] {
    var found: [String] = []
    let evse = Int(snapshot.connector.evse.number) - 1
    if bench.control.machines[place].lock != nil && bench.plugs[place] != .locked { found.append("closed unlocked") }
    for input in safety.indices where safety[input] {
      let concerned = configuration.safetyInputs[input].evse
      if concerned == nil || concerned == snapshot.connector.evse { found.append("closed with input \(input) active") }
    }
    if configuration.evses[evse].testsResidualCurrent, let monitor = bench.control.evses[evse].residualCurrent,
      !monitor.isTested || !monitor.isHealthy
    {
      found.append("closed without a test of the residual current detection")
    }
    if bench.control.machines[place].usesDigitalCommunication && snapshot.pilotOutput.offersCurrent {
      found.append("energy by duty cycle in digital communication")
    }
    return found
  }
}
