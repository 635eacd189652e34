import ChargerBase
import EVSEControl
import HAL
import Testing

@Suite("Every safety rule within its time (DESIGN §5, timing table)")
struct SafetyTimingTests {
  @Test(
    "What must open at once, or after its filter, opens within the table's time, and nothing else does",
    arguments: SafetyRow.all, [TimingTable(), SafetyStation.slower])
  func opens(row: SafetyRow, timing: TimingTable) {
    let bench = SafetyStation.charging(timing)
    let began = bench.now
    row.break(bench)
    if row.filter == nil {
      #expect(bench.opened(0) == began, "it counts in the call that tells it")
    }
    bench.run(until: began + timing[row.entry])
    for place in row.opens {
      let opened = bench.opened(place)
      #expect(opened.map { $0 <= began + timing[row.entry] } == true, "commanded open in time")
      if let filter = row.filter { #expect(opened.map { $0 >= began + timing[filter] } == true) }
    }
    if let fault = row.fault { #expect(bench.snapshot().faults == FaultSet(fault)) }
    // No offer stays on the pilot of what was opened for a fault.
    if row.fault != nil { #expect(bench.snapshot().offeredCurrent == nil) }
    bench.run(for: .seconds(20))
    for place in 0...1 where !row.opens.contains(place) {
      #expect(bench.opened(place) == nil, "nothing else opens")
      #expect(bench.snapshot(place).faults.isEmpty)
    }
    #expect(bench.takeViolations().isEmpty)
  }

  @Test(
    "What is over a millisecond before its filter's time opens nothing and is no fault",
    arguments: SafetyRow.all.filter { $0.filter != nil }, [TimingTable(), SafetyStation.slower])
  func glitch(row: SafetyRow, timing: TimingTable) throws {
    let filter = timing[try #require(row.filter)]
    let bench = SafetyStation.charging(timing)
    row.break(bench)
    bench.run(for: filter - .milliseconds(1))
    row.mend(bench)
    bench.run(for: .seconds(60))
    #expect(bench.contactors.isEmpty)
    #expect(bench.pilots.isEmpty)
    #expect(!bench.facts.contains { if case .fault = $0 { true } else { false } })
  }

  @Test("Contacts that bounce between B and C cannot outlast the 100 ms of sequence 8.1")
  func bouncingPilot() {
    let bench = SafetyStation.charging()
    let began = bench.now
    while bench.opened(0) == nil && bench.now < began + .seconds(1) {
      bench.pilotVolts(9)
      bench.run(for: .milliseconds(20))
      bench.pilotVolts(12)
      bench.run(for: .milliseconds(20))
    }
    #expect(bench.opened(0).map { $0 <= began + TimingTable().openAfterVehicleStops } == true)
  }

  @Test(
    "Sequence 10: the offer goes in the call that tells it, the contactor opens 6 s later where the vehicle does not react",
    arguments: WithdrawalRow.all, [TimingTable(), SafetyStation.slower])
  func withdraws(row: WithdrawalRow, timing: TimingTable) {
    let bench = SafetyStation.charging(timing, policy: row.policy, permit: row.permit)
    let began = bench.now
    row.break(bench)
    #expect(bench.firstPilot(0, .steadyPositive) == began, "far within lowerOfferAfterLimit")
    #expect(bench.snapshot().blockers.contains(row.blocker))
    bench.run(for: timing.openUnderLoadAfterWithdrawal - .milliseconds(1))
    #expect(bench.isClosed(), "not under load without need")
    bench.run(for: .milliseconds(1))
    #expect(bench.opened(0) == began + timing.openUnderLoadAfterWithdrawal)
    #expect(bench.snapshot().details.contactorOperations == ContactorOperations(withoutLoad: 0, underLoad: 1))
    #expect(bench.snapshot().faults.isEmpty)
    bench.run(for: .seconds(20))
    #expect(!bench.isClosed())
    #expect(bench.opened(1) == nil)
    #expect(bench.snapshot(1).offeredCurrent != nil)
    #expect(bench.takeViolations().isEmpty)
  }

  @Test("Sequence 10: a vehicle that reacts is opened without load as it stops", arguments: WithdrawalRow.all)
  func withdrawnAndFollowed(row: WithdrawalRow) {
    let bench = SafetyStation.charging(policy: row.policy, permit: row.permit)
    row.break(bench)
    bench.run(for: .seconds(2))
    bench.draw(0)
    let began = bench.now
    bench.pilotVolts(9)
    bench.run(for: TimingTable().openAfterVehicleStops)
    #expect(bench.opened(0).map { $0 <= began + TimingTable().openAfterVehicleStops } == true)
    #expect(bench.snapshot().details.contactorOperations == ContactorOperations(withoutLoad: 1, underLoad: 0))
  }

  @Test(
    "A withdrawal that is taken back a millisecond before the 6 s opens nothing",
    arguments: WithdrawalRow.all.filter { $0.mend != nil })
  func withdrawnForAMoment(row: WithdrawalRow) throws {
    let mend = try #require(row.mend)
    let bench = SafetyStation.charging(policy: row.policy, permit: row.permit)
    row.break(bench)
    bench.run(for: TimingTable().openUnderLoadAfterWithdrawal - .milliseconds(1))
    mend(bench)
    bench.run(for: .seconds(60))
    #expect(bench.contactors.isEmpty)
    #expect(bench.snapshot().offeredCurrent != nil)
  }

  @Test("A shutdown withdraws every offer at once and opens every contactor after 6 s")
  func shutDown() {
    let bench = SafetyStation.charging()
    let began = bench.now
    bench.feed(.command(.shutDown))
    bench.run(for: TimingTable().openUnderLoadAfterWithdrawal)
    for place in 0...1 {
      #expect(bench.firstPilot(place, .steadyPositive) == began)
      #expect(bench.opened(place) == began + TimingTable().openUnderLoadAfterWithdrawal)
    }
  }

  @Test(
    "A lease that runs out stops the session where the profile says so, and else only keeps a new one from beginning",
    arguments: LeaseExpiryPolicy.allCases)
  func leaseExpires(policy: LeaseExpiryPolicy) {
    let bench = SafetyStation.charging(policy: policy)
    let expiry = bench.now + .seconds(5)
    bench.grant(number: 1, budget: 100_000, for: .seconds(5))
    bench.run(until: expiry + TimingTable().openUnderLoadAfterWithdrawal)
    switch policy {
    case .stop:
      #expect(bench.firstPilot(0, .steadyPositive) == expiry)
      #expect(bench.opened(0) == expiry + TimingTable().openUnderLoadAfterWithdrawal)
    case .finishSession:
      #expect(bench.contactors.isEmpty)
      // The vehicle stops, and asks again: that would be a new session.
      bench.vehicle(9)
      bench.run(for: .seconds(5))
      bench.vehicle(6)
      bench.run(for: .seconds(30))
      #expect(!bench.isClosed())
    }
    #expect(bench.opened(1) == nil)
  }

  // MARK: Silence that nobody declares

  @Test(
    "A meter or a sensor whose readings stop without a word opens after its silence time",
    arguments: [
      (Bench.SilentInstrument.meter, ControlFault.meterSilent), (.temperature, .temperatureDriverSilent),
    ], [TimingTable(), SafetyStation.slower])
  func readingsStop(silent: (Bench.SilentInstrument, ControlFault), timing: TimingTable) {
    let bench = SafetyStation.charging(timing)
    if silent.0 == .meter { bench.meter(0) } else { bench.heat(25) }
    let last = bench.now
    let silence = silent.0 == .meter ? timing.meterSilence : timing.temperatureSilence
    bench.runWithoutReadings(of: silent.0, for: silence - .milliseconds(1))
    #expect(bench.contactors.isEmpty)
    bench.runWithoutReadings(of: silent.0, for: .milliseconds(1))
    #expect(bench.opened(0) == last + silence)
    #expect(bench.snapshot().faults == FaultSet(silent.1))
    #expect(bench.opened(1) == nil)
  }

  /// A driver, its silence time and its fault.
  static let drivers: [(ControlDriver, String, ControlFault)] = [
    (.pilot(connector: 0), "pilotSilence", .pilotDriverSilent),
    (.contactor(connector: 0), "contactorSilence", .contactorDriverSilent),
    (.lock(connector: 0), "lockSilence", .lockDriverSilent),
    (.proximity(connector: 0), "proximitySilence", .proximityDriverSilent),
    (.meter(evse: 0), "meterSilence", .meterSilent),
    (.residualCurrent(evse: 0), "residualCurrentSilence", .residualCurrentDriverSilent),
    (.temperature(evse: 0, sensor: 0), "temperatureSilence", .temperatureDriverSilent),
    (.phaseSwitch(evse: 0), "phaseSwitchSilence", .phaseSwitchDriverSilent),
    (.safetyInput(SafetyStation.Input.door.rawValue), "safetyInputSilence", .safetyInputSilent),
  ]

  @Test(
    "A driver that is back but gives no reading lets nothing flow, and is silent again after its time",
    arguments: drivers.indices, [TimingTable(), SafetyStation.slower])
  func backWithoutReading(place: Int, timing: TimingTable) {
    let (driver, silence, fault) = Self.drivers[place]
    let bench = SafetyStation.charging(timing)
    bench.silence(driver)
    bench.run(for: .seconds(2))
    bench.metersSpeak = false
    bench.alive(driver)
    #expect(!bench.snapshot().faults.contains(fault))
    bench.run(for: timing[silence] - .milliseconds(1))
    #expect(!bench.snapshot().faults.contains(fault))
    bench.run(for: .milliseconds(1))
    #expect(bench.snapshot().faults.contains(fault))
    #expect(bench.closings == 0)
  }
}

extension TimingTable: CustomTestStringConvertible {
  public var testDescription: String { self == TimingTable() ? "standard table" : "slower table" }
}
