import ChargerBase
import EVSEControl
import HAL
import Testing

@Suite("Emergency stop, door, tilt and mains")
struct SafetyInputIntegrationTests {
  private func bench(_ kinds: [SafetyInputConfiguration], evses: Int32 = 2, spread: Int64 = 0) -> Bench {
    Bench(
      Bench.station(
        evses: evses,
        station: {
          $0.safetyInputs = kinds
          $0.timing.mainsReturnSpread = .seconds(spread)
          $0.randomSeed = 11
        }))
  }

  @Test("An emergency stop opens every EVSE in the same call; released, each waits until its own vehicle has left")
  func emergencyStop() {
    let bench = bench([SafetyInputConfiguration(kind: .emergencyStop)])
    bench.charge(at: 0)
    bench.charge(at: 1)
    bench.safety(0, true)
    #expect(!bench.isClosed(0) && !bench.isClosed(1))
    #expect(bench.has(.emergencyStop, active: true, at: 0) && bench.has(.emergencyStop, active: true, at: 1))
    bench.safety(0, false)
    bench.run(for: .seconds(60))
    #expect(!bench.isClosed(0) && !bench.isClosed(1))
    bench.vehicle(12, at: 0)
    bench.run(for: .seconds(1))
    #expect(bench.has(.emergencyStop, active: false, at: 0) && !bench.has(.emergencyStop, active: false, at: 1))
    bench.grant(Bench.one, number: 7)
    bench.vehicle(9, at: 0)
    bench.vehicle(6, at: 0)
    #expect(bench.isClosed(0) && !bench.isClosed(1))
  }

  @Test("An emergency stop without a vehicle ends with its release")
  func emergencyStopIdle() {
    let bench = bench([SafetyInputConfiguration(kind: .emergencyStop)])
    bench.safety(0, true)
    #expect(bench.snapshot().faults.contains(.emergencyStop))
    bench.safety(0, false)
    #expect(bench.snapshot().faults.isEmpty)
  }

  @Test("The door of one EVSE concerns that EVSE alone, and closed again energy returns by itself")
  func door() {
    let bench = bench([SafetyInputConfiguration(kind: .door, evse: EVSEID(1))])
    bench.charge(at: 0)
    bench.charge(at: 1)
    bench.safety(0, true)
    #expect(!bench.isClosed(0) && bench.isClosed(1))
    bench.safety(0, false)
    bench.run(for: .seconds(2))
    #expect(bench.isClosed(0))
  }

  @Test("A tilted post gives no energy until service has looked at it")
  func tilt() {
    let bench = bench([SafetyInputConfiguration(kind: .tilt)])
    bench.charge(at: 0)
    bench.safety(0, true)
    bench.safety(0, false)
    bench.vehicle(12)
    bench.grant(number: 2)
    bench.vehicle(9)
    bench.vehicle(6)
    bench.run(for: .seconds(10))
    #expect(!bench.isClosed(0))
    bench.feed(.command(.clearLatchedFaults(Bench.one)))
    bench.run(for: .seconds(1))
    #expect(bench.isClosed(0))
  }

  @Test(
    "A reset of one EVSE clears its own door's latch at most: a tilted post still wants service, and the other goes on")
  func resetOfOne() {
    let bench = bench([SafetyInputConfiguration(kind: .tilt, evse: EVSEID(1)), SafetyInputConfiguration(kind: .tilt)])
    bench.charge(at: 1)
    bench.safety(0, true)
    bench.safety(0, false)
    #expect(bench.snapshot(0).faults.contains(.tilted) && bench.isClosed(1))
    bench.feed(.command(.reset(EVSEID(1))))
    bench.run(for: .seconds(1))
    #expect(!bench.snapshot(0).faults.contains(.tilted) && bench.isClosed(1))
    bench.safety(1, true)
    bench.safety(1, false)
    for evse: Int32 in [1, 2] { bench.feed(.command(.reset(EVSEID(evse)))) }
    bench.run(for: .seconds(1))
    #expect(bench.snapshot(0).faults.contains(.tilted) && bench.snapshot(1).faults.contains(.tilted))
  }

  @Test("After the mains is back each EVSE waits a random time of its own, and tells until when")
  func mainsReturn() throws {
    let bench = bench([SafetyInputConfiguration(kind: .mainsLoss)], evses: 2, spread: 10)
    bench.charge(at: 0)
    bench.charge(at: 1)
    bench.safety(0, true)
    #expect(!bench.isClosed(0) && !bench.isClosed(1))
    #expect(bench.has(.mainsLost, active: true))
    bench.run(for: .seconds(60))
    bench.safety(0, false)
    let back = bench.now
    #expect(bench.snapshot().blockers.contains(.mainsReturning))
    let first = try #require(bench.snapshot(0).details.startsAt)
    let second = try #require(bench.snapshot(1).details.startsAt)
    #expect(first != second && max(first, second) <= back + .seconds(10))
    bench.run(until: min(first, second) + .milliseconds(-1))
    #expect(!bench.isClosed(0) && !bench.isClosed(1))
    bench.run(until: max(first, second) + .milliseconds(1))
    #expect(bench.isClosed(0) && bench.isClosed(1))
  }

