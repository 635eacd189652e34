import ChargerBase
import EVSEControl
import HAL
import Testing

@Suite("Failures open the contactor")
struct FailureTests {
  @Test("A contactor that does not follow the closing command is opened and latched as stuck after its travel time")
  func stuck() {
    let bench = Bench()
    bench.contactorFollows = false
    bench.charge()
    let commanded = bench.lastContactor()?.at ?? .distantFuture
    bench.run(until: commanded + .milliseconds(249))
    #expect(bench.isClosed())
    #expect(bench.snapshot().blockers.contains(.contactorMoving))
    bench.run(until: commanded + .milliseconds(250))
    #expect(!bench.isClosed())
    #expect(bench.has(.contactorStuck, active: true))
    bench.run(for: .seconds(60))
    #expect(bench.closings == 1)
    // The vehicle stays readable; state F follows when it has left.
    #expect(bench.snapshot().pilotState == .c)
    bench.vehicle(12)
    bench.run(for: .milliseconds(100))
    #expect(bench.snapshot().pilotOutput == .steadyNegative)
  }

  @Test("A contactor that stays closed is latched as welded after its travel time, and the pilot goes to state F")
  func welded() {
    let bench = Bench()
    bench.charge()
    bench.contactorFollows = false
    bench.vehicle(9, settle: false)
    bench.run(for: .milliseconds(30))
    #expect(!bench.isClosed())
    let commanded = bench.now
    bench.run(until: commanded + .milliseconds(249))
    #expect(!bench.has(.contactorWelded, active: true))
    bench.run(until: commanded + .milliseconds(250))
    #expect(bench.has(.contactorWelded, active: true))
    #expect(bench.snapshot().pilotOutput == .steadyNegative)
    // It is not cleared by the contact's own opening, only by service.
    bench.feedback(.open)
    bench.run(for: .seconds(60))
    #expect(bench.snapshot().faults.contains(.contactorWelded))
    bench.contactorFollows = true
    bench.feed(.command(.clearLatchedFaults(Bench.one)))
    bench.run(for: .seconds(1))
    #expect(bench.snapshot().faults.isEmpty)
    bench.vehicle(6)
    #expect(bench.isClosed())
  }

  @Test("A reset of the EVSE ends its permit and clears its latched fault as a new start would, and needs a new permit")
  func resetAfterWelding() {
    let bench = Bench()
    bench.charge()
    bench.contactorFollows = false
    bench.feed(.command(.reset(EVSEID(1))))
    bench.run(for: .seconds(7))
    bench.vehicle(9)
    #expect(bench.snapshot().faults.contains(.contactorWelded))
    // Still welded: it comes back.
    bench.feed(.command(.reset(EVSEID(1))))
    bench.run(for: .seconds(1))
    #expect(bench.snapshot().faults.contains(.contactorWelded))
    bench.feedback(.open)
    bench.contactorFollows = true
    bench.feed(.command(.reset(EVSEID(1))))
    bench.run(for: .seconds(1))
    #expect(bench.snapshot().faults.isEmpty)
    bench.vehicle(6)
    bench.run(for: .seconds(5))
    #expect(!bench.isClosed())
    bench.grant(number: 2)
    bench.run(for: .seconds(5))
    #expect(bench.isClosed())
  }

  @Test("It never closes onto a contact that shows closed")
  func neverOntoClosed() {
    let bench = Bench()
    bench.vehicle(9)
    bench.grant()
    bench.feedback(.closed)
    bench.vehicle(6)
    #expect(bench.closings == 0)
    bench.run(for: .seconds(1))
    #expect(bench.has(.contactorWelded, active: true))
    #expect(bench.closings == 0)
  }

  @Test("It never closes before the auxiliary contact was read, and reports its silence")
  func neverWithoutFeedback() {
    let configuration = Bench.station(meterNeeded: false)
    var control = StationControl(configuration: configuration, startingAt: .zero)
    var effects = ControlEffects(for: configuration)
    control.handle(
      .pilot(connector: 0, PilotMeasurement(positivePeak: Voltage(volts: 6), negativePeak: nil, takenAt: .zero)),
      at: .zero, into: &effects)
    let permit = EnergyPermit(number: 1, reason: .authorized, energyBudget: nil, expiry: .distantFuture)
    control.handle(.command(.grant(Bench.one, permit)), at: .zero, into: &effects)
    for milliseconds in stride(from: Int64(0), through: 1_000, by: 10) {
      control.handle(.time, at: MonotonicInstant(nanoseconds: milliseconds * 1_000_000), into: &effects)
      #expect(effects.outputs.first?.contactor != .closed)
    }
    #expect(control.snapshot(at: 0)?.faults.contains(.contactorDriverSilent) == true)
  }

  @Test("A contactor that falls out while closed is commanded open at once and latched")
  func fallsOut() {
    let bench = Bench()
    bench.charge()
    bench.run(for: .seconds(10))
    bench.feedback(.open)
    #expect(!bench.isClosed())
    #expect(bench.has(.contactorStuck, active: true))
    #expect(bench.facts.contains { if case .powerPath(_, closed: false, _) = $0 { true } else { false } })
  }