  @Test("A silent safety input opens what it watches; one that was never read lets nothing close")
  func silent() {
    let bench = bench([SafetyInputConfiguration(kind: .door, evse: EVSEID(2))])
    bench.charge(at: 0)
    bench.charge(at: 1)
    bench.silence(.safetyInput(0))
    #expect(bench.isClosed(0) && !bench.isClosed(1))
    #expect(bench.has(.safetyInputSilent, active: true, at: 1))
  }
}

@Suite("Two connectors of one EVSE")
struct TwoConnectorTests {
  @Test("A car that is only parked does not keep the other connector from a car with a permit")
  func parked() {
    let bench = Bench(Bench.station(connectors: 2))
    bench.vehicle(9, at: 0)
    bench.run(for: .seconds(60))
    bench.charge(at: 1)
    #expect(bench.isClosed(1))
    #expect(bench.snapshot(0).blockers.contains(.otherConnectorInUse))
    // Its permit comes too late: it waits for its turn.
    bench.vehicle(6, at: 0)
    bench.grant(number: 9, for: .seconds(3_600))
    bench.run(for: .seconds(5))
    #expect(bench.isClosed(1) && !bench.isClosed(0))
    bench.revoke(bench.control.connectors[1])
    bench.run(for: .seconds(10))
    #expect(!bench.isClosed(1) && bench.isClosed(0))
  }

  @Test("A connector gives way only when its contactor is confirmed open")
  func waitsForOpen() {
    let bench = Bench(Bench.station(connectors: 2))
    bench.charge(at: 0)
    bench.vehicle(9, at: 1)
    bench.vehicle(6, at: 1)
    bench.grant(bench.control.connectors[1], number: 9, for: .seconds(3_600))
    bench.contactorFollows = false
    bench.revoke()
    bench.vehicle(9, at: 0)
    bench.run(for: .seconds(60))
    #expect(bench.snapshot(0).faults.contains(.contactorWelded))
    #expect(!bench.isClosed(1))
    #expect(bench.snapshot(1).blockers.contains(.otherConnectorInUse))
  }

  @Test("Each connector's session has a test of the residual current detection of its own")
  func testedAnew() {
    let bench = Bench(Bench.station(connectors: 2, evse: { $0.hasResidualCurrentMonitor = true }))
    bench.charge(at: 0)
    bench.run(for: .seconds(2))
    #expect(bench.isClosed(0))
    bench.vehicle(12, at: 0)
    bench.run(for: .seconds(2))
    bench.charge(at: 1)
    bench.run(for: .seconds(2))
    #expect(bench.isClosed(1))
    #expect(bench.testCurrents.filter(\.isOn).count == 2)
  }

  @Test("A parked car that leaves disturbs nothing at the other connector")
  func parkedLeaves() {
    let bench = Bench(Bench.station(connectors: 2, evse: { $0.hasResidualCurrentMonitor = true }))
    bench.vehicle(9, at: 1)
    bench.charge(at: 0)
    bench.run(for: .seconds(2))
    bench.vehicle(12, at: 1)
    bench.run(for: .seconds(10))
    #expect(bench.isClosed(0))
    #expect(bench.closings == 1)
  }
}

@Suite("Switching between one and three phases")
struct PhaseSwitchTests {
  private func bench() -> Bench {
    let bench = Bench(Bench.station(evse: { $0.hasPhaseSwitch = true }))
    bench.run(for: .seconds(15))
    return bench
  }

  private func limit(_ bench: Bench, phases: UInt8?) {
    let limit = CurrentLimit(.external, .perPhase(Current(amperes: 16)), phases: phases)
    bench.feed(.command(.setLimit(EVSEID(1), limit)))
  }

  @Test("After a start all phases are connected before anything is offered")
  func start() {
    let bench = Bench(Bench.station(evse: { $0.hasPhaseSwitch = true }))
    bench.charge()
    #expect(bench.snapshot().blockers.contains(.phasesSwitching))
    bench.run(for: .seconds(15))
    #expect(bench.phaseCommands.map(\.phases) == [.three])
    #expect(bench.isClosed())
    #expect(bench.snapshot().details.phases == 3)
  }

  @Test(
    "Offer withdrawn, contactor open, rest, switch, rest, offer: under a limit of one phase a session goes on with one")
  func switches() throws {
    let bench = bench()
    bench.charge()
    bench.run(for: .seconds(5))
    limit(bench, phases: 1)
    #expect(bench.snapshot().pilotOutput == .steadyPositive)
    #expect(bench.snapshot().blockers.contains(.phasesSwitching))
    bench.vehicle(9)
    let opened = try #require(bench.lastContactor()?.at)
    bench.run(for: .seconds(20))
    let moved = try #require(bench.phaseCommands.last)
    #expect(moved.phases == .one)
    #expect(moved.at >= opened + .seconds(5))
    let offered = try #require(bench.pilots.last)
    #expect(offered.output.offersCurrent)
    #expect(offered.at >= moved.at + .seconds(5))
    bench.vehicle(6)
    #expect(bench.isClosed())
    #expect(bench.snapshot().details.phases == 1)
  }

  @Test("A vehicle that ignores the withdrawn offer is cut off after 6 s, and only then the phases are switched")
  func ignored() {
    let bench = bench()
    bench.charge()
    bench.run(for: .seconds(5))
    let withdrawn = bench.now
    limit(bench, phases: 1)
    bench.run(for: .seconds(30))
    #expect(bench.contactors.contains { $0.position == .open && $0.at == withdrawn + .seconds(6) })
    #expect((bench.phaseCommands.last?.at ?? .zero) >= withdrawn + .seconds(11))
    #expect(bench.isClosed())
  }

  @Test("A limit that is lifted before the switch has moved leaves it where it is")
  func changedMind() {
    let bench = bench()
    bench.charge()
    bench.run(for: .seconds(5))
    let commands = bench.phaseCommands.count
    limit(bench, phases: 1)
    bench.run(for: .seconds(2))
    limit(bench, phases: nil)
    bench.run(for: .seconds(5))
    #expect(bench.phaseCommands.count == commands)
    #expect(bench.isClosed())
  }

  @Test("A switch that does not arrive is a fault that service clears")
  func doesNotArrive() {
    let bench = bench()
    bench.charge()
    bench.phasesFollow = false
    limit(bench, phases: 1)
    bench.run(for: .seconds(30))
    #expect(bench.has(.phaseSwitchFailure, active: true))
    #expect(!bench.isClosed())
    bench.phasesFollow = true
    bench.feed(.command(.clearLatchedFaults(Bench.one)))
    bench.run(for: .seconds(15))
    #expect(bench.isClosed())
    #expect(bench.snapshot().details.phases == 1)
  }

  @Test("A switch that moves by itself opens the contactor at once")
  func movesByItself() {
    let bench = bench()
    bench.charge()
    bench.run(for: .seconds(5))
    bench.feed(.phaseSwitchFeedback(evse: 0, PhaseSwitchFeedback(phases: .one, takenAt: bench.now)))
    #expect(!bench.isClosed())
    #expect(bench.has(.phaseSwitchFailure, active: true))
  }

  @Test("A silent switch opens at once; without one the phases of a limit change nothing")
  func silentOrNone() {
    let bench = bench()
    bench.charge()
    bench.silence(.phaseSwitch(evse: 0))
    #expect(!bench.isClosed())
    let plain = Bench()
    plain.charge()
    limit(plain, phases: 1)
    plain.run(for: .seconds(10))
    #expect(plain.isClosed() && plain.phaseCommands.isEmpty)
  }
}

@Suite("Service counter of the contactor")
struct ServiceCounterTests {
  @Test("Openings count by the current measured since the closing; without a measurement a vehicle that asks is a load")
  func counts() {
    let bench = Bench(
      Bench.station(connector: { $0.contactorOperations = ContactorOperations(withoutLoad: 100, underLoad: 7) }))
    func counted() -> ContactorOperations { bench.snapshot().details.contactorOperations }
    bench.charge()
    bench.drawn[0] = Current(amperes: 16)
    bench.run(for: .seconds(3))
    // The vehicle stops: the meter's newest reading still shows the current of before.
    bench.drawn[0] = .zero
    bench.vehicle(9)
    #expect(counted() == ContactorOperations(withoutLoad: 101, underLoad: 7))
    bench.vehicle(6)
    bench.drawn[0] = Current(amperes: 16)
    bench.run(for: .seconds(3))
    bench.vehicle(0)
    #expect(counted() == ContactorOperations(withoutLoad: 101, underLoad: 8))
    #expect(bench.facts.contains(.contactorOperated(Bench.one, counted())))
    let blind = Bench(Bench.station(meterNeeded: false))
    blind.metersSpeak = false
    blind.charge()
    blind.vehicle(0)
    #expect(blind.snapshot().details.contactorOperations.underLoad == 1)
  }
}