  @Test("Contacts that bounce within their travel time are no fault")
  func bounce() {
    let bench = Bench()
    bench.charge()
    for position in [ContactorPosition.open, .closed, .open, .closed] {
      bench.run(for: .milliseconds(5))
      bench.feedback(position)
    }
    bench.run(for: .seconds(10))
    #expect(bench.isClosed())
    #expect(bench.snapshot().faults.isEmpty)
    #expect(bench.facts.count { if case .powerPath = $0 { true } else { false } } == 1)
  }

  @Test("A silent pilot driver opens at once; energy comes back with it under the same permit")
  func pilotSilent() {
    let bench = Bench()
    bench.charge()
    bench.feed(.health(.pilot(connector: 0), .silent(since: bench.now)))
    #expect(!bench.isClosed())
    #expect(bench.has(.pilotDriverSilent, active: true))
    #expect(bench.snapshot().pilotState == .unknown)
    bench.run(for: .seconds(10))
    bench.feed(.health(.pilot(connector: 0), .alive))
    bench.measure(0)
    bench.run(for: .seconds(2))
    #expect(bench.has(.pilotDriverSilent, active: false))
    #expect(bench.isClosed())
  }

  @Test("A pilot driver that never measures anything counts as silent after its silence time")
  func pilotNeverSpeaks() {
    let configuration = Bench.station()
    var control = StationControl(configuration: configuration, startingAt: .zero)
    var effects = ControlEffects(for: configuration)
    control.handle(.time, at: MonotonicInstant(nanoseconds: 499_000_000), into: &effects)
    #expect(control.snapshot(at: 0)?.faults.contains(.pilotDriverSilent) == false)
    control.handle(.time, at: MonotonicInstant(nanoseconds: 500_000_000), into: &effects)
    #expect(control.snapshot(at: 0)?.faults.contains(.pilotDriverSilent) == true)
  }

  @Test("A silent contactor driver opens at once")
  func contactorSilent() {
    let bench = Bench()
    bench.charge()
    bench.feed(.health(.contactor(connector: 0), .silent(since: bench.now)))
    #expect(!bench.isClosed())
    #expect(bench.has(.contactorDriverSilent, active: true))
  }

  @Test("A needed meter that says nothing for 10 s opens the contactor")
  func meterSilent() {
    let bench = Bench()
    bench.charge()
    bench.run(for: .seconds(3))
    bench.metersSpeak = false
    let last = bench.facts.compactMap { if case .meter(_, let reading) = $0 { reading.takenAt } else { nil } }.last
    bench.run(until: (last ?? bench.now) + .milliseconds(9_999))
    #expect(bench.isClosed())
    bench.run(until: (last ?? bench.now) + .seconds(10))
    #expect(!bench.isClosed())
    #expect(bench.has(.meterSilent, active: true))
    #expect(bench.snapshot().blockers.contains(.driverSilent))
    bench.metersSpeak = true
    bench.run(for: .seconds(3))
    #expect(bench.has(.meterSilent, active: false))
    #expect(bench.isClosed())
  }

  @Test("A meter whose driver reports it silent opens at once; an old reading does not bring it back")
  func meterDriverSilent() {
    let bench = Bench()
    bench.charge()
    bench.metersSpeak = false
    let old = MeterReading(takenAt: bench.now, importRegister: bench.register)
    bench.feed(.health(.meter(evse: 0), .silent(since: bench.now)))
    #expect(!bench.isClosed())
    bench.run(for: .seconds(20))
    bench.feed(.health(.meter(evse: 0), .alive))
    bench.feed(.meter(evse: 0, old))
    bench.run(for: .seconds(2))
    #expect(!bench.isClosed())
  }

  @Test("Where the meter is not needed its silence stops nothing, unless the permit has an energy budget")
  func meterNotNeeded() {
    let bench = Bench(Bench.station(meterNeeded: false))
    bench.charge()
    bench.metersSpeak = false
    bench.run(for: .seconds(60))
    #expect(bench.isClosed())
    bench.grant(number: 1, budget: 1_000, for: .seconds(3_600))
    #expect(!bench.isClosed())
  }

  @Test("A reading is told once, with the meter's own time")
  func readingsOnce() {
    let bench = Bench()
    bench.metersSpeak = false
    bench.facts.removeAll()
    let reading = MeterReading(takenAt: bench.now, importRegister: bench.register)
    bench.run(for: .milliseconds(50))
    for _ in 0..<5 { bench.feed(.meter(evse: 0, reading)) }
    let told = bench.facts.filter { if case .meter = $0 { true } else { false } }
    #expect(told == [.meter(EVSEID(1), reading)])
  }

  @Test("Of two connectors of one EVSE only the one that was connected first is used; the other's turn comes after it")
  func twoConnectors() {
    let bench = Bench(Bench.station(connectors: 2))
    bench.charge(at: 0)
    bench.charge(at: 1)
    bench.run(for: .seconds(5))
    #expect(bench.isClosed(0) && !bench.isClosed(1))
    #expect(bench.snapshot(1).blockers.contains(.otherConnectorInUse))
    #expect(bench.snapshot(1).phase == .suspendedByStation)
    bench.vehicle(12, at: 0)
    bench.run(for: .seconds(2))
    #expect(!bench.isClosed(0) && bench.isClosed(1))
  }
}
